"""What is proposed for operations that stay in order: a line that helps, by a name that exists."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest

from adaptive_jit import adaptive, explain, stats, unordered
from adaptive_jit.decision import Costs, Plan, Trace, TraceCall, savings
from adaptive_jit.engine import registry
from adaptive_jit.engine.advice import declarable
from adaptive_jit.profiling.audit import Sightings
from adaptive_jit.records import Effect, EffectKind, Source


def first(key: Any) -> Any:
    """Look something up."""
    return key


def second(key: Any) -> Any:
    """Look something else up."""
    return key


def third(key: Any) -> Any:
    """Look up a third."""
    return key


@pytest.fixture
def its() -> Any:
    """A controller of a function with three operations of 20 ms, all of them unknown."""

    def function(key: Any) -> Any:
        one = first(key)
        two = second(key)
        three = third(key)
        return one, two, three

    function.__code__ = function.__code__.replace()
    decorated = adaptive(function)
    controller = registry.controller_of(decorated)
    assert controller is not None
    names = (first, second, third)
    for site, called in zip(controller.state.sites, names, strict=True):
        site.effect = Effect(EffectKind.UNKNOWN, reason="it is neither declared nor known")
        site.callee = f"{__name__}.{called.__name__}"
    measured(controller)
    return SimpleNamespace(function=decorated, controller=controller, sites=controller.state.sites)


def measured(controller: Any, ahead: tuple[int, ...] = ()) -> None:
    """Let the operations have taken 20 ms each."""
    operations = controller.analysis.operations
    calls = tuple(TraceCall(one.index, (), 0.02 * one.index, 0.02) for one in operations)
    indices = frozenset(one.index for one in operations)
    plan = Plan(operations, frozenset(ahead), indices - frozenset(ahead))
    controller.planned.basis = (Trace(calls, 0.06), plan, Costs(dispatch_seconds=0.0))


def test_lines_that_save_only_together_are_given_together(its: Any) -> None:
    """Neither of two unknown calls overlaps with anything while the other is one."""
    advice = stats(its.function).advice
    assert [one.write for one in advice] == [
        f"reads({__name__}.{name})" for name in ("first", "second", "third")
    ]
    for one in advice:
        assert one.saves_seconds == pytest.approx(0.04)
        assert one.because.endswith("only together with the other lines")
        assert one.see == "not-known"


def test_a_line_that_is_not_missed_is_not_given(its: Any) -> None:
    """What takes no time, and stops nothing, needs no line."""
    measured(its.controller)
    trace, plan, costs = its.controller.planned.basis
    calls = (*trace.calls[:2], trace.calls[2]._replace(wall=0.0))
    plan = Plan(plan.operations, plan.ahead, plan.barriers - {2})
    its.controller.planned.basis = (Trace(calls, 0.04), plan, costs)
    assert [one.write for one in stats(its.function).advice] == [
        f"reads({__name__}.first)", f"reads({__name__}.second)",
    ]  # fmt: skip


def test_one_line_for_several_operations_saves_what_they_save_together(its: Any) -> None:
    """It is written once, and counts at all of them."""
    for site in its.sites:
        site.callee = f"{__name__}.first"
    (advice,) = stats(its.function).advice
    assert advice.saves_seconds == pytest.approx(0.04)
    assert "it counts at lines" in advice.because
    assert "together with" not in advice.because


def test_where_a_declaration_would_not_help_a_rewrite_is_proposed(its: Any) -> None:
    """An iterator among the arguments hides what happens, whatever is declared."""
    for site in its.sites:
        site.effect = Effect(EffectKind.UNKNOWN, reason="an argument is an iterator, a `map`")
    (advice,) = stats(its.function).advice
    assert (advice.write, advice.see) == ("items = list(items)", "iterator")


def test_what_uses_its_thread_is_not_to_be_declared(its: Any) -> None:
    """A declaration says what it does, not where it may run."""
    for site in its.sites:
        reason = "declared reads, but it uses `self.db`, a connection of sqlite3, which belongs to its thread: in the calling thread, in its turn"  # noqa: E501
        site.effect = Effect(EffectKind.READS, None, Source.DECLARED, reason, caller_thread=True)
    (advice,) = stats(its.function).advice
    assert advice.write == "open a connection of its own inside the helper"
    for site in its.sites:
        site.effect = Effect(EffectKind.READS, reason="something new", caller_thread=True)
    assert stats(its.function).advice == ()


def test_what_was_seen_decides_which_declaration_is_proposed(its: Any) -> None:
    """What has written may be unordered at most; what has not may be anything."""

    class Seen:
        def __init__(self, text: str, *, written: bool) -> None:
            self.text, self.has_written = text, written

        def __str__(self) -> str:
            return self.text

    its.sites[0].seen = Seen("changes files in 2 of 5 calls", written=True)
    its.sites[1].seen = Seen("no write seen in 5 calls, which proves nothing", written=False)
    one, two, _ = stats(its.function).advice
    assert one.write.startswith("unordered(")
    assert "(changes files in 2 of 5 calls)" in one.because
    assert two.write.startswith("reads(")
    assert "if it only reads (no write seen in 5 calls, which proves nothing)" in two.because


def test_what_was_seen_anywhere_counts_wherever_the_callee_is_called(its: Any) -> None:
    """One declaration is for all of its calls."""
    for site, kinds in zip(its.sites, (set(), {"changes files"}, set()), strict=True):
        site.callee = f"{__name__}.first"
        site.seen = Sightings()
        site.seen.add(kinds)
    (advice,) = stats(its.function).advice
    assert advice.write == f"unordered({__name__}.first)"
    assert "(changes files in 1 of 3 calls)" in advice.because
    assert {one.write for one in stats(its.function).operations} == {advice.write}


@pytest.mark.parametrize(
    ("callee", "name"),
    [
        ("app:search", "search"),
        ("functools.partial of sdk.search", "sdk.search"),
        ("an instance of app.Scorer", "app.Scorer.__call__"),
        ("app.<lambda>", ""),
    ],
)
def test_a_declaration_names_what_can_be_declared(callee: str, name: str) -> None:
    """Not the temporary that is called."""
    assert declarable(callee) == name


def test_a_change_that_stops_the_rounds_of_a_loop_is_to_be_collected() -> None:
    """With what that would save: the rounds then overlap."""

    @adaptive
    def collected(holder: Any, keys: Any) -> Any:
        for key in keys:
            holder.found.append(first(key))
        return holder

    holder = SimpleNamespace(found=[])
    collected(holder, [1, 2])
    controller = registry.controller_of(collected)
    assert controller is not None
    operations = {one.text: one for one in controller.analysis.operations}
    asked = operations["first(key)"].index
    changed = operations["holder.found.append(first(key))"].index
    calls = tuple(
        TraceCall(index, (number,), 0.02 * number + 0.01 * (index == changed), wall)
        for number in range(3)
        for index, wall in ((asked, 0.02), (changed, 0.0))
    )
    plan = Plan(controller.analysis.operations, frozenset({asked}), frozenset({changed}))
    controller.planned.basis = (Trace(calls, 0.06), plan, Costs(dispatch_seconds=0.0))
    controller.planned.savings = savings(Trace(calls, 0.06), plan, Costs(dispatch_seconds=0.0))
    (advice,) = stats(collected).advice
    assert advice.write == "use a local variable, and store it behind the calls"
    assert advice.see == "shared-variable"
    assert advice.saves_seconds == pytest.approx(0.04)


def test_a_lambda_and_an_inner_function_are_named_where_they_are_made(its: Any) -> None:
    """They have no name outside."""
    its.sites[0].callee = f"{__name__}.<lambda>"
    its.sites[1].callee = f"{__name__}.second.inner"
    one, two, _ = stats(its.function).advice
    assert one.write == "give the lambda a name, and write @reads above it"
    assert two.write == "@reads above `def inner`"


def test_each_operation_in_order_has_its_line(its: Any) -> None:
    """Also where it saves nothing, with the section to read."""
    its.controller.planned.basis = None
    its.sites[1].discarded = True
    its.controller.planned.reasons[1] = "its result is not used: it is there for its effect"
    its.sites[2].effect = Effect(EffectKind.WRITES, "http", Source.CATALOGUE)
    its.controller.planned.reasons[2] = "it writes http, which keeps its turn"
    found = stats(its.function).operations
    assert [(one.write, one.see) for one in found] == [
        (f"reads({__name__}.first)", "not-known"),
        (f'writes("a name", {__name__}.second)', "not-used"),
        ("", "writes"),
    ]
    text = " ".join(str(explain(its.function)).split())
    assert f"write reads({__name__}.first) (docs/which-line.md#not-known)" in text


def test_the_callee_of_what_was_only_ever_started_early_is_named() -> None:
    """The report names the function, not the variable that it was called by."""

    @unordered
    def search(key: int) -> int:
        return key

    @adaptive(strategy="parallel")
    def function(key: int) -> tuple[int, int]:
        tool = functools.partial(search, key)
        one = tool()
        two = tool()
        return one, two

    for key in range(5):
        assert function(key) == (key, key)
    callees = {one.callee for one in stats(function).operations if one.text == "tool()"}
    assert len(callees) == 1
    assert callees.pop().endswith("search")


def test_a_function_that_is_left_alone_is_told_what_to_move() -> None:
    """By the first barrier in it."""

    @adaptive
    def locked(lock: Any, key: Any) -> Any:
        with lock:
            one = first(key)
        return second(one)

    text = " ".join(str(explain(locked)).split())
    assert "instead move the calls out of the `with` block (docs/which-line.md#with-block)" in text


def test_a_statement_that_stops_a_region_is_told_with_what_to_write_instead() -> None:
    """Below the region that it ends."""

    @adaptive
    def stored(keys: Any) -> Any:
        one = first(keys)
        two = second(keys)
        SHARED["last"] = one
        return one, two

    text = " ".join(str(explain(stored)).split())
    assert (
        "instead use a local variable, and store it behind the calls "
        "(docs/which-line.md#shared-variable)"
    ) in text


SHARED: dict[str, Any] = {}
