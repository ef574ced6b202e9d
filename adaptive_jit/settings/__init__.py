"""The settings, where each value comes from, and what it may be.

Strength of the sources: argument of the decorator > ``override`` >
environment (``ADAPTIVE_JIT_`` + the upper-case name) > default. The
environment is read when a setting is first needed, which is the first
decoration, so that a program may call ``load_dotenv()`` before. An empty
variable counts as not set.

A value that is not allowed raises ``ConfigurationError`` where it is given:
at decoration, at the entry of ``override``, or at the first decoration for
the environment. ``io_threshold`` must not exceed ``cpu_threshold``; where the
two come from different sources the stronger source keeps its value and the
other threshold moves to it, so that no combination can fail inside a call.
"""

from __future__ import annotations

from adaptive_jit.settings.record import Settings
from adaptive_jit.settings.rules import PREFIX, STRATEGIES, validated
from adaptive_jit.settings.scopes import (
    Description,
    current,
    describe_all,
    generation,
    on_override,
    origins,
    overridden,
    override,
    refresh,
)

__all__ = [
    "PREFIX",
    "STRATEGIES",
    "Description",
    "Settings",
    "current",
    "describe_all",
    "generation",
    "on_override",
    "origins",
    "overridden",
    "override",
    "refresh",
    "validated",
]
