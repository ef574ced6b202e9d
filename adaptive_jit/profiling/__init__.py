"""Measuring operations: clocks and counters around each, thread states during the long ones."""

from adaptive_jit.profiling.clocks import difference, overhead_ns, read, read_invocation
from adaptive_jit.profiling.observer import Sampled
from adaptive_jit.profiling.sampler import Sampler

__all__ = ["Sampled", "Sampler", "difference", "overhead_ns", "read", "read_invocation"]
