"""Displays and formats whose parts are computed before later calls are made."""

from __future__ import annotations

from typing import Any

from world.operations import ask, document, fetch, numbers
from world.registry import program


@program(overlaps=2, meet=("fetch",))
def starred_in_a_display() -> Any:
    """`[*a, f()]`."""
    a = numbers(2)
    return [*a, fetch(1), *a, fetch(2)]


@program(overlaps=2, meet=("ask",))
def computed_before_a_call() -> Any:
    """A subscript is read before the next call is made."""
    d = document(1)
    return f"{d['text']}:{ask('x')}:{d['id'] + 1}:{ask('y')}"


@program(overlaps=2, meet=("ask",))
def slice_with_bounds() -> Any:
    """Bounds of a slice, computed, beside calls."""
    d = document(1)
    text = "abcdef"[d["id"] - 1 : 3] + ask("x")
    return text, ask("y")
