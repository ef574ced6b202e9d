"""``report``, ``explain`` and ``clear``: what earlier runs have left behind."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from adaptive_jit import settings
from adaptive_jit.cli.output import add_json_option, show
from adaptive_jit.errors import AdaptiveError
from adaptive_jit.reporting import Explanation, Report, write_file
from adaptive_jit.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptive_jit.records import FunctionStats

NOTHING = (
    "nothing has been saved yet; run a program with 'adaptive-jit run SCRIPT', "
    "or with the setting persist on"
)


class NotReadableError(AdaptiveError):
    """The file is not a report, or cannot be read."""


def report(arguments: Sequence[str]) -> int:
    """Show the report of the last run or of a JSON file; optionally write it in another form."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit report", description="Show the report of the last run, or of FILE."
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a report saved as .json")
    parser.add_argument("-o", "--output", metavar="FILE", help="write .txt, .html or .json instead")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    functions = _read(options.file) if options.file else _store().load(last_run=True)
    if not functions and not options.file:
        return _failed(NOTHING)
    if options.output:
        return _written(options.output, functions)
    show(Report(functions), as_json=options.json)
    return 0


def explain(arguments: Sequence[str]) -> int:
    """Explain the functions that a name fits, as the last run that called them left them."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit explain", description="Tell why a function runs as it does."
    )
    parser.add_argument("name", metavar="NAME", help="such as app.answer, or just answer")
    parser.add_argument("file", nargs="?", metavar="FILE", help="a report saved as .json")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    functions = _read(options.file) if options.file else _store().load()
    found = matching(options.name, functions)
    if not found:
        return _failed(_unknown(options.name, functions))
    shown = Explanation(found[0]) if len(found) == 1 else Report(found)
    show(shown, as_json=options.json)
    return 0


def clear(arguments: Sequence[str]) -> int:
    """Forget one function, or everything."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit clear", description="Forget what earlier runs have learnt."
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="one function only")
    options = parser.parse_args(arguments)
    store = _store()
    if options.name is None:
        print(f"forgotten: {store.clear()}")
        return 0
    names = {stats.name for stats in matching(options.name, store.load())}
    if not names:
        return _failed(_unknown(options.name, store.load()))
    print(f"forgotten: {sum(map(store.clear, names))} ({', '.join(sorted(names))})")
    return 0


def matching(name: str, functions: Sequence[FunctionStats]) -> tuple[FunctionStats, ...]:
    """Return the newest record of each function called *name*, in full or by its last parts."""
    newest: dict[str, FunctionStats] = {}
    for stats in functions:  # newest first
        newest.setdefault(stats.name, stats)
    if name in newest:
        return (newest[name],)
    return tuple(stats for known, stats in newest.items() if known.endswith(f".{name}"))


def _unknown(name: str, functions: Sequence[FunctionStats]) -> str:
    from difflib import get_close_matches

    if not functions:
        return NOTHING
    names = sorted({stats.name for stats in functions})
    shorter = {known.rpartition(".")[2]: known for known in names}
    near = get_close_matches(name, [*names, *shorter], n=1)
    hint = (
        f"did you mean {shorter.get(near[0], near[0])}?" if near else "known: " + ", ".join(names)
    )
    return f"no function is called {name}; {hint}"


def _store() -> Store:
    return Store(settings.current().cache_dir)


def _read(path: str) -> tuple[FunctionStats, ...]:
    import json
    from pathlib import Path

    from adaptive_jit.records.codec import decode

    try:
        return decode(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise NotReadableError(f"{path}: {error}; give a report that was saved as .json") from error


def _written(path: str, functions: tuple[FunctionStats, ...]) -> int:
    try:
        write_file(path, functions)
    except OSError as error:
        return _failed(f"{path} was not written: {error}")
    return 0


def _failed(message: str) -> int:
    print(f"adaptive-jit: {message}", file=sys.stderr)
    return 1
