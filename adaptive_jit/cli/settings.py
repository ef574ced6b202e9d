"""``settings``: the value of each setting here and now, where it comes from, what is allowed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from adaptive_jit import settings
from adaptive_jit.cli.output import Sheet, add_json_option, show
from adaptive_jit.errors import ConfigurationError, StrategyUnavailable
from adaptive_jit.reporting.document import Column, Grid, Paragraph, Row, Span, Title, Tone, dim
from adaptive_jit.reporting.words import one_line
from adaptive_jit.settings.examination import examine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptive_jit.settings import Description

_COLUMNS = (
    Column("setting", lead=True),
    Column("value", lead=True, flexible=True),
    Column("from"),
    Column("allowed", flexible=True, label="allowed:"),
)


def main(arguments: Sequence[str]) -> int:
    """Show the settings that a program started here would have; 1 if one of them is wrong."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit settings", description="Show each setting, its origin and its range."
    )
    add_json_option(parser)
    options = parser.parse_args(arguments)
    errors: dict[str, str] = {}
    try:
        described = settings.describe_all()
    except (ConfigurationError, StrategyUnavailable):
        described, errors = examine()
    data: dict[str, object] = {"settings": [item._asdict() for item in described]}
    if errors:
        data["errors"] = errors
    show(Sheet(_document(described, errors), data), as_json=options.json)
    return 1 if errors else 0


def _document(
    described: Sequence[Description], errors: Mapping[str, str]
) -> tuple[Title, Paragraph, Grid]:
    note = f"set one with {settings.PREFIX}NAME=value, or @adaptive(name=value)"
    rows = tuple(_row(item, errors.get(item.name)) for item in described)
    return Title("settings"), Paragraph(dim(note), indent=0), Grid(_COLUMNS, rows)


def _row(item: Description, error: str | None) -> Row:
    changed = item.origin != "default"
    tone = Tone.BAD if error is not None else Tone.STRONG if changed else Tone.PLAIN
    cells = (
        Span(item.name),
        Span(one_line(_text(item.value)), tone),
        Span(item.origin, Tone.GOOD if changed and error is None else Tone.DIM),
        Span(item.allowed, Tone.DIM),
    )
    return Row(cells, () if error is None else ((Span(f"wrong: {error}", Tone.BAD),),))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
