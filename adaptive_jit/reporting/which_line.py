"""Finds, for a reason that a report gives, the entry of the table that tells what helps."""

from __future__ import annotations

import functools
import re

from adaptive_jit.reporting.lines import ENTRIES, Entry

PAGE = "docs/which-line.md"
"""Where each entry has a section, headed by its name."""

_CAUSE = re.compile(r": (?:line (?:\d+|…): )?")
"""What stands between an effect and its cause: "calls `f`: line 3: stores in `x`"."""

_KEYWORDS = frozenset({"async for", "async with", "del", "except", "finally", "import", "in",
                       "match", "super", "super()", "try", "while", "with", "**"})  # fmt: skip
"""What reasons quote of the language; all else in backquotes is a name of the program."""

_REWRITES = frozenset("a ask call fetch give move open pass put return draw use write".split())
"""Words that lines begin with that are not code."""

_BARRIER = re.compile(r"\(line \d+: (.*)\)$")
_QUOTED = re.compile(r"`([^`]*)`")


@functools.cache
def _compiled() -> tuple[tuple[Entry, tuple[re.Pattern[str], ...]], ...]:
    """The patterns, compiled when a report asks for the first time: it takes some milliseconds."""
    return tuple((entry, tuple(map(re.compile, entry.patterns))) for entry in ENTRIES)


@functools.lru_cache(maxsize=1024)
def entry_of(reason: str) -> Entry | None:
    """Return the entry of *reason*; ``None`` if it is no reason that the library gives.

    The innermost cause decides: what is said of a function that the callee
    calls is where to write something. Names of the program tell nothing.
    """
    plain = _QUOTED.sub(_without_names, reason)
    found = _search(plain, anchored=True)
    starts = [cause.end() for cause in _CAUSE.finditer(plain)]
    for start in (*reversed(starts), 0):
        found = found or _search(plain[start:])
    return found


def barrier_of(reason: str) -> Entry | None:
    """Return the entry of the barrier that a function is left alone for, if *reason* names one."""
    named = _BARRIER.search(reason)
    return entry_of(named.group(1)) if named is not None else None


def anchor(entry: Entry) -> str:
    """Return where to read about *entry*: ``docs/which-line.md#not-known``."""
    return f"{PAGE}#{entry.key}"


def verb(line: str) -> str:
    """Return "write" before code, "instead" before a rewrite in a few words."""
    return "instead" if line.partition(" ")[0] in _REWRITES else "write"


def _without_names(quoted: re.Match[str]) -> str:
    return quoted.group() if quoted.group(1) in _KEYWORDS else "`…`"


def _search(text: str, *, anchored: bool = False) -> Entry | None:
    """The first entry with a pattern in *text*; only by patterns for whole reasons if *anchored*."""
    for entry, patterns in _compiled():
        for pattern in patterns:
            if (not anchored or pattern.pattern.startswith("^")) and pattern.search(text):
                return entry
    return None
