"""Each setting changes a decision: the same program and observations under two of its values."""

from __future__ import annotations

import dataclasses
import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import harness
import pytest
from world.model import Meeting, World
from world.sources import load

import adaptive_jit
from adaptive_jit import adaptive, errors, override, parallel_map, settings, stats
from adaptive_jit.classify import OperationProfile, classify
from adaptive_jit.engine import controller as engine
from adaptive_jit.engine import lifecycle, registry
from adaptive_jit.engine.controller import Controller
from adaptive_jit.records import Arm, OperationSample, Phase, Verdict
from adaptive_jit.settings import Settings

SOURCE = """
from world.operations import fetch


def looked_up(key):
    return fetch(key)


def run():
    a = fetch(1)
    b = fetch(2)
    c = fetch(3)
    d = fetch(4)
    return a, b, c, d


def undeclared():
    a = looked_up(1)
    b = looked_up(2)
    return a, b
"""

F = TypeVar("F", bound=Callable[..., Any])
_DECIDED: set[str] = set()


def decides(*names: str) -> Callable[[F], F]:
    """Say of which settings a test shows a decision."""
    _DECIDED.update(names)
    return lambda test: test


def test_every_setting_has_such_a_test() -> None:
    """A setting that changes nothing is none."""
    assert {field.name for field in dataclasses.fields(Settings)} == _DECIDED


@pytest.fixture(autouse=True)
def _environment_is_read_anew() -> Iterator[None]:
    settings.refresh()
    yield
    settings.refresh()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Any]:
    """Return a maker of the same function again and again, decorated with what it is given."""

    def made(name: str = "run", **arguments: object) -> Any:
        function = getattr(load(tmp_path, SOURCE, "settings"), name)
        assert isinstance(function, FunctionType)
        return adaptive(**arguments)(function)

    return made


def _in_flight(function: Callable[[], Any], size: int) -> bool:
    """Whether *size* operations of one call are in flight at once."""
    world = World(meeting=Meeting(size, patience=0.3))
    assert harness.observe(function, (), world).exception is None
    assert world.meeting is not None
    return world.meeting.met


def _engine_of(function: Any) -> Controller:
    found = registry.controller_of(function)
    assert found is not None
    return found


def _taught(
    function: Any, calls: int, walls: tuple[float, float], *, sigma: float = 0.0
) -> tuple[Phase, int]:
    """Have the engine observe *calls* calls that take what *walls* says, direct and parallel.

    Returns the phase that it comes to and how many of the calls ran ahead.
    """
    its = _engine_of(function)
    noise, ahead = random.Random(1), 0
    for _ in range(calls):
        arm = its.decider.choose()
        ahead += arm is Arm.PARALLEL
        wall = walls[arm is Arm.PARALLEL] * noise.lognormvariate(0.0, sigma)
        its._observe(arm, wall, False)
    return its.decider.phase, ahead


# ---- what a call does -------------------------------------------------------------------


@decides("enabled")
def test_switched_off_the_function_is_not_touched(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 at decoration leaves it alone; 0 later runs its statements in order."""
    assert _in_flight(make(strategy="parallel"), 2)
    with override(enabled=False):
        assert stats(make(strategy="parallel")).phase is Phase.LEFT_ALONE
    later = make(strategy="parallel")
    with override(enabled=False):
        assert not _in_flight(later, 2)
    assert _in_flight(later, 2)
    monkeypatch.setenv("ADAPTIVE_JIT_ENABLED", "0")
    settings.refresh()
    assert stats(make()).phase is Phase.LEFT_ALONE


@decides("strategy")
@pytest.mark.parametrize(
    ("strategy", "overlaps"),
    [("auto", False), ("direct", False), ("parallel", True), ("thread", True)],
)
def test_the_strategy_says_how_the_first_call_runs(
    make: Callable[..., Any], strategy: str, overlaps: bool
) -> None:
    """Profiled, in order, or ahead at once."""
    function = make(strategy=strategy)
    assert _in_flight(function, 4) is overlaps
    assert (stats(function).phase is Phase.FORCED) is overlaps
    assert (stats(function).operations[0].profiled_calls > 0) is (strategy == "auto")
    with override(strategy=strategy):
        assert _in_flight(make(), 4) is overlaps


@pytest.mark.parametrize("name", ["process", "asyncio", "dask"])
def test_a_strategy_that_cannot_serve_is_refused_where_it_is_named(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """At decoration, at ``override``, and the environment's at the first decoration."""
    told = rf"^strategy='{name}' cannot be used: .*; use 'thread' or 'direct'"
    with pytest.raises(errors.StrategyUnavailable, match=told):
        adaptive(strategy=name)
    with pytest.raises(errors.StrategyUnavailable, match=told):
        override(strategy=name)
    assert _in_flight(make(strategy="parallel"), 4)
    monkeypatch.setenv("ADAPTIVE_JIT_STRATEGY", name)
    settings.refresh()
    told = told.replace("strategy=", "ADAPTIVE_JIT_STRATEGY=", 1)
    with pytest.raises(errors.StrategyUnavailable, match=told):
        make()
    with pytest.raises(errors.StrategyUnavailable, match=told):
        parallel_map(str, [1])


@decides("window", "max_workers")
@pytest.mark.parametrize("name", ["window", "max_workers"])
def test_operations_ahead_and_threads_are_bounded(make: Callable[..., Any], name: str) -> None:
    """Four operations overlap only where the bound lets them."""
    function = make(strategy="parallel")
    with override(**{name: 2}):
        assert not _in_flight(function, 4)
    with override(**{name: 8}):
        assert _in_flight(function, 4)
    assert not _in_flight(make(strategy="parallel", **{name: 2}), 4)


@decides("effects")
def test_the_evidence_that_counts_says_what_may_run_ahead(make: Callable[..., Any]) -> None:
    """A function that nobody declared is read only if proofs count."""
    function = make("undeclared", strategy="parallel")
    with override(effects="declared"):
        assert not _in_flight(function, 2)
    with override(effects="proved"):
        assert _in_flight(function, 2)
    declared = make("undeclared", strategy="parallel", effects="declared")
    assert not _in_flight(declared, 2)
    assert stats(declared).operations[0].strategy == "direct"
    observed = make("undeclared", strategy="parallel", effects="observed")
    assert _in_flight(observed, 2)  # what is proved counts there too


# ---- what is made of observations ---------------------------------------------------------


def _verdict(ratio: float, **given: float) -> Verdict:
    profile = OperationProfile()
    for _ in range(10):
        profile.add(OperationSample(5e-3, ratio * 5e-3, 1, 0, 0.0, ratio * 5e-3))
    return classify(profile, Settings(**given)).verdict  # type: ignore[arg-type]


@decides("io_threshold")
def test_the_io_threshold_says_what_waits() -> None:
    """Calls that compute for a fifth of their time."""
    assert _verdict(0.2) is Verdict.WAITS
    assert _verdict(0.2, io_threshold=0.1) is Verdict.UNDECIDED


@decides("cpu_threshold")
def test_the_cpu_threshold_says_what_computes() -> None:
    """Calls that compute for four fifths of their time."""
    assert _verdict(0.8) is Verdict.CPU_HOLDING_GIL
    assert _verdict(0.8, cpu_threshold=0.9) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"io_threshold": 0.1}, "undecided"),
        ({"io_threshold": 0.15, "cpu_threshold": 0.15}, "computes"),
    ],
)
def test_the_engine_judges_by_the_functions_own_thresholds(
    make: Callable[..., Any], given: dict[str, float], verdict: str
) -> None:
    """The same samples under arguments."""
    planned = []
    for arguments in ({}, given):
        its = _engine_of(make(**arguments))
        for _ in range(10):
            its.profiler.profiles[0].add(OperationSample(5e-3, 1e-3, 1, 0, 0.0, 1e-3))
        its._make_plan()
        planned.append(its.planned.classes[0].verdict)
    assert planned[0] is Verdict.WAITS
    assert planned[1] is (Verdict.UNDECIDED if verdict == "undecided" else Verdict.CPU_HOLDING_GIL)


@decides("profile_calls")
def test_profile_calls_says_when_the_first_call_runs_ahead(make: Callable[..., Any]) -> None:
    """After two calls that were profiled, or after five."""
    assert _taught(make(), 3, (0.05, 0.02))[1] == 1
    assert _taught(make(profile_calls=5), 5, (0.05, 0.02)) == (Phase.TRIAL, 0)
    assert _taught(make(profile_calls=5), 6, (0.05, 0.02))[1] == 1


@decides("min_predicted_speedup")
def test_less_than_the_least_prediction_is_not_tried(make: Callable[..., Any]) -> None:
    """A promise of 1.3."""
    eager, wary = make(min_predicted_speedup=1.2), make(min_predicted_speedup=1.5)
    for function in (eager, wary):
        _engine_of(function).decider.revise_prediction(1.3)
    assert _taught(eager, 2, (0.05, 0.04))[0] is Phase.TRIAL
    assert _taught(wary, 2, (0.05, 0.04))[0] is Phase.DIRECT
    assert stats(wary).reason == "predicted speed-up only 1.30"


@decides("min_speedup")
def test_less_than_the_least_speedup_is_not_kept(make: Callable[..., Any]) -> None:
    """Calls that running ahead makes 1.25 times faster."""
    walls = (0.05, 0.04)
    assert _taught(make(min_speedup=1.05), 60, walls, sigma=0.01)[0] is Phase.PARALLEL
    assert _taught(make(min_speedup=1.5), 60, walls, sigma=0.01)[0] is not Phase.PARALLEL


@decides("evidence")
def test_evidence_says_how_certain_a_gain_must_be(make: Callable[..., Any]) -> None:
    """Thirty calls of much noise."""
    walls = (0.05, 0.03)
    assert _taught(make(evidence=2), 30, walls, sigma=0.3)[0] is Phase.PARALLEL
    doubting = make(evidence=1e6)
    assert _taught(doubting, 30, walls, sigma=0.3)[0] is Phase.TRIAL
    assert stats(doubting).decision.evidence_needed == pytest.approx(1e6)


@decides("trial_budget")
def test_the_trial_budget_says_how_long_a_losing_trial_goes_on(make: Callable[..., Any]) -> None:
    """Slow calls that running ahead seems to make a little slower."""
    walls = (0.3, 0.33)
    phase, frugal = _taught(make(trial_budget=0.0, probe_budget=0.0), 60, walls, sigma=0.3)
    assert phase is Phase.DIRECT
    phase, lavish = _taught(make(trial_budget=0.5, probe_budget=0.0), 60, walls, sigma=0.3)
    assert phase is Phase.TRIAL
    assert lavish > 2 * frugal


@decides("probe_budget")
def test_the_probe_budget_says_when_to_look_again(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never with nothing to spend; the sooner, the more there is."""
    due: list[float] = []
    monkeypatch.setattr(engine.ALARMS, "after", lambda seconds, _: due.append(seconds))
    for share in (0.0, 0.001, 0.5):
        function = make(probe_budget=share)
        calls = 0
        while _taught(function, 1, (0.05, 0.5))[0] is not Phase.DIRECT:
            calls += 1
            assert calls < 50
    slow, fast = due  # the function without a budget has none
    assert slow > fast


# ---- what is written ------------------------------------------------------------------------

ROOT = Path(adaptive_jit.__file__).parent.parent

PROGRAM = """
from adaptive_jit import adaptive, reads
from adaptive_jit.engine import lifecycle, registry
from adaptive_jit.records import Phase


@reads
def fetch(key):
    return key


def run():
    a = fetch(1)
    b = fetch(2)
    return a, b


adaptive(run)
its = registry.controller_of(run)
while its.decider.phase is not Phase.PARALLEL:
    arm = its.decider.choose()
    its._observe(arm, 0.05 if arm.value == "direct" else 0.02, False)
"""


def _program(folder: Path, first: str = "", **environment: object) -> str:
    """Run a program whose function settles parallel; what it wrote to standard error.

    *first* is a line that it begins with.
    """
    script = folder / "program.py"
    script.write_text(first + PROGRAM, encoding="utf-8")
    given = {f"ADAPTIVE_JIT_{name.upper()}": str(value) for name, value in environment.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=kept | {"PYTHONPATH": str(ROOT), "HOME": str(folder)} | given,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


@decides("persist", "cache_dir")
def test_what_was_learnt_is_kept_where_it_is_wanted(tmp_path: Path) -> None:
    """In the folder that is named; nowhere with 0."""
    _program(tmp_path, persist=0, cache_dir=tmp_path / "none")
    assert _files(tmp_path / "none") == []
    _program(tmp_path, persist=1, cache_dir=tmp_path / "one")
    assert _files(tmp_path / "one")
    _program(tmp_path, persist=1, cache_dir=tmp_path / "other")
    assert _files(tmp_path / "other")


def test_one_function_alone_may_be_left_out_of_what_is_kept(make: Callable[..., Any]) -> None:
    """``persist`` is an argument too."""
    kept, left_out = make(persist=True), make(persist=False)
    names = [one.name for one in registry.stats_to_keep()]
    assert stats(kept).name in names
    assert stats(left_out).name not in names


@decides("log")
def test_the_log_tells_of_switches_if_asked(tmp_path: Path) -> None:
    """One line on standard error, without a program that configures logging."""
    assert _program(tmp_path, persist=0, log="warning") == ""
    told = _program(tmp_path, persist=0, log="info").splitlines()
    assert len(told) == 1
    assert "__main__.run: trial -> settled parallel (2.50x measured)" in told[0]


def test_a_program_that_logs_at_info_has_not_asked_for_lines_of_ours(tmp_path: Path) -> None:
    """By default only warnings come from here; the level of the logger itself asks for more."""
    configured = "import logging; logging.basicConfig(level=logging.INFO)"
    assert _program(tmp_path, configured, persist=0) == ""
    asked = f"{configured}; logging.getLogger('adaptive_jit').setLevel(logging.INFO)"
    assert len(_program(tmp_path, asked, persist=0).splitlines()) == 1


def test_a_program_that_configures_logging_is_told_once(tmp_path: Path) -> None:
    """In its own format, not by this library as well."""
    for first in (
        "import logging; logging.basicConfig(format='%(message)s of mine')",
        (
            "import logging; own = logging.StreamHandler(); "
            "own.setFormatter(logging.Formatter('%(message)s of mine')); "
            "logging.getLogger('adaptive_jit').addHandler(own)"
        ),
    ):
        told = _program(tmp_path, first, persist=0, log="info").splitlines()
        assert len(told) == 1
        assert told[0].endswith("of mine")


def test_a_wrong_environment_that_is_mended_is_heeded(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is set up at the first decoration is set up at the first that succeeds."""
    kept: list[str | None] = []
    monkeypatch.setattr(lifecycle, "_installed", False)
    monkeypatch.setattr(lifecycle.store, "install", lambda _, folder, __: kept.append(folder))
    monkeypatch.setenv("ADAPTIVE_JIT_CACHE_DIR", "mended")
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "wide")
    settings.refresh()
    with pytest.raises(errors.ConfigurationError, match="^ADAPTIVE_JIT_WINDOW='wide' "):
        make()
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "8")
    make()
    make()
    assert kept == ["mended"]


@decides("report")
@pytest.mark.parametrize("name", ["r.txt", "r.html", "r.json"])
def test_the_report_is_written_if_asked(tmp_path: Path, name: str) -> None:
    """To the file that is named, with the function in it."""
    _program(tmp_path, persist=0)
    assert _files(tmp_path) == [tmp_path / "program.py"]
    _program(tmp_path, persist=0, report=tmp_path / name)
    assert "__main__.run" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["cache_dir", "log", "report"])
def test_what_holds_for_the_whole_process_is_no_argument(name: str) -> None:
    """It would be ignored; the message names the variable to set."""
    with pytest.raises(errors.ConfigurationError, match=f"ADAPTIVE_JIT_{name.upper()}$"):
        adaptive(**{name: "info" if name == "log" else "r.txt"})


# ---- which of several values counts ----------------------------------------------------------


def test_the_strongest_source_decides(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Argument over override over environment over default."""
    assert not _in_flight(make(), 4)
    monkeypatch.setenv("ADAPTIVE_JIT_STRATEGY", "parallel")
    settings.refresh()
    function = make()
    assert _in_flight(function, 4)
    insisting = make(strategy="parallel")
    with override(strategy="direct"):
        assert not _in_flight(function, 4)
        assert _in_flight(insisting, 4)
    assert _in_flight(function, 4)


def _settled_direct(make: Callable[..., Any]) -> Any:
    function = make(probe_budget=0.0)
    _engine_of(function).decider.revise_prediction(1.0)
    assert _taught(function, 2, (0.05, 0.05))[0] is Phase.DIRECT
    assert function.__code__ is _engine_of(function).original
    return function


def _elsewhere(function: Callable[[], Any]) -> bool:
    """Whether operations overlap when another thread calls."""
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(_in_flight(function, 4)))
    thread.start()
    thread.join()
    return seen[0]


def test_an_override_rearms_a_settled_function_in_its_own_context_only(
    make: Callable[..., Any],
) -> None:
    """Other threads run it in order as before; afterwards its own code is back."""
    function = _settled_direct(make)
    with override(strategy="parallel"):
        assert _in_flight(function, 4)
        assert not _elsewhere(function)
    assert not _in_flight(function, 4)
    assert function.__code__ is _engine_of(function).original


def test_a_call_of_another_thread_does_not_end_an_override(make: Callable[..., Any]) -> None:
    """What settles there must not put the plain code in place here."""
    function = _settled_direct(make)
    with override(strategy="parallel"):
        assert not _elsewhere(function)
        assert _in_flight(function, 4)


def test_a_function_that_settles_elsewhere_does_not_end_an_override(
    make: Callable[..., Any],
) -> None:
    """The same while it is still learning."""
    function = make(probe_budget=0.0)
    _engine_of(function).decider.revise_prediction(1.0)
    with override(strategy="parallel"):
        thread = threading.Thread(target=_taught, args=(function, 2, (0.05, 0.05)))
        thread.start()
        thread.join()
        assert _engine_of(function).decider.phase is Phase.DIRECT
        assert _in_flight(function, 4)


def test_a_fruitless_probe_is_not_told_with_the_reason_of_an_earlier_change(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What is logged once is not logged again, let alone for something else."""
    function = make(probe_budget=0.5, trial_budget=0.5)
    its = _engine_of(function)
    with caplog.at_level(logging.INFO, logger="adaptive_jit"):
        for _ in range(60):
            _taught(function, 1, (0.05, 0.1))
            if its.decider.phase is Phase.DIRECT:
                break
        told = len(caplog.messages)
        assert told == 1
        its.probe()
        assert its.decider.phase is Phase.TRIAL
        for _ in range(4):
            _taught(function, 1, (0.05, 0.1))
    assert its.decider.phase is Phase.DIRECT
    assert len(caplog.messages) == told
