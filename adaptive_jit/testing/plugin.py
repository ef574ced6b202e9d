"""A plugin for pytest: one's own suite with every function of a package decorated.

``pytest -p adaptive_jit.testing.plugin --adaptive=PACKAGE [--adaptive-forced]``
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from adaptive_jit.packages import Decoration, decorate_package

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECORATIONS = pytest.StashKey[list[Decoration]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("adaptive_jit")
    group.addoption(
        "--adaptive",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="make every function of this package adaptive; may be given several times",
    )
    group.addoption(
        "--adaptive-forced",
        action="store_true",
        help="run ahead from the first call, without measuring",
    )
    group.addoption(
        "--adaptive-counts",
        metavar="FILE",
        help="write what was decorated and started early to this file, as JSON",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Decorate before the suite's own ``conftest.py`` imports the package."""
    options = early_config.known_args_namespace
    early_config.stash[_DECORATIONS] = [
        decorate_package(name, forced=options.adaptive_forced) for name in options.adaptive
    ]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was decorated, what was left alone, and why."""
    for decoration in config.stash[_DECORATIONS]:
        terminalreporter.write_line(str(decoration))
    path = config.getoption("--adaptive-counts")
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(list(_counted(config)), file, indent=1)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the decorations back."""
    for decoration in config.stash[_DECORATIONS]:
        decoration.undo()


def _counted(config: pytest.Config) -> Iterator[dict[str, Any]]:
    for decoration in config.stash[_DECORATIONS]:
        yield {
            "package": decoration.package,
            "modules": len(decoration.modules),
            "decorated": decoration.decorated,
            "left_alone": dict(decoration.reasons()),
            "seconds": decoration.seconds,
            "handed": decoration.handed,
            "counts": asdict(decoration.counts()),
        }
