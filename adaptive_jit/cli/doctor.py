"""``doctor``: whether this machine and installation give the library what it needs."""

from __future__ import annotations

import argparse
import enum
from typing import TYPE_CHECKING, NamedTuple

from adaptive_jit.cli.output import Sheet, add_json_option, show
from adaptive_jit.reporting.document import Column, Grid, Paragraph, Row, Span, Title, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class State(enum.StrEnum):
    """How a finding bears on the library; only a problem makes the command fail."""

    OK = "ok"
    INFO = "info"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One thing looked at: its name, state, value, and what follows from it."""

    name: str
    state: State
    value: str
    consequence: str = ""


_TONES = {
    State.OK: Tone.GOOD,
    State.INFO: Tone.DIM,
    State.NOTE: Tone.CAUTION,
    State.PROBLEM: Tone.BAD,
}
_COLUMNS = (Column("", lead=True), Column("", lead=True), Column("", flexible=True))


def main(arguments: Sequence[str]) -> int:
    """Show what was found; return 1 if something keeps the library from working."""
    from adaptive_jit.cli.examination import examine

    parser = argparse.ArgumentParser(
        prog="adaptive-jit doctor", description="Check this machine and installation."
    )
    add_json_option(parser)
    options = parser.parse_args(arguments)
    findings = tuple(examine())
    data = {"findings": [finding._asdict() for finding in findings]}
    show(Sheet(_document(findings), data), as_json=options.json)
    return int(any(finding.state is State.PROBLEM for finding in findings))


def _document(findings: Iterable[Finding]) -> tuple[Title, Grid, Paragraph]:
    findings = tuple(findings)
    problems = sum(finding.state is State.PROBLEM for finding in findings)
    summary = (
        Span(f"{problems} to be solved", Tone.BAD) if problems else Span("all is well", Tone.GOOD)
    )
    grid = Grid(_COLUMNS, tuple(map(_row, findings)))
    return Title("doctor"), grid, Paragraph((summary,), indent=0)


def _row(finding: Finding) -> Row:
    cells = (
        Span(finding.state, _TONES[finding.state]),
        Span(finding.name),
        Span(finding.value, Tone.STRONG),
    )
    details = ((Span(finding.consequence, Tone.DIM),),) if finding.consequence else ()
    return Row(cells, details)
