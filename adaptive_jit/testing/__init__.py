"""For tests of programs that use this library: a clock that is moved by hand."""

from adaptive_jit.testing.clock import FakeClock

__all__ = ["FakeClock"]
