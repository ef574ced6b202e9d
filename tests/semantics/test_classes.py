"""``@adaptive`` on a class adapts the method that makes it useful, and changes nothing else."""

from __future__ import annotations

import dataclasses
import pickle
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

import programs.classes
import pytest
from world.model import Meeting
from world.registry import fresh_copy

from adaptive_jit import adaptive, explain, reset, stats, unordered
from adaptive_jit.errors import ConfigurationError, UnsupportedCallable


class Asked:
    """Answers, and lets as many as are to meet meet."""

    def __init__(self) -> None:
        self.meeting: Meeting | None = None
        self.calls: list[str] = []
        lock = threading.Lock()

        def ask(question: str) -> str:
            with lock:
                self.calls.append(question)
            if self.meeting is not None:
                self.meeting.attend(question)
            return f"<{question}>"

        self.ask: Callable[[str], str] = ask
        unordered(ask)


def fresh(owner: type, **changes: Any) -> Any:
    """A class like *owner*, its functions made anew: each test adapts its own."""
    space = {
        name: fresh_copy(value) if isinstance(value, FunctionType) else value
        for name, value in owner.__dict__.items()
        if name not in ("__dict__", "__weakref__", "ask")
    }
    return type(owner.__name__, owner.__bases__, {**space, **changes})


def use(instance: Any, method: str) -> Any:
    """Call as a user of the class would."""
    return getattr(instance, method)("why") if method != "__call__" else instance("why")


@pytest.mark.parametrize(
    ("owner", "method", "meets"),
    [
        (programs.classes.Ensemble, "forward", 3),
        (programs.classes.Ensemble, "__call__", 3),
        (programs.classes.Callable_, "__call__", 3),
        (programs.classes.Named, "answer", 3),
        (programs.classes.WithSlots, "forward", 3),
        (programs.classes.Data, "forward", 3),
        (programs.classes.Lazy, "forward", 3),
        (programs.classes.Private, "forward", 3),
        (programs.classes.Static, "__call__", 3),
        (programs.classes.Changing, "forward", 0),
    ],
)
def test_a_class_is_adapted(owner: type, method: str, meets: int) -> None:
    """Equal answers, overlap where there can be, and the class is the one that was given."""
    plain, early = Asked(), Asked()
    standard = [use(instance, method) for instance in [owner(plain.ask)] for _ in range(3)]
    kind = fresh(owner)
    named = {"method": "answer"} if method == "answer" else {}
    assert adaptive(strategy="parallel", **named)(kind) is kind
    instance = kind(early.ask)
    found = [use(instance, method), use(instance, method)]
    early.meeting = meeting = Meeting(meets) if meets else None
    found.append(use(instance, method))
    assert found == standard
    assert sorted(early.calls) == sorted(plain.calls)
    assert meeting is None or meeting.met
    counts = stats(kind).counts
    assert (counts.started > 0) == (meets > 0)
    assert ("forced" if meets else "stores the attribute") in str(explain(kind))
    reset(kind)


def test_an_inherited_method_is_adapted_where_it_is_defined() -> None:
    """There is one function, and whoever inherits it runs ahead."""
    base = fresh(programs.classes.Ensemble)
    inheriting = type("Inheriting", (base,), {})
    adaptive(strategy="parallel")(inheriting)
    asked = Asked()
    asked.meeting = meeting = Meeting(3)
    assert inheriting(asked.ask).forward("q") == ["<q 1>", "<q 2>", "<q 3>"]
    assert meeting.met
    assert stats(inheriting).name == stats(base).name


def test_an_overriding_method_calls_the_adapted_one() -> None:
    """``super()`` finds the function as before."""
    adapted = fresh_copy(programs.classes.Ensemble.forward)
    before = programs.classes.Ensemble.forward
    programs.classes.Ensemble.forward = adaptive(strategy="parallel")(adapted)  # type: ignore[method-assign]
    try:
        asked = Asked()
        asked.meeting = meeting = Meeting(3)
        assert programs.classes.Overriding(asked.ask)("q") == ["<q 1>", "<q 2>", "<q 3>", 1]
        assert meeting.met
    finally:
        programs.classes.Ensemble.forward = before  # type: ignore[method-assign]


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("order", ["above", "below"])
def test_dataclasses_above_and_below(order: str, slots: bool) -> None:
    """``slots=True`` makes the class anew: its methods are the same functions."""

    class Plain:
        ask: Callable[[str], str]
        prefix: str = "q"

        forward = fresh_copy(programs.classes.Data.forward)

    Plain.__annotations__ = {"ask": Callable, "prefix": str}
    decorate = adaptive(strategy="parallel")
    if order == "above":
        kind = decorate(dataclasses.dataclass(slots=slots)(Plain))
    else:
        kind = dataclasses.dataclass(slots=slots)(decorate(Plain))
    if slots:
        assert not hasattr(kind(print), "__dict__")
    asked = Asked()
    asked.meeting = meeting = Meeting(3)
    instance = kind(asked.ask)
    with pytest.raises(AttributeError, match="seen"):
        instance.forward("x")
    assert meeting.met
    assert stats(kind).counts.started >= 3


def test_instances_are_what_they_were() -> None:
    """Pickled by the class's name, equal, with the same attributes."""
    adaptive(programs.classes.Data)
    one = programs.classes.Data(str, "p")
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert again.forward("x") == ("p x 1", "p x 2", "p x 3", 1)
    assert [item.name for item in dataclasses.fields(one)] == ["ask", "prefix", "seen"]


class Property:
    """``forward`` is not a method."""

    @property
    def forward(self) -> int:
        """A number."""
        return 1


class Nothing:
    """Neither ``forward`` nor ``__call__``."""


def test_what_cannot_be_adapted_is_refused_at_once() -> None:
    """Each error names the class and what to do."""
    with pytest.raises(UnsupportedCallable, match="'forward' of .*Property.* is a property"):
        adaptive(Property)
    with pytest.raises(UnsupportedCallable, match="Nothing.* neither `forward` nor `__call__`"):
        adaptive(Nothing)
    with pytest.raises(ConfigurationError, match="Nothing.* has no such method"):
        adaptive(method="run")(Nothing)
    with pytest.raises(ConfigurationError, match="is for classes"):
        adaptive(method="run")(use)
    with pytest.raises(ConfigurationError, match="give the name of a method"):
        adaptive(method=3)(Nothing)
    with pytest.raises(UnsupportedCallable):
        explain(Nothing)


def test_a_coroutine_method_is_left_alone_and_says_so() -> None:
    """Coroutines follow in a later version, in classes as well."""

    @adaptive
    class Later:
        async def forward(self) -> int:
            """Wait."""
            return 1

    assert "coroutine" in str(explain(Later))
