"""The verdict on one operation: does it wait for something outside, and if not, what does it do?

The corrected ratio of CPU to wall time decides between waiting and computing;
what the sampler saw says what is waited for. Samples never overrule a ratio
that is clear, with one exception: where other threads of the process compute,
a waiting thread may be waiting for them (or for the GIL, or for a core), which
no clock of its own can tell. There the samples decide, and without samples the
answer is "undecided". Only ``waits outside`` and ``disk`` count as I/O.

In order:

1. less than 1 ms in all calls: too small (if calls take less than 50 us),
   else undecided;
2. other threads compute for more than half of the time, and no samples show
   that this thread was doing something else: delegated;
3. it never gave up its core of its own accord: computes;
4. one call only: it must have taken 100 ms, and be below 0.1 or above 0.9;
5. the interval of the ratio lies below ``io_threshold``: waits; above
   ``cpu_threshold``: computes; else undecided, unless it was ready to run all
   the time and nearly all samples show it running: computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.classify.ratio import Ratio, corrected
from adaptive_jit.classify.states import Seen
from adaptive_jit.records.profiles import Classification, ThreadState, Verdict

if TYPE_CHECKING:
    from adaptive_jit.classify.profile import OperationProfile
    from adaptive_jit.settings import Settings

SMALL_TOTAL = 1e-3
"""Seconds: below, handing the operation to a thread costs more than it takes."""

SMALL_CALL = 50e-6
"""Seconds per call."""

DELEGATED_SHARE = 0.5
"""CPU time of other threads / wall time: above, the operation is taken to be parallel already."""

BUSY_SHARE = 0.2
"""The same: above, what a thread waits for cannot be told from its own clocks."""

UNEXPLAINED_SHARE = 0.3
"""1 - ratio: below, there is nothing that others could explain."""

LONE_CALL = 0.1
"""Seconds that a single call must take to be judged ..."""

LONE_IO, LONE_CPU = 0.1, 0.9
"""... and the ratios between which it is not."""

CORE_WAIT_SHARE = 0.5
"""Time lost to preemption / wall time."""

READY_SHARE = 0.8
"""Samples that show it running, where its clocks do not contradict that it computes."""

_Finding = tuple[Verdict, str]


def classify(profile: OperationProfile, settings: Settings) -> Classification:
    """Return the verdict on an operation; ``UNDECIDED`` as long as nothing is certain."""
    ratio = corrected(profile)
    seen = Seen(profile.states)
    verdict, reason = _small(profile) or _judge(profile, ratio, seen, settings)
    return Classification(
        verdict, ratio.value, ratio.low, ratio.high, profile.n, reason, seen.shares()
    )


def _small(profile: OperationProfile) -> _Finding | None:
    if not profile.n:
        return Verdict.UNDECIDED, "never called while profiled"
    if profile.total_wall >= SMALL_TOTAL:
        return None
    if profile.mean_wall < SMALL_CALL:
        return Verdict.TOO_SMALL, "calls of less than 50 us, less than 1 ms in all"
    return Verdict.UNDECIDED, "less than 1 ms was seen in all calls"


def _judge(
    profile: OperationProfile, ratio: Ratio, seen: Seen, settings: Settings
) -> _Finding:  # fmt: skip
    disturbed = profile.others > BUSY_SHARE and ratio.value < 1.0 - UNEXPLAINED_SHARE
    told = _among_others(seen) if disturbed else None
    if told is not None:
        return told
    if profile.others > DELEGATED_SHARE and not (disturbed and seen.decides):
        return Verdict.DELEGATED, f"other threads compute {profile.others:.0%} of its time"
    if profile.switches_known and profile.voluntary == 0:
        return _computes(profile, seen, "it never gave up its core")
    waits, computes, why = _side(profile, ratio, settings)
    if computes:
        return _computes(profile, seen, why)
    if not waits:
        if not disturbed and _ready(profile, seen, settings):
            return _computes(profile, seen, "it always had work, and at times no core")
        return Verdict.UNDECIDED, why
    outside = (ThreadState.WAITING, ThreadState.DISK)
    if disturbed and not (seen.decides and seen.main_wait() in outside):
        return Verdict.UNDECIDED, (
            f"other threads compute {profile.others:.0%} of its time, and too few samples "
            "show what it waits for"
        )
    return _waits(profile, seen, why)


def _ready(profile: OperationProfile, seen: Seen, settings: Settings) -> bool:
    """Whether it was running or ready to run nearly all of the time.

    The sampler's own looks make a thread that holds the GIL give up its core
    for a moment, so that not all of its delay counts as preemption.
    """
    ready = profile.cpu + profile.delay > settings.cpu_threshold * profile.wall
    return ready and seen.decides and seen.share(ThreadState.RUNNING) >= READY_SHARE


def _side(profile: OperationProfile, ratio: Ratio, settings: Settings) -> tuple[bool, bool, str]:
    """Whether it waits, whether it computes, and the rule that says so."""
    if profile.n == 1:
        return _lone(profile, ratio, settings)
    if ratio.high < settings.io_threshold:
        return True, False, f"the ratio is surely below {settings.io_threshold:g}"
    if ratio.low > settings.cpu_threshold:
        return False, True, f"the ratio is surely above {settings.cpu_threshold:g}"
    if ratio.low > settings.io_threshold and ratio.high < settings.cpu_threshold:
        return False, False, "it computes and waits by turns"
    return False, False, f"the ratio lies anywhere from {ratio.low:.2f} to {ratio.high:.2f}"


def _lone(profile: OperationProfile, ratio: Ratio, settings: Settings) -> tuple[bool, bool, str]:
    if profile.wall < LONE_CALL:
        return False, False, "a single call of less than 100 ms"
    waits = ratio.value < min(LONE_IO, settings.io_threshold)
    computes = ratio.value > max(LONE_CPU, settings.cpu_threshold)
    clear = waits or computes
    return waits, computes, "a single long call, clearly" if clear else "a single call, not clear"


def _among_others(seen: Seen) -> _Finding | None:
    """What the samples say of a thread beside others that compute; ``None`` if nothing new."""
    if not seen.decides:
        return None
    main = seen.main_wait()
    if seen.share(ThreadState.GIL) >= 0.5:
        return Verdict.GIL_WAIT, "most samples show it waiting for the GIL"
    if main is ThreadState.LOCK:
        return Verdict.IN_PROCESS, "samples show it waiting for another thread, which computes"
    return None


def _computes(profile: OperationProfile, seen: Seen, why: str) -> _Finding:
    if profile.preempted > CORE_WAIT_SHARE * profile.wall:
        share = profile.preempted / profile.wall
        return Verdict.CORE_WAIT, f"{why}; for {share:.0%} of the time it had no core"
    if seen.runs_without_gil():
        return Verdict.CPU_RELEASING_GIL, f"{why}; the GIL was free meanwhile"
    return Verdict.CPU_HOLDING_GIL, why


def _waits(profile: OperationProfile, seen: Seen, why: str) -> _Finding:
    if profile.others <= BUSY_SHARE and seen.waits_holding_gil():
        return Verdict.UNDECIDED, f"{why}, but it holds the GIL while it waits"
    main = seen.main_wait()
    if main is ThreadState.GIL:
        return Verdict.GIL_WAIT, f"{why}; samples show it waiting for the GIL"
    if main is ThreadState.LOCK:
        return Verdict.LOCK, f"{why}; samples show it waiting for a lock or another thread"
    if main is ThreadState.DISK:
        return Verdict.DISK, f"{why}; samples show it waiting for the disk"
    return Verdict.WAITS, why
