"""Debuggers, coverage, pytest and reloaders tell of an adaptive function what they tell of any."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODES = ["forced", "learning"]

PROGRAM = """
import os, pdb, sys, time
import adaptive_jit

MODE = os.environ["MODE"]
if MODE == "plain":
    adaptive = unordered = lambda function: function
else:
    unordered = adaptive_jit.unordered
    adaptive = adaptive_jit.adaptive(**({"strategy": "parallel"} if MODE == "forced" else {}))


@unordered
def ask(number):
    time.sleep(0.002)
    return 100 // number


def pause():
    pdb.set_trace()


@adaptive
def run(low, stop=False):
    first = ask(low)
    second = ask(2)
    if stop:
        pause()
    third = ask(low - 1)
    total = first + second + third
    return total


def main():
    print(sum(run(number % 7 + 3) for number in range(40)))
    if MODE != "plain":
        counts = adaptive_jit.stats(run).counts
        with open("started", "w") as file:
            print(counts.started, file=file)
"""


def python(folder: Path, mode: str, *words: str, typed: str = "") -> tuple[str, str]:
    """What a process prints to its two streams."""
    known = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={
            "PYTHONPATH": os.pathsep.join(filter(None, known)),
            "ADAPTIVE_JIT_PERSIST": "0",
            "HOME": str(folder),
            "PATH": "",
            "MODE": mode,
        },
        input=typed,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return done.stdout, done.stderr


def _write(folder: Path, last: str) -> int:
    """Write the program; the number of the line `third = ...`."""
    text = PROGRAM + last
    (folder / "program.py").write_text(text, encoding="utf-8")
    return text.splitlines().index("    third = ask(low - 1)") + 1


def _started(folder: Path) -> int:
    return int((folder / "started").read_text(encoding="utf-8"))


LOOK = "w\nargs\np first, second\npp sorted(k for k in locals() if k.isidentifier())\n"


@pytest.mark.parametrize("mode", MODES)
def test_a_post_mortem_shows_the_users_frames_and_locals(mode: str, tmp_path: Path) -> None:
    """``python -m pdb``, after an operation that ran ahead has raised."""
    _write(tmp_path, "\n\nmain()\nrun(1)\n")
    typed = f"c\nw\nargs\nup\n{LOOK}up\nq\nq\n"
    words = ("-m", "pdb", "program.py")
    plain = python(tmp_path, "plain", *words, typed=typed)
    assert "(100, 50)" in plain[0]
    assert python(tmp_path, mode, *words, typed=typed) == plain


POST_MORTEM = """
main()
try:
    run(1)
except ZeroDivisionError:
    pdb.post_mortem()
"""


@pytest.mark.parametrize("mode", MODES)
def test_a_post_mortem_of_what_ran_ahead_shows_the_same(mode: str, tmp_path: Path) -> None:
    """``pdb.post_mortem`` in a program that no debugger has started."""
    _write(tmp_path, POST_MORTEM)
    typed = f"w\nargs\nup\n{LOOK}up\nq\n"
    plain = python(tmp_path, "plain", "program.py", typed=typed)
    assert "(100, 50)" in plain[0]
    assert python(tmp_path, mode, "program.py", typed=typed) == plain
    assert _started(tmp_path) > 0


@pytest.mark.parametrize("mode", MODES)
def test_a_breakpoint_set_by_line_stops_there(mode: str, tmp_path: Path) -> None:
    """Stops, steps and values of a whole session are those of the plain function."""
    line = _write(tmp_path, "\n\nrun(5)\nrun(6)\nmain()\n")
    typed = f"b {line}\nc\n{LOOK}n\np third\nn\nn\nc\ns\nw\nr\np first\ncl 1\nc\nq\n"
    words = ("-m", "pdb", "program.py")
    plain = python(tmp_path, "plain", *words, typed=typed)
    assert "(20, 50)" in plain[0]
    assert python(tmp_path, mode, *words, typed=typed) == plain


@pytest.mark.parametrize("mode", MODES)
def test_a_breakpoint_in_the_source_stops_in_mid_call(mode: str, tmp_path: Path) -> None:
    """The debugger comes in a callee, behind operations that ran ahead, and goes on to a line."""
    line = _write(tmp_path, "\n\nmain()\nprint(run(5, stop=True))\nprint(run(6))\n") + 1
    typed = f"b {line}\nc\n{LOOK}n\np third, total\nl\nc\ncl 1\nc\n"
    plain = python(tmp_path, "plain", "program.py", typed=typed)
    assert "(20, 50)" in plain[0]
    out, problems = python(tmp_path, mode, "program.py", typed=typed)
    assert problems == plain[1]
    # What is shown before differs: a debugger that is a guest in a call sees how it is made.
    assert _from_breakpoint(out) == _from_breakpoint(plain[0])
    assert _started(tmp_path) > 0


def _from_breakpoint(text: str) -> str:
    return text[text.index("Breakpoint 1") :]


@pytest.mark.parametrize("core", ["ctrace", "pytrace", "sysmon"])
@pytest.mark.parametrize("mode", MODES)
def test_coverage_counts_the_same_lines(mode: str, core: str, tmp_path: Path) -> None:
    """Lines and branches as the package `coverage` reports them."""
    pytest.importorskip("coverage", reason="the package coverage is not installed")
    if core == "sysmon" and sys.version_info < (3, 12):
        pytest.skip("sys.monitoring is of Python 3.12")
    _write(tmp_path, "\n\nif MODE:\n    main()\n    print(run(6))\n")
    (tmp_path / ".coveragerc").write_text(f"[run]\ncore = {core}\n", encoding="utf-8")
    plain = _covered(tmp_path, "plain")
    assert plain[0]
    assert _covered(tmp_path, mode)[0] == plain[0]


def _covered(folder: Path, mode: str) -> tuple[list[int], str]:
    """The numbers of the lines within the function and its operation that were run."""
    out, problems = python(
        folder, mode, "-m", "coverage", "run", "--include=program.py", "program.py"
    )
    python(folder, mode, "-m", "coverage", "json", "-o", "c.json")
    files = json.loads((folder / "c.json").read_text(encoding="utf-8"))["files"]
    file = files["program.py"]
    text = (folder / "program.py").read_text(encoding="utf-8").splitlines()
    inner = range(text.index("@unordered") + 1, text.index("def main():") + 1)
    assert (out != "", problems) == (True, "")
    return [line for line in file["executed_lines"] if line in inner], out


TESTS = """
import os, time
import adaptive_jit

if os.environ["MODE"] == "plain":
    adaptive = unordered = lambda function: function
else:
    unordered = adaptive_jit.unordered
    adaptive = adaptive_jit.adaptive(strategy="parallel")


@unordered
def ask(number):
    time.sleep(0.001)
    return {"number": number}


@adaptive
def pair(low):
    first = ask(low)
    second = ask(2)
    return first, second


@adaptive
def test_itself():
    first = ask(1)
    second = ask(2)
    assert first == second, "they differ"


@adaptive
def checked(low):
    first = ask(low)
    second = ask(2)
    assert ask(first["number"]) == second
    return first


def test_of_values():
    assert pair(1) == pair(2)


def test_of_what_asserts():
    assert checked(2)
    assert checked(3)


def test_passes():
    assert pair(2)[0] == ask(2)
"""


def test_rewritten_assertions_tell_the_same(tmp_path: Path) -> None:
    """Messages, values and locals of failures, as pytest shows them."""
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    words = ("-m", "pytest", "-p", "no:cacheprovider", "--showlocals", "-vv", "test_it.py")
    plain, adaptive = (
        re.sub(r"in \d+\.\d+s|0x[0-9a-f]+", "", python(tmp_path, mode, *words)[0])
        for mode in ("plain", "forced")
    )
    assert "3 failed, 1 passed" in plain
    assert "they differ" in plain
    assert adaptive == plain
