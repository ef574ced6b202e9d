"""The settings, where each value comes from, and what it may be.

Strength of the sources: argument of the decorator > ``override`` >
environment (``ADAPTIVE_JIT_`` + the upper-case name) > default. The
environment is read when a setting is first needed, which is the first
decoration, so that a program may call ``load_dotenv()`` before. An empty
variable counts as not set.

A value that is not allowed raises ``ConfigurationError`` where it is given:
at decoration, at the entry of ``override``, or at the first decoration for
the environment. ``io_threshold`` must not exceed ``cpu_threshold``, given or
not. Where an ``override`` and a decorator's argument cross, which only a call
can show, the argument stays and the other threshold moves to it.
"""

from __future__ import annotations

from adaptive_jit.settings.record import Settings, columns
from adaptive_jit.settings.rules import PREFIX, STRATEGIES, validated
from adaptive_jit.settings.scopes import (
    Description,
    at_decoration,
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
    "at_decoration",
    "columns",
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
