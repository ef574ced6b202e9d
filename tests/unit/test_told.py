"""Whether the text of an exception is made by builtin code only."""

from __future__ import annotations

from typing import Any

import pytest

from adaptive_jit.runtime.exact import formats


class _Plain(Exception):
    """Nothing of its own."""


class _Says(Exception):
    def __str__(self) -> str:
        return "own"


class _Shows(Exception):
    def __repr__(self) -> str:
        return "own"


class _Formats(Exception):
    def __format__(self, spec: str) -> str:
        return "own"


class _Hides(Exception):
    args = (1,)  # what its text is made of is found elsewhere


class _Value:
    """A value of the user's."""


def _with(error: OSError, name: str) -> OSError:
    setattr(error, name, _Value())
    return error


@pytest.mark.parametrize(
    "error",
    [_Plain(), _Plain("a", 1), KeyError("a"), OSError(2, "b", "c"), _Plain(ValueError([1, "a"]))],
    ids=repr,
)
def test_stock_exceptions_are_told_by_builtin_code(error: Any) -> None:
    """With arguments of builtin types, at every depth."""
    assert formats(error)
    assert formats([error, 1])


@pytest.mark.parametrize(
    "error",
    [
        *(_Says("a"), _Shows("a"), _Formats("a"), _Plain(_Value()), _Plain(_Says("a"))),
        *(_Hides(_Value()), ExceptionGroup("a", [_Plain()]), _Plain, _Value()),
        *(_with(OSError(2, "b"), name) for name in ("errno", "strerror", "filename")),
    ],
    ids=lambda one: type(one).__name__,
)
def test_others_may_run_code_of_the_users(error: Any) -> None:
    """A method of their own, or an argument that has one."""
    assert not formats(error)
