"""The effect of a call, found on the actual callee and its arguments: `effect_of`.

Evidence in this order: declared, catalogue, proved. Declarations and the
catalogue are asked at every call, since both look at the receiver; proofs are
kept per function and hold only while what they relied on is the same.
Functions made anew from the same code (closures) share their proofs, each
checked against the very function.
"""

from __future__ import annotations

import functools
import weakref
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.effects import register
from adaptive_jit.effects.affinity import forget_scans, placed
from adaptive_jit.effects.arguments import hidden_work
from adaptive_jit.effects.attributes import MISSING, class_member, is_class
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.records.effects import Effect, EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.proof import Proof

_KEPT = 8
"""Proofs kept for one function: for arguments of different types, different receivers."""

_TRIES = 40
"""Proofs tried for one function before it is left unknown: each costs about a millisecond."""

_VARIOUS: Final = Effect(
    EffectKind.UNKNOWN,
    reason="it is called with too many different kinds of arguments or surroundings to be proved",
)
_UNKNOWN: Final = Effect(EffectKind.UNKNOWN, reason="it is neither declared nor known")


class _Proofs:
    """The proofs of one function, the most recently used first."""

    __slots__ = ("found", "reference", "tries")

    def __init__(self, reference: Any) -> None:
        self.reference = reference
        self.found: tuple[Proof, ...] = ()
        self.tries = 0


_proofs: dict[int, _Proofs] = {}
_by_code: dict[int, tuple[CodeType, tuple[Proof, ...]]] = {}
_LIMIT = 2000
"""Functions, and code objects, whose proofs are kept; a program rarely has more callees."""


def effect_of(
    callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], evidence: str = "proved"
) -> Effect:
    """What calling *callee* with these arguments does to the world.

    *evidence* is the setting ``effects``: ``"declared"`` switches proofs off.
    An unknown effect carries the reason. Never calls *callee*.
    """
    declared = register.find(callee)
    if declared is not None:
        return _lowered(placed(declared, callee, args, kwargs), args, kwargs)
    rule = lookup(callee)
    if rule is not None:
        effect: Effect = rule.effect(callee, args, kwargs)
        return _lowered(effect, args, kwargs) if effect.may_start_early else effect
    kind = type(callee)
    if kind is FunctionType:
        return _proved(callee, args, kwargs, evidence)
    if kind is MethodType and type(callee.__func__) is FunctionType:
        return _proved(callee.__func__, (callee.__self__, *args), kwargs, evidence)
    return _of_object(callee, args, kwargs, evidence)


def _lowered(effect: Effect, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """*effect*, unless an iterator or a callback among the arguments hides what will happen."""
    why = hidden_work(args, kwargs)
    if why is None:
        return effect
    return Effect(EffectKind.UNKNOWN, None, effect.source, why)


def _of_object(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], evidence: str) -> Effect:
    kind = type(callee)
    if kind is functools.partial:
        merged = {**callee.keywords, **kwargs}
        return effect_of(callee.func, (*callee.args, *args), merged, evidence)
    if type(callee) is functools._lru_cache_wrapper:
        return _unknown(
            "it is memoised: what it does depends on earlier calls, so it stays in order"
        )
    if kind.__module__.startswith("unittest.mock"):
        return _unknown("it is a mock")
    if is_class(callee):
        return _unknown("it is a class that is neither declared nor known")
    method = class_member(kind, "__call__")
    if method is not MISSING and type(method) is FunctionType:
        declared = register.find(method)
        if declared is not None:
            return _lowered(placed(declared, callee, args, kwargs), args, kwargs)
        return _proved(method, (callee, *args), kwargs, evidence)
    return _UNKNOWN


def _unknown(reason: str) -> Effect:
    return Effect(EffectKind.UNKNOWN, reason=reason)


def _proved(
    function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any], evidence: str
) -> Effect:
    if evidence == "declared":
        return _UNKNOWN
    known = _proofs.get(id(function))
    if known is None or known.reference() is not function:
        known = _remember(function)
    for number, proof in enumerate(known.found):
        effect = proof.effect_now(function, args, kwargs)
        if effect is not None:
            if number:
                rest = known.found[:number] + known.found[number + 1 :]
                known.found = (proof, *rest)
            return effect
    if known.tries >= _TRIES:
        return _VARIOUS
    return _try(known, function, args, kwargs)


def _try(
    known: _Proofs, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """Look among the proofs of functions with the same code, then prove."""
    known.tries += 1
    code = function.__code__
    shared = _by_code.get(id(code), (code, ()))[1]
    for proof in shared:
        effect = None
        if proof not in known.found:
            effect = proof.effect_now(function, args, kwargs)
        if effect is not None:
            known.found = (proof, *known.found)[:_KEPT]
            return effect
    try:
        proof = prove(function, args, kwargs)
    except Exception as error:
        if is_the_programs(error):
            raise
        # A fault of ours must not reach a program that would have run without us.
        return _unknown(f"the proof failed with {error!r}; please report this")
    known.found = (proof, *known.found)[:_KEPT]
    _keep(_by_code, id(code), (code, (proof, *shared)[:_KEPT]))
    return proof.effect


def prove(function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Proof:
    """A proof for calls like this one; its modules are loaded at the first."""
    from adaptive_jit.effects import proof

    return proof.prove(function, args, kwargs)


def _keep(table: dict[int, Any], key: int, value: Any) -> None:
    """Put *value* into a table of limited size; the oldest quarter makes room."""
    if len(table) >= _LIMIT and key not in table:
        for old in list(table)[: _LIMIT // 4]:
            table.pop(old, None)
    table[key] = value


def _remember(function: FunctionType) -> _Proofs:
    key = id(function)

    def forget(reference: object) -> None:
        known = _proofs.get(key)
        if known is not None and known.reference is reference:
            _proofs.pop(key, None)

    known = _Proofs(weakref.ref(function, forget))
    _keep(_proofs, key, known)
    return known


def forget_proofs() -> None:
    """Forget everything that has been proved, and the modules that proofs hold on to."""
    _proofs.clear()
    _by_code.clear()
    forget_scans()
