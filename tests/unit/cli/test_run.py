"""``adaptive-jit run``: the program first, the report last."""

import atexit
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adaptive_jit import introspection
from adaptive_jit.cli import run
from adaptive_jit.reporting import Report
from tests.unit.reporting.samples import CPU_LOOP

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("arguments", "own", "target"),
    [
        ([], [], []),
        (["a.py"], [], ["a.py"]),
        (["a.py", "--report", "x"], [], ["a.py", "--report", "x"]),
        (["--report", "r.html", "a.py", "-m"], ["--report", "r.html"], ["a.py", "-m"]),
        (["--report=r.html", "a.py"], ["--report=r.html"], ["a.py"]),
        (["--decorate", "p", "a.py", "--decorate"], ["--decorate", "p"], ["a.py", "--decorate"]),
        (["-m", "mod", "-h"], [], ["-m", "mod", "-h"]),
        (["--report", "-m.txt", "-m", "mod"], ["--report", "-m.txt"], ["-m", "mod"]),
        (["--", "-odd.py", "x"], [], ["-odd.py", "x"]),
        (["--help", "a.py"], ["--help"], ["a.py"]),
    ],
)
def test_what_follows_the_program_is_the_program_s(arguments, own, target):
    """Whatever it looks like."""
    assert run.split(arguments) == (own, target)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-m"],
        ["--report"],
        ["--report", "r.pdf", "a.py"],
        ["--nope", "a.py"],
        ["--decorate", "a-b", "a.py"],
        ["--decorate", "a.py", "a.py"],
    ],
)
def test_wrong_usage_runs_nothing(arguments, capsys, monkeypatch):
    """A wrong report file is refused before an hour of work, not after."""
    monkeypatch.setattr(run, "_run", lambda target: pytest.fail("the program ran"))
    with pytest.raises(SystemExit) as caught:
        run.main(arguments)
    assert caught.value.code == 2


def test_a_missing_program_has_no_report(tmp_path, capsys, monkeypatch):
    """Exit code 2, as Python gives."""
    due = []
    monkeypatch.setattr(atexit, "register", due.append)
    monkeypatch.setattr(atexit, "unregister", due.remove)
    assert run.main([str(tmp_path / "absent.py")]) == 2
    assert "can't open" in capsys.readouterr().err
    assert due == []


def test_the_report_goes_to_standard_error(monkeypatch, capsys):
    """Standard output is the program's."""
    monkeypatch.setattr(introspection, "report", lambda: Report((CPU_LOOP,)))
    run._print_report()
    out, err = capsys.readouterr()
    assert out == ""
    assert "app.crunch" in err


def test_a_report_that_fails_does_not_fail_the_program(monkeypatch, capsys):
    monkeypatch.setattr(introspection, "report", lambda: 1 / 0)
    run._print_report()
    assert "cannot be shown" in capsys.readouterr().err


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options
    )


PROGRAM = """
import atexit, sys, threading
atexit.register(print, "exit function", file=sys.stderr)
thread = threading.Thread(target=lambda: (threading.main_thread().join(), print("thread")))
thread.start()
print("program", sys.argv[1:])
sys.exit(7)
"""


def test_the_whole_program_comes_before_the_report(tmp_path):
    """Its threads and exit functions included; its exit code is ours."""
    (tmp_path / "p.py").write_text(PROGRAM)
    done = python("-m", "adaptive_jit", "run", str(tmp_path / "p.py"), "--x")
    assert done.returncode == 7
    assert done.stdout == "program ['--x']\nthread\n"
    assert done.stderr.splitlines()[0] == "exit function"
    assert "adaptive" in done.stderr.splitlines()[1]


def test_a_program_that_fails_is_reported_after_its_traceback(tmp_path):
    (tmp_path / "p.py").write_text("1 / 0\n")
    done = python("-m", "adaptive_jit", "run", str(tmp_path / "p.py"))
    assert done.returncode == 1
    assert done.stderr.index("ZeroDivisionError") < done.stderr.index("adaptive_jit")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_leaves_early_is_no_error(form):
    """``adaptive-jit settings | head -1``."""
    reading = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.exit(0)"], stdin=subprocess.PIPE
    )
    reading.wait()
    done = subprocess.run(
        [sys.executable, "-m", "adaptive_jit", "settings", *form],
        stdout=reading.stdin, stderr=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    reading.stdin.close()
    assert (done.returncode, done.stderr) == (1, "")


def test_a_package_is_decorated_without_a_change(tmp_path):
    """Its functions are in the report; standard output and arguments are the program's."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text(
        "def ask(a):\n    return int(a)\n\n"
        "def pair(a):\n    first = ask(a)\n    second = ask(a + a)\n    return first, second\n"
    )
    script = tmp_path / "script.py"
    script.write_text("import shop, sys\nprint(shop.pair('1'), sys.argv[1:])\n")
    words = ("-m", "adaptive_jit", "run", "--decorate", "shop", str(script), "--decorate", "x")
    done = python(*words)
    assert done.stdout == "(1, 11) ['--decorate', 'x']\n"
    assert "shop: 1 functions decorated in 1 modules, 1 left alone" in done.stderr
    assert "shop.pair" in done.stderr


SHOP = """
import time

def ask(number):
    time.sleep(0.004)
    return number + 1

def pair(low):
    first = ask(low)
    second = ask(low + 1)
    return first, second
"""

BUYER = """
import shop, sys, time
import adaptive_jit
for number in range(300):
    value = shop.pair(number)
    stats = adaptive_jit.stats(shop.pair)
    if value != (number + 1, number + 2) or stats.counts.started > 10 and number > 60:
        break
print(value == (number + 1, number + 2), stats.counts.started > 0)
print(type(shop.pair).__name__, shop.pair.__code__.co_name, shop.ask(1))
"""


@pytest.mark.parametrize("strategy", ["auto", "parallel"])
def test_a_decorated_package_learns_or_is_forced(strategy, tmp_path):
    """Its operations run ahead: once that has paid, or from the first call."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "buyer.py").write_text(BUYER)
    words = ("-m", "adaptive_jit", "run", "--decorate", "shop", "buyer.py")
    known = {"ADAPTIVE_JIT_STRATEGY": strategy, "ADAPTIVE_JIT_PERSIST": "0"}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **known, "PYTHONPATH": path}
    done = python(*words, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "True True"
    assert second == "function pair 2"
    assert "shop: 1 functions decorated in 1 modules, 1 left alone" in done.stderr
    assert "shop.pair" in done.stderr


@pytest.mark.parametrize(
    ("name", "instead"), [("s2.py", "--decorate s2`"), ("./shop/cart.py", "--decorate shop.cart`")]
)
def test_the_name_of_a_file_is_told_from_that_of_a_package(name, instead, capsys):
    """The message says what to write."""
    with pytest.raises(SystemExit):
        run.main(["--decorate", name, "a.py"])
    told = capsys.readouterr().err
    assert "not that of a file" in " ".join(told.split())
    assert instead in " ".join(told.split())
