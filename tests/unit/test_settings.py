"""Settings: sources and their order, ranges, errors, and the scope of ``override``."""

from __future__ import annotations

import contextvars
import dataclasses
import os
import subprocess
import sys
import threading
import types
import warnings
from pathlib import Path

import pytest

from adaptive_jit import adaptive, settings
from adaptive_jit.errors import (
    AdaptiveError,
    ConfigurationError,
    ConfigurationWarning,
    StrategyUnavailable,
)
from adaptive_jit.settings import Settings, current, override, record, scopes
from adaptive_jit.settings.examination import examine

DEFAULTS = {
    "enabled": True,
    "strategy": "auto",
    "io_threshold": 0.3,
    "cpu_threshold": 0.7,
    "min_predicted_speedup": 1.2,
    "min_speedup": 1.05,
    "evidence": 20.0,
    "profile_calls": 2,
    "trial_budget": 0.02,
    "probe_budget": 0.02,
    "max_workers": 64,
    "window": 64,
    "effects": "proved",
    "persist": True,
    "cache_dir": "/home/ann/.cache/adaptive_jit",
    "log": "warning",
    "report": None,
}

HOME = {"HOME": "/home/ann"}

OTHERS = {  # name: text of the environment, the value that it stands for
    "enabled": ("0", False),
    "strategy": ("Direct", "direct"),
    "io_threshold": ("0.25", 0.25),
    "cpu_threshold": ("1", 1.0),
    "min_predicted_speedup": ("2", 2.0),
    "min_speedup": ("1.0", 1.0),
    "evidence": ("99.5", 99.5),
    "profile_calls": ("5", 5),
    "trial_budget": ("0", 0.0),
    "probe_budget": ("0.5", 0.5),
    "max_workers": (" 8 ", 8),
    "window": ("1", 1),
    "effects": ("declared", "declared"),
    "persist": ("0", False),
    "cache_dir": ("/tmp/c", "/tmp/c"),
    "log": ("INFO", "info"),
    "report": ("out.html", "out.html"),
}

WRONG = {
    "enabled": ["yes", "2", "-1"],
    "strategy": ["threads", "fast"],
    "io_threshold": ["-0.1", "1.1", "nan", "x"],
    "cpu_threshold": ["-0.1", "1.1", "inf", "half"],
    "min_predicted_speedup": ["0.9", "inf", "nan"],
    "min_speedup": ["0.99", "-1"],
    "evidence": ["0.5", "inf"],
    "profile_calls": ["0", "1.5", "many"],
    "trial_budget": ["-0.01", "1.01"],
    "probe_budget": ["-0.01", "2"],
    "max_workers": ["0", "-3", "2.0", "1e3"],
    "window": ["0", "x"],
    "effects": ["guessed"],
    "persist": ["no"],
    "cache_dir": ["a\0b"],
    "log": ["loud"],
    "report": ["a\0b.txt", "report", "report.pdf", "html"],
}

EACH_WRONG = [(name, text) for name, texts in WRONG.items() for text in texts]


@pytest.fixture(autouse=True)
def _environment_is_read_anew():
    settings.refresh()
    yield
    settings.refresh()


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch):
    monkeypatch.setattr(record.sys, "platform", "linux")


def test_every_setting_has_the_documented_default():
    assert dataclasses.asdict(Settings.from_environ(HOME)) == DEFAULTS


def test_every_test_table_covers_every_setting():
    names = {field.name for field in dataclasses.fields(Settings)}
    assert names == set(DEFAULTS) == set(OTHERS) == set(WRONG) == set(settings.origins())


@pytest.mark.parametrize("name", OTHERS)
def test_the_environment_sets_each_setting(name):
    text, value = OTHERS[name]
    read = Settings.from_environ(HOME | {f"ADAPTIVE_JIT_{name.upper()}": text})
    assert dataclasses.asdict(read) == DEFAULTS | {name: value}


@pytest.mark.parametrize(("name", "text"), EACH_WRONG)
def test_a_wrong_variable_is_named_with_its_value_and_what_is_allowed(name, text):
    variable = f"ADAPTIVE_JIT_{name.upper()}"
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ({variable: text})
    allowed = {row.name: row.allowed for row in settings.describe_all()}[name]
    assert str(caught.value) == f"{variable}={text!r} is not allowed; give {allowed}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enabled", "1"),
        ("enabled", 2),
        ("strategy", None),
        ("strategy", "x"),
        ("io_threshold", "0.3"),
        ("io_threshold", 1.5),
        ("cpu_threshold", None),
        ("min_predicted_speedup", 0.5),
        ("min_speedup", float("nan")),
        ("evidence", 10**400),
        ("profile_calls", 2.0),
        ("profile_calls", True),
        ("trial_budget", -1),
        ("probe_budget", [0.1]),
        ("max_workers", 0),
        ("max_workers", "4"),
        ("window", 0),
        ("effects", 3),
        ("persist", None),
        ("cache_dir", 7),
        ("cache_dir", b"bytes"),
        ("log", "shout"),
        ("report", ""),
        ("report", "report.csv"),
    ],
)
def test_a_wrong_argument_is_refused_everywhere(name, value):
    """The decorator, ``override`` and the record itself say the same."""
    for attempt in (
        lambda: current({name: value}),
        lambda: override(**{name: value}),
        lambda: Settings(**{name: value}),
    ):
        with pytest.raises(ConfigurationError, match=f"^{name}=.* is not allowed; give "):
            attempt()


def test_configuration_errors_are_value_errors_of_the_tree():
    with pytest.raises(ValueError) as caught:
        current({"window": 0})
    assert isinstance(caught.value, AdaptiveError)


def test_an_unknown_argument_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigurationError, match="did you mean max_workers?"):
        current({"max_worker": 3})
    with pytest.raises(ConfigurationError, match="there are enabled, strategy, "):
        override(zzz=1)


def test_an_unknown_variable_warns_with_the_nearest_name():
    with pytest.warns(ConfigurationWarning, match="did you mean ADAPTIVE_JIT_MAX_WORKERS?"):
        Settings.from_environ({"ADAPTIVE_JIT_MAXWORKERS": "3"})


def test_variables_of_others_and_known_ones_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Settings.from_environ({"ADAPTIVE_JITTER": "1", "ADAPTIVE_JIT_WINDOW": "2"})


def test_an_unknown_variable_warns_once_per_process_even_as_an_error(monkeypatch):
    """Where warnings are errors, the second decoration works."""
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOWS", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConfigurationWarning):
            current()
        assert current().window == 64


def test_an_empty_variable_counts_as_not_set():
    empty = {f"ADAPTIVE_JIT_{name.upper()}": " " for name in DEFAULTS}
    assert dataclasses.asdict(Settings.from_environ(HOME | empty)) == DEFAULTS


def test_argument_beats_override_beats_environment_beats_default(monkeypatch):
    assert current().window == 64
    assert settings.origins()["window"] == "default"
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "5")
    settings.refresh()
    assert current().window == 5
    assert settings.origins()["window"] == "environment"
    with override(window=6):
        assert current().window == 6
        assert settings.origins()["window"] == "override"
        assert current({"window": 7}).window == 7
        assert settings.origins({"window": 7})["window"] == "argument"
        assert settings.origins({"window": 7})["log"] == "default"
    assert current().window == 5


@pytest.mark.parametrize("name", ["process", "asyncio", "dask"])
def test_a_strategy_that_cannot_be_used_is_refused_where_it_is_given(name, monkeypatch):
    """The message names what, where, and what to do."""
    told = f"={name!r} cannot be used: strategy {name!r} comes with a later version .* use 'thread'"
    for attempt in (lambda: override(strategy=name), lambda: current({"strategy": name})):
        with pytest.raises(StrategyUnavailable, match=f"^strategy{told}"):
            attempt()
    monkeypatch.setenv("ADAPTIVE_JIT_STRATEGY", name)
    settings.refresh()
    for _ in range(2):
        with pytest.raises(StrategyUnavailable, match=f"^ADAPTIVE_JIT_STRATEGY{told}"):
            current()


def test_a_strategy_whose_package_is_missing_says_what_to_install(monkeypatch):
    """The cause is chained."""

    def create():
        raise ModuleNotFoundError("No module named 'loky'", name="loky")

    module = types.ModuleType("adaptive_jit.strategies.process")
    module.create = create
    monkeypatch.setitem(sys.modules, module.__name__, module)
    told = r"^strategy='process' cannot be used: .*run: pip install 'adaptive-jit\[process\]'"
    with pytest.raises(StrategyUnavailable, match=told) as caught:
        override(strategy="process")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("name", ["auto", "direct", "parallel", "thread"])
def test_every_other_strategy_can_be_asked_for(name):
    with override(strategy=name):
        assert current().strategy == name


def test_the_environment_is_read_at_first_use_and_only_then(monkeypatch):
    """``load_dotenv()`` between import and first decoration has its effect."""
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "3")
    assert current().window == 3
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "4")
    assert current().window == 3


def test_importing_reads_nothing():
    """A wrong variable does not break the import, only the first decoration."""
    code = (
        "from adaptive_jit.settings import current\n"
        "from adaptive_jit.errors import ConfigurationError\n"
        "try: current()\n"
        "except ConfigurationError as error: print(error)\n"
    )
    environ = os.environ | {"ADAPTIVE_JIT_WINDOW": "none"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ADAPTIVE_JIT_WINDOW='none' is not allowed")


def test_a_wrong_environment_raises_at_every_decoration(monkeypatch):
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "none")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            current()


def test_overrides_nest_and_the_inner_one_wins():
    with override(window=5, log="info"), override(window=6):
        assert (current().window, current().log) == (6, "info")
    assert (current().window, current().log) == (64, "warning")


def test_one_override_can_be_entered_again_inside_itself():
    once = override(window=5)
    with once, override(window=6):
        with once:
            assert current().window == 5
        assert current().window == 6


def test_an_override_ends_with_an_exception():
    with pytest.raises(ZeroDivisionError), override(window=5):
        1 / 0  # noqa: B018
    assert current().window == 64


def test_override_does_not_reach_other_threads():
    seen = []
    with override(window=5):
        thread = threading.Thread(target=lambda: seen.append(current().window))
        thread.start()
        thread.join()
    assert seen == [64]


def test_override_follows_a_copied_context():
    """Operations run in a copy of the caller's context, so they see the caller's settings."""
    with override(window=5):
        context = contextvars.copy_context()
    assert context.run(lambda: current().window) == 5


def test_generation_grows_with_every_change():
    numbers = [settings.generation()]
    with override(window=5):
        numbers.append(settings.generation())
        with override():
            numbers.append(settings.generation())
        numbers.append(settings.generation())
    numbers.append(settings.generation())
    settings.refresh()
    numbers.append(settings.generation())
    assert numbers == sorted(set(numbers))


def test_a_refused_override_changes_nothing():
    before = settings.generation()
    with pytest.raises(ConfigurationError):
        override(window=0)
    assert settings.generation() == before
    assert current().window == 64


def test_it_is_known_whether_any_thread_is_in_an_override():
    """Other contexts too: code that only one of them needs must stay in place."""
    assert not settings.overridden()
    seen = []
    with override(window=5), override(window=6):
        thread = threading.Thread(target=lambda: seen.append(settings.overridden()))
        thread.start()
        thread.join()
    assert seen == [True]
    assert not settings.overridden()


def test_entering_an_override_tells_the_listeners_with_it_in_force(monkeypatch):
    heard = []
    monkeypatch.setattr(scopes, "_listeners", [])
    settings.on_override(lambda names: heard.append((names, current().window)))
    with override(window=5, log="info"):
        assert heard == [(frozenset({"window", "log"}), 5)]
    assert len(heard) == 1


def test_a_failing_listener_leaves_no_override_behind(monkeypatch):
    monkeypatch.setattr(scopes, "_listeners", [lambda _names: 1 / 0])
    with pytest.raises(ZeroDivisionError):
        override(window=5).__enter__()
    assert current().window == 64
    assert not settings.overridden()


def test_repeated_questions_are_answered_from_memory():
    arguments = {"strategy": "thread", "max_workers": 3}
    assert current(arguments) is current(dict(arguments))
    assert current() is current()


def test_memory_of_arguments_is_bounded():
    for number in range(1, 600):
        assert current({"window": number}).window == number
    assert len(scopes._layer({}).known) <= 300


def test_io_threshold_may_not_exceed_cpu_threshold_in_one_source():
    with pytest.raises(ConfigurationError, match=r"^io_threshold=0.8 .* at most cpu_threshold"):
        current({"io_threshold": 0.8, "cpu_threshold": 0.5})
    with pytest.raises(ConfigurationError, match="^ADAPTIVE_JIT_IO_THRESHOLD=0.8 "):
        Settings.from_environ(
            {"ADAPTIVE_JIT_IO_THRESHOLD": "0.8", "ADAPTIVE_JIT_CPU_THRESHOLD": "0.5"}
        )
    with pytest.raises(ConfigurationError):
        Settings(io_threshold=0.8)


CROSSED = [
    ({"io_threshold": 0.9}, {}, "io_threshold=0.9", "at most cpu_threshold, which is 0.7 \\(default\\)"),
    ({"cpu_threshold": 0.2}, {}, "cpu_threshold=0.2", "at least io_threshold, which is 0.3 \\(default\\)"),
    (
        {"io_threshold": 0.6}, {"CPU_THRESHOLD": "0.5"},
        "io_threshold=0.6", "at most cpu_threshold, which is 0.5 \\(environment\\)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "environ", "wrong", "allowed"), CROSSED)
def test_a_threshold_may_not_cross_the_one_in_force(given, environ, wrong, allowed, monkeypatch):
    """As an argument and at the entry of an override; both names and values are told."""
    for name, value in environ.items():
        monkeypatch.setenv(f"ADAPTIVE_JIT_{name}", value)
    settings.refresh()
    told = f"^{wrong} is not allowed; give {allowed}, or set both$"
    with pytest.raises(ConfigurationError, match=told):
        adaptive(**given)
    with pytest.raises(ConfigurationError, match=told), override(**given):
        pytest.fail("the block must not run")
    adaptive(io_threshold=0.8, cpu_threshold=0.9)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("IO", "0.9", "at most ADAPTIVE_JIT_CPU_THRESHOLD, which is 0.7 \\(default\\)"),
        ("CPU", "0.2", "at least ADAPTIVE_JIT_IO_THRESHOLD, which is 0.3 \\(default\\)"),
    ],
)
def test_a_threshold_of_the_environment_may_not_cross_the_default(variable, value, told):
    """Both variables and values are told."""
    with pytest.raises(
        ConfigurationError,
        match=f"^ADAPTIVE_JIT_{variable}_THRESHOLD={value} .* {told}, or set both$",
    ):
        Settings.from_environ({f"ADAPTIVE_JIT_{variable}_THRESHOLD": value})


def test_between_override_and_argument_the_argument_stays_and_the_other_threshold_gives_way():
    """No later ``override`` may make a decorated function fail in a call."""
    decorated = {"io_threshold": 0.6}
    with override(cpu_threshold=0.4):
        assert (current(decorated).io_threshold, current(decorated).cpu_threshold) == (0.6, 0.6)
        assert (current().io_threshold, current().cpu_threshold) == (0.3, 0.4)
    decorated = {"cpu_threshold": 0.4}
    with override(io_threshold=0.5):
        assert (current(decorated).io_threshold, current(decorated).cpu_threshold) == (0.4, 0.4)


def test_a_function_decorated_in_an_override_is_checked_for_calls_outside_of_it():
    """The environment is what is in force there."""
    with override(cpu_threshold=0.9), pytest.raises(ConfigurationError, match="io_threshold=0.8"):
        adaptive(io_threshold=0.8)
    with override(cpu_threshold=0.4):
        adaptive(io_threshold=0.6)


@pytest.mark.parametrize("variable", ["PYTEST_VERSION", "PYTEST_CURRENT_TEST"])
def test_nothing_persists_under_pytest_unless_asked(variable):
    assert not Settings.from_environ({variable: "x"}).persist
    assert Settings.from_environ({variable: "x", "ADAPTIVE_JIT_PERSIST": "1"}).persist


def test_an_old_pytest_that_collects_is_noticed(monkeypatch):
    """Before 8.2 no variable is set while tests are collected."""
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    settings.refresh()
    assert not current().persist


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/adaptive_jit"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "relative"}, "/h/.cache/adaptive_jit"),
        ("linux", {"HOME": "/h"}, "/h/.cache/adaptive_jit"),
        ("darwin", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/Library/Caches/adaptive_jit"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/adaptive_jit"),
        ("win32", {"HOME": "/h"}, None),
    ],
)
def test_the_cache_folder_is_the_one_of_the_platform(monkeypatch, platform, environ, folder):
    monkeypatch.setattr(record.sys, "platform", platform)
    assert Settings.from_environ(environ).cache_dir == folder


def test_paths_may_be_path_objects_and_start_with_a_tilde():
    assert current({"report": Path("a") / "B.TXT"}).report == os.path.join("a", "B.TXT")
    assert current({"cache_dir": "~/c"}).cache_dir == os.path.expanduser("~/c")


def test_numbers_of_other_libraries_are_taken():
    class Three:
        def __index__(self):
            return 3

    assert current({"window": Three()}).window == 3


def test_describe_all_gives_value_source_and_range():
    with override(window=5):
        rows = {row.name: row for row in settings.describe_all({"log": "info"})}
    assert list(rows) == list(DEFAULTS)
    assert rows["window"] == (
        "window",
        5,
        "override",
        "a whole number of at least 1 (operations ahead)",
    )
    assert rows["log"][1:3] == ("info", "argument")
    assert rows["trial_budget"].allowed == "a number from 0 to 1 (share of running time)"
    assert rows["effects"].allowed == "declared, proved or observed"


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        current().window = 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [("60", 60), (" 100 ", 100), ("0", None), ("", None), ("-1", None), ("wide", None),
     ("²", None), ("9" * 5000, None), (None, None)],
)  # fmt: skip
def test_the_columns_that_the_environment_asks_for_are_a_number_or_none(given, expected):
    assert settings.columns({} if given is None else {"COLUMNS": given}) == expected


def test_an_environment_with_wrong_values_can_be_examined():
    """All settings come back, the wrong ones as they were given, with the error of each."""
    wrong = {"WINDOW": "0", "IO_THRESHOLD": "0.9", "STRATEGY": "dask", "EFFECTS": "declared"}
    rows, errors = examine(HOME | {f"ADAPTIVE_JIT_{name}": text for name, text in wrong.items()})
    shown = {row.name: row for row in rows}
    assert list(shown) == list(DEFAULTS)
    assert set(errors) == {"window", "io_threshold", "strategy"}
    assert (shown["window"].value, shown["window"].origin) == ("0", "environment")
    assert (shown["io_threshold"].value, shown["cpu_threshold"].value) == ("0.9", 0.7)
    assert (shown["strategy"].value, shown["effects"].value) == ("dask", "declared")
    assert (shown["effects"].origin, shown["evidence"].origin) == ("environment", "default")
    assert "at most ADAPTIVE_JIT_CPU_THRESHOLD" in errors["io_threshold"]
    assert "cannot be used" in errors["strategy"]
    assert "ADAPTIVE_JIT_WINDOW='0'" in errors["window"]
    assert examine(HOME | {"ADAPTIVE_JIT_WINDOW": " "})[1] == {}
