"""The command line: ``adaptive-jit`` or ``python -m adaptive_jit``.

Each command is a module with ``main(arguments) -> exit code``, imported when
it is called. Exit codes: 0 done, 1 failed, 2 wrong usage; ``run`` passes on
that of the program.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from adaptive_jit.errors import AdaptiveError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


class Command(NamedTuple):
    """Where a command lives (``module:function``) and what it does, in one line."""

    place: str
    summary: str

    def load(self) -> Callable[[Sequence[str]], int]:
        """Import and return the command's function."""
        module, function = self.place.split(":")
        command: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
        return command


COMMANDS = {
    "demo": Command("adaptive_jit.cli.demo:main", "plain and adaptive programs side by side"),
    "run": Command("adaptive_jit.cli.run:main", "run a program and print the report at its end"),
    "report": Command(
        "adaptive_jit.cli.saved:report", "show the report of the last run, or a file"
    ),
    "explain": Command("adaptive_jit.cli.saved:explain", "why a function runs as it does"),
    "suggest": Command("adaptive_jit.cli.suggest:main", "which lines would let a program gain"),
    "settings": Command("adaptive_jit.cli.settings:main", "each setting, its origin and its range"),
    "calibrate": Command(
        "adaptive_jit.cli.calibrate:main", "measure what running ahead costs on this machine"
    ),
    "doctor": Command("adaptive_jit.cli.doctor:main", "check this machine and installation"),
    "clear": Command("adaptive_jit.cli.saved:clear", "forget what earlier runs have learnt"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that *argv* (default: the process's arguments) names; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    if not arguments:
        parser.print_help()
        return 2
    if arguments[0] not in COMMANDS:
        parser.parse_args(arguments)  # prints help or version, or says what is wrong
        return 2
    return _call(COMMANDS[arguments[0]], arguments[1:])


def _call(command: Command, arguments: list[str]) -> int:
    try:
        code = command.load()(arguments)
        sys.stdout.flush()
    except AdaptiveError as error:
        print(f"adaptive-jit: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        _ignore_closed_output()
        return 1
    return code


def _ignore_closed_output() -> None:
    """Keep the interpreter from failing again when it flushes what nobody reads (``| head``)."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    import argparse

    listing = "\n".join(f"  {name:<9} {command.summary}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="adaptive-jit",
        description="Ordinary Python that waits for its I/O at the same time.",
        epilog=f"commands:\n{listing}\n\n'adaptive-jit COMMAND --help' tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="adaptive-jit COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"adaptive-jit {_version()}")
    parser.add_argument("command", metavar="COMMAND", choices=list(COMMANDS), help="see below")
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("adaptive-jit")
    except PackageNotFoundError:  # run from a checkout
        return "(not installed)"
