"""Proofs that a function is harmless, from its own source.

`prove` follows the code of a function with what is known of the arguments of
one call, through the functions that it calls, until everything that it may do
is covered by declarations, the catalogue and the builtins, or until something
is not. What it relied on (globals, captured variables, attributes, types of
arguments) is kept as assumptions; `Proof.effect` checks them at each start.

The class of the whole is the highest of its parts. A function that only reads
variables of the program is no ``pure`` one: they may change.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects import register
from adaptive_jit.effects.merging import is_declared_like_ours, reading_of, together
from adaptive_jit.effects.proof_checks import Assumptions
from adaptive_jit.effects.proof_clocks import is_timed
from adaptive_jit.effects.proof_declared import staying
from adaptive_jit.effects.proof_state import Part, Refused
from adaptive_jit.effects.proof_statements import Runner
from adaptive_jit.effects.proof_values import Const, Value, aliases, options, plainness
from adaptive_jit.effects.source import NoSource, original_code, source_of
from adaptive_jit.records.effects import (
    LOG_FILES,
    Effect,
    EffectKind,
    Source,
    Watch,
    commute,
    is_output_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FunctionType

_PASSES = 6
"""Times that the code is followed before what its containers hold must have settled."""

MEMORY = "memory"
"""The resource of a function that reads nothing but variables of the program."""


_OF_MEMORY = Effect(
    EffectKind.READS, MEMORY, Source.PROVED, "proved: reads variables of the program"
)

_LOOKED_INTO_AGAIN = frozenset(16**power for power in range(1, 9))


class Proof:
    """What one function does when called with arguments of certain types."""

    __slots__ = ("_checks", "_finish", "_parts", "_seen", "_version", "effect")

    def __init__(
        self,
        assumptions: Assumptions,
        parts: Sequence[Part],
        effect: Effect,
        finish: Callable[[Sequence[Part]], Effect] | None,
    ) -> None:
        self.effect = effect
        self._checks = assumptions.freeze()
        self._parts = tuple(parts)
        self._finish = finish
        self._version = register.version
        self._seen = 0

    def effect_now(
        self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Effect | None:
        """The effect of this call if everything that the proof relies on is as it was."""
        if self._version != register.version:
            return None
        values = self._checks.hold(function, args, kwargs)
        if values is None:
            return None
        if self._finish is None:
            return self._still_refused(values)
        changed = False
        effects = []
        for part in self._parts:
            now = part.effect if part.again is None else part.again(values)
            changed |= now is not part.effect and now != part.effect
            if now.kind is EffectKind.UNKNOWN:
                return None
            effects.append(now)
        if not changed:
            return self.effect
        pairs = zip(self._parts, effects, strict=True)
        return self._finish([part.now(effect) for part, effect in pairs])

    def _still_refused(self, values: list[Any]) -> Effect | None:
        """A refusal is looked into again after 16, 256, … calls: what blocked it may have gone."""
        self._seen += 1
        if self._seen in _LOOKED_INTO_AGAIN:
            return None
        for part in self._parts:
            if part.again is not None and part.again(values).kind is not EffectKind.UNKNOWN:
                return None
        return self.effect


def prove(function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Proof:
    """A proof for calls of *function* like this one; its effect is unknown if there is none."""
    assumptions = Assumptions(function, args, kwargs)
    runner = Runner(assumptions)
    try:
        returned = _follow(runner, function, args, kwargs)
        whole = _Whole(
            returns_something=not all(
                isinstance(one, Const) and one.value is None for one in options(returned)
            ),
            reads_memory=assumptions.reads_memory,
            is_short=not runner.has_loop,
            leaves_arguments=not runner.escaped and not aliases(returned),
            is_plain=plainness(returned) and not runner.belongings.is_inexact,
            is_bound=runner.belongings.leave(returned),
        )
        parts = list(runner.parts.values())
        return Proof(assumptions, parts, whole.effect(parts), whole.effect)
    except (Refused, RecursionError) as reason:
        effect = Effect(EffectKind.UNKNOWN, None, Source.PROVED, str(reason))
        blocked = [runner.blocked] if runner.blocked is not None else []
        return Proof(assumptions, blocked, effect, None)


def _follow(
    runner: Runner, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    if original_code(function).co_flags & 0x80:  # CO_COROUTINE
        raise Refused(f"line {function.__code__.co_firstlineno}: a coroutine runs later")
    try:
        node = source_of(function).node
    except NoSource as reason:
        raise Refused(f"its source is not usable: {reason}") from None
    given = [runner.argument(number, value) for number, value in enumerate(args)]
    named = {name: runner.argument(name, value) for name, value in kwargs.items()}
    for _ in range(_PASSES):
        growth = runner.growth
        returned = runner.enter(node, function, given, named, is_root=True)
        if growth == runner.growth:
            break
    else:
        raise Refused(f"line {node.lineno}: what its containers hold is too involved to be proved")
    if is_timed(returned):
        raise Refused(f"line {node.lineno}: it returns what a clock says")
    return returned


@dataclasses.dataclass(frozen=True, slots=True)
class _Whole:
    """What is known of a function as a whole, beside the calls that it makes."""

    returns_something: bool
    reads_memory: bool
    is_short: bool
    leaves_arguments: bool
    is_plain: bool
    is_bound: bool

    def effect(self, parts: Sequence[Part]) -> Effect:
        """The effect of all parts together. Raises `Refused` where a sleep is pacing."""
        summary = self._summary(parts)
        why = staying(parts)
        stays = summary.caller_thread or self.is_bound or why is not None
        return dataclasses.replace(
            summary,
            reason=summary.reason if why is None else f"proved: {why}",
            quick=summary.quick and not stays,
            leaves_arguments=self.leaves_arguments,
            builtin_result=self.is_plain and not stays,
            caller_thread=stays,
            tells=_telling(parts, summary),
        )

    def _summary(self, parts: Sequence[Part]) -> Effect:
        doing = [part for part in parts if not part.is_sleep and not part.is_held]
        doing = [part for part in doing if part.effect.kind is not EffectKind.PURE]
        sleeps = [part for part in parts if part.is_sleep and not part.in_handler]
        if sleeps:
            return self._and_memory(self._asleep(f"line {sleeps[0].line}", doing))
        if doing:
            return self._and_memory(_merged(doing))
        # A quick operation is computed where it is met, and nothing holds its log records back.
        quick = self.is_short and not any(part.is_sleep or part.is_held for part in parts)
        if self.reads_memory:
            return dataclasses.replace(_OF_MEMORY, quick=quick)
        return Effect(EffectKind.PURE, None, Source.PROVED, "proved: computes only", quick=quick)

    def _and_memory(self, effect: Effect) -> Effect:
        if not self.reads_memory or effect.kind is not EffectKind.UNORDERED:
            return effect
        return dataclasses.replace(effect, reading=together(effect.reading, _OF_MEMORY))

    def _asleep(self, line: str, doing: Sequence[Part]) -> Effect:
        if doing:
            raise Refused(f"{line}: a sleep beside other operations is pacing, kept in order")
        if not self.returns_something:
            raise Refused(f"{line}: a function that only sleeps is pacing, kept in order")
        return Effect(EffectKind.UNORDERED, None, Source.PROVED, f"proved: latency ({line})")


def _telling(parts: Sequence[Part], summary: Effect) -> Effect | None:
    """The write of what is logged into files, when its turn comes.

    Raises `Refused` where it might be read by the very code whose records are held back.
    """
    told = [part for part in parts if part.is_held and part.effect.resource != "console"]
    if not told:
        return None
    telling = told[0].effect
    if not is_output_file(telling):  # now into a file, now not
        telling = dataclasses.replace(telling, resource=LOG_FILES)
    if not commute(telling, summary):
        raise Refused(f"line {told[0].line}: it logs into a file, and may read that file")
    return telling


def _merged(doing: Sequence[Part]) -> Effect:
    decisive = max(doing, key=lambda part: part.effect.kind)
    kind = decisive.effect.kind
    resources = {part.effect.resource for part in doing if part.effect.kind == kind}
    if any(part.effect.kind == kind and is_declared_like_ours(part.effect) for part in doing):
        resources.add(None)
    lanes = {id(part.effect.lane): part.effect.lane for part in doing}
    lanes.pop(id(None), None)
    watches = {id(part.effect.watch): part.effect.watch for part in doing}
    watches.pop(id(None), None)
    word = kind.name.lower()
    return Effect(
        kind,
        resources.pop() if len(resources) == 1 else None,
        Source.PROVED,
        f"proved: {decisive.text}, {word} (line {decisive.line})",
        lane=next(iter(lanes.values())) if len(lanes) == 1 else tuple(lanes.values()) or None,
        caller_thread=any(part.effect.caller_thread for part in doing),
        on_trial=any(part.effect.on_trial for part in doing),
        watch=_watch([watch for watch in watches.values() if watch is not None]),
        reading=reading_of([part.effect for part in doing]),
    )


def _watch(watches: list[Watch]) -> Watch | None:
    if len(watches) < 2:
        return watches[0] if watches else None
    return Watches(tuple(watches))


class Watches:
    """Several receivers watched as one."""

    __slots__ = ("_watches",)

    def __init__(self, watches: tuple[Watch, ...]) -> None:
        self._watches = watches

    def before(self) -> tuple[Any, ...]:
        """What each receiver looks like now."""
        return tuple(watch.before() for watch in self._watches)

    def changed(self, token: tuple[Any, ...], value: Any = None) -> bool:
        """Whether any of them differs from then."""
        pairs = zip(self._watches, token, strict=True)
        # Each is asked: each remembers its own answer.
        answers = [watch.changed(before, value) for watch, before in pairs]
        return any(answers)

    def receivers(self) -> tuple[object, ...]:
        """All that is watched."""
        return tuple(one for watch in self._watches for one in watch.receivers())
