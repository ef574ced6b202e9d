"""Arms for what goes wrong, which may never have been entered when a loop is to run ahead."""

from __future__ import annotations

import logging
from typing import Any

from world.objects import Loud
from world.operations import fetch, note, second
from world.registry import program

LOG = logging.getLogger("programs.rare_arms")


def warning(text: str) -> None:
    """Do what nobody knows."""
    note(text)


class _Teller:
    def warning(self, text: str) -> None:
        note(text)


TELLER = _Teller()


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


@program(settles=False)
def prints_what_is_missing(keys: Any = (1, 2, 3, 4)) -> Any:
    """Output of plain values; a stream of the program's own, as in tests, keeps the order."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            print("nothing for", key)
            continue
        out.append(found)
    return out


@program(overlaps=3)
def logs_what_is_missing(keys: Any = (1, 2, 3, 4)) -> Any:
    """A record of a stock logger stops nothing either."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            LOG.warning("nothing for %s", key)
            continue
        out.append(found)
    return out


@program(overlaps=2)
def prints_now_and_then(keys: Any = (1, 2, 3, 4, 5, 6)) -> Any:
    """The arm is entered in some rounds: its output comes in its turn."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if key % 3 == 0:
            print(f"{key} again")
            continue
        out.append(found)
    return out


@program(overlaps=0)
def logs_what_was_never_plain(keys: Any = (1, 2, 3, 4)) -> Any:
    """What is logged could be anything, for all that was ever seen of it."""
    out = []
    for key in keys:
        found = fetch(key)
        if not found:
            LOG.warning("nothing for %s", key)
            continue
        out.append(found)
    return out


@program(overlaps=0)
def tells_somebody_else(keys: Any = (1, 2, 3, 4)) -> Any:
    """A function that has the name of one that tells, and does what it likes."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            warning(f"nothing for {key}")
            continue
        out.append(found)
    return out


@program(overlaps=0)
def tells_by_an_object_of_the_program_s(keys: Any = (1, 2, 3, 4)) -> Any:
    """A logger of the program's own."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            TELLER.warning(f"nothing for {key}")
            continue
        out.append(found)
    return out


@program(overlaps=0)
def gives_up_where_one_is_missing(keys: Any = (1, 2, 3, 4)) -> Any:
    """What leaves the loop decides about all that follows."""
    out = []
    for key in keys:
        found = fetch(f"item {key}")
        if not found:
            print(f"nothing for {key}")
            break
        out.append(found)
    return out
