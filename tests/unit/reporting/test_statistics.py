"""From what the engine knows of a function to the record that reports show."""

from __future__ import annotations

import types

import pytest

from adaptive_jit import adaptive, override, reads, stats
from adaptive_jit.decision import Saving
from adaptive_jit.engine import controller as engine
from adaptive_jit.engine import registry
from adaptive_jit.records import (
    Arm,
    Effect,
    EffectKind,
    OperationSample,
    Phase,
    RunAheadCounts,
    Source,
)
from adaptive_jit.reporting import Explanation


@reads
def lookup(key):
    """Read something."""
    return key


def answer():
    """Two reads that do not depend on each other."""
    a = lookup(1)
    b = lookup(2)
    return a, b


@pytest.fixture(autouse=True)
def _no_alarms(monkeypatch):
    """Time must not re-arm what a test has settled."""
    monkeypatch.setattr(engine.ALARMS, "after", lambda seconds, callback: None)


@pytest.fixture
def its():
    """What the engine knows of a copy of `answer` whose reads have been seen to wait."""
    function = types.FunctionType(answer.__code__.replace(), answer.__globals__, "answer")
    with override(strategy="parallel"):  # which judges what each operation does
        adaptive(function)()
    its = registry.controller_of(function)
    assert its is not None
    its.function = function
    for profile in its.profiler.profiles:
        for _ in range(5):
            profile.add(OperationSample(0.02, 1e-4, 1, 0, 0.0, 1e-4))
    its._make_plan()
    return its


def settle(its, phase, direct, parallel):
    """Have calls of *direct* and *parallel* seconds observed until the function is in *phase*."""
    its.decider.revise_prediction(2.0)
    for _ in range(100):
        arm = its.decider.choose()
        its._observe(arm, direct if arm is Arm.DIRECT else parallel, False)
        if its.decider.phase is phase:
            return stats(its.function)
    raise AssertionError(f"never {phase}")


def test_a_settled_parallel_function_shows_which_operations_run_ahead(its):
    found = settle(its, Phase.PARALLEL, 0.04, 0.02)
    assert [one.strategy for one in found.operations] == ["thread", "thread"]
    assert Explanation(found).text(width=100).count("ahead, thread") == 2


def test_a_reverted_function_shows_its_operations_as_in_order(its):
    """What was planned is not what runs."""
    found = settle(its, Phase.DIRECT, 0.04, 0.08)
    assert any(step.after is Phase.TRIAL for step in found.decision.transitions)
    assert [one.strategy for one in found.operations] == ["direct", "direct"]
    text = " ".join(Explanation(found).text(width=100).split())
    assert text.count("in order") == 2
    assert "ahead, thread" not in text
    assert text.count("could run ahead, but that does not pay") == 2


def test_while_a_function_is_profiled_nothing_is_said_to_run_ahead(its):
    """Its plan is made after each profiled call, but not followed yet."""
    its._observe(Arm.DIRECT, 0.04, False)
    found = stats(its.function)
    assert found.phase is Phase.PROFILING
    assert [one.strategy for one in found.operations] == ["direct", "direct"]


def test_a_reverted_function_that_is_forced_shows_what_runs_ahead(its):
    """The settings in force outweigh what was settled."""
    settle(its, Phase.DIRECT, 0.04, 0.08)
    with override(strategy="parallel"):
        its.function()
        found = stats(its.function)
    assert found.phase is Phase.FORCED
    assert [one.strategy for one in found.operations] == ["thread", "thread"]


def test_a_re_armed_function_that_was_not_called_since_is_what_it_was(its):
    """Looking again begins with the next call."""
    its.decider.revise_prediction(1.0)
    for _ in range(2):
        its._observe(Arm.DIRECT, 0.04, False)
    before = stats(its.function)
    assert before.phase is Phase.DIRECT
    its.probe()
    assert its.decider.phase is Phase.PROFILING
    after = stats(its.function)
    assert (after.phase, after.reason) == (before.phase, before.reason)
    assert after.decision == before.decision
    its._observe(Arm.DIRECT, 0.04, False)
    assert stats(its.function).decision != before.decision


def test_counts_are_the_sums_over_the_operations(its):
    """Each start, use and drop is counted once."""
    first, second = its.state.sites[:2]
    first.started, first.taken, first.waited, first.helped, first.dropped = 5, 4, 0, 1, 1
    second.started, second.taken, second.waited, second.helped, second.dropped = 7, 7, 2, 0, 0
    counts = stats(its.function).counts
    assert counts == RunAheadCounts(started=12, taken=11, waited=2, helped=1, dropped=1)
    assert sum(one.counts.started for one in stats(its.function).operations) == 12


def test_times_are_means_over_the_profiled_calls(its):
    for one in stats(its.function).operations:
        assert one.profiled_calls == 5
        assert one.wall_seconds == pytest.approx(0.02)
        assert one.cpu_seconds == pytest.approx(1e-4)


def test_the_time_that_decorating_took_is_told(its):
    """It belongs to what the library costs."""
    assert stats(its.function).overhead.analysis_seconds > 0


def test_a_line_to_write_is_given_once(its):
    """With the largest of its savings, and where else it counts."""
    for site in its.state.sites:
        site.effect = Effect(EffectKind.UNKNOWN, reason="line 3: calls `open`")
        site.callee = "app:lookup"
    its.planned.savings = (Saving(1, 0.02), Saving(0, 0.01))
    (advice,) = stats(its.function).advice
    first, second = its.analysis.operations
    assert (advice.line, advice.saves_seconds) == (second.line, 0.02)
    assert advice.write == "reads(lookup)"
    assert advice.because == (
        "if it only reads, which cannot be seen: line 3: calls `open`; "
        f"it counts at line {first.line} too"
    )


def test_a_saving_too_small_to_notice_is_no_advice(its):
    for site in its.state.sites:
        site.effect = Effect(EffectKind.UNKNOWN)
        site.callee = "app:lookup"
    its.planned.savings = (Saving(1, 0.0009),)
    assert stats(its.function).advice == ()


def test_no_advice_is_given_on_what_has_no_name(its):
    """``reads(lookup(1))`` would declare a result."""
    for site in its.state.sites:
        site.effect, site.callee = Effect(EffectKind.UNKNOWN), ""
    its.planned.savings = (Saving(1, 0.02),)
    assert stats(its.function).advice == ()


@pytest.mark.parametrize(
    ("kind", "discarded"), [(EffectKind.WRITES, False), (EffectKind.UNKNOWN, True)]
)
def test_no_advice_is_given_where_a_line_would_not_help(its, kind, discarded):
    """What is known to write, or is there for its effect, stays in order whatever is declared."""
    for site in its.state.sites:
        site.effect, site.callee, site.discarded = Effect(kind), "app:lookup", discarded
    its.planned.savings = (Saving(1, 0.02),)
    assert stats(its.function).advice == ()


HISTORY = []


def remembered(key):
    """Notes what it was asked."""
    HISTORY.append(key)
    return key


class Memo:
    """Keeps what it was asked last."""

    def look(self, key):
        """Note the key."""
        self.key = key
        return key


MEMO = Memo()
MEMO.__dict__["look"] = remembered
"""What such an object has under a name is for its own code to say."""


@pytest.mark.parametrize(
    ("callee", "word"),
    [
        (f"{__name__}.remembered", "unordered"),
        (f"{__name__}.Memo.look", "unordered"),
        (f"{__name__}.MEMO.look", "reads"),
        (f"{__name__}.lookup", "reads"),
        (f"{__name__}.absent", "reads"),
        ("no.such.module", "reads"),
    ],
)
def test_reads_is_not_proposed_where_it_would_be_refused(its, callee, word):
    """A function whose own code changes state may be unordered at most."""
    for site in its.state.sites:
        site.effect, site.callee = Effect(EffectKind.UNKNOWN, reason="line 3: changes"), callee
    its.planned.savings = (Saving(1, 0.02),)
    (advice,) = stats(its.function).advice
    assert advice.write == f"{word}({callee})"
    assert ("any order" in advice.because) == (word == "unordered")
    assert advice.because.endswith("line 3: changes")


POSTED = "proved: requests.post, writes (line 110)"


@pytest.mark.parametrize(
    ("source", "resource", "reason", "proposed"),
    [
        (Source.PROVED, "http", POSTED, True),
        (Source.PROVED, "http", POSTED.replace("post", "delete"), False),
        (Source.PROVED, "database", POSTED, False),
        (Source.DECLARED, "http", POSTED, False),
        (Source.CATALOGUE, "http", "", False),
    ],
)
def test_a_post_may_be_a_question(its, source, resource, reason, proposed):
    """Only its author knows; what the library's own `post` does is not for one line to say."""
    for site in its.state.sites:
        site.effect = Effect(EffectKind.WRITES, resource, source, reason)
        site.callee = "app:lookup"
    its.planned.savings = (Saving(1, 0.02),)
    found = [(one.write, one.because) for one in stats(its.function).advice]
    question = "if what it posts is a question and changes nothing, which cannot be seen: "
    assert found == ([("reads(lookup)", question + reason)] if proposed else [])


@pytest.mark.parametrize("strategy", ["auto", "parallel"])
def test_what_stays_in_the_calling_thread_says_so(its, strategy):
    """Also where the function is forced to run ahead, with what it uses of the thread."""
    for site in its.state.sites:
        site.effect = Effect(EffectKind.READS, reason="uses `self.db`", caller_thread=True)
    with override(strategy=strategy):
        its.function()
        found = stats(its.function)
    assert [one.strategy for one in found.operations] == ["direct", "direct"]
    text = " ".join(Explanation(found).text(width=200).split())
    assert text.count("uses `self.db` · stays in the calling thread") == 2 or (
        text.count("stays in the calling thread") == 2 and "uses `self.db`" in text
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effect": None}, "not called yet"),
        ({"in_order": True}, "was once started in vain"),
        ({"discarded": True}, "its result is not used"),
        ({"effect": Effect(EffectKind.UNKNOWN)}, "not known to be harmless"),
        ({"effect": Effect(EffectKind.UNKNOWN, reason="line 3: calls `f`")}, "calls `f`"),
    ],
    ids=["uncalled", "vain", "discarded", "unknown", "reason"],
)
def test_a_forced_function_says_why_an_operation_is_in_order(its, change, words):
    """``forced`` is a reason to run ahead, not one to stay."""
    with override(strategy="parallel"):
        for site in its.state.sites:
            for name, value in change.items():
                setattr(site, name, value)
        first, _ = stats(its.function).operations
    assert first.strategy == "direct"
    assert words in first.why
