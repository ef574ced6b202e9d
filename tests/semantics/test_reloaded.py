"""Functions that are reloaded, and functions that travel, while their edition is in place."""

from __future__ import annotations

import atexit
import copy
import gc
import importlib
import inspect
import linecache
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.extensions.autoreload import superreload
from world.model import Meeting, World

ROOT = Path(__file__).resolve().parents[2]

OLD = """
from harness import forced
from world.operations import fetch, second


@forced()
def run(key=1):
    a = fetch(key)
    b = fetch(key + 1)
    return a, b
"""
NEW = OLD.replace("return a, b", "c = second(key)\n    return a, b, c")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """Import a module with an adaptive function, which has run."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"reloaded_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(OLD, encoding="utf-8")
    importlib.invalidate_caches()
    loaded = importlib.import_module(name)
    assert _met(loaded.run, 2) == 2
    yield loaded
    sys.modules.pop(name, None)


def _met(function: Callable[..., Any], size: int) -> int:
    """How many values come, of operations that were on their way together."""
    found: list[Any] = []
    world = World(meeting=Meeting(size))
    outcome = harness.observe(lambda: found.append(function(1)), (), world)
    assert outcome.exception is None
    assert world.meeting is not None
    assert world.meeting.met
    return len(found[0])


def _count(function: Callable[..., Any]) -> int:
    """How many values come."""
    found: list[Any] = []
    assert harness.observe(lambda: found.append(function(1)), (), World()).exception is None
    return len(found[0])


def _edit(module: types.ModuleType) -> None:
    Path(str(module.__file__)).write_text(NEW, encoding="utf-8")
    linecache.checkcache()


def test_a_reloaded_module_has_its_new_function(module: types.ModuleType) -> None:
    """``importlib.reload``: the new function runs ahead; who kept the old one has the old one."""
    old = module.run
    _edit(module)
    importlib.reload(module)
    assert module.run is not old
    assert _met(module.run, 3) == 3
    assert _count(old) == 2


@pytest.mark.parametrize("new", [NEW, NEW.replace("@forced()", "")], ids=["adaptive", "plain"])
def test_superreload_gives_the_old_function_the_new_code(
    new: str, module: types.ModuleType
) -> None:
    """Autoreload of IPython assigns ``old.__code__``: whoever holds the old one calls the new."""
    old = module.run
    Path(str(module.__file__)).write_text(new, encoding="utf-8")
    linecache.checkcache()
    superreload(module)
    assert module.run is not old
    for _ in range(3):
        assert (_count(old), _count(module.run)) == (3, 3)
    if new == NEW:
        assert _met(module.run, 3) == 3
    Path(str(module.__file__)).write_text(OLD, encoding="utf-8")
    linecache.checkcache()
    superreload(module)
    for _ in range(3):
        assert (_count(module.run)) == 2


def test_the_old_function_outlives_the_new_one(module: types.ModuleType) -> None:
    """Code taken from a function that is gone runs its plain statements."""
    old = module.run
    _edit(module)
    superreload(module)
    del module.run
    gc.collect()
    for _ in range(3):
        assert _count(old) == 3


def test_a_cell_that_defines_a_function_again(tmp_path: Path) -> None:
    """Each definition of one name in a shell of IPython is the source that it was given."""
    shell = InteractiveShell()
    try:
        for values, text in ((2, OLD), (3, NEW), (2, OLD)):
            assert shell.run_cell(text).success
            assert _met(shell.user_ns["run"], values) == values
        kept = shell.user_ns["run"]
        assert shell.run_cell(NEW).success
        assert (_count(kept), _count(shell.user_ns["run"])) == (2, 3)
    finally:
        shell.atexit_operations()
        atexit.unregister(shell.atexit_operations)


# ---- elsewhere ----------------------------------------------------------------------


def test_what_looks_at_the_edition_in_place_sees_the_users_function(
    module: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """pickle, copies, signature, source and ``help()``, after a call that ran ahead."""
    run = module.run
    assert pickle.loads(pickle.dumps(run)) is run
    assert copy.copy(run) is run
    assert copy.deepcopy({"f": [run]})["f"][0] is run
    assert str(inspect.signature(run)) == "(key=1)"
    assert inspect.getsource(run) in OLD
    assert inspect.getsourcelines(run)[1] == OLD.splitlines().index("@forced()") + 1
    assert inspect.getclosurevars(run).globals.keys() == {"fetch"}
    help(run)
    assert "run(key=1)" in capsys.readouterr().out


FAR = """
import pickle, sys
import world.model
with open(sys.argv[1], "rb") as file:
    function = pickle.load(file)
with world.model.use(world.model.World()):
    print(function(1), function(4), function.__name__, function.__defaults__)
"""


def test_by_value_it_runs_its_plain_statements_elsewhere(
    module: types.ModuleType, tmp_path: Path
) -> None:
    """``cloudpickle`` of a function whose module the other process does not have."""
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    function = module.run
    cloudpickle.register_pickle_by_value(module)
    try:
        data = cloudpickle.dumps(function)
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    copied = pickle.loads(data)
    assert copied is not function
    assert _count(copied) == 2
    assert _met(function, 2) == 2
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "far.py").write_text(FAR, encoding="utf-8")
    known = [str(ROOT), str(ROOT / "tests"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "far.py", "data"],
        cwd=tmp_path,
        env={"PYTHONPATH": os.pathsep.join(filter(None, known)), "ADAPTIVE_JIT_PERSIST": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found: list[Any] = []
    harness.observe(lambda: found.extend((function(1), function(4))), (), World())
    assert (done.stdout, done.stderr) == (f"{found[0]} {found[1]} run (1,)\n", "")
