"""``run``: any program, unchanged, with the report at its end."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from typing import TYPE_CHECKING

from adaptive_jit.cli import program
from adaptive_jit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = (
    "adaptive-jit run [--report FILE] [--decorate PACKAGE ...] (SCRIPT | -m MODULE) [ARGUMENT ...]"
)
_WITH_VALUE = ("--report", "--decorate")


def main(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code; the report goes to standard error, or to a file.

    The report is made when the interpreter ends, after the program's own
    threads and exit functions.
    """
    own, target = split(arguments)
    parser = argparse.ArgumentParser(
        prog="adaptive-jit run", usage=USAGE, description="Run a program, then print the report."
    )
    parser.add_argument("--report", metavar="FILE", help="write .txt, .html or .json instead")
    parser.add_argument(
        "--decorate",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="make every function of this package adaptive; may be given several times",
    )
    options = parser.parse_args(own)
    for name in options.decorate:
        if name.endswith(".py") or "/" in name or os.sep in name:
            parser.error(_not_a_package(name))
    if not target or target == ["-m"]:
        parser.error("a SCRIPT or -m MODULE is needed")
    try:
        _install(options.report)
        _decorate(options.decorate)
    except ConfigurationError as error:
        parser.error(str(error))
    return _run(target)


def _not_a_package(name: str) -> str:
    """What to write instead of the name of a file."""
    path = os.path.normpath(name.removesuffix(".py"))
    parts = [part for part in path.replace(os.sep, "/").split("/") if part]
    imported = ".".join(parts)
    found = f" `--decorate {imported}`," if all(map(str.isidentifier, parts)) else ""
    return (
        f"--decorate takes the name of a package or module as programs import it, not that of a "
        f"file ({name}):{found} or `@adaptive` above a function of the script itself"
    )


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return our own options, and the program (``["-m", name, ...]`` or ``[path, ...]``).

    All that follows the program's name is the program's, whatever it looks like.
    """
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word == "--":
            return list(arguments[:position]), list(arguments[position + 1 :])
        if word == "-m" or not word.startswith("-"):
            break
        position += 2 if word in _WITH_VALUE else 1
    return list(arguments[:position]), list(arguments[position:])


def _install(path: str | None) -> None:
    from adaptive_jit import introspection
    from adaptive_jit.reporting.files import checked_extension

    if path is None:
        atexit.register(_print_report)
    else:
        checked_extension(path)
        introspection.install_exit_report(path)


def _decorate(packages: list[str]) -> None:
    """Make *packages* adaptive, to the end of the process; say at its end what became of them."""
    if packages:
        from adaptive_jit.packages import decorate_package

        for name in packages:
            atexit.register(_print_decoration, decorate_package(name))


def _print_decoration(decoration: object) -> None:
    print(decoration, file=sys.stderr)


def _print_report() -> None:
    try:
        from adaptive_jit import introspection

        introspection.report().show(sys.stderr)
    except Exception as error:  # the program has succeeded; its exit code must not change
        print(f"adaptive-jit: the report cannot be shown: {error!r}", file=sys.stderr)


def _run(target: list[str]) -> int:
    try:
        if target[0] == "-m":
            return program.run_module(target[1], target[2:])
        return program.run_script(target[0], target[1:])
    except program.NoProgramError as error:
        atexit.unregister(_print_report)
        print(f"adaptive-jit: {error}", file=sys.stderr)
        return error.code
