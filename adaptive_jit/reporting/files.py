"""Writes a report to a file, now or when the program ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from adaptive_jit.errors import AdaptiveWarning, ConfigurationError
from adaptive_jit.reporting.display import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import FunctionStats

TEXT_WIDTH = 100

_WRITERS: dict[str, Callable[[Report], str]] = {
    ".txt": lambda report: report.text(width=TEXT_WIDTH) + "\n",
    ".html": Report.html,
    ".json": lambda report: report.to_json() + "\n",
}


def write_file(path: str | os.PathLike[str], stats: tuple[FunctionStats, ...]) -> None:
    """Write the report of *stats* to *path*, in the form that its extension names.

    ``.txt``, ``.html`` or ``.json``; any other raises ``ConfigurationError``.
    The file appears complete or not at all. Raises `OSError` if it cannot be
    written.
    """
    from pathlib import Path

    target = Path(path)
    content = _WRITERS[checked_extension(target)](Report(stats))
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(content, encoding="utf-8", newline="\n")
        unfinished.replace(target)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def checked_extension(path: str | os.PathLike[str]) -> str:
    """Return the extension of *path*; raise ``ConfigurationError`` if it names no form."""
    from pathlib import PurePath

    extension = PurePath(path).suffix.lower()
    if extension not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise ConfigurationError(
            f"report {os.fspath(path)!r}: the name must end with one of {known}"
        )
    return extension


def install_exit_report(
    path: str | os.PathLike[str], all_stats: Callable[[], tuple[FunctionStats, ...]]
) -> Callable[[], None]:
    """Have the report written to *path* when this process ends; return what will be run.

    A failure is one warning. A forked child writes nothing: it would replace
    its parent's report with its own.
    """
    import atexit
    from pathlib import Path

    target = Path(path).absolute()  # the program may change its folder
    owner = os.getpid()

    def write() -> None:
        if os.getpid() != owner:
            return
        try:
            write_file(target, all_stats())
        except Exception as error:
            import warnings

            warnings.warn(f"the report was not written: {error}", AdaptiveWarning, stacklevel=2)

    atexit.register(write)
    return write
