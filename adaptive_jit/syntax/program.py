"""A function as analysis hands it to the builder of editions: its regions, calls and loops."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    from adaptive_jit.records import Operation, Region, RegionBlock
    from adaptive_jit.syntax.scope import Scope
    from adaptive_jit.syntax.source import FunctionSource


class CallRole(enum.Enum):
    """How a call in a region is treated; `LEFT` is the end of a `with` that opens a file."""

    OPERATION = "operation"
    LIGHT = "light"
    CONSUMER = "consumer"
    MUTATOR = "mutator"
    PARALLEL = "parallel"
    DISPLAY = "display"
    MANAGER = "manager"
    OPENED = "opened"
    LEFT = "left"
    WALKER = "walker"
    KEYED = "keyed"


@dataclass(frozen=True, slots=True)
class CallSite:
    """One call in the source: its number, role and innermost loop (-1: none).

    ``handling``: it stands in an `except`, which the slice passes by.
    """

    index: int
    role: CallRole
    loop: int
    asserted: int = -1
    discarded: bool = False
    handling: bool = False


@dataclass(frozen=True, slots=True)
class LoopSite:
    """One loop or comprehension clause; ``parent`` is the loop around it (-1: none)."""

    index: int
    parent: int
    line: int


@dataclass(frozen=True, slots=True)
class RegionSource:
    """The statements of one region, with its record."""

    record: Region
    statements: tuple[ast.stmt, ...]


@dataclass(slots=True)
class Analysis:
    """Everything that building the editions needs to know of one function."""

    source: FunctionSource
    scope: Scope
    sites: dict[int, CallSite] = field(default_factory=dict)
    loops: dict[int, LoopSite] = field(default_factory=dict)
    regions: dict[int, RegionSource] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    blocks: tuple[RegionBlock, ...] = ()
    loop_parents: list[int] = field(default_factory=list)
    feeding: set[int] = field(default_factory=set)
    changes: dict[int, str] = field(default_factory=dict)
    """Operations that change what other code may see: in words, with what to write instead."""
    site_count: int = 0

    @property
    def records(self) -> tuple[Region, ...]:
        """The regions in source order."""
        return tuple(region.record for region in self.regions.values())
