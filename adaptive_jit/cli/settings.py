"""``settings``: the value of each setting here and now, where it comes from, what is allowed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from adaptive_jit import settings
from adaptive_jit.cli.output import Sheet, add_json_option, show
from adaptive_jit.reporting.document import Column, Grid, Paragraph, Row, Span, Title, Tone, dim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptive_jit.settings import Description

_COLUMNS = (
    Column("setting", lead=True),
    Column("value", lead=True, flexible=True),
    Column("from"),
    Column("allowed", flexible=True, label="allowed:"),
)


def main(arguments: Sequence[str]) -> int:
    """Show the settings that a program started here would have."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit settings", description="Show each setting, its origin and its range."
    )
    add_json_option(parser)
    options = parser.parse_args(arguments)
    described = settings.describe_all()
    data = {"settings": [item._asdict() for item in described]}
    show(Sheet(_document(described), data), as_json=options.json)
    return 0


def _document(described: Sequence[Description]) -> tuple[Title, Paragraph, Grid]:
    note = f"set one with {settings.PREFIX}NAME=value, or @adaptive(name=value)"
    rows = tuple(map(_row, described))
    return Title("settings"), Paragraph(dim(note), indent=0), Grid(_COLUMNS, rows)


def _row(item: Description) -> Row:
    changed = item.origin != "default"
    return Row((
        Span(item.name),
        Span(_text(item.value), Tone.STRONG if changed else Tone.PLAIN),
        Span(item.origin, Tone.GOOD if changed else Tone.DIM),
        Span(item.allowed, Tone.DIM),
    ))  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
