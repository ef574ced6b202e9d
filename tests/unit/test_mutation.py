"""The machinery that puts faults into the library and asks the tests about them."""

from __future__ import annotations

import itertools
import json
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.mutation.selection import Reach
from tests.mutation.trees import Outcome, Round, Server, Tree, failed, try_mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = textwrap.dedent(
    '''
    """Words of a docstring 1 + 1."""

    from __future__ import annotations

    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        LIMIT = 3 + 4


    def at_most(value: int | str, bound: int) -> int | None:
        if value > bound:
            raise ValueError(f"too much: {value + 1}")
        return value
    '''
)

TESTS = """
from adaptive_jit.room import at_most


def test_small():
    assert at_most(1, 2) == 1


def test_large():
    try:
        at_most(3, 2)
    except ValueError:
        return
    raise AssertionError
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one module of the library, and one file of tests."""
    root = tmp_path / "root"
    for folder in ("adaptive_jit", "tests", "docs", "benchmarks", "scripts", "notebooks"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_text("", encoding="utf-8")
    (root / "adaptive_jit" / "__init__.py").write_text("", encoding="utf-8")
    (root / "adaptive_jit" / "room.py").write_text(SOURCE, encoding="utf-8")
    (root / "tests" / "test_room.py").write_text(TESTS, encoding="utf-8")
    return root


def test_places_are_where_something_is_evaluated(repository: Path) -> None:
    """Comparisons are found; annotations, messages and blocks for type checkers are not."""
    sample = pytest.importorskip("tests.mutation.sample")
    found = list(sample.places(repository / "adaptive_jit" / "room.py", "room.py"))
    lines = SOURCE.splitlines()
    assert {lines[place.line - 1].strip() for place in found} == {"if value > bound:"}
    texts = [place.applied(SOURCE) for place in found]
    assert SOURCE not in texts
    assert any("if value >= bound:" in text for text in texts)


def test_the_same_source_gives_the_same_sample(repository: Path) -> None:
    """The lot is drawn by the seed alone, and each place once."""
    sample = pytest.importorskip("tests.mutation.sample")
    for name in ("a", "b"):
        room = repository / "adaptive_jit" / "runtime"
        room.mkdir(exist_ok=True)
        (room / f"{name}.py").write_text(SOURCE, encoding="utf-8")
    first = sample.sampled(repository, 2, 7)
    assert first == sample.sampled(repository, 2, 7)
    assert len({(place.path, place.line, place.column) for place in first}) == len(first) > 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What runs the tests; its libraries are imported once."""
    server = Server(tmp_path_factory.mktemp("server") / "printed.txt", ["pytest"])
    yield server
    server.close()


@pytest.fixture
def tried(repository: Path, tmp_path: Path, server: Server) -> Callable[..., Outcome]:
    """What becomes of the mutant that has *new* for *old*, by rounds of tests."""
    numbers = itertools.count()

    def tried(old: str, new: str, *rounds: list[str]) -> Outcome:
        scratch = tmp_path / f"tried {next(numbers)}"
        tree = Tree(repository, scratch / "mutant", server)
        clean = Tree(repository, scratch / "clean", server)
        text = SOURCE.replace(old, new)
        assert text != SOURCE
        asked = [Round([f"tests/test_room.py::{name}" for name in round_]) for round_ in rounds]
        return try_mutant(tree, clean, asked, "adaptive_jit/room.py", text)

    return tried


def test_a_fault_that_a_test_shows_is_noticed(tried: Callable[..., Outcome]) -> None:
    """The test that fails is named, be it of a later round."""
    found = tried("value > bound", "value <= bound", ["test_small"])
    assert found == Outcome(True, "tests/test_room.py::test_small", 1)
    found = tried("value > bound", "value > 9", ["test_small"], ["test_large"])
    assert found == Outcome(True, "tests/test_room.py::test_large", 2)


def test_a_fault_that_no_test_shows_survives(tried: Callable[..., Outcome]) -> None:
    """Nothing compares a value with a bound that is equal."""
    found = tried("value > bound", "value >= bound", ["test_small", "test_large"])
    assert found == Outcome(False, "", 2)


def test_a_failure_of_the_clean_tree_notices_nothing(
    repository: Path, tried: Callable[..., Outcome]
) -> None:
    """A test that fails without the fault as well is left out, and the others go on."""
    broken = TESTS + "\n\ndef test_broken():\n    raise AssertionError\n"
    (repository / "tests" / "test_room.py").write_text(broken, encoding="utf-8")
    assert not tried("value > bound", "value >= bound", ["test_broken"]).noticed
    found = tried("value > bound", "value <= bound", ["test_broken", "test_small"])
    assert found.by == "tests/test_room.py::test_small"


def test_a_module_that_cannot_be_imported_is_noticed(tried: Callable[..., Outcome]) -> None:
    """No test has failed then, and the clean tree passes them."""
    assert tried("def at_most", "raise ValueError\n\ndef at_most", ["test_small"]).noticed


def test_failed_tests_are_told_by_their_whole_names() -> None:
    """Names hold blanks and dashes, and some begin like others."""
    tests = ["a.py::test[x]", "a.py::test[x] more", "a.py::test[SELECT a - b]"]
    assert failed("FAILED a.py::test[SELECT a - b] - AssertionError: a\n", tests) == tests[2]
    assert failed("FAILED a.py::test[x] more - E\n", tests) == tests[1]
    assert failed("ERROR a.py::test[x]\n", tests) == tests[0]
    assert failed("FAILED b.py::test\n", tests) == ""


def written(path: Path, tests: dict[str, float], executed: dict[str, list[str]]) -> Path:
    """A map as the plug-in writes it."""
    names = list(tests)
    bits = {key: f"{sum(1 << names.index(name) for name in of):x}" for key, of in executed.items()}
    found = {"tests": list(tests.items()), "executed": bits}
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_tests_of_a_line_are_those_that_execute_its_statement(
    repository: Path, tmp_path: Path
) -> None:
    """Those of the rare lines come first; a line that runs at import asks all of the module."""
    at = SOURCE.splitlines().index("    if value > bound:") + 1
    room = "adaptive_jit/room.py"
    tests = {"t/a.py::slow": 1.0, "t/a.py::quick": 0.25, "t/b.py::one": 0.5, "t/c.py::far": 0.1}
    everyone = [name for name in tests if name != "t/c.py::far"]
    executed = {
        f"{room}:{at}": everyone,
        f"{room}:{at + 1}": ["t/a.py::slow"],
        f"{room}:{at + 2}": ["t/a.py::quick", "t/b.py::one"],
        f"{room}:99": ["t/c.py::far"],
        "adaptive_jit/else.py:1": ["t/d.py::foreign"],
    }
    tests["t/d.py::foreign"] = 0.1
    reach = Reach(written(tmp_path / "map.json", tests, executed))
    first = reach.rounds(repository, room, at, "t/")[0]
    assert sorted(first) == sorted(everyone)
    assert first[0] == "t/b.py::one"  # the cheaper file
    assert reach.rounds(repository, room, at + 1, "t/") == [["t/a.py::slow"]]
    assert reach.rounds(repository, room, at, "t/b") == [["t/b.py::one"]]
    assert sorted(reach.rounds(repository, room, 2, "t/")[0]) == sorted([*everyone, "t/c.py::far"])
    assert reach.cost(first) == 1.75
    assert reach.longest(first) == 1.0


def test_a_later_map_has_the_word_on_its_tests(repository: Path, tmp_path: Path) -> None:
    """A test that was recorded again executes what it does now; the others stay."""
    at = SOURCE.splitlines().index("    if value > bound:") + 1
    key = f"adaptive_jit/room.py:{at}"
    both = {"a.py::x": 1.0, "b.py::y": 1.0}
    old = written(tmp_path / "1.json", both, {key: ["a.py::x", "b.py::y"]})
    new = written(tmp_path / "2.json", {"a.py::x": 1.0, "a.py::z": 1.0}, {key: ["a.py::z"]})
    found = Reach(old, new).rounds(repository, "adaptive_jit/room.py", at, "")
    assert sorted(found[0]) == ["a.py::z", "b.py::y"]
