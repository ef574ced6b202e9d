"""Exceptions and classes as texts: does builtin code alone make them?"""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from adaptive_jit.effects import effect_of
from adaptive_jit.effects.printed import MOST_LED_TO, printed_plainly
from adaptive_jit.records import EffectKind


class Plain(Exception):
    """Nothing of its own."""


class Worded(Exception):
    """Words its text itself."""

    def __str__(self) -> str:
        return "worded"


class Noted(Exception):
    """Answers by itself what is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Caused(Exception):
    """Tells a cause of its own."""

    __cause__ = Worded()


class Meta(type):
    """A class of classes that may word them as it likes."""


class Made(metaclass=Meta):
    """Of that class."""


def _led_to(*errors: BaseException) -> BaseException:
    for before, after in zip(errors, errors[1:], strict=False):
        after.__context__ = before
    return errors[-1]


def _because(cause: BaseException) -> BaseException:
    error = Plain("because")
    error.__cause__ = cause
    return error


def _noted(note: Any) -> BaseException:
    error = Plain("noted")
    error.__notes__ = [note]
    return error


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError("x", 1),
        KeyError("k"),
        OSError(2, "no such file", "name"),
        Plain("x"),
        _led_to(KeyError("k"), Plain("x")),
        _because(ValueError("x")),
        _noted("a note"),
        json.JSONDecodeError("x", "y", 0),
    ],
    ids=repr,
)
def test_stock_exceptions_are_printed_by_builtin_code(error: BaseException | None) -> None:
    """Their texts, notes, causes and contexts are made of builtin values."""
    assert printed_plainly(error)


@pytest.mark.parametrize(
    "error",
    [
        Worded(),
        ValueError(Worded()),
        Noted("x"),
        Caused(),
        _led_to(Worded(), Plain("x")),
        _because(Worded()),
        _noted(Worded()),
        NameError("x"),
        ImportError("x"),
        SyntaxError("x"),
        ExceptionGroup("x", [ValueError()]),
        _led_to(*(Plain(n) for n in range(MOST_LED_TO + 1))),
    ],
    ids=lambda error: type(error).__name__,
)
def test_others_may_run_unknown_code(error: BaseException) -> None:
    """Or look at more than the exception: such a print is not known."""
    assert not printed_plainly(error)


LOG = logging.getLogger("tests.unit.effects.printed")
LOG.propagate = False
LOG.addHandler(logging.NullHandler())


@pytest.mark.parametrize(
    ("function", "args", "named", "kind"),
    [
        (str, (Plain("x"),), {}, EffectKind.PURE),
        (str, (Worded(),), {}, EffectKind.UNKNOWN),
        (repr, (Plain,), {}, EffectKind.PURE),
        (repr, (Made,), {}, EffectKind.UNKNOWN),
        (LOG.error, ("%s", Plain("x")), {}, EffectKind.WRITES),
        (LOG.error, ("%s", Worded()), {}, EffectKind.UNKNOWN),
        (LOG.error, ("x",), {"exc_info": Plain("x")}, EffectKind.WRITES),
        (LOG.error, ("x",), {"exc_info": True}, EffectKind.WRITES),
        (LOG.error, ("x",), {"exc_info": Worded()}, EffectKind.UNKNOWN),
        (LOG.error, ("x",), {"exc_info": (Worded, Worded(), None)}, EffectKind.UNKNOWN),
        (LOG.exception, ("x",), {}, EffectKind.WRITES),
    ],
)
def test_texts_of_exceptions_are_pure_and_their_records_go_to_the_console(
    function: Any, args: tuple[Any, ...], named: dict[str, Any], kind: EffectKind
) -> None:
    """Where builtin code makes them; else they are unknown."""
    assert effect_of(function, args, named, "proved").kind is kind


def test_a_record_of_what_is_being_handled_may_run_its_code() -> None:
    """`exception` prints it, whatever it is given."""
    try:
        raise Worded
    except Worded:
        known = effect_of(LOG.exception, ("x",), {}, "proved")
        flagged = effect_of(LOG.error, ("x",), {"exc_info": 1}, "proved")
    assert known.kind is flagged.kind is EffectKind.UNKNOWN
