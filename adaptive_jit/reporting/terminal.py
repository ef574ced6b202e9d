"""Draws a document as styled lines of a given width; stacks what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from adaptive_jit.reporting.document import (
    Align,
    Bars,
    Block,
    Column,
    Document,
    Grid,
    Heading,
    Inline,
    Paragraph,
    Row,
    Span,
    Title,
    Tone,
    spaced,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

GAP = 2
LEAST_FLEXIBLE = 18
"""A flexible column narrower than this says too little: the grid is stacked instead."""
WIDEST_PROSE = 100
"""Longer lines are hard to follow from one to the next."""
LONGEST_BAR = 40
SHORTEST_BAR = 4

STYLES: dict[Tone, str] = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "dim",
    Tone.CODE: "",
    Tone.GOOD: "bold green",
    Tone.CAUTION: "yellow",
    Tone.BAD: "bold red",
}

Translate = Callable[[str], str]


def lines(document: Document, console: Console, width: int, translate: Translate) -> Iterator[Text]:
    """Return the lines of *document*, none wider than *width* columns.

    *translate* makes each text expressible in the output's encoding; it runs
    before anything is measured, since it may change lengths.
    """
    artist = _Artist(console, max(width, 20), translate)
    for number, block in enumerate(document):
        if number and _stand_apart(document[number - 1], block):
            yield artist.text(())
        yield from artist.draw(block)


def _stand_apart(above: Block, below: Block) -> bool:
    """Return whether an empty line belongs between two blocks."""
    if isinstance(above, Heading):
        return False
    return not isinstance(below, Paragraph) or isinstance(above, Grid)


class _Artist:
    """Draws blocks on one console at one width."""

    def __init__(self, console: Console, width: int, translate: Translate) -> None:
        self.console = console
        self.width = width
        self.translate = translate

    def text(self, content: Inline) -> Text:
        from rich.text import Text

        line = Text()
        for span in content:
            line.append(self.translate(span.text), style=STYLES[span.tone])
        return line

    def draw(self, block: Block) -> Iterator[Text]:
        if isinstance(block, Title):
            yield from self.title(block)
        elif isinstance(block, Heading):
            yield from self.wrapped((Span(block.text, Tone.STRONG),), 0, 2)
        elif isinstance(block, Paragraph):
            yield from self.wrapped(block.content, block.indent, block.hang)
        elif isinstance(block, Bars):
            yield from self.bars(block)
        else:
            yield from self.grid(block.filled())

    def title(self, block: Title) -> Iterator[Text]:
        """Yield the name, a rule, and the place at its end; below each other if too long."""
        from rich.cells import cell_len

        name, place = self.translate(block.text), self.translate(block.place)
        width = min(self.width, WIDEST_PROSE)
        rest = width - cell_len(name) - cell_len(place) - 2
        if place and rest >= 3:
            rule = Span(f" {'─' * rest} ", Tone.DIM)
            yield self.text((Span(name, Tone.STRONG), rule, Span(place, Tone.DIM)))
            return
        yield from self.wrapped((Span(name, Tone.STRONG),), 0, 2)
        if place:
            yield from self.wrapped((Span(place, Tone.DIM),), 0, 2)

    def wrapped(self, content: Inline, indent: int, hang: int) -> Iterator[Text]:
        """Wrap at words; lines after the first are indented by *hang* more."""
        from rich.text import Text

        room = min(self.width, WIDEST_PROSE) - indent - hang
        text = self.text(content)
        for number, line in enumerate(text.wrap(self.console, room)):
            line.rstrip()
            yield Text(" " * (indent + (hang if number else 0))) + line

    def bars(self, block: Bars) -> Iterator[Text]:
        """Yield label, bar and caption in columns; without the bar where it would say nothing."""
        labels = _padded([self.translate(bar.label) for bar in block.bars])
        captions = _units_aligned([self.translate(bar.caption) for bar in block.bars])
        room = min(LONGEST_BAR, self.width - len(labels[0]) - len(captions[0]) - 4 - 2 * GAP)
        longest = max(bar.value for bar in block.bars)
        for bar, label, caption in zip(block.bars, labels, captions, strict=True):
            size = max(1, round(room * bar.value / longest)) if longest > 0 else 0
            drawn = ("█" * size).ljust(room + GAP) if room >= SHORTEST_BAR else ""
            content = (Span(f"{label}  ", Tone.DIM), Span(drawn, bar.tone), Span(caption.rstrip()))
            yield from self.wrapped(content, 2, 2)

    def grid(self, block: Grid) -> Iterator[Text]:
        columns = [replace(c, title=self.translate(c.title)) for c in block.columns]
        cells = [
            [Span(self.translate(cell.text), cell.tone) for cell in row.cells] for row in block.rows
        ]
        for index, column in enumerate(columns):
            if column.align is Align.UNIT:
                texts = _units_aligned([row[index].text for row in cells])
                for row, text in zip(cells, texts, strict=True):
                    row[index] = Span(text, row[index].tone)
        widths = self.widths(columns, cells)
        if widths is None:
            yield from self.stacked(block)
            return
        if any(column.title for column in columns):
            yield from self.row(columns, [Span(c.title, Tone.DIM) for c in columns], widths)
        indent = 2 + (widths[0] + GAP if columns[0].align is Align.RIGHT else 2)
        for entry, spans in zip(block.rows, cells, strict=True):
            yield from self.row(columns, spans, widths)
            for detail in entry.details:
                yield from self.wrapped(detail, indent, 2)

    def widths(self, columns: list[Column], cells: list[list[Span]]) -> list[int] | None:
        """Return the width of each column, flexible ones shortened; `None` if they do not fit."""
        from rich.cells import cell_len

        natural = [
            max(cell_len(column.title), *(cell_len(row[i].text) for row in cells))
            for i, column in enumerate(columns)
        ]
        excess = 2 + sum(natural) + GAP * (len(natural) - 1) - self.width
        for index, column in enumerate(columns):
            if excess > 0 and column.flexible:
                cut = min(excess, natural[index] - LEAST_FLEXIBLE)
                natural[index] -= max(cut, 0)
                excess -= max(cut, 0)
        return natural if excess <= 0 else None

    def row(self, columns: list[Column], cells: list[Span], widths: list[int]) -> Iterator[Text]:
        """Yield the cells side by side; the last one, if it is flexible, may run over lines."""
        from rich.text import Text

        line = Text(" " * 2)
        rest: list[Text] = []
        ellipsis = self.translate("…")
        for index, (column, cell, width) in enumerate(zip(columns, cells, widths, strict=True)):
            line.append(" " * GAP if index else "")
            if column.flexible and index == len(columns) - 1:
                margin = " " * (2 + sum(widths[:-1]) + GAP * index)
                whole = Text(cell.text, style=STYLES[cell.tone])
                first, *others = whole.wrap(self.console, width) or [Text()]
                line.append_text(first)
                rest = [Text(margin).append_text(other) for other in others]
                continue
            text = _fitted(cell.text, width, ellipsis, right=column.align is not Align.LEFT)
            line.append(text, style=STYLES[cell.tone])
        for ready in (line, *rest):
            ready.rstrip()
            yield ready

    def stacked(self, block: Grid) -> Iterator[Text]:
        for row in block.rows:
            lead, rest = _split(block.columns, row)
            yield from self.wrapped(spaced(lead, "  "), 2, 2)
            if rest:
                yield from self.wrapped(spaced(rest, ", "), 4, 0)
            for detail in row.details:
                yield from self.wrapped(detail, 4, 2)


def _split(columns: tuple[Column, ...], row: Row) -> tuple[list[Inline], list[Inline]]:
    """Return the leading cells and the labelled others of a row that is stacked."""
    lead: list[Inline] = []
    rest: list[Inline] = []
    for column, cell in zip(columns, row.cells, strict=True):
        if column.lead:
            lead.append((cell,))
        elif cell.text:
            label = Span(f"{column.label} " if column.label else "", Tone.DIM)
            rest.append((label, cell))
    return lead, rest


def _padded(texts: list[str]) -> list[str]:
    """Return *texts* filled up with spaces to the length of the longest."""
    longest = max(map(len, texts), default=0)
    return [text.ljust(longest) for text in texts]


def _units_aligned(texts: list[str]) -> list[str]:
    """Return ``number unit`` texts such that numbers end and units begin in one column."""
    pairs = [text.split(" ", 1) if " " in text else [text, ""] for text in texts]
    numbers = max((len(pair[0]) for pair in pairs), default=0)
    units = max((len(pair[1]) for pair in pairs), default=0)
    return [f"{number.rjust(numbers)} {unit.ljust(units)}" for number, unit in pairs]


def _fitted(text: str, width: int, ellipsis: str, *, right: bool) -> str:
    """Return *text* padded or shortened to *width* columns of the terminal."""
    from rich.cells import cell_len, set_cell_size

    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - len(ellipsis)) + ellipsis
    padding = " " * (width - size)
    return padding + text if right else text + padding
