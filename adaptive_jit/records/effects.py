"""What an operation does to the world, and which two operations may change places."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Protocol


class EffectKind(enum.IntEnum):
    """From the most harmless to the least: a larger kind is never started earlier than a smaller."""

    PURE = 0
    READS = 1
    UNORDERED = 2
    WRITES = 3
    UNKNOWN = 4


class Source(enum.StrEnum):
    """Where the knowledge of an effect comes from, strongest first."""

    DECLARED = "declared"
    CATALOGUE = "catalogue"
    PROVED = "proved"
    OBSERVED = "observed"
    NONE = "unknown"


class Watch(Protocol):
    """Tells whether an operation changed its receiver (a cookie jar, a token)."""

    def before(self) -> Any:
        """Return what the receiver looks like before the operation starts."""

    def changed(self, token: Any, value: Any = None) -> bool:
        """Return whether the receiver differs from *token* by this operation's doing.

        *value* is the operation's result. Of several that ran at once and do
        not tell, the first to end behind a change made it.
        """

    def receivers(self) -> tuple[object, ...]:
        """Return what is watched, to be compared by identity."""


FILES = "files"
"""The resource of what the catalogue knows to read or write on this machine's disks."""

HTTP_ELSEWHERE = "http elsewhere"
"""The resource of HTTP reads that are known to be answered by another machine."""

LOG_FILES = "log files"
"""The resource of what is printed or logged into regular files that the program has opened."""

REDIRECTED = "redirected output"
"""The resource of what is printed or logged to the process's own output, a regular file."""

_MAY_BE_LOGS = frozenset({None, FILES, LOG_FILES, REDIRECTED, "http"})
"""Where a file of this machine may be read; a server here may hand one out."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one call of one callee on given arguments.

    ``resource`` names what is read or written (``"console"``, ``"files"``,
    ``"http"``, a name that the user gave); ``None`` means anything.
    ``leaves_arguments`` says that the callee neither keeps, nor returns, nor
    changes its arguments. Operations with the same ``lane`` never run at the
    same time. ``caller_thread`` keeps the operation in the calling thread.
    ``builtin_result`` promises a result made of exact builtin types at every
    depth. ``quick`` operations cost less than handing them to a worker.
    ``asserted`` marks elements of ``parallel([...])``. ``on_trial``: what such
    an operation does to its receiver is not known yet, so that the first of
    its lane runs in its turn and the others wait for what it shows. ``reading``:
    what an unordered operation reads besides, ``None`` if nothing that a write
    could change. ``tells``: the write of its log records, which are held back
    until its turn, where they go into a file.
    """

    kind: EffectKind
    resource: str | None = None
    source: Source = Source.NONE
    reason: str = ""
    leaves_arguments: bool = False
    lane: object | None = None
    caller_thread: bool = False
    builtin_result: bool = False
    quick: bool = False
    watch: Watch | None = None
    asserted: bool = False
    on_trial: bool = False
    reading: Effect | None = None
    tells: Effect | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.kind, EffectKind):
            raise TypeError(f"kind must be an EffectKind, not {self.kind!r}")

    @property
    def may_start_early(self) -> bool:
        """Whether the class alone allows a start before the operation's turn."""
        return (self.kind <= EffectKind.UNORDERED or self.asserted) and not self.caller_thread


def commute(first: Effect, second: Effect) -> bool:
    """Return whether the order of two operations cannot be seen by anyone.

    Known writes stop only what does not commute with them: console output
    nothing; output into a file what may read that file; other writes everything
    but unordered operations that read nothing; resources that the user named on
    both sides only the same resource.
    """
    low, high = (first, second) if first.kind <= second.kind else (second, first)
    if high.kind <= EffectKind.UNORDERED or low.kind is EffectKind.PURE:
        return high.kind is not EffectKind.UNKNOWN or low.kind is EffectKind.PURE
    if high.kind is EffectKind.UNKNOWN:
        return False
    if "console" in (low.resource, high.resource) and low.resource != high.resource:
        return True
    if low.kind is EffectKind.UNORDERED:
        return low.reading is None or commute(low.reading, high)
    if low.kind is EffectKind.READS and is_output_file(high):
        return _reads_no_log(low, high)
    if low.resource is None or high.resource is None:
        return False
    return low.resource != high.resource and _separate(low, high)


def is_output_file(effect: Effect) -> bool:
    """Whether an operation prints or logs into a regular file, by what the catalogue knows."""
    return effect.resource in (LOG_FILES, REDIRECTED) and effect.source is not Source.DECLARED


def _reads_no_log(low: Effect, high: Effect) -> bool:
    """Whether a reading cannot be of the file into which *high* prints or logs.

    A file that the process's output was sent to by others has no name in the
    program: only what is known to read local files might still come upon it.
    """
    if low.resource not in _MAY_BE_LOGS:
        return True
    if high.resource != REDIRECTED:
        return False
    return low.resource == "http" or (low.resource is None and low.source is Source.DECLARED)


def _separate(low: Effect, high: Effect) -> bool:
    """Two differently named resources: certainly distinct only where the names say so.

    A GET may be answered by this very machine from a file just written: it is
    apart from files only where it is known to go to another one.
    """
    if low.resource == HTTP_ELSEWHERE and low.kind is EffectKind.READS:
        return high.resource == FILES and high.source is not Source.DECLARED
    return low.source is Source.DECLARED and high.source is Source.DECLARED
