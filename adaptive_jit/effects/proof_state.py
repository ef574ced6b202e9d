"""What a running proof carries along: assumptions, calls met, scopes, and its budget."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.proof_bound import Belongings
from adaptive_jit.effects.proof_values import NEVER, Fresh, Value, join, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    from adaptive_jit.effects.proof_checks import Assumptions
    from adaptive_jit.records.effects import Effect

STEPS = 6000
"""Nodes looked at before a proof is given up: about 20 ms."""

DEPTH = 12
"""Calls within calls followed before a proof is given up."""


class Refused(Exception):
    """The code cannot be proved harmless; the text says which line and why."""


class Part:
    """One call that the proved code makes, with its effect.

    ``again`` finds the effect anew at each start from the values in the slots;
    ``None`` where it cannot change. ``is_sleep`` and ``in_handler`` decide
    between latency and pacing. ``is_held``: a log record, which the runtime
    holds back until its turn.
    """

    __slots__ = ("again", "effect", "in_handler", "is_held", "is_sleep", "line", "text")

    def __init__(
        self,
        line: int,
        text: str,
        effect: Effect,
        again: Callable[[list[Any]], Effect] | None = None,
        *,
        is_sleep: bool = False,
        is_held: bool = False,
    ) -> None:
        self.line = line
        self.text = text
        self.effect = effect
        self.again = again
        self.is_sleep = is_sleep
        self.is_held = is_held
        self.in_handler = False

    def now(self, effect: Effect) -> Part:
        """The same call with the effect that it has at another start."""
        part = Part(self.line, self.text, effect, is_sleep=self.is_sleep, is_held=self.is_held)
        part.in_handler = self.in_handler
        return part


Names = dict[str, Value]


class Frame:
    """One scope of the proved code: a function, a lambda or a comprehension."""

    def __init__(
        self,
        locals_: frozenset[str],
        names: Names,
        *,
        function: FunctionType | None = None,
        outer: Frame | None = None,
        class_name: str | None = None,
    ) -> None:
        self.locals = locals_
        self.names: Names | None = names
        self.function = function
        self.outer = outer
        self.class_name: str | None = class_name
        if class_name is None and outer is not None:
            self.class_name = outer.class_name
        self.returned: Value = NEVER
        self.leaving: list[Names] = []
        self.loops: list[Loop] = []
        self.handlers: list[Names] = []
        self.is_root = False

    def owner(self) -> Frame:
        """The frame of the real function around this scope."""
        frame = self
        while frame.function is None and frame.outer is not None:
            frame = frame.outer
        return frame

    def bind(self, name: str, value: Value) -> None:
        """Let *name* be *value*; handlers around see that it may have been."""
        if self.names is None:
            return
        self.names[name] = value
        for possible in self.handlers:
            possible[name] = join(possible.get(name, NEVER), value)


class Loop:
    """The environments in which a loop is left or begun again from within."""

    def __init__(self) -> None:
        self.broken: list[Names] = []
        self.continued: list[Names] = []


class Active:
    """A function that is being proved, with what its calls so far were given and returned."""

    def __init__(self, parameters: Names) -> None:
        self.parameters = parameters
        self.returned: Value = NEVER
        self.is_used = False
        self.has_changed = False


class Machine:
    """The state of one proof; subclasses add how names, expressions and calls are followed."""

    def __init__(self, assumptions: Assumptions) -> None:
        self.assume = assumptions
        self.parts: dict[tuple[object, ...], Part] = {}
        self.active: dict[object, Active] = {}
        self.sites: dict[tuple[int, type], tuple[ast.AST, Fresh]] = {}
        self.handling = 0
        self.growth = 0
        self.escaped = False
        self.has_loop = False
        self.recorded: set[int] = set()
        """Calls (nodes, by identity) that made a log record or read a clock when last followed."""
        self.blocked: Part | None = None
        self.belongings = Belongings()
        self._steps = 0

    def step(self, node: ast.AST) -> None:
        """Count one node; raises `Refused` when the budget is used up."""
        self._steps += 1
        if self._steps > STEPS:
            raise self.refusal(node, "the code is too long to be proved")

    def refusal(self, node: ast.AST, why: str) -> Refused:
        """The exception that ends a proof at *node*."""
        return Refused(f"line {getattr(node, 'lineno', 0)}: {why}")

    def add(self, frame: Frame, node: ast.AST, part: Part, arguments: object = None) -> None:
        """Remember one call; the same call with the same arguments is remembered once."""
        function = frame.owner().function
        file = function.__code__.co_filename if function is not None else ""
        place = (file, part.line, getattr(node, "col_offset", 0), part.text, arguments)
        part.in_handler = self.handling > 0
        known = self.parts.get(place)
        if known is not None:
            part.in_handler &= known.in_handler
        self.parts[place] = part

    def store(self, container: Fresh, value: Value) -> None:
        """Put *value* somewhere into *container*."""
        before = container.elements
        was_exact = container.items is not None or container.entries is not None
        container.elements = join(before, value)
        container.items = container.entries = None
        if was_exact or not same(before, container.elements):
            self.growth += 1

    def site(
        self,
        node: ast.AST,
        kind: type,
        elements: Value,
        items: tuple[Value, ...] | None = None,
        entries: dict[Any, Value] | None = None,
    ) -> Fresh:
        """The container that *node* makes.

        It is the same one in each round of a loop and each call, so that what
        is put into it anywhere is known everywhere; the proof is repeated
        until no container has grown.
        """
        known = self.sites.get((id(node), kind))
        if known is None:
            made = Fresh(kind, elements, items, entries)
            self.sites[id(node), kind] = (node, made)
            return made
        found = known[1]
        before = (found.items, found.entries)
        if items is not None and found.items is not None and len(items) == len(found.items):
            found.items = tuple(map(join, found.items, items))
        elif (
            entries is not None
            and found.entries is not None
            and entries.keys() == (found.entries.keys())
        ):
            found.entries = {key: join(found.entries[key], entries[key]) for key in entries}
        else:
            found.items = found.entries = None
        widened = join(found.elements, elements)
        exact = _unchanged(before[0], found.items) and _unchanged(before[1], found.entries)
        self.growth += not (exact and same(widened, found.elements))
        found.elements = widened
        return found


def join_names(first: Names | None, second: Names | None) -> Names | None:
    """What the names may be after one way or the other; ``None`` if neither is gone."""
    if first is None or second is None:
        return first if second is None else second
    return {
        name: join(first.get(name, NEVER), second.get(name, NEVER)) for name in {**first, **second}
    }


def same_names(first: Names | None, second: Names | None) -> bool:
    """Whether nothing new is known about any name."""
    if first is None or second is None:
        return first is second
    return first.keys() == second.keys() and all(
        same(value, second[name]) for name, value in first.items()
    )


def text_of(node: ast.AST, limit: int = 50) -> str:
    """The source of *node* on one line, shortened to *limit* characters.

    Texts are left out: reasons are reported, and a statement or prompt is private.
    """
    text = _LITERAL.sub(_without_text, " ".join(ast.unparse(node).split()))
    return text if len(text) <= limit else text[: limit - 1] + "…"


_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_LONGEST_LITERAL = 20


def _without_text(literal: re.Match[str]) -> str:
    text = literal.group()
    is_name = len(text) <= _LONGEST_LITERAL and not any(map(str.isspace, text))
    return text if is_name else f"{text[0]}…{text[0]}"


def bound_names(body: list[ast.stmt]) -> frozenset[str]:
    """The names that statements of one scope bind, inner scopes excepted."""
    found: set[str] = set()
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        if isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        pending.extend(_children(node))
    return frozenset(found)


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return [node.generators[0].iter]
    return list(ast.iter_child_nodes(node))


def _unchanged(before: Any, after: Any) -> bool:
    """Whether the exactly known parts of a container are as they were."""
    if before is None or after is None:
        return before is after
    old, new = (before, after) if type(before) is tuple else (before.values(), after.values())
    return all(map(same, old, new))
