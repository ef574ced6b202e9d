"""Every trap and every rule has its programs, which run under three regimes, and its twins."""

from __future__ import annotations

import ast
import functools
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from types import FunctionType
from typing import Any

import harness
import programs.traps
import pytest
from world import registry
from world.registry import Program, programs_of

HERE = Path(__file__).parent
FOUND: dict[str, Any] = tomllib.loads((HERE / "traps.toml").read_text(encoding="utf-8"))
ALONE: dict[str, str] = FOUND.pop("alone")
REGIMES = {"check_forced", "check_learning", "check_threads"}
NUMBERED = [*(f"F{n}" for n in range(1, 25)), *(f"T{n}" for n in range(1, 15))]
RULES = {"4": 8, "5": 13, "6": 10}
"""How many rules each part has, of editions, of running ahead, of effects."""
OWN = programs_of(programs.traps)


@pytest.mark.parametrize("program", OWN, ids=lambda one: one.name)
def test_traps_forced_ahead_stay_equal_and_twins_overlap(program: Program) -> None:
    """Forced from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", OWN, ids=lambda one: one.name)
def test_traps_stay_equal_while_learning_and_twins_settle_parallel(program: Program) -> None:
    """Learning by itself."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [one for one in OWN if one.threads], ids=lambda one: one.name)
def test_traps_stay_equal_from_eight_threads(program: Program) -> None:
    """Eight callers at once."""
    harness.check_threads(program)


@functools.lru_cache(maxsize=1)
def _regimes() -> dict[tuple[str, str], set[str]]:
    """Which regimes the tests of this folder run each program under: (module, name) to names."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted(HERE.glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "programs_of" not in text:
            continue
        for value in vars(importlib.import_module(path.stem)).values():
            if isinstance(value, FunctionType) and value.__name__.startswith("test_"):
                _note(value, found)
    return found


def _note(test: FunctionType, found: dict[tuple[str, str], set[str]]) -> None:
    run = set(test.__code__.co_names)
    run = REGIMES if "check_pair" in run else run & REGIMES
    for mark in getattr(test, "pytestmark", ()):
        for one in mark.args[1] if mark.name == "parametrize" else ():
            if isinstance(one, Program):
                found.setdefault((one.module, one.name), set()).update(run)


def _program(name: str) -> Program:
    module, _, short = name.partition(".")
    importlib.import_module(f"programs.{module}")
    all_of_it = registry._REGISTRY[f"programs.{module}"]
    (one,) = (one for one in all_of_it if one.name == short)
    return one


def test_every_trap_and_every_rule_is_there() -> None:
    """None is left out, and none is there that nobody knows."""
    parts = {name: name.split()[0] for name in FOUND}
    for name in NUMBERED:
        assert name in FOUND
    for section, count in RULES.items():
        numbers = {part for part in parts.values() if part.startswith(f"{section}.")}
        assert numbers == {f"{section}.{n}" for n in range(1, count + 1)}
    known = {*NUMBERED, *(part for part in parts.values() if part.partition(".")[0] in RULES)}
    assert set(parts.values()) == known


@pytest.mark.parametrize("name", FOUND)
def test_a_trap_has_programs_that_run_under_all_regimes_or_says_why_not(name: str) -> None:
    """One that several threads may not run at once says why not."""
    entry = FOUND[name]
    assert set(entry) <= {"rule", "programs", "twins", "tests", "why"}
    assert entry["rule"]
    assert entry.get("programs") or entry.get("tests")
    assert ("tests" in entry) <= ("why" in entry)
    for called in (*entry.get("programs", ()), *entry.get("twins", ())):
        program = _program(called)
        assert program.threads != (called in ALONE), f"{called}: several threads, or a reason"
        wanted = REGIMES if program.threads else REGIMES - {"check_threads"}
        ran = _regimes().get((program.module, program.name), set())
        assert wanted <= ran, f"{called} is not run under {wanted - ran}"


@pytest.mark.parametrize("name", [name for name, entry in FOUND.items() if "programs" in entry])
def test_a_trap_has_a_twin_that_overlaps(name: str) -> None:
    """No test passes by doing nothing: all programs overlap by their own claim, or twins do."""
    entry = FOUND[name]
    twins = [_program(one) for one in entry.get("twins", entry["programs"])]
    for twin in twins:
        assert twin.overlaps, f"{twin.name} claims no overlap"
    assert any(twin.settles for twin in twins), "none need settle parallel"


@pytest.mark.parametrize("name", [name for name, entry in FOUND.items() if "tests" in entry])
def test_the_tests_that_stand_for_a_trap_are_there(name: str) -> None:
    """By file and function."""
    for one in FOUND[name]["tests"]:
        path, _, function = one.partition("::")
        tree = ast.parse((HERE / path).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert function in names, one


def test_nobody_is_alone_without_need() -> None:
    """A reason without a program is left over from one that has gone."""
    named = {
        one
        for entry in FOUND.values()
        for key in ("programs", "twins")
        for one in entry.get(key, ())
    }
    assert set(ALONE) <= named


SCRIPT = """
import threading
from adaptive_jit import adaptive, unordered

met = threading.Barrier(2)
calls = []

@unordered
def fetch(key):
    calls.append(key)
    met.wait(20)
    return key

@adaptive(strategy="parallel")
def both(key):
    a = fetch(key)
    b = fetch(key + 1)
    return a, b

def run():
    found = both(1), both(5)
    assert found == ((1, 2), (5, 6))
    assert sorted(calls) == [1, 2, 5, 6]
    return "met twice"

if __name__ == "__main__":
    print(run())
"""
RUNNERS = {
    "script.py": ["{0}/script.py"],
    "acme/service.py": ["-c", "import acme.service; print(acme.service.run())"],
    "tests_of_acme.py": ["-c", "import tests_of_acme; print(tests_of_acme.run())"],
    "acme/__main__.py": ["-m", "acme"],
}


@pytest.mark.parametrize("path", RUNNERS)
def test_the_name_of_a_module_changes_nothing(path: str, tmp_path: Path) -> None:
    """As a script, in a package, by the name of a test: each operation once, two at a time."""
    target = tmp_path / path
    target.parent.mkdir(exist_ok=True)
    target.write_text(SCRIPT, encoding="utf-8")
    roots = f"{tmp_path}:{HERE.parents[1]}"
    ran = subprocess.run(
        [sys.executable, *(one.format(tmp_path) for one in RUNNERS[path])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": roots, "PATH": "/usr/bin:/bin"},
    )
    assert (ran.stdout, ran.returncode) == ("met twice\n", 0), ran.stderr
