"""``adaptive-jit suggest``: the program runs as it is, and its gains are told."""

import atexit
import builtins
import json
import sys
import types
from dataclasses import replace

import pytest

from adaptive_jit.cli import suggest
from adaptive_jit.cli.suggest_program import NAME, Loop, Measured
from adaptive_jit.cli.suggest_samples import Samples
from adaptive_jit.records import Advice, Phase, RegionStats
from adaptive_jit.reporting.display import Display
from tests.unit.reporting.samples import CPU_LOOP as RECORD
from tests.unit.reporting.samples import UNMEASURED, operation

SOURCE = """\
import functools

def plain(x):
    a = str(x)
    b = str(a)
    return a + b

@functools.cache
def remembered(x):
    return x

class Thing:
    @property
    def name(self):
        return "x"

    def method(self, x):
        def inner(y):
            return y
        return inner(x)

@functools.lru_cache
def jitless(x):
    return x

def jit(function):
    return function

@jit
def made_elsewhere(x):
    return x

async def later(x):
    return x

if True:
    def within():
        return 1

for number in range(2):
    plain(number)

for number in range(2):
    pass
"""


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """What measures the programs of a folder, among the builtins for the time of a test."""
    made = Measured(str(tmp_path))
    monkeypatch.setattr(builtins, NAME, made, raising=False)
    yield made
    made.remove()


def codes(code):
    """The code objects of all functions in *code* by name."""
    found = {}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found[constant.co_qualname] = constant
            found.update(codes(constant))
    return found


def test_functions_keep_their_own_code(measured, tmp_path):
    """First line, instructions and constants are those of the unmodified source."""
    path = str(tmp_path / "app.py")
    ours = codes(measured.compile(SOURCE.encode(), path))
    theirs = codes(compile(SOURCE, path, "exec", dont_inherit=True))
    theirs.pop("Thing")
    ours.pop("Thing")
    assert ours == theirs


def test_functions_of_modules_and_methods_of_classes_are_measured(measured, tmp_path):
    """Not those that are made within a function, nor what another compiler takes."""
    path = tmp_path / "app.py"
    path.write_text(SOURCE)
    exec(measured.compile(SOURCE.encode(), str(path)), {"__name__": "app"})
    names = [function.__qualname__ for function in measured.functions]
    assert names == [
        "plain", "remembered", "Thing.name", "Thing.method", "jitless", "jit", "within",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "decorator", ["adaptive", "adaptive(window=3)", "adaptive_jit.adaptive", "numba.njit", "jit()"]
)
@pytest.mark.parametrize("kind", ["def f():\n    return 1", "class f:\n    def g(self): ..."])
def test_what_is_adapted_already_is_left_to_its_decorator(measured, decorator, kind):
    """Its own settings count, and other compilers get the function that they expect."""
    code = measured.compile(f"@{decorator}\n{kind}\n".encode(), "app.py")
    assert NAME not in code.co_names
    assert all(NAME not in inner.co_names for inner in codes(code).values())


def test_what_a_call_compiles_is_left_alone(measured):
    """``fast = numba.njit(slow)`` reads the byte code of the function."""
    source = (
        "def jit(f):\n    return f\n"
        "def slow():\n    return 1\n"
        "def other():\n    return 1\n"
        "fast = jit(slow)\n"
    )
    exec(measured.compile(source.encode(), "app.py"), {})
    assert [function.__name__ for function in measured.functions] == ["jit", "other"]


def test_a_loop_outside_functions_is_timed_if_it_calls_something(measured, monkeypatch):
    """Also one that never ended."""
    now = iter([1.0, 1.5, 2.0, 2.25, 3.0, 7.0])
    monkeypatch.setattr("adaptive_jit.cli.suggest_program.time.perf_counter", lambda: next(now))
    source = (
        "for n in range(2):\n    str(n)\n"
        "for n in range(2):\n    n\n"
        "while False:\n    str(n)\n"
        "if True:\n    for n in (1,):\n        1 / int(n - n)\n"
    )
    with pytest.raises(ZeroDivisionError):
        exec(measured.compile(source.encode(), "app.py"), {"n": 0})
    assert measured.loops() == (
        Loop("app.py", 1, 0.5), Loop("app.py", 5, 0.25), Loop("app.py", 8, 4.0),
    )  # fmt: skip


def test_own_are_files_below_the_programs_folder(measured, tmp_path):
    """Not installed packages, and not this library."""
    assert measured.is_own(str(tmp_path / "a" / "b.py"))
    assert not measured.is_own(str(tmp_path.parent / "b.py"))
    assert not measured.is_own(json.__file__)
    assert not Measured("/").is_own(pytest.__file__)
    assert not Measured("/").is_own(suggest.__file__)


def test_modules_are_imported_from_source_and_measured(measured, tmp_path, monkeypatch):
    """Byte code on the disk is neither read nor written; other modules are found as ever."""
    (tmp_path / "suggested_module.py").write_text("def f():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    measured.install()
    import suggested_module

    assert suggested_module.f() == 1
    assert measured.functions == [suggested_module.f]
    assert not (tmp_path / "__pycache__").exists()
    sys.modules.pop("suggested_module")
    measured.remove()
    import suggested_module as again

    assert len(measured.functions) == 1
    sys.modules.pop("suggested_module")
    assert again.f() == 1


def test_what_cannot_be_adapted_is_returned_as_it_is(measured):
    """A decorator between may have made anything of the function."""
    given = object()
    assert measured(given) is given
    assert measured.functions == []


# ---- what is told --------------------------------------------------------------------------


def record(predicted=1.0, seconds=0.3, advice=(), **changes):
    """A function that was measured and never tried."""
    decision = replace(
        UNMEASURED, phase=Phase.DIRECT, predicted_speedup=predicted, direct_seconds=seconds,
        direct_calls=2,
    )  # fmt: skip
    return replace(
        RECORD, name="app.answer", file="app.py", line=12, phase=Phase.DIRECT, decision=decision,
        advice=advice, operations=OPERATIONS, regions=(RegionStats(0, 13, 16, (0, 1, 2), None),),
        **changes,
    )  # fmt: skip


OPERATIONS = (
    operation(
        0, 13, "get(url)", "httpx.get", strategy="direct",
        why="could run ahead, but that does not pay", wall_seconds=0.1,
    ),
    operation(
        1, 14, "sdk.search(q)", "sdk.search", strategy="direct", why="not known",
        effect_reason="not known", wall_seconds=0.1, write="reads(sdk.search)", see="not-known",
    ),
    operation(
        2, 15, "log(q)", "sdk.log", strategy="direct", why="its result is not used",
        effect_reason="", wall_seconds=0.1, write="use its result", see="not-used",
    ),
    operation(
        3, 16, "commit(q)", "db.commit", strategy="direct", why="it writes database",
        effect_reason="", wall_seconds=0.1, see="writes",
    ),
    operation(4, 16, "len(q)", "len", strategy="direct", why="too small", wall_seconds=1e-6),
)  # fmt: skip
LINE = Advice(14, "reads(sdk.search)", "if it only reads", 0.1, "not-known")


class _Shown(Display):
    __slots__ = ("document",)

    def __init__(self, document):
        self.document = document

    def _document(self, *, brief):
        return self.document


def shown(functions, loops=(), looked_at=3, stopped=()):
    return _Shown(suggest.document(functions, stopped, loops, looked_at)).text(width=100)


def of(stats, *, decorated=False):
    return suggest._suggestion(stats, decorated=decorated)


def test_a_function_is_told_with_what_it_would_save():
    """The decorator, the lines, and each operation with where it would run and why."""
    text = " ".join(shown([of(record(1.5, advice=(LINE,)))]).split())
    assert "1 of 3 functions would gain" in text
    assert "line 12 @adaptive predicted 1.50× faster: 300 ms → 200 ms per call (2 calls)" in text
    assert "line 14 reads(sdk.search) saves 100 ms per call: lines 13–14 overlap" in text
    assert "if it only reads (docs/which-line.md#not-known)" in text
    assert "get(url) 100 ms ahead" in text
    assert "sdk.search(q) 100 ms in order sdk.search · not known" in text
    assert "instead use its result (docs/which-line.md#not-used)" in text
    assert "db.commit · it writes database no line helps (docs/which-line.md#writes)" in text
    assert "too small" not in text


def test_a_function_that_gains_by_its_lines_only_says_so():
    text = " ".join(shown([of(record(1.0, advice=(LINE,)))]).split())
    assert "@adaptive 300 ms per call; saves nothing without the lines below (2 calls)" in text


def test_a_function_that_is_decorated_is_told_its_lines():
    text = shown([of(record(1.0, advice=(LINE,)), decorated=True)])
    assert "@adaptive" not in text
    assert "reads(sdk.search)" in text


@pytest.mark.parametrize(
    ("stats", "decorated", "gains"),
    [
        (record(1.2), False, True),
        (record(1.19), False, False),
        (record(1.5), True, False),
        (record(1.5, 0.002), False, False),
        (record(1.0, advice=(LINE,)), True, True),
        (record(1.0, 2.0, advice=(LINE,)), False, False),
        (replace(record(1.5, advice=(LINE,)), phase=Phase.LEFT_ALONE), False, False),
    ],
)
def test_only_a_gain_that_would_be_tried_is_told(stats, decorated, gains):
    """A fifth of the time, and a millisecond at least."""
    assert suggest._gains(of(stats, decorated=decorated)) == gains


def test_nothing_to_gain_is_said():
    assert "none of 3 functions would gain" in shown([])
    assert "none of 1 function would gain" in shown([], looked_at=1)
    assert "none of the modules in the program's folder" in shown([], looked_at=0)


def test_loops_outside_functions_are_told(measured, monkeypatch):
    """The longest first; what took no time is not."""
    monkeypatch.setattr(measured, "_loops", {("a.py", 1): 0.2, ("a.py", 5): 0.09, ("a.py", 9): 4.0})
    loops = suggest.slow_loops(measured)
    assert [loop.line for loop in loops] == [9, 1]
    text = " ".join(shown([], loops).split())
    assert "4 s a.py:9 if its rounds do not depend on each other, put it into a function" in text


def test_the_data_says_the_same():
    stopped = suggest.Stopped(record(), 1.5, "move it", "with-block")
    data = suggest._data([of(record(1.5, advice=(LINE,)))], [stopped], [Loop("a.py", 3, 0.5)])
    json.dumps(data, allow_nan=False)
    (function,) = data["functions"]
    assert (function["name"], function["line"], function["predicted_speedup"]) == (
        "app.answer", 12, 1.5,
    )  # fmt: skip
    assert function["lines"][0]["write"] == "reads(sdk.search)"
    assert [one["runs_ahead"] for one in function["operations"]] == [True, *[False] * 4]
    assert function["operations"][0]["why"] == ""
    (other,) = data["stopped"]
    assert (other["name"], other["seconds"], other["write"]) == ("app.answer", 1.5, "move it")
    assert data["loops"] == [{"file": "a.py", "line": 3, "seconds": 0.5}]


def test_a_function_that_one_statement_stops_is_told_with_what_to_write():
    """The longest first, where a rewrite helps."""
    reason = "nothing in it could overlap: fewer than two operations (line 3: `with`: unknown)"
    one = suggest.Stopped(
        replace(record(), reason=reason),
        1.5,
        "move the calls out of the `with` block",
        "with-block",
    )
    text = " ".join(shown([], stopped=[one]).split())
    assert "Functions in which one statement stops everything about 1.5 s app.answer" in text
    assert "instead move the calls out of the `with` block (docs/which-line.md#with-block)" in text


def deeper(function, depth):
    """The frame of who calls in the end, *depth* calls of *function* further down."""
    return function(depth - 1) if depth else sys._getframe(1)


def test_functions_that_cannot_be_profiled_are_looked_for_on_the_stacks(measured, monkeypatch):
    """Of all threads; once for each stack, however deep it recurs."""

    def importing(depth):
        import json as _

        return deeper(importing, depth)

    def other():
        import json as _

        return deeper(other, 0)

    measured(importing)
    measured(other)
    monkeypatch.setattr(measured, "functions", [])
    samples = measured._samples
    samples.look([importing(3)], 0.25)
    samples.look([importing(0), importing(2)], 0.5)
    assert measured.stopped() == ((importing, 1.25),)
    (stopped,) = suggest.stopped_functions(measured)
    assert stopped.stats.name == f"{__name__}.{importing.__qualname__}"
    assert stopped.see == "defines-or-imports"
    samples.look([other()], 0.09)
    assert len(measured.stopped()) == 2
    assert len(suggest.stopped_functions(measured)) == 1


def test_the_thread_that_looks_ends():
    """And a measure that never began has none."""
    samples = Samples()
    samples.end()
    samples = Samples()
    samples.begin()
    thread = samples._thread
    samples.end()
    assert thread is not None
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("why", "ahead"),
    [
        ("waits; may run ahead", True),
        ("could run ahead, but that does not pay", True),
        ("could run ahead, but line 7 changes `x`, which other code may see", False),
        ("not known", False),
    ],
)
def test_what_would_run_ahead_is_told_from_what_something_stops(why, ahead):
    assert suggest.runs_ahead(replace(OPERATIONS[1], why=why)) == ahead


# ---- the command ---------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["-m"], ["--json"], ["--nope", "a.py"]])
def test_wrong_usage_runs_nothing(arguments, capsys, monkeypatch):
    """Exit code 2, as the other commands."""
    monkeypatch.setattr(Measured, "install", lambda self: pytest.fail("the program runs"))
    with pytest.raises(SystemExit) as caught:
        suggest.main(arguments)
    assert caught.value.code == 2


def test_a_missing_program_has_no_suggestions(tmp_path, capsys, monkeypatch):
    """Exit code 2, as Python gives."""
    due = []
    monkeypatch.setattr(atexit, "register", due.append)
    monkeypatch.setattr(atexit, "unregister", due.remove)
    monkeypatch.setattr(Measured, "install", lambda self: None)
    assert suggest.main([str(tmp_path / "absent.py")]) == 2
    assert "can't open" in capsys.readouterr().err
    assert due == []


def test_a_failure_of_ours_is_named_and_changes_no_exit_code(measured, monkeypatch, capsys):
    """The program has succeeded."""

    def fail(_):
        raise LookupError("here")

    monkeypatch.setattr(suggest, "suggestions", fail)
    suggest._tell(measured, as_json=False)
    assert "nothing can be suggested: LookupError('here')" in capsys.readouterr().err
