"""Checking a catalogue file of somebody else, and how its entries lower their effects.

`prepared` gives the data and every problem with its line. A file may say what
the files of this package say, with four differences: it speaks for one module
only, its lowerings are those for plain arguments, a method asks whether its
receiver is unchanged unless told otherwise, and what a file does not say is
taken to be the cautious thing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import instance_values, is_class
from adaptive_jit.effects.catalogue_rules import KINDS, plain_arguments
from adaptive_jit.effects.receivers import shadowed
from adaptive_jit.records.effects import EffectKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

LANE = "one_at_a_time"
PLUGIN = "plugin"
"""The lowering of entries that name none."""

LOWERINGS = ("any", "exact", "http", "open", "path", "plain", "shallow")
"""What a file may say of its arguments; each is described in the documentation."""

_TOP: dict[str, type] = {
    "library": str, "internals": list, "include": list, "calls": list, "types": dict,
}  # fmt: skip
_CALL: dict[str, type] = {
    "names": list, "effect": str, "fresh": str, "resource": str, "lower": str, "result": str,
    "leaves_arguments": bool, "quick": bool, "context_manager": bool, "latency": bool,
    "receivers": list, "reason": str, "verb": str, LANE: bool,
}  # fmt: skip
_TYPE: dict[str, type] = {
    "attributes": dict, "lazy": dict, "once_read": dict, "ready": str, "item": str,
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\{[\w, ]+\})?\Z|[A-Za-z_][\w.]*:\{[\w, ]+\}\Z")


class Problem(Exception):
    """One thing that is wrong: a key of a table, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


def prepared(text: str, module: str) -> tuple[dict[str, Any], list[str]]:
    """The data of a file for *module*, ready to be used, and its problems as ``line N: why``."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [f"it is not TOML: {error}"]
    lines = text.splitlines()
    problems = [
        (_line(lines, header, number, problem.key), problem)
        for header, number, problem in _problems(data, module)
    ]
    if not problems:
        for entry in data.get("calls", ()):
            _complete(entry)
    return data, [f"line {line}: {problem}" for line, problem in sorted(problems, key=_first)]


def _first(pair: tuple[int, Problem]) -> int:
    return pair[0]


def _problems(data: dict[str, Any], module: str) -> Iterator[tuple[str, int, Problem]]:
    """Each problem, with the header of the table that it is in and that table's number."""
    for problem in _of_file(data, module):
        yield "", 0, problem
    calls = data.get("calls")
    for number, entry in enumerate(calls if isinstance(calls, list) else ()):
        for problem in _of_call(entry, module):
            yield "[[calls]]", number, problem
    types = data.get("types")
    for name, entry in (types if isinstance(types, dict) else {}).items():
        for problem in _of_type(name, entry, module):
            yield f'[types."{name}"', 0, problem


def _of_file(data: dict[str, Any], module: str) -> Iterator[Problem]:
    yield from _shape(data, _TOP)
    library = data.get("library")
    if library is None:
        yield Problem("library", "it does not say which library it is for: library = …")
    elif isinstance(library, str) and library.partition(".")[0] != module:
        yield Problem("library", f"library is {library!r}, but the entry point is {module!r}")
    yield from _names("internals", data.get("internals", ()), None)
    from adaptive_jit.effects.catalogue_load import FILES

    for other in data.get("include", ()):
        if other not in FILES.values():
            yield Problem("include", f"include names {other!r}, which this library does not know")


def _of_call(entry: Any, module: str) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem("", "an entry of calls is not a table")
        return
    yield from _shape(entry, _CALL)
    names = entry.get("names")
    if not names:
        yield Problem("names", 'the entry names nothing: names = ["module:function"]')
    else:
        yield from _names("names", names, module)
    for key in ("effect", "fresh"):
        word = entry.get(key)
        if (word is None and key == "effect") or (isinstance(word, str) and word not in KINDS):
            yield Problem(key, f"{key} is {word!r}; it is one of {', '.join(KINDS)}")
    lower = entry.get("lower")
    if isinstance(lower, str) and lower not in LOWERINGS:
        yield Problem("lower", f"lower is {lower!r}; it is one of {', '.join(LOWERINGS)}")
    if entry.get("effect") == "unknown" and not entry.get("reason"):
        yield Problem("effect", "an unknown effect needs a reason = …, which reports show")


def _of_type(name: str, entry: Any, module: str) -> Iterator[Problem]:
    yield from _names("", [name], module)
    if isinstance(entry, dict):
        yield from _shape(entry, _TYPE)
    else:
        yield Problem("", f"types.{name} is not a table")


def _shape(table: dict[str, Any], known: dict[str, type]) -> Iterator[Problem]:
    """Keys that nobody knows, and values of the wrong type."""
    for key, value in table.items():
        wanted = known.get(key)
        if wanted is None:
            yield Problem(key, f"{key!r} is not known; known are {', '.join(known)}")
        elif type(value) is not wanted:
            yield Problem(key, f"{key} is a {type(value).__name__}, not a {wanted.__name__}")


def _names(key: str, names: Any, module: str | None) -> Iterator[Problem]:
    for name in names if isinstance(names, (list, tuple)) else ():
        if not isinstance(name, str) or not _NAME.match(name):
            yield Problem(
                key, f"{name!r} is not of the form module:function or module:Class.method"
            )
        elif module is not None and name.partition(":")[0].partition(".")[0] != module:
            yield Problem(key, f"{name!r} is not in {module!r}, the only module it may speak for")


def _line(lines: list[str], header: str, number: int, key: str) -> int:
    """The line where *key* stands in the table number *number* with this *header*, from 1."""
    start = 0
    if header:
        starts = [i for i, line in enumerate(lines) if line.strip().startswith(header)]
        start = starts[number] if number < len(starts) else 0
    for index in range(start + bool(header), len(lines)):
        text = lines[index].strip()
        if text.startswith("["):
            break
        if key and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", text):
            return index + 1
    return start + 1


def _complete(entry: dict[str, Any]) -> None:
    """Fill in what the file does not say."""
    entry.setdefault("lower", PLUGIN)
    if entry["lower"] in (PLUGIN, "http"):
        entry.setdefault("receiver", "stock")


def plugin(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """Plain arguments, a receiver that nobody has changed, one lane if the entry asks for it."""
    effect = plain_arguments(rule, receiver, args, kwargs)
    if receiver is None or effect.kind is EffectKind.UNKNOWN:
        return effect
    if rule.check is not None:
        verdict = rule.check(receiver)
        if type(verdict) is str:
            return rule.unknown(verdict)
    # The receiver lives as long as the call does, so its number stands for it.
    return replace(effect, lane=id(receiver)) if rule.options.get(LANE) else effect


def unchanged(receiver: Any) -> str | None:
    """Why a receiver is not as its class made it: an attribute hides one of its methods."""
    state = None if is_class(receiver) else instance_values(receiver)
    hidden = None if state is None else shadowed(type(receiver), state)
    return None if hidden is None else f"{hidden} of this object is replaced"
