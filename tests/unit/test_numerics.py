"""The hand-written formulas, held against scipy and against their own definitions."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from adaptive_jit.numerics import (
    ASSUMED_SLOPE,
    PSEUDO_DEVIATION,
    PSEUDO_OBSERVATIONS,
    LogTimes,
    adjusted_mean,
    estimate,
    log_evidence,
    speedup_interval,
    student_cdf,
    student_quantile,
    wilson,
)


def filled(seconds, sizes=None, keep=1.0):
    times = LogTimes()
    for i, value in enumerate(seconds):
        times.add(value, math.log(sizes[i]) if sizes else 0.0, keep)
    return times


@pytest.fixture
def seconds():
    r = random.Random(3)
    return [r.lognormvariate(-2, 0.5) for _ in range(25)]


def test_a_summary_equals_the_two_pass_formulas(seconds):
    """Welford's updates give numpy's means and variances."""
    times = filled(seconds)
    logs = np.log(seconds)
    assert times.y == pytest.approx(logs.mean())
    assert times.deviation == pytest.approx(logs.std(ddof=1))
    assert times.raw == pytest.approx(np.mean(seconds))
    assert times.raw_variance_of_mean == pytest.approx(np.var(seconds, ddof=1) / 25)


def test_forgetting_weighs_each_observation_by_its_age(seconds):
    """keep = 0.9 gives weights 0.9 ** age."""
    times = filled(seconds, keep=0.9)
    weights = 0.9 ** np.arange(24, -1, -1.0)
    logs = np.log(seconds)
    mean = np.average(logs, weights=weights)
    assert times.n == pytest.approx(weights.sum())
    assert times.y == pytest.approx(mean)
    assert times.yy == pytest.approx((weights * (logs - mean) ** 2).sum())


def test_reducing_the_weight_leaves_means_and_spread(seconds):
    """weigh() makes the past count less without moving it."""
    times = filled(seconds)
    mean, variance = times.y, times.yy / times.n
    times.weigh(2.0)
    assert (times.n, times.y) == (2.0, mean)
    assert times.yy / times.n == pytest.approx(variance)
    times.weigh(5.0)
    assert times.n == 2.0


def test_a_time_of_zero_is_recorded_as_the_smallest_time():
    """Coarse clocks say zero; its logarithm must not raise."""
    assert filled([0.0]).y == pytest.approx(math.log(1e-9))


def test_a_copy_does_not_see_later_observations(seconds):
    """Reports work on a copy."""
    times = filled(seconds)
    copy = times.copy()
    times.add(100.0, 1.0)
    assert (copy.calls, copy.y, copy.rr) == (25, filled(seconds).y, filled(seconds).rr)
    assert [getattr(copy, name) for name in LogTimes.__slots__] == [
        getattr(filled(seconds), name) for name in LogTimes.__slots__
    ]


def test_the_estimate_is_the_pooled_t_test_with_pseudo_observations(seconds):
    """Difference, error and freedom as written out by hand."""
    direct, parallel = filled(seconds[:12]), filled(seconds[12:])
    first, second = np.log(seconds[:12]), np.log(seconds[12:])
    squares = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    freedom = 23 + PSEUDO_OBSERVATIONS
    variance = (squares + PSEUDO_OBSERVATIONS * PSEUDO_DEVIATION**2) / freedom
    measured = estimate(direct, parallel)
    assert measured.difference == pytest.approx(first.mean() - second.mean())
    assert measured.freedom == freedom
    assert measured.error == pytest.approx(math.sqrt(variance * (1 / 12 + 1 / 13)))
    assert measured.effective == pytest.approx(12 * 13 / 25)


def test_with_many_observations_the_estimate_agrees_with_scipy():
    """The pseudo-observations fade: t within 2 % of scipy.stats.ttest_ind."""
    r = random.Random(5)
    first = [r.lognormvariate(0, 0.2) for _ in range(200)]
    second = [r.lognormvariate(0.05, 0.2) for _ in range(200)]
    measured = estimate(filled(first), filled(second))
    t = scipy_stats.ttest_ind(np.log(first), np.log(second)).statistic
    assert measured.difference / measured.error == pytest.approx(t, rel=0.02)


def test_two_equal_early_timings_are_not_certainty():
    """One observation a side has the pseudo-observations' error, not zero."""
    measured = estimate(filled([1.0]), filled([0.5]))
    assert measured.error == pytest.approx(PSEUDO_DEVIATION * math.sqrt(2))


def sized(speedup, sizes, slope=1.0, seed=1):
    r = random.Random(seed)
    seconds = [0.01 * s**slope / speedup * r.lognormvariate(0, 0.05) for s in sizes]
    return filled(seconds, sizes)


def test_a_common_slope_on_size_is_removed():
    """Parallel seen on large inputs only is not taken for slower."""
    direct, parallel = sized(1.0, [1, 2, 3, 4, 5]), sized(3.0, [40, 50, 60, 80], seed=2)
    measured = estimate(direct, parallel)
    assert measured.slope == pytest.approx(1.0, abs=0.1)
    assert math.exp(measured.difference) == pytest.approx(3.0, rel=0.2)
    assert adjusted_mean(direct, parallel) / parallel.raw == pytest.approx(3.0, rel=0.3)


def test_a_slope_that_explains_little_is_not_used():
    """Sizes that do not matter cost no degree of freedom."""
    r = random.Random(7)
    sizes = [r.choice((1, 2, 8)) for _ in range(10)]
    noise = [r.lognormvariate(0, 0.4) for _ in range(20)]
    measured = estimate(filled(noise[:10], sizes), filled(noise[10:], sizes))
    assert measured.slope == 0.0
    assert measured.freedom == 18 + PSEUDO_OBSERVATIONS


def test_with_few_observations_a_middle_slope_is_assumed():
    """Two calls cannot tell a slope: time may grow with size or not."""
    measured = estimate(filled([1.0], [1]), filled([1.0], [100]))
    assert measured.difference == pytest.approx(ASSUMED_SLOPE * math.log(100))


@pytest.mark.parametrize(("t", "freedom", "effective"), [(0.5, 8, 3), (3.0, 10, 5), (-6.0, 4, 2)])
def test_the_evidence_is_the_ratio_of_marginal_likelihoods(t, freedom, effective):
    """The closed form equals the noncentral t density averaged over the normal prior."""

    def marginal(delta):
        density = scipy_stats.nct.pdf(t, freedom, delta * math.sqrt(effective))
        return density * scipy_stats.norm.pdf(delta)

    alternative = integrate.quad(marginal, -12, 12, limit=200)[0]
    expected = math.log(alternative / scipy_stats.t.pdf(t, freedom))
    assert log_evidence(t, freedom, effective) == pytest.approx(expected, abs=1e-6)


def test_the_evidence_for_no_difference_is_below_one():
    """t = 0 speaks against an effect, the more the larger the sample."""
    assert 0.0 > log_evidence(0.0, 10, 2) > log_evidence(0.0, 100, 50)


@pytest.mark.parametrize("freedom", [0.7, 1, 2, 3.5, 10, 46.2, 1000])
@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.9999, 0.5, 0.2, 0.025])
def test_the_student_quantile_equals_scipy(probability, freedom):
    """Any positive degrees of freedom, both tails."""
    expected = scipy_stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("t", [-40.0, -1.0, 0.0, 0.3, 5.0])
def test_the_student_distribution_equals_scipy(t):
    """Probabilities from both ends of the continued fraction."""
    for freedom in (1.0, 4.4, 80.0):
        expected = scipy_stats.t.cdf(t, freedom)
        assert student_cdf(t, freedom) == pytest.approx(expected, rel=1e-9)


def test_infinite_t_is_certain():
    """The ends of the distribution."""
    assert (student_cdf(math.inf, 3), student_cdf(-math.inf, 3)) == (1.0, 0.0)


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0, math.nan])
def test_a_probability_outside_0_to_1_is_refused(probability):
    """No quantile exists there."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        student_quantile(probability, 3)


def test_no_degrees_of_freedom_are_refused():
    """Nor here."""
    with pytest.raises(ValueError, match="positive"):
        student_cdf(1.0, 0.0)


def test_with_many_observations_the_interval_is_welchs():
    """Within 1 % of scipy's interval for unequal variances."""
    r = random.Random(11)
    first = [r.lognormvariate(0.7, 0.4) for _ in range(300)]
    second = [r.lognormvariate(0.0, 0.1) for _ in range(200)]
    test = scipy_stats.ttest_ind(np.log(first), np.log(second), equal_var=False)
    expected = test.confidence_interval(0.95)
    low, high = speedup_interval(filled(first), filled(second))
    assert (math.log(low), math.log(high)) == pytest.approx(tuple(expected), rel=0.01)


@pytest.mark.parametrize("n", [2, 4, 12])
def test_the_interval_covers_the_truth(n):
    """95 % nominal; 300 samples of lognormal times with a true speed-up of 2."""
    r = random.Random(13)
    hits = 0
    for _ in range(300):
        direct = filled([r.lognormvariate(0, 0.2) for _ in range(n)])
        parallel = filled([r.lognormvariate(0, 0.2) / 2 for _ in range(n)])
        low, high = speedup_interval(direct, parallel)
        hits += low <= 2.0 <= high
    assert wilson(hits, 300)[1] > 0.95 or hits / 300 > 0.95


def test_an_overflowing_interval_is_infinite():
    """One observation of nothing against one of everything still gives numbers."""
    low, high = speedup_interval(filled([1e300]), filled([1e-9]))
    assert low <= high == math.inf


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (3, 10), (10, 10), (57, 190)])
def test_the_wilson_interval_equals_scipy(hits, trials):
    """scipy's proportion interval without continuity correction."""
    expected = scipy_stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert wilson(hits, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_of_nothing_may_be_anything():
    """No trials, no knowledge."""
    assert wilson(0, 0) == (0.0, 1.0)
