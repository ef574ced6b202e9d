"""What ``explain(f)`` and ``report()`` return: objects that show themselves anywhere."""

from __future__ import annotations

from functools import partial
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

    from adaptive_jit.records import FunctionStats
    from adaptive_jit.reporting.document import Document

FALLBACK_WIDTH = 88
"""Columns of a text that is not written to a terminal, where ``COLUMNS`` is not set."""


class Display:
    """A document in all its forms; subclasses say which document."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything shown as plain data."""
        raise NotImplementedError

    def _document(self, *, brief: bool) -> Document:
        """Return the blocks to draw; *brief* ones for a terminal, all of them for a page."""
        raise NotImplementedError

    def text(self, *, width: int | None = None, encoding: str = "utf-8") -> str:
        """Return plain text of at most *width* columns (the terminal's if not given).

        *encoding* is that of the output: outside UTF-8, signs become ASCII.
        """
        from io import StringIO

        from rich.console import Console

        width = width or _terminal_width()
        console = Console(file=StringIO(), width=width, color_system=None)
        return "\n".join(line.plain for line in self._lines(console, width, encoding))

    def html(self) -> str:
        """Return a complete, self-contained HTML page."""
        from adaptive_jit.reporting.page import page

        return page(self._document(brief=False), self._title())

    def to_json(self) -> str:
        """Return `as_dict` as JSON; that of a report, ``adaptive-jit report FILE`` renders again."""
        import json

        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def show(self, file: IO[str] | None = None) -> None:
        """Print to *file* (standard output) in colours where it is a terminal that has them.

        The environment variable ``COLUMNS`` sets the width, else the terminal.
        """
        from rich.console import Console

        from adaptive_jit.settings import columns

        console = Console(file=file, highlight=False)
        if not console.is_terminal:  # files and pipes have no width of their own
            console.width = columns() or FALLBACK_WIDTH
        console.print(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._lines(console, options.max_width, options.encoding)

    def _lines(self, console: Console, width: int, encoding: str) -> Iterator[Text]:
        from adaptive_jit.reporting.terminal import lines
        from adaptive_jit.reporting.words import encodable

        document = self._document(brief=True)
        return lines(document, console, width, lambda text: encodable(text, encoding))

    def _title(self) -> str:
        return "adaptive_jit"

    def __str__(self) -> str:
        import sys

        return self.text(encoding=getattr(sys.stdout, "encoding", None) or "utf-8")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from adaptive_jit.reporting.page import fragment

        return fragment(self._document(brief=False))


class Explanation(Display):
    """Why one function runs as it does. Print it, or let a notebook show it."""

    __slots__ = ("stats",)

    def __init__(self, stats: FunctionStats) -> None:
        self.stats = stats

    def as_dict(self) -> dict[str, Any]:
        """Return everything shown as plain data, with the verdict in words."""
        return _plain((self.stats,))

    def _document(self, *, brief: bool) -> Document:  # noqa: ARG002 - one function has room
        from adaptive_jit.reporting.explanation import explanation
        from adaptive_jit.reporting.familiar import p_value

        return explanation(self.stats, p_value)

    def _title(self) -> str:
        return self.stats.name


class Report(Display):
    """All adaptive functions of a program. Print it, or let a notebook show it."""

    __slots__ = ("functions",)

    def __init__(self, functions: tuple[FunctionStats, ...]) -> None:
        self.functions = functions

    def as_dict(self) -> dict[str, Any]:
        """Return everything shown as plain data, with the verdicts in words."""
        return _plain(self.functions)

    def _document(self, *, brief: bool) -> Document:
        from adaptive_jit.reporting.explanation import digest, explanation
        from adaptive_jit.reporting.familiar import p_value
        from adaptive_jit.reporting.overview import overview

        full = partial(explanation, p_value=p_value)
        return overview(self.functions, digest if brief else full)


def _plain(functions: tuple[FunctionStats, ...]) -> dict[str, Any]:
    from adaptive_jit.records.codec import encode
    from adaptive_jit.reporting.verdict import verdict

    data = encode(functions)
    for stats, item in zip(functions, data["functions"], strict=True):
        item["verdict"] = str(verdict(stats))
    return data


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns
