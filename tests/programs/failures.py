"""Functions in which the operations named by *bad* fail, in every kind of place."""

from __future__ import annotations

from typing import Any

from world.operations import Refused, ask, combine, fetch, note, refuse

Bad = frozenset[int]


def statements(bad: Bad) -> Any:
    """Four statements in a row."""
    a = refuse(0, 0 in bad)
    b = refuse(1, 1 in bad)
    c = refuse(2, 2 in bad)
    d = refuse(3, 3 in bad)
    return a, b, c, d


def loop(bad: Bad) -> Any:
    """A loop that appends."""
    out = []
    for i in range(4):
        out.append(refuse(i, i in bad))
    return out


def comprehension(bad: Bad) -> Any:
    """A list comprehension."""
    return [refuse(i, i in bad) for i in range(4)]


def arguments(bad: Bad) -> Any:
    """The arguments of one call."""
    return combine(
        refuse(0, 0 in bad),
        refuse(1, 1 in bad),
        x=refuse(2, 2 in bad),
        y=refuse(3, 3 in bad),
    )


def chain(bad: Bad) -> Any:
    """A chain, each link fed by the last, beside independent reads."""
    a = refuse(0, 0 in bad)
    b = refuse(a + 1, 1 in bad)
    c = ask(f"{a} {b}")
    d = refuse(12, 2 in bad)
    e = refuse(13, 3 in bad)
    return a, b, c, d, e


def strands(bad: Bad) -> Any:
    """Chains inside iterations; the second links fail."""
    out = []
    for i in range(4):
        a = fetch(i)
        out.append(refuse(a, i in bad))
    return out


def guarded(bad: Bad) -> Any:
    """try, except, else and finally around them."""
    a = b = c = d = None
    try:
        a = refuse(0, 0 in bad)
        b = refuse(1, 1 in bad)
    except Refused as error:
        note("caught", str(error), a, b)
        c = refuse(2, 2 in bad)
    else:
        d = refuse(3, 3 in bad)
    finally:
        note("finally", a, b, c, d)
    return a, b, c, d


def guarded_each(bad: Bad) -> Any:
    """Each iteration guarded by itself."""
    out: list[Any] = []
    for i in range(4):
        try:
            value = refuse(i, i in bad)
        except Refused as error:
            out.append(str(error))
            continue
        finally:
            note(i)
        out.append(value)
    return out


def nested(bad: Bad) -> Any:
    """A clause that does not match inside one that does."""
    try:
        a = refuse(0, 0 in bad)
        try:
            b = refuse(1, 1 in bad)
            c = refuse(2, 2 in bad)
        except KeyError:
            return "wrong clause"
        finally:
            note("inner")
        d = refuse(3, 3 in bad)
    except Refused as error:
        raise ValueError(f"translated {error}") from error
    return a, b, c, d


def handled_twice(bad: Bad) -> Any:
    """A failure while another one is handled."""
    try:
        a = refuse(0, 0 in bad)
        b = refuse(1, 1 in bad)
    except Refused:
        a = refuse(2, 2 in bad)
        b = refuse(3, 3 in bad)
    return a, b


def through_a_helper(bad: Bad) -> Any:
    """Failures inside a helper with frames of its own."""
    a = _helper(0, bad)
    b = _helper(1, bad)
    c = _helper(2, bad)
    d = _helper(3, bad)
    return a, b, c, d


def _helper(key: int, bad: Bad) -> Any:
    value = refuse(key, key in bad)
    return value


SHAPES = (
    statements,
    loop,
    comprehension,
    arguments,
    chain,
    strands,
    guarded,
    guarded_each,
    nested,
    handled_twice,
    through_a_helper,
)
