"""``calibrate``: what running ahead costs on this machine, measured and left to later runs."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import TYPE_CHECKING

from adaptive_jit import settings
from adaptive_jit.cli.calibration import FIRST, GIL, HAND_OVER, PROBES, SWAP, THREAD, Cost, measure
from adaptive_jit.cli.output import Sheet, add_json_option, show
from adaptive_jit.engine import machine
from adaptive_jit.errors import StoreWarning
from adaptive_jit.records.memory import Calibration
from adaptive_jit.reporting import words
from adaptive_jit.reporting.document import (
    Align,
    Block,
    Column,
    Grid,
    Paragraph,
    Row,
    Span,
    Title,
    Tone,
    dim,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEANINGS = {
    HAND_OVER: "each operation that runs ahead pays this; predictions reckon with it",
    FIRST: "the first one of a program, which starts a worker",
    THREAD: "each further worker",
    GIL: "why computing Python gains nothing from threads",
    PROBES: "each operation of a profiled call",
    SWAP: "each change between plain and generated code",
}
_COLUMNS = (
    Column("cost", lead=True),
    Column("measured", Align.UNIT, lead=True),
    Column("half of all rounds"),
    Column("rounds", Align.RIGHT, label="rounds"),
    Column("", flexible=True),
)

BUSY = 1.0
"""Load per core from which the measures are those of a machine that does something else."""


def main(arguments: Sequence[str]) -> int:
    """Measure, show, and keep what decisions reckon with; 1 if it cannot be kept."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit calibrate",
        description="Measure what running ahead costs on this machine, and remember it.",
    )
    parser.add_argument("--dry-run", action="store_true", help="measure and show only")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    folder = settings.current().cache_dir
    costs = tuple(measure())
    failure = None if options.dry_run else not_kept(costs, folder)
    kept = None if options.dry_run or failure else folder
    show(Sheet(document(costs, kept, load()), _data(costs, kept)), as_json=options.json)
    if failure:
        print(f"adaptive-jit: not remembered: {failure}", file=sys.stderr)
    return int(failure is not None)


def not_kept(costs: Sequence[Cost], folder: str | None) -> str | None:
    """Leave to later runs what decisions reckon with; return why that was not possible."""
    if folder is None:
        return "there is no folder for it; set ADAPTIVE_JIT_CACHE_DIR"
    found = {cost.name: cost.seconds for cost in costs}
    try:
        calibration = Calibration(found[HAND_OVER], 1, found.get(FIRST))
        with warnings.catch_warnings():
            warnings.simplefilter("error", StoreWarning)
            machine.keep(folder, calibration)
    except (KeyError, ValueError):
        return "a hand-over to a thread could not be measured"
    except StoreWarning as error:
        return str(error)
    return None


def load() -> float:
    """How many threads wanted each core in the last minute; 0 where the system does not tell."""
    if not hasattr(os, "getloadavg"):
        return 0.0
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def document(costs: Sequence[Cost], kept: str | None, busy: float) -> tuple[Block, ...]:
    """What is shown: the costs, where they are kept, and whether to measure again."""
    blocks: list[Block] = [Title("calibrate"), Grid(_COLUMNS, tuple(map(_row, costs)))]
    where = f"remembered in {words.one_line(kept)}" if kept else "not remembered"
    blocks.append(Paragraph(dim(where), indent=0))
    if busy > BUSY:
        text = (
            f"the machine is busy ({busy:.1f} threads for each core): measure again when it is not"
        )
        blocks.append(Paragraph((Span(text, Tone.CAUTION),), indent=0))
    return tuple(blocks)


def _row(cost: Cost) -> Row:
    spread = f"{words.seconds(cost.low)} to {words.seconds(cost.high)}"
    return Row((
        Span(cost.name),
        Span(words.seconds(cost.seconds), Tone.STRONG),
        Span(spread, Tone.DIM),
        Span(str(cost.rounds), Tone.DIM),
        Span(_MEANINGS[cost.name], Tone.DIM),
    ))  # fmt: skip


def _data(costs: Sequence[Cost], kept: str | None) -> dict[str, object]:
    return {"costs": [cost._asdict() for cost in costs], "kept": kept}
