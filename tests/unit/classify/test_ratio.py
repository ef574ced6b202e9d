"""The corrected ratio and its interval."""

from __future__ import annotations

import math

import pytest

from adaptive_jit.classify import OperationProfile
from adaptive_jit.classify.ratio import PRIOR_DEVIATION, clock_tick, corrected
from adaptive_jit.records import OperationSample


def profile(*pairs) -> OperationProfile:
    made = OperationProfile()
    for wall, cpu in pairs:
        made.add(OperationSample(wall, cpu, 1, 0, 0.0))
    return made


def test_the_ratio_is_of_sums_not_the_mean_of_ratios():
    """A long wait outweighs a short computation."""
    assert corrected(profile((1.0, 0.0), (0.01, 0.01))).value == pytest.approx(0.01 / 1.01)


def test_nothing_measured_is_nothing_known():
    """An empty profile, or calls that took no time, may be anything."""
    assert corrected(profile())[1:] == (0.0, 1.0)
    assert corrected(profile((0.0, 0.0)))[1:] == (0.0, 1.0)


def test_the_interval_is_the_formula_of_the_docstring():
    """Held against the same formula written with scipy and plain sums."""
    stats = pytest.importorskip("scipy.stats")
    pairs = [(1.0, 0.5), (2.0, 0.8), (1.5, 0.9), (0.7, 0.2)]
    n, wall = len(pairs), sum(w for w, _ in pairs)
    ratio = sum(c for _, c in pairs) / wall
    residuals = sum((c - ratio * w) ** 2 for w, c in pairs) / (wall / n) ** 2
    variance = (residuals + PRIOR_DEVIATION**2) / n
    half = stats.t.ppf(0.975, n) * math.sqrt(variance / n)
    found = corrected(profile(*pairs), tick=0.0)
    assert found.low == pytest.approx(ratio - half)
    assert found.high == pytest.approx(ratio + half)


def test_more_calls_make_the_interval_narrower():
    """Equal calls: the width falls with their number."""
    widths = [
        found.high - found.low
        for n in (1, 2, 3, 10, 100)
        for found in [corrected(profile(*[(1.0, 0.5)] * n))]
    ]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == len(widths)


def test_calls_that_differ_make_it_wider():
    """Hit or miss is not the same as half and half."""
    same = corrected(profile(*[(1.0, 0.5)] * 6))
    mixed = corrected(profile(*[(1.0, 0.0), (1.0, 1.0)] * 3))
    assert mixed.value == same.value
    assert mixed.high - mixed.low > 2 * (same.high - same.low)


def test_a_coarse_clock_makes_it_wider():
    """A CPU clock of 16 ms cannot judge calls of 5 ms, but can judge calls of 1 s."""
    short, long = profile(*[(5e-3, 0.0)] * 5), profile(*[(1.0, 0.0)] * 5)
    assert corrected(short, tick=0.016).high > 0.3
    assert corrected(long, tick=0.016).high < 0.1
    assert corrected(short, tick=0.0).high < 0.1


def test_the_default_tick_is_this_systems():
    """Read from the clock itself."""
    assert 0.0 < clock_tick() < 1.0
