"""Operations and regions as the analysis finds them in a function's source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One call in the source that may be worth starting early.

    ``index`` is unique within the function. ``depends_on`` are the operations
    whose results this one needs before it can start in the same iteration;
    ``carried`` those whose result of an earlier iteration it needs.
    ``loops`` are the loops around it, outermost first. ``discarded`` says that
    the result is thrown away: the call is there for its effect.
    """

    index: int
    line: int
    column: int
    text: str
    region: int
    loops: tuple[int, ...] = ()
    depends_on: tuple[int, ...] = ()
    carried: tuple[int, ...] = ()
    discarded: bool = False
    asserted: bool = False

    def __post_init__(self) -> None:
        if self.index < 0 or self.line < 1:
            raise ValueError("an operation has a non-negative index and a source line")


@dataclass(frozen=True, slots=True)
class RegionBlock:
    """Why a region ends where it ends: the statement's line and the reason in plain words."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Region:
    """A maximal run of statements of one block that the issue slice can follow."""

    index: int
    first_line: int
    last_line: int
    operations: tuple[int, ...]
    blocked_by: RegionBlock | None = None

    def __post_init__(self) -> None:
        if self.last_line < self.first_line:
            raise ValueError("a region ends after it begins")
