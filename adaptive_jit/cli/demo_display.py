"""What the demo shows: a table that grows while programs run, a summary, the strategy report."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from adaptive_jit.records import Phase
from adaptive_jit.reporting import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from adaptive_jit.cli.demo_programs import Program
    from adaptive_jit.cli.demo_rounds import Result, Round

COLOURS = {
    Phase.PARALLEL: "green",
    Phase.FORCED: "green",
    Phase.TRIAL: "yellow",
    Phase.DIRECT: "cyan",
}
LEGEND = (
    "One mark per round: · in order, ▲ operations ran ahead of their turn. "
    "Trials may cost what they need here; a program's default is 2 % of its running time."
)


class _Lines(logging.Handler):
    """Prints the library's own INFO lines, switches and reverts, above the live table."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        self.console.print(Text(record.getMessage(), style="bold"), soft_wrap=True)


class Display:
    """The live table; a context manager. Without a terminal it prints one line per program."""

    def __init__(self, programs: Sequence[Program], console: Console | None = None) -> None:
        self.programs = programs
        self.console = console or Console()
        self.began = time.perf_counter()
        self._results: dict[str, Result] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        self._bar = self._progress.add_task("rounds", total=sum(p.most_rounds for p in programs))
        self._live = Live(self._view(), console=self.console, refresh_per_second=8, transient=True)
        self._logger = logging.getLogger("adaptive_jit")
        self._lines = _Lines(self.console)

    def __enter__(self) -> Self:
        """Start drawing."""
        self.console.print(Text("Plain and adaptive, side by side, on the same input.", "bold"))
        self.console.print(Text(LEGEND, style="dim"))
        self._level = self._logger.level
        self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self._lines)
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing."""
        self._live.stop()
        self._logger.removeHandler(self._lines)
        self._logger.setLevel(self._level)

    def round_done(self, result: Result) -> None:
        """Show the latest round of *result*."""
        self._results[result.program.name] = result
        done = sum(r.program.most_rounds for r in self._results.values() if r is not result)
        self._progress.update(
            self._bar, completed=done + len(result.rounds), description=result.program.title
        )
        self._live.update(self._view())

    def summary(self, results: Sequence[Result]) -> None:
        """Print the final table and the time that the demo took."""
        self.console.print(table(results))
        seconds = time.perf_counter() - self.began
        same = "every result equal" if all(r.equal for r in results) else "RESULTS DIFFER"
        self.console.print(Text(f"{same}; {seconds:.0f} s in all\n", style="bold"))

    def strategy_report(self, results: Sequence[Result]) -> None:
        """Print what was switched and by how much, and what stayed direct and why."""
        self.console.print(Report(tuple(result.stats for result in results)))

    def _view(self) -> Group:
        return Group(table(list(self._results.values())), self._progress)


def table(results: Sequence[Result]) -> Table:
    """Return one row per program: seconds per call each way, the ratio and the rounds so far."""
    made = Table(box=None, pad_edge=False, collapse_padding=True)
    made.add_column("program", no_wrap=True)
    made.add_column("plain", justify="right", no_wrap=True)
    made.add_column("adaptive", justify="right", no_wrap=True)
    made.add_column("speed-up", justify="right", no_wrap=True)
    made.add_column("rounds", no_wrap=True)
    made.add_column("now", no_wrap=True)
    for result in results:
        plain, adaptive = result.medians()
        made.add_row(
            result.program.title,
            f"{plain * 1e3:.0f} ms",
            f"{adaptive * 1e3:.0f} ms",
            f"{plain / adaptive:.2f}×",
            Text("".join(map(mark, result.rounds))),
            Text(result.stats.phase.value, style=COLOURS.get(result.stats.phase, "")),
        )
    return made


def mark(turn: Round) -> str:
    """Return the sign of one round."""
    if not turn.equal:
        return "≠"
    return "▲" if turn.ran_ahead else "·"
