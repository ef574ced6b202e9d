"""``adaptive-jit suggest`` on real programs, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """\
import sys
import time

from parts import opaque

ORDER = []


def fetch(key):
    time.sleep(0.1)
    return key


def page(keys):
    found = []
    for key in keys:
        found.append(fetch(key))
    return found


def both(key):
    first = opaque.ask(key)
    second = opaque.ask(key + 1)
    ORDER.append((first, second))
    return first + second


def small(x):
    a = str(x)
    b = str(a)
    return a + b


if __name__ == "__main__":
    print(page([1, 2, 3, 4]), sys.argv[1:])
    for number in (1, 2):
        print(both(number))
    small(1)
    assert sys.path[0] == __file__.rpartition("/")[0] or sys.argv[1:] == ["module"]
    raise SystemExit(3)
"""
PART = """\
import time


def ask(key):
    time.sleep(0.1)
    return eval("key")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program with a package beside it."""
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "opaque.py").write_text(PART)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in *folder*."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "150"}
    return subprocess.run(
        [sys.executable, "-m", "adaptive_jit", "suggest", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip


def test_a_program_is_told_what_it_would_gain(folder: Path) -> None:
    """It prints what it prints, its exit code is its own, and nothing is left behind."""
    done = run(folder, "app.py", "word")
    assert done.returncode == 3, done.stderr
    assert done.stdout == "[1, 2, 3, 4] ['word']\n3\n5\n"
    text = " ".join(done.stderr.split())
    assert "__main__.page" in text
    assert "@adaptive predicted" in text
    assert "reads(parts.opaque.ask) saves" in text
    assert "observed" not in text
    assert "no write seen in" in text
    assert "__main__.small" not in text
    assert "app.py:36" in text  # the loop outside functions
    assert not list(folder.rglob("*.pyc"))
    assert sorted(path.name for path in folder.iterdir()) == ["app.py", "parts"]


def test_json_comes_last_on_standard_output(folder: Path) -> None:
    """With the same content; a module is run like a script."""
    done = run(folder, "--json", "-m", "app", "module")
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""
    printed, brace, rest = done.stdout.partition("{")
    assert printed == "[1, 2, 3, 4] ['module']\n3\n5\n"
    data: dict[str, Any] = json.loads(brace + rest)
    by_name = {one["name"]: one for one in data["functions"]}
    assert by_name["__main__.page"]["predicted_speedup"] > 1.2
    (operation,) = [one for one in by_name["__main__.page"]["operations"] if one["seconds"] > 0.05]
    assert operation["runs_ahead"]
    lines = by_name["__main__.both"]["lines"]
    assert [line["write"] for line in lines] == ["reads(parts.opaque.ask)"]
    assert [loop["line"] for loop in data["loops"]] == [36]


def test_a_program_that_fails_is_told_nevertheless(folder: Path) -> None:
    """Its traceback is its own, without frames of this library."""
    (folder / "fails.py").write_text("import app\napp.page([1, 2, 3])\n1 / 0\n")
    done = run(folder, "fails.py")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "adaptive_jit/cli" not in done.stderr
    assert "app.page" in done.stderr


def test_a_function_that_one_statement_stops_is_told(folder: Path) -> None:
    """It keeps its own code, and is seen on the stack."""
    (folder / "stopped.py").write_text(
        "from app import fetch\n"
        "def stopped(key):\n    first = fetch(key)\n    import json\n"
        "    return [first, fetch(key), json]\n"
        "stopped(1)\nstopped(2)\n"
    )
    done = run(folder, "stopped.py")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stderr.split())
    assert "one statement stops everything about" in text
    assert "__main__.stopped" in text
    assert "instead move the definition or import to the top of the module" in text


ODD = """\
import abc, dataclasses, enum, functools, inspect, pickle, threading, typing


class Colour(enum.Enum):
    RED = 1

    def shout(self):
        return self.name.upper()


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int

    def far(self):
        return abs(self.x)


class Base(abc.ABC):
    @functools.cached_property
    def cached(self):
        return 1

    @staticmethod
    def static(x):
        return x

    @classmethod
    def made(cls, x):
        return cls, x

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)


class Private(Base):
    def __init__(self):
        self.__hidden = 1

    def hidden(self):
        return self.__hidden, super().static(2)


class Named(typing.NamedTuple):
    a: int

    def read(self):
        return self.a


def recursive(n):
    return 0 if n == 0 else recursive(n - 1) + recursive(0)


def signed(a, /, b=1, *c, d, **e):
    return a, b, c, d, e


def generated():
    yield from range(3)


if __name__ == "__main__":
    print(Colour.RED.shout(), Point(2).far(), Private().cached, Base.static(1), Base.made(1)[1])
    print(Private().hidden(), Named(1).read(), list(generated()), signed(1, 2, 3, d=4, z=5))
    print(inspect.signature(signed), inspect.getsource(recursive)[:12], recursive.__name__)
    print(pickle.loads(pickle.dumps(recursive))(2), Colour.RED.shout.__qualname__)
    thread = threading.Thread(target=recursive, args=(5,))
    thread.start()
    thread.join()
"""


def test_a_program_of_odd_classes_does_what_it_does(folder: Path) -> None:
    """Whoever looks at its functions sees them as they are."""
    (folder / "odd.py").write_text(ODD)
    done = run(folder, "odd.py")
    plain = subprocess.run(
        [sys.executable, "odd.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain.stdout
    assert "functions would gain" in done.stderr


def test_functions_that_are_adaptive_already_run_as_they_do(folder: Path) -> None:
    """Only lines are proposed for them, by their own settings."""
    source = (
        "from adaptive_jit import adaptive, stats\n"
        "from parts.opaque import ask\n"
        "@adaptive(profile_calls=1)\n"
        "def pair(key):\n    first = ask(key)\n    second = ask(first)\n    third = ask(key)\n"
        "    return first, second, third\n"
        "print(pair(1), stats(pair).operations[0].observed)\n"
    )
    (folder / "done.py").write_text(source)
    done = run(folder, "done.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(1, 1, 1) \n"
    text = " ".join(done.stderr.split())
    assert "__main__.pair" in text
    assert "reads(parts.opaque.ask) saves" in text
    assert "@adaptive" not in text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_suggests_nothing(folder: Path) -> None:
    """It ends like a program, and is none."""
    (folder / "forks.py").write_text(
        "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\n"
    )
    done = run(folder, "forks.py")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines().count("suggest") == 1


def test_wrong_usage_is_named() -> None:
    """Exit codes as those of the other commands."""
    done = run(Path.cwd(), "absent.py")
    assert done.returncode == 2
    assert "can't open 'absent.py'" in done.stderr
    done = run(Path.cwd())
    assert done.returncode == 2
    assert "a SCRIPT or -m MODULE is needed" in done.stderr
