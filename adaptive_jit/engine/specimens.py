"""Small functions on which `adaptive_jit.engine.self_check` tries what it does to the user's.

One for each way in which statements are put around operations. Every value they
return tells in which order their statements ran.
"""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

from adaptive_jit.effects import unordered

if TYPE_CHECKING:
    from collections.abc import Callable

made: contextvars.ContextVar[list[int]] = contextvars.ContextVar("made")
"""The arguments of the operations of one run: the list is the run's, in whatever thread."""


@unordered
def operation(number: int) -> int:
    """Note that it was called; an argument below 0 is refused."""
    made.get().append(number)
    if number < 0:
        raise ValueError(number)
    return number + 1


def statements(number: int) -> object:
    """Two independent operations, and one on both."""
    first = operation(number)
    second = operation(number + 10)
    third = operation(first + second)
    return first, second, third


def rounds(number: int) -> object:
    """A loop of two links, and a comprehension."""
    found = []
    for step in range(number):
        link = operation(step)
        found.append(operation(link))
    return found, [operation(step * 100) for step in range(number)]


def clauses(number: int) -> object:
    """An exception that is caught, one that is not, and what stands around them."""
    found: list[object] = []
    for step in (number, -number, number):
        try:
            value = operation(step)
            found.append(value)
        except ValueError as error:
            found.append(str(error))
        finally:
            found.append("over")
    found.append(operation(7) if number else operation(8))
    return found, operation(5), operation(-6), operation(9)


def around(number: int) -> Callable[[int], object]:
    """Free variables, defaults and formats."""

    def inner(step: int = 3) -> object:
        text = f"{operation(step)} and {operation(number):>4}"
        total = sum(operation(one) for one in range(step))
        return text, total, number

    return inner


SPECIMENS: tuple[tuple[Callable[[int], object], int], ...] = (
    (statements, 1),
    (rounds, 3),
    (clauses, 4),
    (around(5), 3),
)
