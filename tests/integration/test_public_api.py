"""What `import adaptive_jit` offers, and what it costs to get it."""

from __future__ import annotations

import os
import subprocess
import sys

import adaptive_jit

PUBLIC = {
    "AdaptiveError",
    "AdaptiveWarning",
    "Settings",
    "__version__",
    "adaptive",
    "errors",
    "explain",
    "override",
    "parallel",
    "parallel_map",
    "pure",
    "reads",
    "report",
    "reset",
    "stats",
    "unordered",
    "writes",
}
ERRORS = {
    "AdaptiveError",
    "AdaptiveWarning",
    "CatalogueWarning",
    "ConfigurationError",
    "ConfigurationWarning",
    "DeclarationError",
    "DeclarationWarning",
    "FallbackWarning",
    "InternalError",
    "StoreWarning",
    "StrategyUnavailable",
    "UnsupportedCallable",
}
HEAVY = {"numpy", "scipy", "rich", "psutil", "asyncio", "sqlite3"}


def fresh(statement: str, *options: str) -> str:
    """Output of *statement* in an interpreter of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ADAPTIVE_JIT_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", statement],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_names_are_those_of_the_design():
    """`__all__` is the public face: nothing is missing and nothing slipped in."""
    assert set(adaptive_jit.__all__) == PUBLIC
    errors = set(vars(adaptive_jit.errors)) - {"annotations"}
    assert {name for name in errors if not name.startswith("_")} == ERRORS


def test_every_public_name_exists_and_is_listed_by_dir():
    """A name that is loaded on first use behaves like any other."""
    for name in set(adaptive_jit.__all__) - {"__version__", "errors"}:
        assert callable(getattr(adaptive_jit, name)), name
        assert name in dir(adaptive_jit), name


def test_import_loads_no_heavy_module():
    """Importing the package, and decorating a function, loads none of the heavy modules."""
    loaded = fresh(
        "import sys\n"
        "from adaptive_jit import *\n"
        "def f(x): return x + 1\n"
        "assert adaptive(f)(1) == 2\n"
        "print(*sys.modules)"
    ).split()
    assert HEAVY & {name.split(".")[0] for name in loaded} == set()


def test_import_starts_no_thread_and_touches_no_file():
    """A program that imports the library and never uses it is left alone."""
    seen = fresh(
        "import sys, threading\n"
        "opened = []\n"
        "sys.addaudithook(lambda name, args: opened.append(args) if name == 'open' else None)\n"
        "import adaptive_jit\n"
        "mode = lambda a: a[1] if isinstance(a[1], str) else 'r'\n"
        "print(threading.active_count(), [a for a in opened if set(mode(a)) & set('wax+')\n"
        "      and '__pycache__' not in str(a[0])])",
        "-B",
    )
    assert seen.split(maxsplit=1) == ["1", "[]\n"]


def test_python_dash_m_shows_the_commands():
    """The package runs as a program."""
    shown = subprocess.run(
        [sys.executable, "-m", "adaptive_jit", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("demo", "run", "report", "explain", "settings", "doctor"):
        assert command in shown
