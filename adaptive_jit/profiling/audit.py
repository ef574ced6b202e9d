"""What an operation was seen to do while it was profiled, from the interpreter's audit events.

An event proves that something was done; that none came proves nothing, for
extension modules tell of little and other threads are not listened to. The
hook cannot be taken away once it is there (PEP 578), so it is put in place by
the first operation that is to be observed, and a process that observes none
never has one. It keeps kinds of events, never a path, an address or an
argument.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILES: Final = "changes files"
PROCESS: Final = "changes this process"
MAIL: Final = "sends mail"
POSTS: Final = "sends an HTTP request that is no question by its verb"
STARTS: Final = "starts a process"
DATAGRAMS: Final = "sends datagrams"

WRITES: Final = frozenset({FILES, PROCESS, MAIL})
"""Kinds that are writes for certain; the others may be questions, too."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_QUESTIONS = (b"GET ", b"HEAD ", b"OPTIONS ")
_VERBS = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


def _open(path: Any, _mode: Any, flags: Any) -> str | None:
    """``open`` tells the flags of the system call, whatever mode was written."""
    if type(flags) is not int or not flags & _WRITING:
        return None
    return None if _is_nobodys(path) else FILES


def _path(path: Any = None, *_rest: Any) -> str | None:
    return None if _is_nobodys(path) else FILES


def _is_nobodys(path: Any) -> bool:
    """Whether a file is no data of the program: the null device, byte code of an import."""
    text = os.fsdecode(path) if type(path) is bytes else path
    return type(text) is str and (text == os.devnull or "__pycache__" in text)


def _sent(_connection: Any, data: Any = b"", *_rest: Any) -> str | None:
    """``http.client`` tells each piece that it sends; the first begins with the verb."""
    return POSTS if type(data) is bytes and data.startswith(_VERBS) else None


def _killed(_process: Any = None, signal: Any = None, *_rest: Any) -> str | None:
    return PROCESS if signal else None  # signal 0 only asks whether there is such a process


def _always(word: str) -> Callable[..., str | None]:
    return lambda *_: word


_PATHS = (
    "os.chflags os.chmod os.chown os.link os.mkdir os.remove os.rename os.rmdir os.symlink "
    "os.truncate os.utime os.setxattr os.removexattr shutil.move shutil.rmtree"
)
_HERE = "os.chdir os.putenv os.unsetenv"
_SIGNALS = "os.kill os.killpg signal.pthread_kill"
_BEGUN = (
    "subprocess.Popen os.system os.exec os.fork os.forkpty os.posix_spawn os.spawn os.startfile"
)

_KINDS: Final[Mapping[str, Callable[..., str | None]]] = {
    "open": _open,
    "http.client.send": _sent,
    "smtplib.send": _always(MAIL),
    "socket.sendto": _always(DATAGRAMS),
    **dict.fromkeys(_PATHS.split(), _path),
    **dict.fromkeys(_HERE.split(), _always(PROCESS)),
    **dict.fromkeys(_SIGNALS.split(), _killed),
    **dict.fromkeys(_BEGUN.split(), _always(STARTS)),
}
"""What each event says (the table of audit events in the Python documentation)."""


class Sightings:
    """What the calls of one place were seen to do: how many calls, and in how many of them what."""

    __slots__ = ("calls", "kinds")

    def __init__(self) -> None:
        self.calls = 0
        self.kinds: Counter[str] = Counter()

    @property
    def has_written(self) -> bool:
        """Whether something was certainly written."""
        return not WRITES.isdisjoint(self.kinds)

    def add(self, kinds: set[str]) -> None:
        """Take in one call."""
        self.calls += 1
        self.kinds.update(kinds)

    def joined(self, other: Sightings) -> Sightings:
        """What the calls of both places were seen to do."""
        both = Sightings()
        both.calls, both.kinds = self.calls + other.calls, self.kinds + other.kinds
        return both

    def __str__(self) -> str:
        of = f"{self.calls:,} call{'s' * (self.calls != 1)}"
        if not self.kinds:
            return f"no write seen in {of}, which proves nothing"
        seen = sorted(self.kinds.items(), key=lambda item: (item[0] not in WRITES, item[0]))
        return ", ".join(f"{kind} in {number:,} of {of}" for kind, number in seen)


class _Watched:
    """One call under way."""

    __slots__ = ("callee", "kinds", "place")

    def __init__(self, place: Any, callee: Any) -> None:
        self.place = place
        self.callee = callee
        self.kinds: set[str] = set()


_stacks: dict[int, list[_Watched]] = {}
"""By thread, what it runs now, outermost first; empty whenever nothing is observed."""

_is_installed = False


def enter(place: Any, callee: Any) -> None:
    """The calling thread begins a call of *callee*; what it does is kept as ``place.seen``."""
    _install()
    _stacks.setdefault(get_ident(), []).append(_Watched(place, callee))


def leave(place: Any, tell: Callable[[Any, Sightings], None]) -> None:
    """The call begun at *place*, and what began after it in this thread, has ended.

    *tell* is called with the callee where its calls have certainly written.
    """
    stack = _stacks.get(get_ident(), [])
    if not any(watched.place is place for watched in stack):
        return
    while stack:
        watched = stack.pop()
        if watched.place.seen is None:
            watched.place.seen = Sightings()
        watched.place.seen.add(watched.kinds)
        if not WRITES.isdisjoint(watched.kinds):
            tell(watched.callee, watched.place.seen)
        if watched.place is place:
            break
    if not stack:
        _stacks.pop(get_ident(), None)


def _install() -> None:
    global _is_installed
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    """One audit event of any thread. Never raises: that would forbid what the program does."""
    # At interpreter exit this module's names may be gone while events still come.
    if not _stacks:
        return
    stack = _stacks.get(get_ident())
    if not stack:
        return
    say = _KINDS.get(event)
    if say is None:
        return
    try:
        kind = say(*arguments)
    except Exception:
        kind = None  # an event with other arguments than this Python documents: it says nothing
    if kind is not None:
        for watched in stack:
            watched.kinds.add(kind)
