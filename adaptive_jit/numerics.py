"""The numbers behind decisions, with ``math`` only.

``scipy.stats`` takes most of a second to import and hundreds of microseconds
a test; these formulas take about one microsecond and are held against it by
``tests/unit/test_numerics.py``.

The question is always the same: by how much do two series of times differ,
given that times are skewed (so their logarithms are compared), may depend on
a size (so a common slope on log size is removed) and are few (so the variance
is shared with some made-up observations). ``speedup`` below is
``exp(difference)``: how many times faster the second series is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PSEUDO_OBSERVATIONS = 3.0
"""Made-up observations that the pooled variance starts from.

They keep two early equal timings from looking like certainty. Any value from
1 to 3 gives the same error rates in simulation; 3 is the safest of them.
"""

PSEUDO_DEVIATION = 0.15
"""Their standard deviation in log seconds, that of a steady network call.

Values from 0.05 to 3 change simulated regret by less than 0.7 points.
"""

SIZED_OBSERVATIONS = 6.0
"""Observations in both series together from which the slope on log size is estimated."""

ASSUMED_SLOPE = 0.5
"""The slope assumed before: time may be proportional to size (1) or not depend on it (0)."""

SMALLEST_SECONDS = 1e-9
"""The shortest time that is recorded: coarse clocks may say zero, whose logarithm is not."""

Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: half-width of a 95 % interval."""


class LogTimes:
    """A running summary of one series of (seconds, log size), optionally forgetting.

    ``calls`` counts what was added, ``n`` the weight left of it. ``x`` and
    ``y`` are the means of log size and log seconds, ``xx``, ``xy``, ``yy``
    the sums of squares and products about them; ``raw`` is the mean of the
    seconds themselves and ``rr`` the sum of squares about it. The update is
    Welford's (Technometrics 4, 1962) with each weight multiplied by *keep*
    before the next observation (West, CACM 22(9), 1979).
    """

    __slots__ = ("calls", "n", "raw", "rr", "x", "xx", "xy", "y", "yy")

    def __init__(self) -> None:
        self.calls = 0
        self.clear()

    def copy(self) -> LogTimes:
        """Return the present state, unaffected by later observations."""
        other = LogTimes()
        # Reads without a call between them: no other thread can come in half-way (CPython).
        (
            other.calls, other.n, other.x, other.y, other.xx, other.xy, other.yy,
            other.raw, other.rr,
        ) = (
            self.calls, self.n, self.x, self.y, self.xx, self.xy, self.yy, self.raw, self.rr,
        )  # fmt: skip
        return other

    def clear(self) -> None:
        """Forget all observations but not how many calls there were."""
        self.n = self.x = self.y = self.xx = self.xy = self.yy = self.raw = self.rr = 0.0

    def add(self, seconds: float, log_size: float, keep: float = 1.0) -> float:
        """Take one observation in and return its log seconds.

        *keep* is the share of weight (0 to 1) that earlier observations retain.
        """
        seconds = max(seconds, SMALLEST_SECONDS)
        y = math.log(seconds)
        self.calls += 1
        n = self.n = self.n * keep + 1.0
        dx = log_size - self.x
        dy = y - self.y
        dr = seconds - self.raw
        self.x += dx / n
        self.y += dy / n
        self.raw += dr / n
        self.xx = self.xx * keep + dx * (log_size - self.x)
        self.xy = self.xy * keep + dx * (y - self.y)
        self.yy = self.yy * keep + dy * (y - self.y)
        self.rr = self.rr * keep + dr * (seconds - self.raw)
        return y

    def weigh(self, at_most: float) -> None:
        """Reduce the weight to *at_most* observations; means stay as they are."""
        if self.n > at_most:
            share = at_most / self.n
            self.n = at_most
            self.xx *= share
            self.xy *= share
            self.yy *= share
            self.rr *= share

    @property
    def deviation(self) -> float:
        """The standard deviation of the log seconds; 0 for fewer than two observations."""
        return math.sqrt(max(self.yy, 0.0) / (self.n - 1.0)) if self.n > 1.0 else 0.0

    @property
    def raw_variance_of_mean(self) -> float:
        """The squared standard error of ``raw``; infinite for fewer than two observations."""
        if self.n <= 1.0:
            return math.inf
        return max(self.rr, 0.0) / (self.n - 1.0) / self.n


class Estimate(NamedTuple):
    """How two series differ in log seconds: first minus second.

    ``error`` is the standard error of ``difference``, ``freedom`` its degrees
    of freedom (made-up observations included), ``effective`` the effective
    sample size ``n1 n2 / (n1 + n2)``, ``deviation`` the common standard
    deviation of one observation and ``slope`` the common slope on log size.
    """

    difference: float
    error: float
    freedom: float
    effective: float
    deviation: float
    slope: float


def estimate(first: LogTimes, second: LogTimes) -> Estimate:
    """Return how much longer *first* takes than *second*, in log seconds.

    Both need at least one observation. The pooled analysis of covariance
    (e.g. Snedecor & Cochran, Statistical Methods, ch. 18): a common slope on
    log size is used when it explains over 30 % of the variance within the
    series; with too few observations to tell, ``ASSUMED_SLOPE`` is. The variance is the usual
    pooled one with ``PSEUDO_OBSERVATIONS`` of ``PSEUDO_DEVIATION`` added.
    """
    n = first.n + second.n
    xx = first.xx + second.xx
    xy = first.xy + second.xy
    yy = first.yy + second.yy
    slope = _slope(first, second)
    real = n - 3.0 if slope and n >= SIZED_OBSERVATIONS else n - 2.0
    freedom = PSEUDO_OBSERVATIONS + max(real, 0.0)
    squares = max(yy - 2.0 * slope * xy + slope * slope * xx, 0.0)
    variance = (squares + PSEUDO_OBSERVATIONS * PSEUDO_DEVIATION * PSEUDO_DEVIATION) / freedom
    effective = first.n * second.n / n
    return Estimate(
        (first.y - second.y) - slope * (first.x - second.x),
        math.sqrt(variance / effective),
        freedom,
        effective,
        math.sqrt(variance),
        slope,
    )


def adjusted_mean(first: LogTimes, second: LogTimes) -> float:
    """Return the plain mean seconds that *first* would have at the sizes of *second*."""
    shift = second.x - first.x
    if shift == 0.0:
        return first.raw
    return first.raw * _exp(_slope(first, second) * shift)


def log_evidence(t: float, freedom: float, effective: float, spread: float = 1.0) -> float:
    """Return the log odds that there is an effect, given the *t* statistic.

    The Bayes factor of the t test with a normal prior of variance *spread* on
    the standardised effect and the right Haar prior on the variance (Rouder
    et al., Psychonomic Bulletin & Review 16, 2009, integrand of equation 1).
    It is a martingale under no effect, so it may be looked at after every
    observation: the chance that it ever exceeds ``c`` is at most ``1 / c``
    (Ville's inequality; "safe t-test", Pérez-Ortiz et al., Annals of
    Statistics 52, 2024).
    """
    k = 1.0 + effective * spread
    square = t * t
    return 0.5 * (
        (freedom + 1.0) * (math.log1p(square / freedom) - math.log1p(square / (freedom * k)))
        - math.log(k)
    )


def speedup_interval(
    direct: LogTimes, parallel: LogTimes, coverage: float = 0.95
) -> tuple[float, float]:
    """Return the low and high end of direct over parallel, each with its own variance.

    Welch's interval (Biometrika 34, 1947) with Satterthwaite's degrees of
    freedom on log seconds: running at the same time changes the spread as
    well as the mean. ``PSEUDO_OBSERVATIONS`` are added to each series, so one
    observation a side already gives a (wide) interval.
    """
    slope = _slope(direct, parallel)
    difference = (direct.y - parallel.y) - slope * (direct.x - parallel.x)
    first, freedom1 = _variance_of_mean(direct, slope)
    second, freedom2 = _variance_of_mean(parallel, slope)
    total = first + second
    freedom = total * total / (first * first / freedom1 + second * second / freedom2)
    half = student_quantile(0.5 + coverage / 2.0, freedom) * math.sqrt(total)
    return _exp(difference - half), _exp(difference + half)


def _variance_of_mean(times: LogTimes, slope: float) -> tuple[float, float]:
    """Return the squared standard error of ``y`` and its degrees of freedom."""
    freedom = max(times.n - 1.0, 0.0) + PSEUDO_OBSERVATIONS
    squares = max(times.yy - 2.0 * slope * times.xy + slope * slope * times.xx, 0.0)
    squares += PSEUDO_OBSERVATIONS * PSEUDO_DEVIATION * PSEUDO_DEVIATION
    return squares / freedom / times.n, freedom


def wilson(successes: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Return the interval for a share: *successes* of *trials*, ``z`` standard errors wide.

    Wilson (JASA 22, 1927). No trials give (0, 1).
    """
    if trials <= 0.0:
        return 0.0, 1.0
    share = successes / trials
    z2 = z * z / trials
    centre = share + z2 / 2.0
    half = z * math.sqrt(share * (1.0 - share) / trials + z2 / (4.0 * trials))
    low, high = (centre - half) / (1.0 + z2), (centre + half) / (1.0 + z2)
    return max(low, 0.0), min(high, 1.0)


def student_cdf(t: float, freedom: float) -> float:
    """Return the probability that a Student-t variable stays below *t* (DLMF 8.17)."""
    if freedom <= 0.0:
        raise ValueError(f"degrees of freedom must be positive, not {freedom!r}")
    if math.isinf(t):
        return 1.0 if t > 0.0 else 0.0
    tail = 0.5 * _incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
    return 1.0 - tail if t > 0.0 else tail


def student_quantile(probability: float, freedom: float) -> float:
    """Return the value below which a Student-t variable stays with *probability* (0 to 1).

    ``freedom`` may be any positive number. Newton's steps on ``student_cdf``
    inside a bracket that halves wherever a step would leave it: certain to
    converge, and a tenth of the cost of halving alone.
    """
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {probability!r}")
    upper = max(probability, 1.0 - probability)
    high = 1.0
    while student_cdf(high, freedom) < upper and high < 1e300:
        high *= 2.0
    low = value = 0.0 if high == 1.0 else high / 2.0
    for _ in range(MOST_STEPS):
        missing = upper - student_cdf(value, freedom)
        if missing > 0.0:
            low = value
        else:
            high = value
        step = value + missing / student_density(value, freedom)
        step = step if low < step < high else 0.5 * (low + high)
        if abs(step - value) <= 1e-14 * abs(step):
            break
        value = step
    return value if probability >= 0.5 else -value


MOST_STEPS = 100
"""Steps of ``student_quantile``; halving alone needs 53 for the last bit of a float."""


def student_density(t: float, freedom: float) -> float:
    """Return the density of Student's t at *t* (DLMF 8.17 differentiated; Student 1908)."""
    half = 0.5 * (freedom + 1.0)
    constant = math.lgamma(half) - math.lgamma(0.5 * freedom)
    return math.exp(constant - half * math.log1p(t * t / freedom)) / math.sqrt(math.pi * freedom)


def _slope(first: LogTimes, second: LogTimes) -> float:
    """Return the common slope on log size, 0 where it is not worth a degree of freedom."""
    if first.n + second.n < SIZED_OBSERVATIONS:
        return ASSUMED_SLOPE
    xx = first.xx + second.xx
    xy = first.xy + second.xy
    return xy / xx if xx > 1e-9 and xy * xy > 0.3 * xx * (first.yy + second.yy) else 0.0


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), 0 <= x <= 1."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):  # the fraction converges fast only below this (DLMF 8.17.4)
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    return front * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction DLMF 8.17.22, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0), tiny)
    value = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _nonzero(1.0 + term * d, tiny)
            c = _nonzero(1.0 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _nonzero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def _exp(value: float) -> float:
    return math.exp(value) if value < 700.0 else math.inf
