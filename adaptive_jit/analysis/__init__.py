"""Source into regions and operations. Never runs user code."""

from adaptive_jit.analysis.regions import analyse

__all__ = ["analyse"]
