"""The p-value that many readers know, beside the evidence that the decisions rest on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptive_jit.records import DecisionSummary

LEAST_CALLS = 2
"""A standard deviation needs two calls."""


def p_value(decision: DecisionSummary) -> float | None:
    """Return the two-sided p-value of Welch's t-test on log seconds, direct against parallel.

    `None` if there is too little to compare, or if SciPy cannot be imported
    (it refuses while the interpreter shuts down). It is only valid for one
    look after a fixed number of calls, which is why no decision uses it.
    """
    fewest = min(decision.direct_calls, decision.parallel_calls)
    if decision.p_inputs is None or fewest < LEAST_CALLS:
        return None
    try:
        from scipy.stats import ttest_ind_from_stats
    except (ImportError, RuntimeError):
        return None
    mean_direct, sd_direct, mean_parallel, sd_parallel = decision.p_inputs
    if sd_direct == sd_parallel == 0:
        return None
    result = ttest_ind_from_stats(
        mean_direct, sd_direct, decision.direct_calls,
        mean_parallel, sd_parallel, decision.parallel_calls,
        equal_var=False,
    )  # fmt: skip
    value = float(result.pvalue)
    return value if math.isfinite(value) else None
