"""The one line that a reader takes away: what happens to the function, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptive_jit.records import DecisionSummary, FunctionStats, Phase
from adaptive_jit.reporting import words
from adaptive_jit.reporting.document import Tone

if TYPE_CHECKING:
    from collections.abc import Callable

UNSTABLE_WIDTH = 2.0
"""An interval whose upper bound is this many times its lower one is called unstable.

A trial may settle on as few as 4 against 3 calls (`decision`), where bounds a
factor of 1.5 apart are ordinary; at a factor of 2 the middle says little.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A label of one or two words, the rest of the sentence, and how good the news is."""

    label: str
    because: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.label}: {self.because}" if self.because else self.label


def verdict(stats: FunctionStats) -> Verdict:
    """Return the present verdict on one function in plain words."""
    return _SENTENCES[stats.phase](stats)


def is_unstable(decision: DecisionSummary) -> bool:
    """Return whether the measured interval is too wide to trust the figure in its middle."""
    if decision.low is None or decision.high is None or decision.measured_speedup is None:
        return False
    return decision.low <= 0 or decision.high / decision.low >= UNSTABLE_WIDTH


def measured(decision: DecisionSummary) -> str:
    """Return the measured speed-up with interval and number of calls; empty without one."""
    value = decision.measured_speedup
    if value is None or value <= 0:
        return ""
    parts = [words.speed(value), bounds(decision), compared(decision)]
    if is_unstable(decision):
        parts.append("unstable: more calls will narrow it")
    return ", ".join(filter(None, parts))


def bounds(decision: DecisionSummary) -> str:
    """Return the 95 % interval in the direction in which the speed-up is told."""
    low, high, value = decision.low, decision.high, decision.measured_speedup
    if low is None or high is None or value is None:
        return ""
    if 0 < value < 0.995 and low > 0:
        low, high = 1 / high, 1 / low
    return f"95 % interval {words.interval(low, high)}"


def compared(decision: DecisionSummary) -> str:
    """Return how many calls of each kind the comparison rests on."""
    return f"{decision.parallel_calls:,} parallel against {decision.direct_calls:,} direct calls"


def was_reverted(stats: FunctionStats) -> bool:
    """Return whether the function ran ahead, by trial or settled, and now runs directly again."""
    ran_ahead = any(t.after in (Phase.TRIAL, Phase.PARALLEL) for t in stats.decision.transitions)
    return stats.phase is Phase.DIRECT and ran_ahead


def _parallel(stats: FunctionStats) -> Verdict:
    figures = measured(stats.decision) or predicted(stats.decision) or stats.reason
    return Verdict("runs ahead", figures, Tone.GOOD)


def _direct(stats: FunctionStats) -> Verdict:
    figures = measured(stats.decision)
    if not (was_reverted(stats) and figures):
        return Verdict("stays direct", _not_worth_trying(stats) or stats.reason, Tone.PLAIN)
    return Verdict("back to direct", f"running ahead was {figures}", Tone.CAUTION)


def _not_worth_trying(stats: FunctionStats) -> str:
    """Return in words that the prediction was too low; empty where something else decided."""
    value = stats.decision.predicted_speedup
    if value is None or not stats.reason.startswith("predicted speed-up only"):
        return ""
    if value < 1.005:
        return f"running ahead would save nothing (predicted 1.00{words.TIMES})"
    return f"predicted only {words.speed(value)} ahead, too little to try"


def _trial(stats: FunctionStats) -> Verdict:
    figures = measured(stats.decision)
    so_far = f"{figures}; not yet certain{_progress(stats.decision)}"
    so_far = so_far if figures else predicted(stats.decision)
    return Verdict("trying", so_far or stats.reason, Tone.CAUTION)


def _progress(decision: DecisionSummary) -> str:
    """Return how far the evidence has come, for either answer, or what else is waited for."""
    if decision.evidence is None:
        return ""
    if decision.evidence >= decision.evidence_needed:
        return (
            f": the evidence suffices ({words.evidence(decision.evidence)} to 1), "
            "but more calls of each kind are waited for"
        )
    reached, needed = words.evidence(decision.evidence), words.evidence(decision.evidence_needed)
    return f" (evidence {reached} to 1, needed {needed} to 1)"


def _measuring(stats: FunctionStats) -> Verdict:
    calls = words.count(stats.calls, "call") + " so far" if stats.calls else "not called yet"
    return Verdict("measuring", calls, Tone.DIM)


def _left_alone(stats: FunctionStats) -> Verdict:
    return Verdict("left alone", stats.reason, Tone.DIM)


def _forced(stats: FunctionStats) -> Verdict:
    figures = measured(stats.decision)
    reason = stats.reason or "by the settings"
    return Verdict("forced", f"{reason}; {figures}" if figures else reason, Tone.CAUTION)


def predicted(decision: DecisionSummary) -> str:
    """Return the predicted speed-up where nothing has been measured; empty without one."""
    if decision.predicted_speedup is None:
        return ""
    return f"predicted {words.ratio(decision.predicted_speedup)}{words.TIMES}, nothing measured yet"


_SENTENCES: dict[Phase, Callable[[FunctionStats], Verdict]] = {
    Phase.LEFT_ALONE: _left_alone,
    Phase.COLD: _measuring,
    Phase.PROFILING: _measuring,
    Phase.TRIAL: _trial,
    Phase.PARALLEL: _parallel,
    Phase.DIRECT: _direct,
    Phase.FORCED: _forced,
}
