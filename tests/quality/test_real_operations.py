"""The report on real operations: what counts as wrong, and that its list can be run."""

from __future__ import annotations

import sys

import pytest

from adaptive_jit.records import Classification, Verdict
from tests.quality.classification import Judged, judge_all, rows
from tests.quality.real_operations import ALONE, BOTH, COMPUTES, CORES, OUTSIDE, Real


def judged(truth, verdict, ratio=0.5, *, held=None, holds=None, around=ALONE):
    found = Classification(verdict, ratio, ratio, ratio, 8, "")
    return Judged(Real("an operation", int, truth, holds, around), found, held)


@pytest.mark.parametrize(
    ("truth", "verdict", "ratio", "wrong"),
    [
        (OUTSIDE, Verdict.WAITS, 0.0, False),
        (OUTSIDE, Verdict.CPU_HOLDING_GIL, 1.0, True),
        (OUTSIDE, Verdict.UNDECIDED, 0.5, False),
        (COMPUTES, Verdict.DISK, 0.2, True),
        (COMPUTES, Verdict.CORE_WAIT, 0.6, False),
        (BOTH, Verdict.DISK, 0.5, False),
        (BOTH, Verdict.DISK, 0.9, True),
        (BOTH, Verdict.CPU_RELEASING_GIL, 0.1, True),
    ],
)
def test_a_verdict_is_wrong_where_it_contradicts_the_truth(truth, verdict, ratio, wrong):
    """Undecided is honest; of both kinds anything is right but the contrary of a clear ratio."""
    assert judged(truth, verdict, ratio).is_wrong is wrong


def test_cpu_work_without_a_core_that_is_called_io_is_counted_apart():
    """The one mistake that must never happen; and the detector of the GIL has a row of its own."""
    bad = judged(COMPUTES, Verdict.WAITS, around=CORES, held=False, holds=True)
    good = judged(OUTSIDE, Verdict.WAITS, held=False, holds=False)
    found = {row.name: row.value for row in rows([bad, good], loaded=False)}
    assert found["misclassified, machine as it is"] == 1
    assert found["CPU work called I/O where cores are scarce, machine as it is"] == 1
    assert found["GIL held or not, wrong, machine as it is"] == 1


@pytest.mark.slow()
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_no_cpu_work_is_called_io():
    """On this machine as it is, three calls of each operation."""
    found = judge_all(3)
    assert len(found) >= 34
    assert [one for one in found if one.real.truth == COMPUTES and one.found.verdict.is_io] == []
