"""The machinery that puts faults into the library and asks the tests about them."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.mutation.trees import Outcome, Reach, Tree, try_mutant

if TYPE_CHECKING:
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


def tried(repository: Path, scratch: Path, old: str, new: str, *tests: str) -> Outcome:
    """What becomes of the mutant that has *new* for *old*."""
    tree, clean = Tree(repository, scratch / "mutant"), Tree(repository, scratch / "clean")
    text = SOURCE.replace(old, new)
    assert text != SOURCE
    names = [f"tests/test_room.py::{name}" for name in tests]
    return try_mutant(tree, clean, names, "adaptive_jit/room.py", text, 60.0)


def test_a_fault_that_a_test_shows_is_noticed(repository: Path, tmp_path: Path) -> None:
    """The test that fails is named."""
    found = tried(repository, tmp_path, "value > bound", "value < bound", "test_small")
    assert found == Outcome(True, "tests/test_room.py::test_small", 1)


def test_a_fault_that_no_test_shows_survives(repository: Path, tmp_path: Path) -> None:
    """Nothing compares a value with a bound that is equal."""
    names = ("test_small", "test_large")
    found = tried(repository, tmp_path, "value > bound", "value >= bound", *names)
    assert found == Outcome(False, "", 2)


def test_a_failure_of_the_clean_tree_notices_nothing(repository: Path, tmp_path: Path) -> None:
    """A test that fails without the fault as well is left out, and the others go on."""
    broken = TESTS + "\n\ndef test_broken():\n    raise AssertionError\n"
    (repository / "tests" / "test_room.py").write_text(broken, encoding="utf-8")
    found = tried(repository, tmp_path, "value > bound", "value >= bound", "test_broken")
    assert not found.noticed


def test_tests_of_a_line_are_those_that_enter_its_function(
    repository: Path, tmp_path: Path
) -> None:
    """The cheap ones of each file come first; a line outside functions asks all of the module."""
    lines = SOURCE.splitlines()
    first = lines.index("def at_most(value: int | str, bound: int) -> int | None:") + 1
    entered = {
        f"adaptive_jit/room.py:{first}": ["a.py::slow", "a.py::quick", "b.py::one"],
        "adaptive_jit/room.py:99": ["c.py::other"],
        "adaptive_jit/else.py:1": ["d.py::foreign"],
    }
    seconds = {"a.py::slow": 2.0, "a.py::quick": 0.5, "b.py::one": 1.0}
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"seconds": seconds, "entered": entered}), encoding="utf-8")
    reach = Reach(path)
    inside = reach.tests(repository, "adaptive_jit/room.py", first + 1)
    assert inside == ["a.py::quick", "b.py::one", "a.py::slow"]
    assert reach.cost(inside) == 3.5
    assert "c.py::other" in reach.tests(repository, "adaptive_jit/room.py", 2)
    assert "d.py::foreign" not in reach.tests(repository, "adaptive_jit/room.py", 2)
