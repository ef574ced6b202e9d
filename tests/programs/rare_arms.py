"""Arms for what goes wrong, which may never have been entered when a loop is to run ahead."""

from __future__ import annotations

from typing import Any

from world.objects import Loud
from world.operations import fetch, second
from world.registry import program


@program(overlaps=3)
def counts_what_is_missing(keys: Any = (1, 2, 3, 4)) -> Any:
    """A number that only constants are added to."""
    missing = 0
    for key in keys:
        if not fetch(key):
            missing += 1
    return missing


@program(overlaps=3)
def collects_what_failed(keys: Any = (1, 2, 3, 4)) -> Any:
    """A list that the function itself has written down."""
    out, failed = [], []
    for key in keys:
        found = fetch(key)
        if not found:
            failed.append(key)
            continue
        out.append(found)
    return out, failed


@program(overlaps=3)
def words_for_what_failed(keys: Any = (1, 2, 3, 4)) -> Any:
    """What is formatted is what was formatted for the call."""
    out, failed = [], []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            failed.append(f"no {key}")
            continue
        out.append(found)
    return out, failed


@program(overlaps=0)
def words_of_what_was_never_formatted() -> Any:
    """Formatting it could run unknown code, for all that was ever seen of it."""
    out, failed = [], []
    for item in [Loud(1), Loud(2), Loud(3)]:
        found = fetch(item.value)
        if not found:
            failed.append(f"no {item}")
            continue
        out.append(found)
    return out, failed


@program(overlaps=0)
def adds_what_is_not_known(given: Any = 1, keys: Any = (1, 2, 3, 4)) -> Any:
    """What is added to a number may be anything."""
    missing = 0
    for key in keys:
        if not fetch(key):
            missing += given
    return missing


@program(overlaps=0)
def counts_in_what_was_given(missing: Any = 0, keys: Any = (1, 2, 3, 4)) -> Any:
    """A parameter may be anything."""
    for key in keys:
        if not fetch(key):
            missing += 1
    return missing


@program(overlaps=0, arguments=lambda: ([Loud(1), Loud(2), Loud(3)],))
def formats_what_is_bound_twice(items: list[Any]) -> Any:
    """What was seen of the name was seen of another value."""
    out, failed = [], []
    other: Any = "first"
    title = f"item {other}"
    for key, item in enumerate(items):
        other = item
        found = second(key)
        if not found:
            failed.append(f"no {other}")
            continue
        out.append(found)
    return title, out, failed


@program(overlaps=3, arguments=lambda: (["a", "b", "c"],))
def formats_what_is_bound_once(items: list[Any]) -> Any:
    """The same, with a name of its own for each value."""
    out, failed = [], []
    for key, item in enumerate(items):
        found = second(f"{key} {item}")
        if not found:
            failed.append(f"no {item}")
            continue
        out.append(found)
    return out, failed
