"""Programs that are run again: what they take over from their earlier runs, and what never."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from adaptive_jit.records.memory import FunctionMemory
from adaptive_jit.store import database
from adaptive_jit.store.memory import as_record

PROGRAM = """
import json, sys, threading, time
from adaptive_jit import adaptive, reads, stats

calls, together = int(sys.argv[1]), "together" in sys.argv
all_five = threading.Barrier(5)


@reads
def ask(number):
    if together:
        all_five.wait(20)  # five at the same time, or an error
    else:
        time.sleep(0.02)
    return number


@adaptive
def answer():
    first = ask(1)
    second = ask(2)
    third = ask(3)
    fourth = ask(4)
    return first + second + third + fourth + ask(5)


for _ in range(calls):
    assert answer() == 15
found = stats(answer)
print(json.dumps([found.counts.started, found.phase.value, found.reason]))
"""

LOOP = PROGRAM.replace(
    PROGRAM[PROGRAM.index("    first =") : PROGRAM.index("\n\n\nfor _")],
    """    found = []
    for number in (1, 2, 3, 4, 5):
        found.append(ask(number))
    return sum(found)""",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where every program is put under the same name: that of a script is part of the key."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture
def folder(place):
    """A folder for the store that does not exist yet."""
    shutil.rmtree(place / "cache", ignore_errors=True)
    (place / "cache").unlink(missing_ok=True)
    return place / "cache"


@pytest.fixture(scope="module")
def learnt(place):
    """The store that a run of `PROGRAM` with three calls has left."""
    run(place / "first", PROGRAM, 3)
    return place / "first"


@pytest.fixture
def known(folder, learnt):
    """The same, for this test alone."""
    shutil.copytree(learnt, folder)
    return folder


def environment(folder, **more):
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    env |= {"ADAPTIVE_JIT_CACHE_DIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    return env | more


def start(folder, program, *arguments, options=(), **env):
    """A process that runs *program*, always under the same name."""
    script = folder.parent / "program.py"
    if not script.exists() or script.read_text() != program:
        script.write_text(program)
    return subprocess.Popen(
        [sys.executable, *options, str(script), *map(str, arguments)],
        env=environment(folder, **env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(folder, program, *arguments, options=(), **env):
    """What it printed, and what it said on standard error."""
    process = start(folder, program, *arguments, options=options, **env)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out), err


def memories(folder):
    with contextlib.closing(sqlite3.connect(folder / database.FILE)) as connection:
        rows = connection.execute("SELECT name, text FROM memory WHERE name != ''").fetchall()
    return {name: as_record(FunctionMemory, text) for name, text in rows}


@pytest.mark.parametrize("program", [PROGRAM, LOOP], ids=["statements", "a loop"])
def test_the_first_call_of_a_second_process_runs_ahead(folder, program):
    """All five operations are in flight at once in its very first call."""
    run(folder, program, 3)
    (started, phase, reason), err = run(folder, program, 1, "together")
    assert (started, phase, err) == (5, "trial", "")
    assert "earlier run" in reason


def test_without_a_store_each_process_begins_with_nothing(known):
    """The twin: neither written nor read."""
    before = (known / database.FILE).read_bytes()
    (started, *_), _ = run(known, PROGRAM, 1, ADAPTIVE_JIT_PERSIST="0")
    assert started == 0
    assert (known / database.FILE).read_bytes() == before


def test_under_pytest_nothing_is_kept(folder):
    """Its profiles must not leak into the next run."""
    run(folder, PROGRAM, 3, PYTEST_VERSION="8")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return first + second", "return 0 + first + second"),
        ("    return number", "    return int(number)"),
    ],
    ids=["the function", "what it calls"],
)
def test_changed_code_is_not_known(known, old, new):
    """Neither the function's own nor that of what its verdicts rest on."""
    (started, *_), _ = run(known, PROGRAM.replace(old, new), 1)
    assert started == 0
    (started, *_), _ = run(known, PROGRAM, 1)
    assert started == 5


@pytest.mark.parametrize("setting", ["MIN_SPEEDUP=1.5", "EFFECTS=declared"])
def test_other_settings_are_another_memory(known, setting):
    """What was decided by other rules says nothing."""
    name, _, value = setting.partition("=")
    (started, *_), _ = run(known, PROGRAM, 1, **{f"ADAPTIVE_JIT_{name}": value})
    assert started == 0


def test_what_may_run_ahead_is_judged_anew(folder):
    """Permission is never taken over: a declaration that is gone allows nothing any more."""
    run(folder, STATEFUL, 3)
    assert run(folder, STATEFUL, 1)[0][0] == 5
    # The key has the code of what is called, not what was said about it.
    (started, *_), _ = run(folder, STATEFUL.replace("@unordered\n", ""), 1)
    assert started == 0
    (left,) = memories(folder).values()
    assert left.runs == 3


STATEFUL = (
    PROGRAM.replace("reads", "unordered")
    .replace("\n\n@unordered", "\nasked = []\n\n\n@unordered")
    .replace("    return number", "    asked.append(number)\n    return number")
)

SECRETS = ("the-key-of-the-door", "SELECT salary FROM staff", "You are a helpful pirate")

SECRETIVE = f"""
import json, sys, time
from adaptive_jit import adaptive, reads


@reads
def ask(*prompts, sql=""):
    time.sleep(0.02)
    return "{SECRETS[0]} returned"


@adaptive
def answer(key):
    first = ask(key, "{SECRETS[2]}")
    second = ask(sql="{SECRETS[1]}")
    third = ask(f"{{key}} {SECRETS[2]}")
    return first + second + third


for _ in range(int(sys.argv[1])):
    answer("{SECRETS[0]}")
print(json.dumps(0))
"""


def test_no_value_query_or_prompt_reaches_the_file(folder):
    """Neither arguments nor results nor literals of the source, in no file of the folder."""
    for _ in range(2):
        run(folder, SECRETIVE, 3)
    assert memories(folder)
    for file in folder.iterdir():
        content = file.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content


def damaged(path):
    path.write_bytes(b"not a database, " * 100)


def newer(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")


def foreign(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE treasure (x)")


def a_folder(path):
    path.unlink()
    path.mkdir()


def without_a_folder(path):
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")


@pytest.mark.parametrize("spoil", [damaged, newer, foreign, a_folder, without_a_folder])
def test_a_store_that_cannot_be_used_costs_one_warning(folder, spoil):
    """At the first call and at exit together; the program runs as if there were none."""
    folder.mkdir()
    (folder / database.FILE).touch()
    spoil(folder / database.FILE)
    (started, *_), err = run(folder, PROGRAM, 3)
    assert started > 0
    assert err.count("StoreWarning") == 1


def test_where_warnings_are_errors_no_call_fails(folder):
    """The log says it instead."""
    folder.mkdir()
    damaged(folder / database.FILE)
    (started, *_), err = run(folder, PROGRAM, 3, options=("-W", "error"))
    assert started > 0
    assert "is ignored" in err


def test_a_store_that_another_process_holds_is_given_up(known):
    """A first call does not wait for it, and the end not long; what was there stays."""
    with contextlib.closing(
        sqlite3.connect(known / database.FILE, isolation_level=None)
    ) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        (started, *_), err = run(known, PROGRAM, 1)
        assert started == 0
        assert err.count("StoreWarning") == 1
        connection.execute("ROLLBACK")
    (left,) = memories(known).values()
    assert left.runs == 1


OWN = """
import json, sys, time
from adaptive_jit import adaptive, reads


@reads
def ask(number):
    time.sleep(0.002)
    return number


def both(a):
    return ask(a) + ask(2)


def shared(a):
    return ask(a) + ask(3)


both.__qualname__ = f"both_{sys.argv[1]}"
adaptive(both), adaptive(shared)
both(1), shared(1)
print("ready", flush=True)
sys.stdin.readline()
"""


def test_eight_processes_that_end_at_once_lose_nothing(folder):
    """Each its own function, and its part of the one that all of them called."""
    folder.mkdir()
    script = folder.parent / "own.py"
    script.write_text(OWN)
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(script), str(number)], env=environment(folder),
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(8)
        ]  # fmt: skip
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            _, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (0, "")
    known = memories(folder)
    assert {f"__main__.both_{number}" for number in range(8)} <= known.keys()
    shared = known["__main__.shared"]
    assert (shared.runs, shared.calls, shared.invocations) == (8, 8, 8)
    assert [one.sums.n for one in shared.operations] == [8, 8]


FORKING = """
import json, os, sys, time
from adaptive_jit import adaptive, reads, reset


@reads
def ask(number):
    time.sleep(0.002)
    return number


@adaptive
def both():
    return ask(1) + ask(2)


both()
if sys.argv[1] == "reset":
    reset(both)
    both()
elif os.fork() == 0:
    both()
    sys.exit()
else:
    os.wait()
print(json.dumps(0))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_leaves_only_what_it_saw_itself(folder):
    """What was before the fork is the parent's."""
    run(folder, FORKING, "fork")
    (known,) = memories(folder).values()
    assert (known.calls, known.invocations, known.operations[0].sums.n) == (2, 2, 2)


def test_a_reset_forgets_earlier_runs_too(folder):
    """It stands for: measure anew, from now on."""
    run(folder, FORKING, "reset")
    run(folder, FORKING, "reset")
    (known,) = memories(folder).values()
    assert (known.runs, known.calls) == (1, 1)


LAZY = """
import json, sys
from adaptive_jit import adaptive, reads


@reads
def ask(number):
    return number


@adaptive
def both():
    return ask(1) + ask(2)


before = "sqlite3" in sys.modules
both()
print(json.dumps([before, "sqlite3" in sys.modules]))
"""


def test_the_database_is_loaded_by_a_first_call_that_has_something_to_read(folder):
    """Not by the import, not by a decoration, not where there is no file."""
    assert run(folder, LAZY)[0] == [False, False]
    assert run(folder, LAZY)[0] == [False, True]


def test_what_was_forgotten_by_the_command_is_not_known(known):
    """``adaptive-jit clear``."""
    subprocess.run(
        [sys.executable, "-m", "adaptive_jit", "clear", "answer"],
        env=environment(known), check=True, capture_output=True,
    )  # fmt: skip
    assert not memories(known)
    (started, *_), _ = run(known, PROGRAM, 1)
    assert started == 0
