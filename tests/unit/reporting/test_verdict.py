"""The one line that is read."""

from dataclasses import replace

import pytest

from adaptive_jit.records import Phase
from adaptive_jit.reporting.verdict import is_unstable, verdict
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, GAINED, REVERTED, UNMEASURED

FIGURES = "2.9× faster, 95 % interval 2.7–3.1, 14 parallel against 6 direct calls"


def at(phase, reason="", decision=UNMEASURED, calls=0):
    return replace(
        CPU_LOOP,
        phase=phase,
        reason=reason,
        calls=calls,
        decision=replace(decision, phase=phase),
    )


def test_a_gain_is_told_with_interval_and_calls():
    """Figure, uncertainty and number of observations belong together."""
    assert str(verdict(ANSWER)) == f"runs ahead: {FIGURES}"


def test_a_function_with_nothing_to_gain_says_why():
    """The reason is the verdict where nothing was measured."""
    assert str(verdict(CPU_LOOP)) == (
        "stays direct: nothing to gain, because its operations compute and hold the GIL"
    )


def test_a_revert_is_told_as_one():
    """What was tried and given up is not presented as never tried; bounds turn with the figure."""
    assert str(verdict(REVERTED)) == (
        "back to direct: running ahead was 1.60× slower, 95 % interval 1.41–1.82, "
        "4 parallel against 5 direct calls"
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.0, "running ahead would save nothing (predicted 1.00×)"),
        (1.15, "predicted only 1.15× faster ahead, too little to try"),
        (None, "predicted speed-up only 1.15"),
    ],
)
def test_what_was_not_tried_is_told_in_words(value, told):
    """The engine's note of the prediction is for the history."""
    decision = replace(UNMEASURED, predicted_speedup=value)
    stats = at(Phase.DIRECT, "predicted speed-up only 1.15", decision)
    assert str(verdict(stats)) == f"stays direct: {told}"


def test_a_trial_without_evidence_yet_claims_none():
    decision = replace(GAINED, evidence=None)
    assert str(verdict(at(Phase.TRIAL, decision=decision))) == f"trying: {FIGURES}; not yet certain"


def test_a_probe_alone_is_no_revert():
    """Without a transition through a trial, a measured figure does not make it one."""
    never_tried = replace(REVERTED, decision=replace(REVERTED.decision, transitions=()))
    assert str(verdict(never_tried)) == "stays direct: slower in parallel"


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        (at(Phase.COLD), "measuring: not called yet"),
        (at(Phase.PROFILING, calls=1), "measuring: 1 call so far"),
        (at(Phase.LEFT_ALONE, "no source"), "left alone: no source"),
        (at(Phase.FORCED, "strategy=thread"), "forced: strategy=thread"),
        (
            at(Phase.TRIAL, decision=replace(UNMEASURED, predicted_speedup=3.12)),
            "trying: predicted 3.1×, nothing measured yet",
        ),
        (
            at(Phase.TRIAL, decision=GAINED),
            (
                f"trying: {FIGURES}; not yet certain: the evidence suffices (412 to 1), but more "
                "calls of each kind are waited for"
            ),
        ),
        (
            at(Phase.TRIAL, decision=replace(GAINED, evidence=2.5)),
            f"trying: {FIGURES}; not yet certain (evidence 2.5 to 1, needed 20 to 1)",
        ),
        (
            at(Phase.PARALLEL, decision=replace(UNMEASURED, predicted_speedup=3.12)),
            "runs ahead: predicted 3.1×, nothing measured yet",
        ),
    ],
)
def test_each_phase_has_its_sentence(stats, expected):
    """A prediction is never presented as a measurement."""
    assert str(verdict(stats)) == expected


def test_every_phase_is_known():
    """A new phase needs a sentence."""
    assert all(str(verdict(at(phase))) for phase in Phase)


@pytest.mark.parametrize(
    ("low", "high", "unstable"),
    [(2.7, 3.1, False), (2.0, 3.9, False), (2.0, 4.0, True), (0.0, 3.0, True), (None, None, False)],
)
def test_a_wide_interval_is_called_unstable(low, high, unstable):
    """Bounds a factor of 2 apart say that the figure between them is not known."""
    decision = replace(GAINED, low=low, high=high)
    assert is_unstable(decision) is unstable
    assert ("unstable" in str(verdict(at(Phase.PARALLEL, decision=decision)))) is unstable
