"""Programs whose one call is long: a loop that shows in a few rounds what the rest is like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Ask = Callable[[Any], Any]


def appended(ask: Ask, count: int) -> Any:
    """A loop that appends."""
    out = []
    for number in range(count):
        out.append(ask(number))
    return out


def comprehended(ask: Ask, count: int) -> Any:
    """A comprehension."""
    return [ask(number) for number in range(count)]


def chained_inside(ask: Ask, count: int) -> Any:
    """Two operations that follow each other in every round."""
    out = {}
    for number in range(count):
        first = ask(number)
        out[number] = ask(f"{first}!")
    return out


def nested(ask: Ask, count: int) -> Any:
    """A loop in a loop."""
    out = []
    for outer in range(count // 4):
        for inner in range(4):
            out.append(ask(10 * outer + inner))
    return out


def with_a_barrier(ask: Ask, count: int) -> Any:
    """Each round begins with something that nothing may cross."""
    out = []
    for number in range(count):
        note(number)
        left = ask(number)
        right = ask(-number)
        out.append((left, right))
    return out


def note(number: int) -> None:
    """Change something that others see."""
    NOTED.append(number)


NOTED: list[int] = []


def two_in_a_row(ask: Ask, count: int) -> Any:
    """The second loop is like the first."""
    first = [ask(number) for number in range(count)]
    second = [ask(f"again {number}") for number in range(count)]
    return first, second


def left_early(ask: Ask, count: int) -> Any:
    """A break on what has been fetched: nothing may begin that the program does not reach."""
    out = []
    for number in range(count):
        answer = ask(number)
        if answer == f"<{count // 2}>":
            break
        out.append(answer)
    return out


def raising(ask: Ask, count: int) -> Any:
    """An exception in the middle."""
    out = []
    for number in range(count):
        out.append(ask(number if number != count // 2 else ValueError("half")))
    return out


def one_after_the_other(ask: Ask, count: int) -> Any:
    """A chain: each round needs the one before."""
    answer = "begin"
    for _ in range(count):
        answer = ask(answer)
    return answer


def long_lines(ask: Ask, count: int) -> Any:
    """More rounds than are watched one by one."""
    total = 0
    for number in range(count):
        total += len(ask(number))
    return total
