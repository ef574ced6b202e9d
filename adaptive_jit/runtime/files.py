"""Files that the program opens, writes and closes within one `with` of a region.

Nobody else holds such a file, so what is written to it, and its end, are known
writes of a local file: in their turn, and passed by what commutes with them.
"""

from __future__ import annotations

from _io import _IOBase
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.runtime.states import DEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Effect
    from adaptive_jit.runtime.function import FunctionState, Site
    from adaptive_jit.runtime.issue import Issuer
    from adaptive_jit.runtime.pending import Entry
    from adaptive_jit.runtime.strands import Key


class OwnFiles:
    """Knows the open files of one invocation, and the writers of rows around them."""

    __slots__ = ()

    function: FunctionState
    files: list[Any]
    own: dict[int, Any]
    writers: set[int]

    def on_own(
        self, site: Site, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Effect | None:
        """The effect of a call on one of them; ``None`` if it is not known either."""
        host = self.function.host
        effect = host.effect_on_own(callee, args, kwargs, self.own)
        if effect is not None and host.makes_writer(callee):
            self.writers.add(site.index)
        return effect

    def made(self, index: int, value: Any) -> None:
        """A writer of rows around a file of one's own has been made."""
        self.writers.discard(index)
        self.own[id(value)] = value

    def known_file(self, index: int, value: Any) -> bool:
        """Whether *value* is a file that was just opened to be written, and nothing else."""
        site = self.function.sites[index]
        if not (site.stops_some and self.function.host.is_file(value)):
            return False
        self.files.append(value)
        self.own[id(value)] = value
        return True

    def closed_file(self, index: int) -> None:
        """The file of a `with` has been closed: nothing is known of it, or its writers, now."""
        self.function.sites[index].note(self.function.host.closes)
        self.files[:] = [file for file in self.files if not file.closed]
        if not self.files:
            self.own.clear()


class WrittenFiles:
    """The part of an open window that enters and leaves a `with` around a file."""

    __slots__ = ()

    function: FunctionState
    issuer: Issuer | None
    paths: list[tuple[int, ...]]
    known_file: Callable[[int, Any], bool]
    closed_file: Callable[[int], None]
    unknown: Callable[[], None]
    done: Callable[..., Any]
    _meet: Callable[[Issuer, Site, Key], Entry | None]

    def opened(self, index: int, value: Any) -> Any:
        """What a `with` is about to enter, which is spelt like a file to be written."""
        known = self.known_file(index, value)
        if not known:
            self.unknown()
            if self.issuer is not None:
                self.issuer.closed = True
        return self.done(index, value, closes=known)

    def left(self, index: int) -> None:
        """A `with` around a file has been left, which may have been written only now."""
        self.closed_file(index)
        issuer = self.issuer
        if issuer is None or not (issuer.living or issuer.entries):
            return
        site = self.function.sites[index]
        key = (index, self.paths[site.loop])
        entry = self._meet(issuer, site, key)
        if entry is None:
            entry = issuer.running.pop(key, None)
        if entry is not None:
            issuer.turns.discard(key)
            issuer.writes.pop(key, None)
            entry.finish(DEAD)


def has_finaliser(value: Any) -> bool:
    """Whether the end of *value* can be seen: a ``__del__``, a file that is flushed and closed."""
    kind = type(value)
    return type(getattr(kind, "__del__", None)) is FunctionType or issubclass(kind, _IOBase)
