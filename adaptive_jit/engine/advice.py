"""Which one line would gain most: for operations that only want of knowledge holds back."""

from __future__ import annotations

import builtins
import re
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptive_jit.decision import saving_together
from adaptive_jit.effects.escape import contradiction
from adaptive_jit.records import Advice, EffectKind, Source
from adaptive_jit.reporting.lines import UNORDERED
from adaptive_jit.reporting.which_line import entry_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptive_jit.engine.controller import Controller
    from adaptive_jit.records import Effect, Operation
    from adaptive_jit.reporting.lines import Entry
    from adaptive_jit.runtime import Site

LEAST_SAVING = 0.001
"""Advice that saves less than this many seconds per invocation is not given."""

_ASKS = re.compile(r"\bpost\b")
"""A request that may be a question with a long text; other verbs that write change something."""


_IN_PLACE = "it changes its receiver"
"""Of a method of a container: nothing to declare, whether its result is used or not."""


class _Line(NamedTuple):
    """A line to write, and the operations that ask for it."""

    because: str
    see: str
    operations: list[Operation]


def advice_of(controller: Controller) -> tuple[Advice, ...]:
    """The lines to write for *controller*'s function.

    A line that several operations ask for is given once, with what it would
    save at all of them. Lines that save nothing on their own are given where
    they do together.
    """
    lines = _lines(controller)
    savings = _Savings(controller, lines)
    return tuple(_advice(write, line, savings) for write, line in lines.items()
                 if savings.of(write) >= LEAST_SAVING)  # fmt: skip


def _advice(write: str, line: _Line, savings: _Savings) -> Advice:
    first, *others = sorted(line.operations, key=lambda one: -savings.single.get(one.index, 0.0))
    because = line.because
    saves = [one for one in others if savings.single.get(one.index, 0.0) >= LEAST_SAVING]
    elsewhere = sorted({one.line for one in saves or others} - {first.line})
    if elsewhere and (saves or savings.is_measured):
        plural = "s" * (len(elsewhere) > 1)
        because = f"{because}; it counts at line{plural} {', '.join(map(str, elsewhere))} too"
    if savings.is_joint(write):
        because = f"{because}; only together with the other lines"
    return Advice(first.line, write, because, savings.of(write), line.see)


def _lines(controller: Controller) -> dict[str, _Line]:
    """The lines that operations which stay in order ask for, whatever they save."""
    lines: dict[str, _Line] = {}
    basis = controller.planned.basis
    ahead = basis[1].ahead if basis is not None else frozenset()
    for operation in controller.analysis.operations:
        site = controller.state.sites[operation.index]
        change = controller.analysis.changes.get(operation.index)
        # Without a name, what to declare is not known.
        if operation.index in ahead or site.effect is None or not site.callee:
            continue
        if change is not None and site.effect.kind > EffectKind.UNORDERED:
            proposed = _rewritten(change)
        elif site.discarded:
            continue
        else:
            proposed = _proposed(site, controller.state.sites)
        if proposed is not None:
            write, because, see = proposed
            lines.setdefault(write, _Line(because, see, [])).operations.append(operation)
    return lines


class _Savings:
    """Seconds per invocation that each line would save, alone or with the others."""

    def __init__(self, controller: Controller, lines: dict[str, _Line]) -> None:
        self.single = {saving.operation: saving.seconds for saving in controller.planned.savings}
        self._basis = controller.planned.basis
        self.is_measured = self._basis is not None
        self._indices = {
            write: frozenset(operation.index for operation in line.operations)
            for write, line in lines.items()
        }
        self._alone = {write: self._saved(found) for write, found in self._indices.items()}
        self._together = self._saved(frozenset().union(*self._indices.values()))

    def of(self, write: str) -> float:
        """What the line saves; for one that helps only with the others, what all save."""
        return self._together if self.is_joint(write) else self._alone[write]

    def is_joint(self, write: str) -> bool:
        """Whether the line saves nothing alone, and is missed where all others are written."""
        if self._alone[write] >= LEAST_SAVING or self._together < LEAST_SAVING:
            return False
        others = (found for one, found in self._indices.items() if one != write)
        return self._together - self._saved(frozenset().union(*others)) >= LEAST_SAVING

    def _saved(self, operations: frozenset[int]) -> float:
        if self._basis is None or len(operations) == 1:
            return max((self.single.get(one, 0.0) for one in operations), default=0.0)
        trace, plan, costs = self._basis
        return saving_together(trace, plan, operations, costs)


def line_for(site: Site, sites: Sequence[Site], why: str) -> tuple[str, str]:
    """What to write for an operation that stays in order for the reason *why*, and its entry.

    *sites* are all of its function. Both are empty where nothing helps. Savings are not looked at.
    """
    effect = site.effect
    if effect is not None and site.discarded and effect.kind >= EffectKind.WRITES:
        return _of_unused(site, effect)
    if effect is not None and not site.discarded and site.callee:
        proposed = _proposed(site, sites)
        if proposed is not None:
            return proposed[0], proposed[2]
    entry = entry_of(why)
    if effect is not None and effect.reason == _IN_PLACE:
        entry = entry_of(_IN_PLACE)
    if entry is None or (effect is not None and effect.caller_thread and not site.discarded):
        entry = entry_of(effect.reason if effect is not None else "") or entry
    if entry is None:
        return "", ""
    return "" if entry.declares else entry.line, entry.key


def _of_unused(site: Site, effect: Effect) -> tuple[str, str]:
    """What to write for a call that is there for what it does, such as a log of one's own.

    Its result is of no use. Where the user names what it writes, reads of other names pass it.
    """
    entry = entry_of(effect.reason)
    key = entry.key if entry is not None else "not-used"
    name = declarable(site.callee)
    if effect.kind is EffectKind.WRITES:
        return "", "as-declared" if effect.source is Source.DECLARED else "writes"
    if effect.source is Source.CATALOGUE or effect.caller_thread or not name:
        return ("" if entry is None or entry.declares or key in _STREAMS else entry.line), key
    holder, _, last = name.rpartition(".")
    if holder and _found(holder) is not None:
        return f'@writes("a name") above `def {last}`', "not-used"
    return f'writes("a name", {name})', "not-used"


_STREAMS = frozenset({"ordered-stream", "not-used"})
"""Entries whose line is for what a call gives."""


def _proposed(site: Site, sites: Sequence[Site]) -> tuple[str, str, str] | None:
    """The line, on what condition it holds, and its entry; ``None`` where no line would help."""
    effect, name = site.effect, declarable(site.callee)
    assert effect is not None
    if isinstance(getattr(builtins, site.callee, None), type):
        return None  # a class of the language's own: no program declares what it does
    reason = effect.reason or "it is not known"
    entry = entry_of(reason)
    key = entry.key if entry is not None else "not-known"
    if effect.kind is EffectKind.UNKNOWN or effect.caller_thread:
        if effect.caller_thread and (entry is None or entry.declares):
            return None  # a declaration says what it does, not where it may run
        if entry is not None and not entry.declares:
            line = entry.line
            return (line, reason, key) if line else None
        word, condition = _word(_seen(site, sites), name, entry)
        return _declared(word, name), f"{condition}, which cannot be seen: {reason}", key
    if effect.kind is EffectKind.WRITES and _may_ask(effect):
        condition = "if what it posts is a question and changes nothing"
        return _declared("reads", name), f"{condition}, which cannot be seen: {reason}", "writes"
    return None


def _rewritten(change: str) -> tuple[str, str, str] | None:
    """What to write instead of a change that no later round of its loop may pass."""
    entry = entry_of(change)
    return None if entry is None or entry.declares else (entry.line, change, entry.key)


def _seen(site: Site, sites: Sequence[Site]) -> Any:
    """What the callee of *site* was seen to do wherever the function calls it."""
    seen = site.seen
    for other in sites:
        if other is not site and other.callee == site.callee and other.seen is not None:
            seen = other.seen if seen is None else seen.joined(other.seen)
    return seen


def _word(seen: Any, name: str, entry: Entry | None) -> tuple[str, str]:
    """Which declaration, and on what condition."""
    private = entry is not None and entry.line == UNORDERED
    if seen is not None and seen.has_written:
        return "unordered", f"if nobody minds the order of what it does ({seen})"
    remark = "" if seen is None else f" ({seen})"
    if private or _keeps_state(name):
        return "unordered", f"if its calls may come in any order and run at once{remark}"
    return "reads", f"if it only reads{remark}"


def declarable(callee: str) -> str:
    """The name to declare for *callee*: the function in a partial, the method of an instance.

    Empty for a lambda, which has none.
    """
    name = callee.rsplit(":", 1)[-1].rpartition(" of ")[2]
    if callee.startswith("an instance of "):
        name = f"{name}.__call__"
    return "" if "<lambda>" in name else name


def _declared(word: str, name: str) -> str:
    if not name:
        return f"give the lambda a name, and write @{word} above it"
    holder, _, last = name.rpartition(".")
    if holder and _found(holder) is not None:
        return f"@{word} above `def {last}`"  # made within a function: it has no name outside
    return f"{word}({name})"


def _may_ask(effect: Effect) -> bool:
    """Whether a function of the program's own posts: the library's `post` itself does anything."""
    return (
        effect.source is Source.PROVED
        and effect.resource == "http"
        and _ASKS.search(effect.reason) is not None
    )


def _keeps_state(name: str) -> bool:
    """Whether the function of this name would be refused as `reads`: its own code changes state."""
    function = _found(name)
    return function is not None and contradiction(function) is not None


def _found(name: str) -> FunctionType | None:
    """The function that a dotted name leads to now, found without running code of the program."""
    parts = name.split(".")
    for length in range(len(parts) - 1, -1, -1):
        module = sys.modules.get(".".join(parts[:length]) or "__main__")
        if module is None:
            continue
        value: object = module
        for part in parts[length:]:
            names = getattr(value, "__dict__", {}) if type(value) in _HOLDERS else {}
            value = names.get(part)
        return value if type(value) is FunctionType else None
    return None


_HOLDERS = frozenset({type(sys), type})
"""Kinds of objects whose names are looked up: modules and plain classes."""
