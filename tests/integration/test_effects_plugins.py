"""Distributions that ship what their calls do: really installed, found, used, and checked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "acme-search"

for _path in (ROOT / "tests",):
    if str(_path) not in sys.path:
        sys.path.insert(0, str(_path))

from world.model import Meeting  # noqa: E402
from world.service import Service  # noqa: E402


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, built and installed by pip into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"),
            *("--no-index", "--disable-pip-version-check", "--target", folder, EXAMPLE),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Serve on the loopback interface."""
    running = Service()
    yield running
    running.close()


def run(folder: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run *program* where the packages in *folder* are installed."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
        "ADAPTIVE_JIT_PERSIST": "0",
        "NO_PROXY": "*",
    }
    return subprocess.run(
        [sys.executable, *options],
        input=program,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=environment,
        cwd=folder,
    )


def test_the_example_s_own_tests_pass(installed: Path) -> None:
    """As its author would run them."""
    tests = EXAMPLE / "tests"
    options = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(tests))
    done = run(installed, "", *options)
    assert done.returncode == 0, done.stdout + done.stderr


ASK = """
import sys
import acme_search
from adaptive_jit.effects import effect_of
client = acme_search.Client("http://127.0.0.1:9")
{then}
"""


def asked(folder: Path, then: str, *options: str) -> str:
    done = run(folder, ASK.format(then=then), *options, "-")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() + done.stderr.strip()


def test_a_patched_receiver_or_inner_function_is_unknown(installed: Path) -> None:
    """The file speaks for the library's own code only."""
    then = (
        "ask = lambda: effect_of(client.search, ('tea',), {}).kind.name\n"
        "print(ask())\n"
        "client._send = lambda *args: None\n"
        "print(ask())\n"
        "del client._send\n"
        "print(ask())\n"
        "acme_search.Client._send = lambda *args: None\n"
        "print(ask())"
    )
    assert asked(installed, then).split() == ["READS", "UNKNOWN", "READS", "UNKNOWN"]


def test_arguments_that_hide_work_are_unknown(installed: Path) -> None:
    """Without a word about its arguments an entry is for plain ones."""
    then = "class Query(str): pass\nprint(effect_of(client.search, (Query(), ), {}).kind.name)"
    assert asked(installed, then) == "UNKNOWN"


PROGRAM = """
import sys
import acme_search
from adaptive_jit import adaptive

client = acme_search.Client(sys.argv[1])

def total(query):
    return client.search(acme_search.normalise(query)).total

@adaptive(strategy="parallel")
def page():
    first = client.search("one")
    second = client.search("two")
    client.add({"title": "x"})
    return first.total + second.total + total("Three") + total("four")

for _ in range(3):
    print(page())
"""


def test_calls_of_the_library_overlap_unannotated(installed: Path, service: Service) -> None:
    """Searches run ahead, documents are added in their turn, results are the plain ones."""
    service.reset(Meeting(2))
    script = installed / "program.py"
    script.write_text(PROGRAM)
    done = run(installed, "", "-W", "error", str(script), service.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["4", "4", "4"]
    assert service.meeting is not None
    assert service.meeting.met
    verbs = [request[0] for request in service.requests]
    assert verbs == (["GET"] * 2 + ["POST"] + ["GET"] * 2) * 3


# Files that are wrong -------------------------------------------------------------------------


def distribution(folder: Path, name: str, text: str, module: str = "wrongly") -> None:
    """A distribution written by hand, as an installer would leave it."""
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "effects.toml").write_text(text)
    info = folder / f"{name}-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text(f"[adaptive_jit.effects]\n{module} = {name}:effects\n")


def asked_of_wrongly(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "wrongly.py").write_text("import os\ndef get(x):\n    return os.getxattr(x)\n")
    program = (
        "import wrongly\nfrom adaptive_jit.effects import effect_of\n"
        "for _ in range(2): print(effect_of(wrongly.get, ('a',), {}).kind.name)\n"
    )
    done = run(folder, program, *options, "-")
    assert done.returncode == 0, done.stderr
    return done


RIGHT = 'library = "wrongly"\n[[calls]]\nnames = ["wrongly:get"]\neffect = "reads"\n'


def test_a_file_for_somebody_else_s_module_counts(tmp_path: Path) -> None:
    """The twin of all wrong ones: a distribution may describe a library that is not its own."""
    distribution(tmp_path, "describes", RIGHT)
    done = asked_of_wrongly(tmp_path, "-W", "error")
    assert done.stdout.split() == ["READS", "READS"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (RIGHT.replace('"reads"', '"read"'), 4, "effect is 'read'"),
        (RIGHT + "leave_arguments = true\n", 5, "'leave_arguments' is not known"),
        (RIGHT + 'quick = "yes"\n', 5, "quick is a str, not a bool"),
        (RIGHT.replace("wrongly:get", "os:remove"), 3, "'os:remove' is not in 'wrongly'"),
        (RIGHT.replace("wrongly:get", "wrongly.get"), 3, "is not of the form module:function"),
        (RIGHT.replace('"wrongly"', '"other"'), 1, "library is 'other'"),
        (RIGHT + 'lower = "openly"\n', 5, "lower is 'openly'"),
        (RIGHT.replace('"reads"', '"unknown"'), 4, "needs a reason"),
        (RIGHT + '[types."wrongly:Answer"]\nattribute = {}\n', 6, "'attribute' is not known"),
        (RIGHT + "[[calls]]\neffect = \n", 6, "it is not TOML"),
        (RIGHT + '[[calls]]\neffect = "reads"\n', 5, "the entry names nothing"),
        (RIGHT + 'include = ["nobody"]\n', 5, "'include' is not known"),
        ('include = ["nobody"]\n' + RIGHT, 1, "include names 'nobody'"),
    ],
)
def test_a_wrong_file_is_ignored_with_its_distribution_and_line(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    """One warning, no error, and the call is judged as if there were no file."""
    distribution(tmp_path, "describes", text)
    done = asked_of_wrongly(tmp_path)
    assert done.stdout.split() == ["UNKNOWN", "UNKNOWN"]
    assert done.stderr.count("CatalogueWarning") == 1
    assert "describes 2.1" in done.stderr
    assert why in done.stderr
    assert f"line {line}" in done.stderr


def test_a_warning_that_is_an_error_is_shown_and_not_raised(tmp_path: Path) -> None:
    """It would be raised in the middle of a user's call."""
    distribution(tmp_path, "describes", "library = 3\n")
    done = asked_of_wrongly(tmp_path, "-W", "error")
    assert done.stdout.split() == ["UNKNOWN", "UNKNOWN"]
    assert "library is a int" in done.stderr


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """An entry point that leads nowhere."""
    distribution(tmp_path, "describes", RIGHT)
    (tmp_path / "describes" / "effects.toml").unlink()
    done = asked_of_wrongly(tmp_path)
    assert done.stdout.split() == ["UNKNOWN", "UNKNOWN"]
    assert "describes 2.1" in done.stderr
    assert "cannot be read" in done.stderr


def test_of_two_distributions_for_one_module_neither_counts(tmp_path: Path) -> None:
    """Which one is right cannot be told."""
    distribution(tmp_path, "describes", RIGHT)
    distribution(tmp_path, "also_describes", RIGHT)
    done = asked_of_wrongly(tmp_path)
    assert done.stdout.split() == ["UNKNOWN", "UNKNOWN"]
    assert "both ship a catalogue file" in done.stderr


def test_nothing_of_the_distribution_is_imported(tmp_path: Path) -> None:
    """The file is data; whoever ships it runs no code in the program."""
    distribution(tmp_path, "describes", RIGHT)
    (tmp_path / "describes" / "__init__.py").write_text("raise SystemExit('imported')")
    done = asked_of_wrongly(tmp_path, "-W", "error")
    assert done.stdout.split() == ["READS", "READS"]
