"""``report``, ``explain`` and ``clear``: what earlier runs have left behind."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import PurePath
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


_FORMS = "answer, app.answer, app:answer or app.py:answer"
_HINTS = 5
"""Nearest names that are told."""


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
    parser.add_argument("name", metavar="NAME", help=f"such as {_FORMS}")
    parser.add_argument("file", nargs="?", metavar="FILE", help="a report saved as .json")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    functions = _read(options.file) if options.file else _store().load()
    found = matching(options.name, functions) or in_file(options.name, functions)
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
    """Return the newest record of each function called *name*, in full or by its last parts.

    A colon may stand between the module and the rest, as in ``app:answer``.
    """
    name = name.replace(":", ".")
    newest: dict[str, FunctionStats] = {}
    for stats in functions:  # newest first
        newest.setdefault(stats.name, stats)
    if name in newest:
        return (newest[name],)
    return tuple(stats for known, stats in newest.items() if known.endswith(f".{name}"))


def in_file(name: str, functions: Sequence[FunctionStats]) -> tuple[FunctionStats, ...]:
    """Return the same for ``app.py:answer``: the file in full, from here, or by its last parts."""
    path, _, name = name.rpartition(":")
    full = os.path.abspath(path)
    ending = PurePath("/", path).parts[1:]
    within = [
        stats
        for stats in functions
        if stats.file == full or PurePath(stats.file).parts[-len(ending) :] == ending
    ]
    return matching(name, within)


def _unknown(name: str, functions: Sequence[FunctionStats]) -> str:
    """What to say of a name that fits nothing: the nearest ones, and how to name one."""
    from difflib import SequenceMatcher, get_close_matches

    if not functions:
        return NOTHING
    names = sorted({stats.name for stats in functions})
    asked = name.replace(":", ".")
    shorter = {known.rpartition(".")[2]: known for known in names}
    near = get_close_matches(asked, [*names, *shorter], n=1)
    if near:
        return f"no function is called {name}; did you mean {shorter.get(near[0], near[0])}?"
    last = asked.rpartition(".")[2]
    alike = {
        known: SequenceMatcher(None, last, known.rpartition(".")[2]).ratio() for known in names
    }
    nearest = sorted(names, key=lambda known: -alike[known])[:_HINTS]
    listed = "".join(f"\n  {known}" for known in nearest)
    what = f"the nearest of {len(names)} are" if len(names) > _HINTS else "known are"
    return f"no function is called {name}; {what}{listed}\nname one as {_FORMS}"


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
