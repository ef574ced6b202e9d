"""At interpreter exit everything that is the program's ends as it does without the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import csv, dataclasses, gzip, sys, time
from adaptive_jit import adaptive, reads, unordered

if MODE == "plain":
    adaptive = reads = unordered = lambda f=None, **_: f if f else (lambda g: g)
elif MODE == "forced":
    adaptive = adaptive(strategy="parallel")


class Loud:
    def __del__(self):
        print("finalised")


@dataclasses.dataclass
class Answer:
    number: int


class Client:
    def ask(self, number):
        time.sleep(0.001)
        return Answer(number)


def proved(number):
    time.sleep(0.001)
    return number


@unordered
def declared(number):
    time.sleep(0.001)
    return number


client = Client()
unordered(client.ask)


@adaptive
def by_proof(count):
    return [proved(number) for number in range(count)]


@adaptive
def by_declaration(count):
    return [declared(number) for number in range(count)]


@adaptive
def by_method(count):
    return [client.ask(number).number for number in range(count)]


@adaptive
class Model:
    def forward(self, count):
        first = declared(count)
        second = proved(count)
        return first + second


loud = Loud()
text = open("text", "w")
table = csv.writer(open("table", "w"))
packed = gzip.open("packed", "wt")
for _ in range(CALLS):
    found = by_proof(3), by_declaration(3), by_method(3), Model().forward(2)
    text.write(f"{found}")
    table.writerow(found)
    packed.write(f"{found}")
"""


def outcome(mode: str, calls: int, folder: Path) -> tuple[str, list[int]]:
    """What the program prints at exit, and how much of its files has arrived."""
    folder.mkdir()
    (folder / "program.py").write_text(f"MODE, CALLS = {mode!r}, {calls}\n{PROGRAM}")
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "ADAPTIVE_JIT_PERSIST": "0", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    sizes = [(folder / name).stat().st_size for name in ("text", "table", "packed")]
    return done.stdout + done.stderr, sizes


@pytest.mark.parametrize("mode", ["learning", "forced"])
@pytest.mark.parametrize("calls", [0, 1, 30])
def test_globals_are_finalised_and_files_flushed(mode: str, calls: int, tmp_path: Path) -> None:
    """Nothing of the library keeps the program's module."""
    expected = outcome("plain", calls, tmp_path / "plain")
    assert "finalised" in expected[0]
    assert outcome(mode, calls, tmp_path / mode) == expected


RETIRED = """
from adaptive_jit import adaptive, reads
from adaptive_jit.engine import registry

@reads
def fetch(key):
    return key

def both(key):
    first = fetch(key)
    return first, fetch(2)

own = both.__code__
adaptive(strategy="parallel")(both)
assert both(1) == (1, 2)
assert both.__code__ is not own
registry.retire()
assert both.__code__ is own
assert both(1) == (1, 2)
assert both.__code__ is own
print("its own code")
"""


def test_at_exit_each_function_has_its_own_code_back(tmp_path: Path) -> None:
    """What was generated leads to the program's modules, which must be free to go."""
    script = tmp_path / "retired.py"
    script.write_text(RETIRED, encoding="utf-8")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("its own code\n", "")
