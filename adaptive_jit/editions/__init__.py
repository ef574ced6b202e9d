"""Builds the run-ahead edition of a function: its own statements, instrumented."""

from adaptive_jit.editions.build import Edition, build

__all__ = ["Edition", "build"]
