"""Calls inside proved code of what the user has declared and what the catalogue knows."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any

from adaptive_jit.effects.catalogue_models import LOWERINGS as MODELS
from adaptive_jit.effects.describe import describe
from adaptive_jit.effects.lowerings_databases import LOWERINGS
from adaptive_jit.effects.merging import worse
from adaptive_jit.effects.proof_builtins import Builtins, Keywords
from adaptive_jit.effects.proof_classes import is_live
from adaptive_jit.effects.proof_clocks import CLOCKS, TIMED, is_timed
from adaptive_jit.effects.proof_declared import placing
from adaptive_jit.effects.proof_operators import computed_text, kind_of
from adaptive_jit.effects.proof_records import sets_field, spoil
from adaptive_jit.effects.proof_state import Frame, Part, text_of
from adaptive_jit.effects.proof_templates import Template, Unfit, template
from adaptive_jit.effects.proof_values import (
    NONE,
    Bound,
    Caught,
    Choice,
    Const,
    Maker,
    Opaque,
    Plain,
    Result,
    Thing,
    Timed,
    Value,
    aliases,
    is_fresh_everywhere,
    join,
)
from adaptive_jit.records.effects import Effect, EffectKind

Judge = Callable[[list[Any], tuple[Any, ...], dict[str, Any]], Effect]

_MADE = ("pathlib:PosixPath", "pathlib:WindowsPath", "sqlalchemy.sql.elements:TextClause")
"""Results that can be made again at each start, cheaply and without consequences."""

_OWNED_RESULTS = ("json:loads", "json:load")

TEXTS = "list[builtins:str]"

_OF_TEXTS = tuple(
    f"os.path:{name}" for name in ("join", "basename", "dirname", "normpath", "normcase")
)
"""Functions that make a string of strings, and look at nothing else."""

_ARGUMENT_LOWERINGS = (
    "any", "shallow", "exact", "told", "plain", "checked", "path", "http", "sdk", *LOWERINGS, *MODELS,
)  # fmt: skip


class Known(Builtins):
    """Calls whose effects are told by a declaration or by the catalogue."""

    def declared(
        self,
        frame: Frame,
        node: ast.Call,
        callee: object,
        effect: Effect,
        args: list[Value],
        kwargs: Keywords,
        receiver: Value | None = None,
    ) -> Value:
        """A call that the user speaks for; *receiver* is what a method is called on."""
        given = [*args, *kwargs.values()]
        for value in given:
            if is_timed(value):
                raise self.refusal(node, f"gives `{text_of(node.func)}` what a clock says")
            for option in value.options if isinstance(value, Choice) else (value,):
                if is_live(option):
                    raise self.refusal(
                        node, f"gives `{text_of(node.func)}` an iterator or a callback"
                    )
        if effect.kind is EffectKind.UNKNOWN:
            raise self.refusal(node, f"calls `{text_of(node.func)}`, {effect.reason}")
        self.belongings.hand_on(given)
        self._hand_over(effect, given, Opaque("changed by a declared call"))
        again = placing(effect, callee, receiver, args, kwargs)
        part = Part(node.lineno, describe(callee), again(self.assume.values), again)
        self.add(frame, node, part)
        if effect.builtin_result:
            return Plain()
        known = self.result_of(callee, receiver)
        if known is not None:
            return known
        owner = frame.owner().function
        name = owner.__name__ if owner is not None else "the function"
        what = f"the result of `{text_of(node.func)}`, of unknown type: declare `{name}` itself"
        return Opaque(what)

    def result_of(self, callee: Any, receiver: Value | None) -> Value | None:
        """What a declared function returns, as far as its own source shows it."""
        from adaptive_jit.effects.proof_results import result_of

        return result_of(self, callee, receiver)

    def catalogued(
        self,
        frame: Frame,
        node: ast.Call,
        rule: Any,
        judge: Judge,
        args: list[Value],
        kwargs: Keywords,
        target: Callable[[list[Any]], Any] | None = None,
    ) -> Value:
        """A call that the catalogue speaks for: *judge* asks it, *target* finds the callee."""
        if rule.lowering == "any" and rule.fresh.kind is EffectKind.UNKNOWN:
            return self._clock(node, rule, [*args, *kwargs.values()])
        stream = _stream_of(rule, args)
        if stream is not None:
            args = [value for value in args if value is not stream]
            judge = _on_stream(rule, stream)
        is_log = rule.name.startswith("logging:")
        if is_log:
            self.recorded.add(id(node))
            args = [Plain(str) if isinstance(one, (Caught, Timed)) else one for one in args]
        try:
            positional = [template(value) for value in args]
            named = {name: template(value) for name, value in kwargs.items()}
        except Unfit as what:
            raise self.refusal(
                node, f"gives `{text_of(node.func)}` {what}, which may run code of its own"
            ) from None
        if rule.latency:
            self.need_plain(node, *args)
            judge = _as_fresh(rule)
        again = self.belongings.made(rule, _rejudge(judge, positional, named))
        effect = again(self.assume.values)
        if effect.kind is EffectKind.UNKNOWN:
            self.blocked = Part(node.lineno, rule.title, effect, again)
            raise self.refusal(node, f"calls `{text_of(node.func)}`: {effect.reason}")
        self._hand_over(effect, [*args, *kwargs.values()], Plain())
        key = (rule.name, *(part.key for part in positional),
               *((name, part.key) for name, part in named.items()))  # fmt: skip
        part = Part(node.lineno, rule.title, effect, again, is_sleep=rule.latency, is_held=is_log)
        self.add(frame, node, part, key)
        named_so = f"the result of `{text_of(node.func)}`"
        value = self.result(rule.result, named_so)
        if rule.name in _OF_TEXTS and not kwargs and all(kind_of(one) is str for one in args):
            value = computed_text(rule.value, args)
        if rule.result == TEXTS:
            # Names in a folder are bytes where the folder's name is.
            are_texts = all(isinstance(one, (Thing, Result)) or kind_of(one) is str for one in args)
            value = self.site(node, list, Plain(str if are_texts else None))
        if isinstance(value, Plain) and value.origin is None:
            kept = not effect.leaves_arguments and any(map(aliases, args))
            owned = rule.name in _OWNED_RESULTS
            value = Plain(value.type, kept, owned=owned)
        if isinstance(value, Result):
            value.is_manager = rule.context_manager
            value.gives_owned = all(map(is_fresh_everywhere, (*args, *kwargs.values())))
            if effect.kind is EffectKind.PURE and value.name in _MADE and target is not None:
                value.maker = _maker(target, positional, named)
        return value

    def _clock(self, node: ast.Call, rule: Any, given: list[Value]) -> Value:
        """A reading of a clock that only log records may show; nothing else of unknown effect."""
        if rule.name not in CLOCKS or given or not rule.guard.intact():
            raise self.refusal(node, f"calls `{text_of(node.func)}`: {rule.base.reason}")
        self.assume.reads_memory = True
        self.recorded.add(id(node))
        return TIMED

    def _hand_over(self, effect: Effect, given: list[Value], left: Value) -> None:
        """Arguments that the callee may keep or change are no longer ours alone."""
        if effect.leaves_arguments:
            return
        for value in given:
            self.escaped |= aliases(value)
            spoil(self, value, left)

    def sets_known(self, frame: Frame, target: ast.expr, value: Value) -> bool:
        """Whether storing *value* is without consequences: the row factory of an own connection."""
        if not isinstance(target, ast.Attribute):
            return False
        owner = self.evaluate(frame, target.value)
        name = self.mangled(frame, target.attr)
        return sets_field(self, owner, name, value) or self.belongings.may_set(owner, name, value)

    def member(
        self,
        frame: Frame,
        node: ast.Call,
        function: Bound,
        receiver: Result,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        """A method of what a catalogued call returned, which nobody else can have."""
        member = function.member
        if member.rule is None:
            return self.got(node, receiver, args)
        rule = copy.copy(member.rule)
        rule.check = None

        maker, name = receiver.maker, function.name

        def judge(values: list[Any], a: tuple[Any, ...], k: dict[str, Any]) -> Effect:
            if maker is not None:
                return member.rule.effect(getattr(maker(values, 0), name), a, k)  # type: ignore[no-any-return]
            if not rule.guard.intact():
                return rule.unknown(f"{rule.guard.patched} is patched")  # type: ignore[no-any-return]
            if rule.lowering not in _ARGUMENT_LOWERINGS:
                return member.effect  # type: ignore[no-any-return]
            found = rule.lower(rule, None, a, k)
            return member.effect if found.kind == rule.base.kind else found  # type: ignore[no-any-return]

        make = None if maker is None else lambda values: getattr(maker(values, 0), name)
        value = self.catalogued(frame, node, rule, judge, args, kwargs, make)
        if isinstance(value, Plain) and function.name == "json":
            return Plain(value.type, owned=True)
        return value

    def got(self, node: ast.Call, receiver: Result, args: list[Value]) -> Value:
        """``answer.get("key", default)`` of a dict whose keys tell what is under them."""
        key = args[0] if args else NONE
        name = receiver.rule.element(key.value) if isinstance(key, Const) else None
        if name is None or len(args) > 2:
            raise self.refusal(node, f"`{text_of(node)}` asks for a key that is not known")
        found = self.result(name, f"`{text_of(node)}`")
        return join(found, args[1] if len(args) > 1 else NONE)


def _rejudge(
    judge: Judge, positional: list[Template], named: dict[str, Template]
) -> Callable[[list[Any]], Effect]:
    """A function from the values in the slots to the effect: the worst over all samples."""
    every = [*positional, *named.values()]
    rounds = max((part.count for part in every), default=1)

    def judged(values: list[Any]) -> Effect:
        worst: Effect | None = None
        for number in range(rounds):
            args = tuple(part.fill(values, number) for part in positional)
            kwargs = {name: part.fill(values, number) for name, part in named.items()}
            effect = judge(values, args, kwargs)
            worst = effect if worst is None else worse(worst, effect)
        assert worst is not None
        return worst

    if rounds == 1 and not any(part.needs_values for part in every):
        args = tuple(part.fill([], 0) for part in positional)
        kwargs = {name: part.fill([], 0) for name, part in named.items()}
        return lambda values: judge(values, args, kwargs)
    return judged


def _stream_of(rule: Any, args: list[Value]) -> Result | None:
    """The file or answer that ``json.load`` or ``json.dump`` is given, opened by this code."""
    if rule.base.kind is not EffectKind.UNKNOWN or rule.fresh.kind is EffectKind.UNKNOWN:
        return None
    for value in args:
        if isinstance(value, Result) and value.rule.member("read") is not None:
            return value
    return None


def _on_stream(rule: Any, stream: Result) -> Judge:
    """Reading through a function is what the stream's own ``read`` would be."""
    member = stream.rule.member("read")
    effect = member.effect if rule.fresh.kind is EffectKind.READS else rule.fresh

    def judge(_values: list[Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Effect:
        for guard in (rule.guard, member.rule.guard):
            if not guard.intact():
                return rule.unknown(f"{guard.patched} is patched")  # type: ignore[no-any-return]
        return effect  # type: ignore[no-any-return]

    return judge


def _as_fresh(rule: Any) -> Judge:
    """The effect on what nobody else has: a file opened here, or a sleep.

    Whether a sleep is pacing after all is decided for the function as a whole.
    """

    def judge(_values: list[Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Effect:
        patched = not rule.guard.intact()
        return rule.unknown("it is patched") if patched else rule.fresh  # type: ignore[no-any-return]

    return judge


def _maker(
    target: Callable[[list[Any]], Any], positional: list[Template], named: dict[str, Template]
) -> Maker:
    def make(values: list[Any], number: int) -> Any:
        args = [part.fill(values, number) for part in positional]
        kwargs = {name: part.fill(values, number) for name, part in named.items()}
        return target(values)(*args, **kwargs)

    return make
