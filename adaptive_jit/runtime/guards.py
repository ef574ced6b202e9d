"""What every window does: the checks where a value could run unknown code, and loop counting."""

from __future__ import annotations

import sys
from functools import partial
from itertools import repeat
from operator import call
from typing import TYPE_CHECKING, Any

from adaptive_jit.records import EffectKind
from adaptive_jit.runtime import exact, iterators
from adaptive_jit.runtime.displays import DisplayLoops
from adaptive_jit.runtime.files import OwnFiles
from adaptive_jit.runtime.function import FAILED, PASSED, UNSEEN, FunctionState, Site
from adaptive_jit.runtime.pending import tick
from adaptive_jit.runtime.starred import StarredCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Effect, Watch
    from adaptive_jit.runtime.strands import Key


class Guards(DisplayLoops, OwnFiles):
    """The checks at places where a value could run unknown code; shared by open and profile."""

    __slots__ = (
        *("deferred", "displays", "files", "function", "managers", "on", "own", "paths"),
        *("watched", "writers"),
    )

    def __init__(self, function: FunctionState) -> None:
        self.function = function
        self.deferred: set[int] = set()
        self.displays: set[Key] = set()
        self.watched: dict[Key, tuple[Watch, Any]] = {}
        self.on = True
        self.files: list[Any] = []
        self.own: dict[int, Any] = {}
        self.writers: set[int] = set()
        self.managers: dict[int, bool] = {}
        self.paths: list[tuple[int, ...]] = [()] * (len(function.loop_parents) + 1)

    def begin(
        self, site: Site, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Effect:
        """The effect of a call that is about to run in its turn; its receiver is watched."""
        host = self.function.host
        effect = host.effect_of(callee, args, kwargs)
        if self.writers:
            self.writers.discard(site.index)
        if self.own and effect.kind is EffectKind.UNKNOWN:
            effect = self.on_own(site, callee, args, kwargs) or effect
        site.note(effect)
        if not site.callee:
            site.callee = host.describe(callee)
        if effect.watch is not None:
            key = (site.index, self.paths[site.loop])
            self.watched[key] = (effect.watch, effect.watch.before())
        return effect

    def ended(self, index: int, value: Any) -> None:
        """A watched call has returned: its receiver may have changed."""
        site = self.function.sites[index]
        watched = self.watched.pop((index, self.paths[site.loop]), None)
        if watched is not None:
            watch, token = watched
            if watch.changed(token, value):
                self.receiver_changed(watch, tick())

    def caught(self) -> None:
        """The program has caught an exception: what was under way in its turn has ended."""
        for watch, token in self.watched.values():
            watch.changed(token)
        self.watched.clear()
        self.deferred.clear()  # those operators have not run

    def starred(self, how: str, index: int, callee: Any) -> StarredCall:
        """`take` or `shown` for a call whose arguments are unpacked."""
        return StarredCall(getattr(self, how), index, callee)

    def guard(self, index: int, passed: bool) -> None:
        """Remember how guard *index* went; a failure is a barrier."""
        table = self.function.guards
        if passed:
            if table[index] == UNSEEN:
                table[index] = PASSED
                self.guard_seen()
        else:
            table[index] = FAILED
            self.unknown()

    def later(self, index: int, kind: str, value: Any) -> Any:
        """An operand behind which others are evaluated, with calls, before the operator runs.

        A failure is acted upon behind the last operand with calls, by `settle`: what
        those calls have started early is still good, and so is what they contain.
        """
        table = self.function.guards
        if self.holds(kind, value):
            if table[index] == UNSEEN:
                table[index] = PASSED
                self.guard_seen()
        else:
            table[index] = FAILED
            self.deferred.add(index)
        return value

    def settle(self, indices: tuple[int, ...], value: Any) -> Any:
        """Behind the last operand with calls: the operator of the operands *indices* runs next."""
        deferred = self.deferred
        if deferred and not deferred.isdisjoint(indices):
            deferred.difference_update(indices)
            self.unknown()
        return value

    def holds(self, kind: str, value: Any) -> bool:
        """The check of a guard, by its letter."""
        if kind == "c":
            return self.subscripts(value)
        if kind == "d":
            return self.divides(value)
        return self.formats(value) if kind == "f" else exact.CHECKS[kind](value)

    def z(self, index: int, value: Any) -> Any:
        """The last operand where it needs no check of its own."""
        self.guard(index, True)
        return value

    def manager(self, number: int, value: Any) -> Any:
        """The context manager *value* is about to be entered."""
        self.managers[number] = self.function.host.enters_quietly(value)
        return value

    def admits(self, region: int, numbers: tuple[int, ...]) -> bool:
        """Whether operations may run ahead of each other within these context managers."""
        if all(self.managers.get(number, False) for number in numbers):
            return True
        self.function.stops.setdefault(region, "`with`: what its context manager does is not known")
        return False

    def guard_seen(self) -> None:
        """A guard was passed for the first time."""

    def receiver_changed(self, watch: Watch, when: int) -> None:
        """An operation of the program's past has changed its receiver, at tick *when*."""

    def unknown(self) -> None:
        """Unknown code is about to run."""

    def s(self, index: int, value: Any) -> Any:
        """Operand of an operator or a format: a scalar."""
        if id(type(value)) not in exact.SCALARS or self.function.guards[index] != PASSED:
            self.guard(index, id(type(value)) in exact.SCALARS)
        return value

    def q(self, index: int, value: Any) -> Any:
        """Operand of ``+`` or ``*``: a scalar, list or tuple."""
        if not exact.adds(value) or self.function.guards[index] != PASSED:
            self.guard(index, exact.adds(value))
        return value

    def v(self, index: int, value: Any) -> Any:
        """Left operand of ``+=`` or ``*=``: a scalar or tuple; a list would change in place."""
        if not exact.stays(value) or self.function.guards[index] != PASSED:
            self.guard(index, exact.stays(value))
        return value

    def f(self, index: int, value: Any) -> Any:
        """Right operand of ``%``."""
        self.guard(index, self.formats(value))
        return value

    def formats(self, value: Any) -> bool:
        """``str(value)`` runs builtin code only, or a library's that is known."""
        return exact.formats(value, self.tells)

    def tells(self, value: Any) -> bool:
        """The text of *value* is made by a library's code that is known."""
        return self.function.host.lookup_is_transparent(value, "__str__")

    def d(self, index: int, value: Any) -> Any:
        """Operand of ``/``."""
        if (
            id(type(value)) not in exact.SCALARS
            or self.function.guards[index] != PASSED
            or self.deferred
        ):
            self.guard(index, self.divides(value))
        return value

    def divides(self, value: Any) -> bool:
        """``/`` with such a value runs builtin code only, or joins paths."""
        return id(type(value)) in exact.SCALARS or self.function.host.lookup_is_transparent(
            value, "__truediv__"
        )

    def b(self, index: int, value: Any) -> Any:
        """A truth test."""
        if not exact.is_truthy_plainly(value) or self.function.guards[index] != PASSED:
            self.guard(index, exact.is_truthy_plainly(value))
        return value

    def c(self, index: int, value: Any) -> Any:
        """The container of a subscript."""
        if not exact.indexes(value) or self.function.guards[index] != PASSED:
            self.guard(index, self.subscripts(value))
        return value

    def subscripts(self, value: Any) -> bool:
        """``value[k]`` runs builtin code, or a library's that is known, for a scalar *k*."""
        return exact.indexes(value) or self.function.host.lookup_is_transparent(
            value, "__getitem__"
        )

    def n(self, index: int, value: Any) -> Any:
        """The container of ``in``."""
        self.guard(
            index,
            exact.tells_membership(value)
            or self.function.host.lookup_is_transparent(value, "__contains__"),
        )
        return value

    def i(self, index: int, value: Any) -> Any:
        """Something unpacked or iterated over."""
        self.guard(index, exact.iterates(value))
        return value

    def m(self, index: int, value: Any) -> Any:
        """A container that the function itself built and changes."""
        if not exact.is_change_target(value) or self.function.guards[index] != PASSED:
            self.guard(index, exact.is_change_target(value))
        return value

    def a(self, index: int, value: Any, name: str) -> Any:
        """The owner of an attribute that is about to be read."""
        self.guard(index, self.function.host.attribute_is_transparent(value, name))
        return value

    def e(self, index: int, function: Any) -> Any:
        """``enumerate`` around a progress display: must be the real one."""
        self.guard(index, function is enumerate)
        return function

    def p(self, index: int, value: Any, name: str) -> Any:
        """``super()`` before one of its attributes is read."""
        passed = type(value) is super and exact.has_parent(value, name)
        self.guard(index, passed)
        return value

    def k(self, index: int, value: Any, depth: int, *classes: str) -> Any:
        """The subject of a `match` whose patterns look at *depth* levels of it."""
        module = sys._getframe(1).f_globals
        self.guard(index, exact.matches(value, depth) and exact.are_builtin(classes, module))
        return value

    def w(self, index: int, function: Any) -> Any:
        """What makes a context manager that does nothing on entry: must be the real one."""
        self.guard(index, exact.is_quiet_manager(function))
        return function

    def u(self, index: int, function: Any) -> Any:
        """A builtin that consumes a generator expression: must be the real one."""
        self.guard(index, exact.is_consumer(function))
        return function

    def g(self, index: int, function: Any) -> Any:
        """An iterator of the library at the head of a loop: must be the real one."""
        self.guard(index, iterators.is_walker(function))
        return function

    def h(self, index: int, value: Any) -> Any:
        """What such an iterator walks over."""
        self.guard(index, iterators.hands_on(value))
        return value

    def walked(self, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items of an iterator that has just been made, of which every part was checked."""
        if id(type(items)) not in iterators.MADE:
            return items  # the guard on what made them has failed
        self.guard(guard, True)
        return self.counted(guard, loop, items, unpacks)

    def loop(self, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items of a loop, counted so that each operation knows its iteration."""
        if not self.counts_rounds(guard, items):
            return items
        return self.counted(guard, loop, items, unpacks)

    def counts_rounds(self, guard: int, items: Any) -> bool:
        """Whether *items* is of an exact builtin type; a guard."""
        passed = exact.iterates(items)
        self.guard(guard, passed)
        return passed

    def rounds(self, loop: int) -> None:
        """A ``while`` begins."""
        parent = self.function.loop_parents[loop]
        outer = self.paths[parent] if parent >= 0 else ()
        self.paths[loop] = (*outer, -1)

    def turn(self, loop: int) -> int:
        """The next round of a ``while``, whose condition is about to be evaluated, begins."""
        *outer, number = self.paths[loop]
        self.paths[loop] = (*outer, number + 1)
        return loop

    def round(self, loop: int, value: Any) -> Any:  # noqa: ARG002 (for those that watch rounds)
        """The condition of a ``while``, once its round has begun."""
        return value

    def keyed(self, guard: int, loop: int, items: Any) -> Any:
        """The items of which keys are about to be computed, one in each round."""
        Guards.rounds(self, loop)
        self.guard(guard, exact.iterates(items))
        return items

    def maps(
        self, numbers: tuple[int, int, int, int, str], maker: Any, function: Any, items: Any
    ) -> Callable[[], Any]:
        """What makes ``map(function, items)``: one that calls through the window, if it can.

        No frame of ours is there while *function* runs.
        """
        guard, loop, site, check, kind = numbers
        if maker is not map or not callable(function):
            self.guard(guard, False)
            return partial(maker, function, items) if callable(maker) else maker
        if not self.counts_rounds(guard, items):
            return partial(map, function, items)
        take, done = self.take, self.done
        test = getattr(self, kind) if kind else None

        def prepared(item: Any) -> Any:
            return take(site, function, item)

        def finished(value: Any) -> Any:
            value = done(site, value)
            return value if test is None else test(check, value)

        rounds = self.counted(guard, loop, items, False)
        return repeat(map(finished, map(call, map(prepared, rounds)))).__next__

    @staticmethod
    def key(_loop: int, value: Any) -> Any:
        """The key of one item, once its round has begun."""
        return value

    def counted(self, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items, every one of them counted."""
        return self.marked(guard, loop, items, unpacks)

    def marked(self, guard: int, loop: int, items: Any, unpacks: bool, first: int = 0) -> Any:
        """The items, each noting its round, counted from *first*, when it is drawn."""
        parent = self.function.loop_parents[loop]
        paths = self.paths
        outer = paths[parent] if parent >= 0 else ()
        numbers = iter(range(first, sys.maxsize))

        def mark(item: Any) -> Any:
            paths[loop] = (*outer, next(numbers))
            if unpacks and id(type(item)) not in exact.SEQUENCES:
                self.guard(guard, False)
            return item

        return map(mark, items)
