"""What an operation spends its time on: the accumulator of its samples, and the verdict."""

from adaptive_jit.classify.profile import OperationProfile
from adaptive_jit.classify.verdict import classify

__all__ = ["OperationProfile", "classify"]
