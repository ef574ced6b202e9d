"""Whatever looks at a decorated function, or takes it elsewhere, finds the user's function."""

from __future__ import annotations

import copy
import importlib
import inspect
import linecache
import pickle
import pydoc
import sys
import types
from pathlib import Path
from typing import Any

import harness
import programs.life
import pytest
from world.model import Meeting, World
from world.operations import fetch, second
from world.registry import fresh_copy
from world.sources import load

import adaptive_jit
from adaptive_jit.records import Phase

SOURCE = '''
from world.operations import fetch, mystery, second


def run(key=1, *, other=2):
    """Read twice."""
    a = fetch(key)
    b = fetch(other)
    return a, b
'''


@pytest.fixture
def run(tmp_path: Path) -> types.FunctionType:
    """Return a function of a module of its own."""
    function = load(tmp_path, SOURCE, "life").run
    assert isinstance(function, types.FunctionType)
    return function


def _overlaps(function: Any, *arguments: Any, size: int = 2, **named: Any) -> bool:
    world = World(meeting=Meeting(size, patience=0.5))
    harness.observe(lambda: function(*arguments, **named), (), world)
    assert world.meeting is not None
    return world.meeting.met


def _phase(function: Any) -> Phase:
    return adaptive_jit.stats(function).phase


def test_the_very_same_object_is_returned(run: types.FunctionType) -> None:
    """Decorating changes no identity."""
    assert harness.forced()(run) is run
    assert _overlaps(run)


def test_introspection_sees_the_users_function(run: types.FunctionType) -> None:
    """signature, getsource, doc, name, help and the code's own data."""
    before = run.__code__
    seen = _introspected(run)
    decorated = harness.forced()(run)
    assert _overlaps(decorated)
    assert _introspected(decorated) == seen
    code = decorated.__code__
    for name in ("co_name", "co_filename", "co_firstlineno", "co_argcount", "co_flags"):
        assert getattr(code, name) == getattr(before, name)
    assert tuple(n for n in code.co_varnames if n.isidentifier()) == before.co_varnames
    assert code.co_freevars == before.co_freevars
    assert set(vars(decorated)) == set()


def _introspected(function: Any) -> list[Any]:
    return [
        inspect.signature(function),
        inspect.getsource(function),
        inspect.getdoc(function),
        function.__name__,
        function.__qualname__,
        function.__module__,
        function.__defaults__,
        function.__kwdefaults__,
        pydoc.render_doc(function),
        inspect.isgeneratorfunction(function),
        inspect.iscoroutinefunction(function),
    ]


def test_no_name_is_added_to_the_users_globals(run: types.FunctionType) -> None:
    """The module's names stay what they were."""
    before = set(run.__globals__)
    assert _overlaps(harness.forced()(run))
    assert set(run.__globals__) == before


def test_functions_are_pickled_by_name_and_copied() -> None:
    """pickle, copy and deepcopy give the function itself."""
    decorated = harness.forced()(programs.life.plain)
    assert _overlaps(decorated)
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert copy.copy(decorated) is decorated
    assert copy.deepcopy([decorated])[0] is decorated


def test_a_copy_made_of_an_edition_behaves_as_the_original(run: types.FunctionType) -> None:
    """Somebody else's function made of our code object."""
    decorated = harness.forced()(run)
    assert _overlaps(decorated)
    other = types.FunctionType(decorated.__code__, decorated.__globals__, "other", (5,))
    other.__kwdefaults__ = {"other": 6}
    assert (
        harness.observe(other, (), World()).value
        == harness.observe(lambda: (fetch(5), fetch(6)), (), World()).value
    )


def test_defaults_changed_after_decoration_are_used(run: types.FunctionType) -> None:
    """Defaults belong to the function object."""
    decorated = harness.forced()(run)
    assert _overlaps(decorated)
    decorated.__defaults__ = (7,)
    decorated.__kwdefaults__ = {"other": 8}
    assert (
        harness.observe(decorated, (), World()).value
        == harness.observe(lambda: (fetch(7), fetch(8)), (), World()).value
    )


def test_code_that_somebody_else_puts_in_place_stays(run: types.FunctionType) -> None:
    """Autoreload, debuggers and patches own the function from then on."""
    decorated = harness.forced()(run)
    assert _overlaps(decorated)

    def patched(key: int = 1, *, other: int = 2) -> str:
        return "patched"

    decorated.__code__ = patched.__code__
    for _ in range(5):
        assert decorated() == "patched"
    assert decorated.__code__ is patched.__code__


def test_code_replaced_while_learning_stays(run: types.FunctionType) -> None:
    """The same before anything has been decided."""
    decorated = adaptive_jit.adaptive(run)
    for _ in range(2):
        harness.observe(decorated, (), World(latency=lambda _: 0.003))
    decorated.__code__ = (lambda key=1, *, other=2: ("patched", key)).__code__
    for _ in range(30):
        assert decorated(4) == ("patched", 4)


def test_decorating_twice_changes_nothing(run: types.FunctionType) -> None:
    """The second decoration finds the first."""
    decorated = harness.forced()(harness.forced()(run))
    assert decorated is run
    world = World(meeting=Meeting(2))
    outcome = harness.observe(decorated, (), world)
    assert outcome.world.meeting is not None
    assert outcome.world.meeting.met
    assert sum(world.early().values()) == 2


def test_a_file_edited_after_import_is_left_alone(tmp_path: Path) -> None:
    """Source that is not the function's own is not compiled."""
    module = load(tmp_path, SOURCE, "edited")
    path = Path(str(module.__file__))
    path.write_text(SOURCE.replace("fetch(other)", "second(other)"), encoding="utf-8")
    linecache.checkcache()
    decorated = harness.forced()(module.run)
    outcome = harness.observe(decorated, (), World())
    assert outcome.world.early() == {("fetch", ("int", "1")): 1, ("fetch", ("int", "2")): 1}
    assert _phase(decorated) is Phase.LEFT_ALONE


def test_a_file_with_moved_lines_is_left_alone(tmp_path: Path) -> None:
    """Lines added above move the function: its line numbers would be wrong."""
    module = load(tmp_path, SOURCE, "moved")
    path = Path(str(module.__file__))
    path.write_text("# one\n# two\n" + SOURCE, encoding="utf-8")
    linecache.checkcache()
    before = module.run.__code__
    decorated = harness.forced()(module.run)
    harness.observe(decorated, (), World())
    assert decorated.__code__ is before
    assert _phase(decorated) is Phase.LEFT_ALONE


def test_a_deleted_file_is_left_alone(tmp_path: Path) -> None:
    """No source, no editions."""
    module = load(tmp_path, SOURCE, "deleted")
    Path(str(module.__file__)).unlink()
    linecache.clearcache()
    decorated = harness.forced()(module.run)
    assert harness.observe(decorated, (), World()).exception is None
    assert _phase(decorated) is Phase.LEFT_ALONE


def _generator(count: int) -> Any:
    for i in range(count):
        a = fetch(i)
        b = second(i)
        yield a + b


async def _coroutine() -> Any:
    a = fetch(1)
    b = fetch(2)
    return a, b


async def _async_generator() -> Any:
    a = fetch(1)
    b = fetch(2)
    yield a + b


def _with_locals() -> Any:
    a = fetch(1)
    b = fetch(2)
    return locals(), a, b


def _nothing_to_gain(x: int) -> int:
    return x + 1


_LAMBDA = lambda: (fetch(1), fetch(2))


@pytest.mark.parametrize(
    "function",
    [_generator, _coroutine, _async_generator, _with_locals, _nothing_to_gain, _LAMBDA],
    ids=["generator", "coroutine", "async generator", "locals", "no candidates", "lambda"],
)
def test_functions_left_alone_keep_their_code_and_say_why(function: Any) -> None:
    """The same object, the same code, and a reason."""
    code = function.__code__
    decorated = harness.forced()(function)
    assert decorated is function
    for _ in range(3):
        with_result = decorated(1) if code.co_argcount else decorated()
        if inspect.iscoroutine(with_result):
            with_result.close()
    assert decorated.__code__ is code
    stats = adaptive_jit.stats(decorated)
    assert stats.phase is Phase.LEFT_ALONE
    assert stats.reason


def test_a_function_without_source_is_left_alone_with_a_reason() -> None:
    """exec'd functions."""
    space: dict[str, Any] = {"fetch": fetch}
    exec("def run():\n    a = fetch(1)\n    b = fetch(2)\n    return a, b\n", space)
    code = space["run"].__code__
    decorated = harness.forced()(space["run"])
    harness.observe(decorated, (), World())
    assert decorated.__code__ is code
    assert _phase(decorated) is Phase.LEFT_ALONE
    assert adaptive_jit.stats(decorated).reason


def test_a_function_whose_source_is_in_linecache_overlaps() -> None:
    """Notebook cells and doctests: source that only linecache knows."""
    name = "<cell 1>"
    text = "def run():\n    a = fetch(1)\n    b = fetch(2)\n    return a, b\n"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space: dict[str, Any] = {"fetch": fetch}
    exec(compile(text, name, "exec"), space)
    assert _overlaps(harness.forced()(space["run"]))
    del linecache.cache[name]


def test_a_redefined_cell_runs_its_new_code() -> None:
    """The same name defined again."""
    results = []
    for value in (1, 2):
        name = f"<cell redefined {value}>"
        text = f"def run():\n    a = fetch({value})\n    b = fetch(5)\n    return a, b\n"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        space: dict[str, Any] = {"fetch": fetch}
        exec(compile(text, name, "exec"), space)
        decorated = harness.forced()(space["run"])
        results.append(harness.observe(decorated, (), World(meeting=Meeting(2))).value)
    assert results[0] != results[1]


def test_functions_nested_in_a_test_overlap() -> None:
    """pytest rewrites this module; plain statements compile to the same code."""

    def inner() -> Any:
        a = fetch(1)
        b = fetch(2)
        return a, b

    assert _overlaps(harness.forced()(inner))


def test_override_forces_in_its_context_only(run: types.FunctionType) -> None:
    """Inside the `with` operations run ahead, outside they do not."""
    decorated = adaptive_jit.adaptive(run)
    assert not _overlaps(decorated)
    with adaptive_jit.override(strategy="parallel"):
        assert _overlaps(decorated)
    with adaptive_jit.override(strategy="direct"):
        assert not _overlaps(decorated)
    with adaptive_jit.override(enabled=False):
        assert not _overlaps(decorated)


def test_forced_direct_never_overlaps(run: types.FunctionType) -> None:
    """strategy="direct" is the plain function."""
    assert not _overlaps(adaptive_jit.adaptive(strategy="direct")(run))


def test_nothing_starts_early_while_a_module_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that calls an adaptive function at import runs it in order; later it overlaps."""
    text = SOURCE + (
        "\nfrom harness import forced, observe, World\n"
        "run = forced()(run)\n"
        "WORLD = World(latency=lambda _: 0.003)\n"
        "OUTCOME = observe(run, (), WORLD)\n"
    )
    (tmp_path / "calls_at_import.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("calls_at_import")
    assert module.OUTCOME.exception is None
    assert module.WORLD.peak == 1
    assert _overlaps(module.run)


def _lines(function: Any, *arguments: Any) -> list[int]:
    seen: list[int] = []
    code_name = function.__code__.co_name

    def local(frame: Any, event: str, _: Any) -> Any:
        if event == "line" and (not seen or seen[-1] != frame.f_lineno):
            seen.append(frame.f_lineno)
        return local

    def tracer(frame: Any, event: str, _: Any) -> Any:
        code = frame.f_code
        mine = code.co_name == code_name and code.co_filename == function.__code__.co_filename
        return local if mine else None

    previous = sys.gettrace()
    sys.settrace(tracer)
    try:
        harness.observe(function, arguments, World())
    finally:
        sys.settrace(previous)
    return seen


def test_a_tracer_sees_the_users_lines_in_their_order() -> None:
    """Debuggers and coverage see the plain run's lines (F19)."""
    standard = _lines(programs.life.traced, 3)
    decorated = harness.forced()(fresh_copy(programs.life.traced))
    assert _lines(decorated, 3) == standard
    harness.observe(decorated, (3,), World())
    assert _lines(decorated, 3) == standard


def test_recursion_goes_as_deep_as_the_plain_function() -> None:
    """No frames are added on the way down."""

    def deepest(function: Any, module: Any) -> int:
        original = module.deep
        module.deep = function
        try:
            low, high = 1, sys.getrecursionlimit()
            while high - low > 1:
                middle = (low + high) // 2
                outcome = harness.observe(function, (middle,), World())
                low, high = (middle, high) if outcome.exception is None else (low, middle)
            return low
        finally:
            module.deep = original

    plain = deepest(fresh_copy(programs.life.deep), programs.life)
    adaptive = deepest(harness.forced()(fresh_copy(programs.life.deep)), programs.life)
    # An operation that raises at its deepest may find a few frames less; not per level.
    # CPython 3.12 alone counts the C call, through which an operation is made, as a level too.
    assert adaptive >= (plain * 0.7 if sys.version_info[:2] == (3, 12) else plain - 30)
