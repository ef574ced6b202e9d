"""A report before it has a medium: headings, paragraphs, bars and grids.

`explanation` and `overview` build a tuple of these blocks from records;
`terminal` and `page` draw them. Neither side knows the other.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tone(enum.StrEnum):
    """What a piece of text is, not how it looks: each medium chooses its own style."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    CODE = "code"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Span:
    """Some text of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Inline = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """What the blocks below are about, and where it is found."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; the lines after the first are indented to ``hang`` columns."""

    content: Inline
    indent: int = 2
    hang: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """One length to compare with its neighbours."""

    label: str
    value: float
    caption: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Bars:
    """Lengths drawn to one scale, one below the other."""

    bars: tuple[Bar, ...]


class Align(enum.StrEnum):
    """Where the cells of a column line up; ``UNIT`` puts numbers right and units left."""

    LEFT = "left"
    RIGHT = "right"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a grid.

    ``lead`` columns open the entry when a narrow medium stacks the row.
    ``label`` precedes the value there (empty: the value speaks for itself).
    ``flexible`` columns are shortened first.
    """

    title: str
    align: Align = Align.LEFT
    lead: bool = False
    flexible: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, and lines of detail that run below it across all columns."""

    cells: tuple[Span, ...]
    details: tuple[Inline, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows under columns; columns without any content are not shown."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError("each row needs one cell for each column")

    def filled(self) -> Grid:
        """Return the grid without the columns in which no row has anything to say."""
        kept = [i for i in range(len(self.columns)) if any(row.cells[i].text for row in self.rows)]
        rows = (Row(tuple(row.cells[i] for i in kept), row.details) for row in self.rows)
        return Grid(tuple(self.columns[i] for i in kept), tuple(rows))


Block = Title | Heading | Paragraph | Bars | Grid
Document = tuple[Block, ...]


def spaced(parts: Iterable[Inline], separator: str = " · ") -> Inline:
    """Return the non-empty *parts* as one line with *separator* between them."""
    line: list[Span] = []
    for part in parts:
        if any(span.text for span in part):
            if line:
                line.append(Span(separator, Tone.DIM))
            line.extend(part)
    return tuple(line)


def dim(text: str) -> Inline:
    """Return one span of secondary text."""
    return (Span(text, Tone.DIM),)
