"""What analysis says of statements that change containers which other code may see."""

from __future__ import annotations

import types
from typing import Any

import pytest

from adaptive_jit import adaptive, override, reads, stats
from adaptive_jit.analysis import analyse
from adaptive_jit.engine import controller as engine
from adaptive_jit.engine import registry
from adaptive_jit.records import Arm, OperationSample, Phase
from adaptive_jit.syntax import Analysis
from adaptive_jit.syntax.source import locate


@reads
def fetch(key: Any) -> Any:
    """Stand for an operation."""
    return key


class Holder:
    """Keeps what it finds."""

    found: Any

    def on_itself(self, count: int) -> None:
        """Append to a list of the object."""
        for i in range(count):
            self.found.append(fetch(i))

    def in_a_set(self, count: int) -> None:
        """Add to a set in a table of the object."""
        for i in range(count):
            self.found["x"].add(fetch(i))

    def collected(self, count: int) -> None:
        """Append to a list of the function's own, as is advised."""
        found = []
        for i in range(count):
            found.append(fetch(i))  # noqa: PERF401
        self.found = found

    def used_for_nothing(self, count: int) -> None:
        """Append to something that is no list."""
        for i in range(count):
            self.found.append(fetch(i))

    def beside(self, count: int) -> Any:
        """Fetch before a loop that appends to a list of the object."""
        first = (fetch(-1), fetch(-2))
        for i in range(count):
            self.found.append(i)
        return first

    def sent(self, count: int) -> None:
        """Call a method of a name that containers do not have."""
        for i in range(count):
            self.found.send(fetch(i))

    def unpacked(self, count: int) -> None:
        """Append to a list of the function's own what is unpacked."""
        found: list[Any] = []
        for i in range(count):
            found.append(*[fetch(i)])

    def used(self, count: int) -> Any:
        """Use what a method of a name like that of a container's gives."""
        return [self.found.pop(fetch(i)) for i in range(count)]


def given(found: list[Any], count: int) -> None:
    """Append to a list of the caller."""
    for i in range(count):
        found.append(fetch(i))  # noqa: PERF402


def _analysed(function: Any) -> Analysis:
    return analyse(locate(function))


def _changes(function: Any) -> list[str]:
    analysis = _analysed(function)
    assert set(analysis.changes) <= {operation.index for operation in analysis.operations}
    return list(analysis.changes.values())


def test_a_change_of_an_attribute_is_named_with_what_to_write_instead() -> None:
    """The operation stays one: what it is shows at run time; the words are ready."""
    (words,) = _changes(Holder.on_itself)
    assert words.startswith("changes `self.found`, which other code may see: ")
    assert "collect in a local list" in words


def test_other_containers_are_not_called_lists() -> None:
    """`add` is a method of sets."""
    (words,) = _changes(Holder.in_a_set)
    assert words.startswith("changes `self.found['x']`")
    assert "collect in a local container" in words


def test_a_list_of_its_own_is_no_change_to_speak_of() -> None:
    """The twin that overlaps."""
    assert _changes(Holder.collected) == []
    assert [len(region.operations) for region in _analysed(Holder.collected).records] == [1]


@pytest.mark.parametrize("method", [Holder.sent, Holder.unpacked])
def test_other_methods_and_other_owners_are_not_taken_for_changes(method: Any) -> None:
    """Only methods by which containers are changed, of what is not the function's own."""
    assert _changes(method) == []


def test_a_method_whose_result_is_used_is_not_taken_for_a_change() -> None:
    """`client.pop(key)` may be a question."""
    assert _changes(Holder.used) == []


def test_a_change_of_an_argument_is_a_barrier_with_the_same_advice() -> None:
    """A name that is not the function's own container."""
    analysis = _analysed(given)
    assert analysis.changes == {}
    assert not analysis.regions
    assert ["collect in a local list" in block.reason for block in analysis.blocks] == [True, True]


def _settled_direct(method: Any, found: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why the fetches of a copy of *method* are in order, once it has settled direct."""
    monkeypatch.setattr(engine.ALARMS, "after", lambda _seconds, _callback: None)
    function = types.FunctionType(method.__code__.replace(), method.__globals__, method.__name__)
    holder = Holder()
    holder.found = found
    with override(strategy="parallel"):  # which judges what each operation does
        adaptive(function)(holder, 2)
    known = registry.controller_of(function)
    assert known is not None
    for profile in known.profiler.profiles:
        for _ in range(5):
            profile.add(OperationSample(0.02, 1e-4, 1, 0, 0.0, 1e-4))
    known._make_plan()
    known.decider.revise_prediction(2.0)
    while known.decider.phase is not Phase.DIRECT:
        arm = known.decider.choose()
        known._observe(arm, 0.04 if arm is Arm.DIRECT else 0.08, False)
    return [one.why for one in stats(function).operations if one.text.startswith("fetch")]


def test_the_change_that_holds_the_rounds_back_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that it does not pay, but why: with its line."""
    (why,) = _settled_direct(Holder.on_itself, [], monkeypatch)
    line = Holder.on_itself.__code__.co_firstlineno + 3
    assert why.startswith(f"could run ahead, but line {line} changes `self.found`")


def test_where_nothing_is_changed_it_only_does_not_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a list of its own is no barrier."""
    (why,) = _settled_direct(Holder.collected, [], monkeypatch)
    assert why == "could run ahead, but that does not pay"


def test_a_change_in_another_loop_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came before the loop was not held back by it."""
    why = _settled_direct(Holder.beside, [], monkeypatch)
    assert why == ["could run ahead, but that does not pay"] * 2


class Harmless:
    """Has a method of a list's name that changes nothing."""

    @reads
    def append(self, key: Any) -> Any:
        """Stand for a question."""
        return key


def test_a_method_that_changes_nothing_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does has shown at run time; its name says nothing."""
    (why,) = _settled_direct(Holder.used_for_nothing, Harmless(), monkeypatch)
    assert why == "could run ahead, but that does not pay"
