"""Values that have not arrived yet, as the issue slice sees them.

None of these ever reaches a variable of the user's function. Completion is
lock-free: a state is written first, then the list of callbacks is emptied by
``pop``, which the interpreter lock makes atomic; whoever adds a callback
looks at the state again afterwards. No lock is held while user code runs.
"""

from __future__ import annotations

import _thread
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.runtime.states import DEAD, DONE, QUEUED, RAISED, RUNNING, WAITING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

    from adaptive_jit.records import Effect
    from adaptive_jit.runtime.function import Site


tick = count(1).__next__
"""A logical clock: tells which of two events in different threads came first."""


class Pending:
    """Something that will have a value, an error, or turn out to be of no use."""

    __slots__ = ("state", "value", "waiters")

    def __init__(self) -> None:
        self.state: int = WAITING
        self.value: Any = None
        self.waiters: list[Callable[[], None]] = []

    def when_finished(self, callback: Callable[[], None]) -> None:
        """Call *callback* once, in whichever thread finishes this, or now."""
        self.waiters.append(callback)
        if self.state >= DONE:
            self._notify()

    def finish(self, state: int, value: Any = None) -> None:
        """Set the outcome and call those who wait for it."""
        self.value = value
        self.state = state
        self._notify()

    def _notify(self) -> None:
        waiters = self.waiters
        while waiters:
            try:
                callback = waiters.pop()
            except IndexError:  # another thread was faster
                return
            callback()

    def wait(self) -> None:
        """Block the calling thread until this is finished; signals are served."""
        lock = _thread.allocate_lock()
        lock.acquire()
        self.when_finished(lock.release)
        lock.acquire()


POISON: Final = Pending()
"""A value that the slice cannot know: it stays pending for ever."""
POISON.state = DEAD


class Derived(Pending):
    """A transparent expression over pending values, computed when the last one arrives."""

    __slots__ = ("compute", "inputs", "missing")

    def __init__(self, compute: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
        super().__init__()
        self.compute: Callable[..., Any] | None = compute
        self.inputs = inputs
        pending = [value for value in inputs if issubclass(type(value), Pending)]
        self.missing: Iterator[int] = iter(range(len(pending) - 1, -1, -1))
        for value in pending:
            value.when_finished(self._arrived)

    def _arrived(self) -> None:
        # next() on a range iterator is atomic: exactly one caller sees 0, the last.
        if next(self.missing, -1) != 0:
            return
        compute, inputs = self.compute, self.inputs
        self.compute, self.inputs = None, ()
        assert compute is not None
        values = settled(inputs)
        if values is None:
            self.finish(DEAD)
            return
        try:
            result = compute(*values)
        except Exception as error:
            # Unknown code would run (Stop), or the user's expression fails: the
            # replay evaluates it in its turn and shows whatever there is to see.
            self.finish(DEAD)
            if is_the_programs(error):
                raise
            return
        self.finish(DONE, result)


LEFT_OUT: Final = object()
"""The value of a `Slot` whose element a filter leaves out."""


class Slot(Pending):
    """The place of one element of a comprehension, filled by a strand of its own."""

    __slots__ = ("filled",)

    def __init__(self) -> None:
        super().__init__()
        self.filled = False

    def fill(self, value: Any) -> None:
        """Take *value*, as soon as it has arrived."""
        self.filled = True
        if not issubclass(type(value), Pending):
            self.finish(DONE, value)
            return

        def arrived() -> None:
            done = value.state == DONE
            self.finish(DONE if done else DEAD, value.value if done else None)

        value.when_finished(arrived)

    def leave_out(self) -> None:
        """The strand has come to its end."""
        if not self.filled:
            self.fill(LEFT_OUT)

    def give_up(self) -> None:
        """The strand has ended, wherever it was."""
        if not self.filled:
            self.filled = True
            self.finish(DEAD)


def settled(inputs: tuple[Any, ...]) -> list[Any] | None:
    """The values of *inputs*, all finished; ``None`` if one has no value."""
    values = []
    for value in inputs:
        if issubclass(type(value), Pending):
            if value.state != DONE:
                return None
            value = value.value
        values.append(value)
    return values


def _nobody(*_: Any) -> Any:
    raise AssertionError("an operation that was never handed over has no caller")


class Entry(Pending):
    """One operation that the slice has met, from its start to its turn.

    ``claim`` yields 1 exactly once: to the thread that may run the operation,
    or to the one that cancels it. ``began`` and ``changed`` are ticks, for
    operations whose receiver is watched: when it began, and when it was found
    to have changed its receiver; 0 if it has not. ``gate`` is finished when
    those behind it in its lane may go on. ``turn`` is its place among all that
    meet the same host or client; whoever sees it refused says so there.
    """

    __slots__ = (
        "args",
        "began",
        "callee",
        "caller",
        "changed",
        "claim",
        "context",
        "effect",
        "error",
        "gate",
        "held",
        "key",
        "kwargs",
        "made",
        "site",
        "turn",
    )

    def __init__(self, site: Site, key: tuple[int, tuple[int, ...]]) -> None:
        # What `Pending` begins with, written out: of every operation there is one.
        self.state = WAITING
        self.value = None
        self.waiters = []
        self.site = site
        self.key = key
        self.callee: Any = None
        self.args: tuple[Any, ...] = ()
        self.kwargs: dict[str, Any] = {}
        self.effect: Effect | None = None
        self.error: BaseException | None = None
        self.claim: Iterator[int] = iter((1,))
        self.context: Context | None = None
        self.caller: Callable[..., Any] = _nobody
        self.gate: Pending | None = None
        self.held: list[Any] | None = None
        self.turn: Any = None
        self.made = 0
        self.began = self.changed = 0

    @property
    def started(self) -> bool:
        """Whether the operation was handed over, however far it has come."""
        return QUEUED <= self.state <= RAISED

    def run(self) -> None:
        """Run the operation unless someone else does; never raises."""
        if next(self.claim, 0):
            self.state = RUNNING
            self.site.execute(self)

    def release(self) -> None:
        """Forget the operation's objects: the result belongs to the program now.

        It stays only where the slice may still have to read it.
        """
        self.callee = self.error = self.context = None
        if not self.site.feeds:
            self.state, self.value = DEAD, None
        self.args, self.kwargs = (), {}
