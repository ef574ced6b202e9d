"""Operations of AWS clients: the class comes from the service and the operation.

The methods of all clients share one code object, and each client has a class
of its own, made when it is made. What ``client.get_object`` does is therefore
found on the client: its method's name leads to the operation's in the
client's service model. ``Get…``, ``List…``, ``Describe…``, ``Head…`` read;
what the file ``boto3.toml`` lists besides is what it says; all else writes.
What a client does also depends on its event hooks, its credentials and its
HTTP session: only the library's own count.
"""

from __future__ import annotations

import sys
import weakref
from dataclasses import replace
from functools import partial
from types import FunctionType, MethodType, NoneType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import class_member
from adaptive_jit.effects.catalogue_load import read, shelf
from adaptive_jit.effects.catalogue_names import is_own
from adaptive_jit.effects.catalogue_rules import Rule, exact_arguments, plain_arguments
from adaptive_jit.effects.receivers import shadowed
from adaptive_jit.records.effects import EffectKind

if TYPE_CHECKING:
    from adaptive_jit.records.effects import Effect

HOME = "botocore.client"

_LIBRARIES = ("botocore", "boto3", "s3transfer")
_PLAIN_CREDENTIALS = ("Credentials", "ReadOnlyCredentials")
_REFRESHED_CREDENTIALS = ("RefreshableCredentials", "DeferredRefreshableCredentials")

_rules: dict[tuple[str, str], OperationRule] = {}


class OperationRule(Rule):
    """The rule of one operation of one service, whichever client it is called on."""

    __slots__ = ()

    def effect(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
        """The effect of calling *callee*, a method of a client, with these arguments now."""
        if not self.guard.intact():
            return self.unknown(f"{self.guard.patched} is patched")
        return self.lower(self, callee.__self__, args, kwargs)


def operation_rule(function: FunctionType, client: Any) -> OperationRule | None:
    """The rule for the method *function* of *client*; ``None`` if it is no operation of AWS."""
    name = function.__name__
    if not is_client_method(function, client):
        return None
    model = client.meta.service_model
    operation = client.meta.method_to_api_mapping.get(name)
    if type(operation) is not str:
        return None
    key = (model.service_name, operation)
    known = _rules.get(key)
    if known is None:
        known = _rules[key] = _made(model, *key, name)
    return known


def is_client_method(function: FunctionType, client: Any) -> bool:
    """Whether *function* is the library's own, found in the class that it made for *client*."""
    kind = type(client)
    if kind.__module__ != HOME or class_member(kind, function.__name__) is not function:
        return False
    base = getattr(sys.modules.get(HOME), "BaseClient", None)
    return base is not None and base in kind.__mro__ and is_own(function, HOME)


def _made(model: Any, service: str, operation: str, method: str) -> OperationRule:
    from adaptive_jit.effects.catalogue_shapes import answer

    described = model.operation_model(operation)
    word = "unknown" if described.has_event_stream_output else effect_word(service, operation)
    entry = {
        "effect": word,
        "resource": "http",
        "lower": "boto",
        "leaves_arguments": True,
        **answer(service, described.output_shape),
        "reason": "its answer is a stream of events" if word == "unknown" else "",
    }
    guard = shelf("boto3").guard
    return OperationRule(f"{service}:{method}", None, None, entry, guard, None, operation_effect)


def effect_word(service: str, operation: str) -> str:
    """What an operation does, as the file says: ``("s3", "GetObject")`` gives ``"reads"``."""
    table = read_services()
    name = f"{service}:{operation}"
    for word in ("writes", "unordered", "reads"):
        if name in table[word]:
            return word
    return "reads" if operation.startswith(tuple(table["reading_prefixes"])) else "writes"


def read_services() -> dict[str, list[str]]:
    """The table ``services`` of the catalogue's file."""
    global _services
    if _services is None:
        _services = read("boto3")["services"]
    return _services


_services: dict[str, list[str]] | None = None


def operation_effect(
    rule: Rule, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """An operation with plain arguments on a client without anybody's hooks."""
    if args:
        return rule.unknown("it takes keyword arguments only")
    effect = plain_arguments(rule, client, (), kwargs)
    if effect.kind is EffectKind.UNKNOWN:
        return effect
    reason = objection(client)
    return effect if reason is None else rule.unknown(reason)


def paginator(rule: Rule, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``client.get_paginator("list_objects_v2")``: only pages that are read are known."""
    name = args[0] if args else kwargs.get("operation_name")
    if type(name) is not str or len(args) + len(kwargs) != 1:
        return rule.unknown("its operation is not a str")
    if client is None:
        return rule.unknown("its client is made here")
    operation = client.meta.method_to_api_mapping.get(name)
    service = client.meta.service_model.service_name
    if operation is None or effect_word(service, operation) != "reads":
        return rule.unknown("its operation does not only read")
    reason = objection(client)
    return rule.base if reason is None else rule.unknown(reason)


def body(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """Reading the body of an answer: in its turn, and past everything that only reads."""
    effect = exact_arguments(rule, None, args, kwargs)
    if effect.kind is EffectKind.UNKNOWN or receiver is None:
        return effect
    return replace(effect, caller_thread=True)


def objection(client: Any) -> str | None:
    """What about this client is not the library's own, in words."""
    state = client.__dict__
    hidden = shadowed(type(client), state)
    if hidden is not None:
        return f"{hidden} of this client is replaced"
    reason = _of_credentials(getattr(state.get("_request_signer"), "_credentials", None))
    if reason is not None:
        return reason
    session = getattr(state.get("_endpoint"), "http_session", None)
    own = getattr(sys.modules.get("botocore.httpsession"), "URLLib3Session", None)
    if own is None or type(session) is not own or shadowed(own, session.__dict__):
        return "this client has an HTTP session of its own"
    return _of_hooks(client.meta.events)


def _of_credentials(credentials: Any) -> str | None:
    kind = type(credentials)
    if kind is NoneType:
        return None
    if kind.__module__ == "botocore.credentials":
        if kind.__name__ in _PLAIN_CREDENTIALS:
            return None
        refresh = getattr(credentials, "_refresh_using", None)
        if kind.__name__ in _REFRESHED_CREDENTIALS and is_stock(refresh):
            return None
    return "this client has credentials of its own"


class _Emitter:
    """The verdict on a client's hooks, and the state that it was found for."""

    __slots__ = ("cache", "reason", "reference")

    def __init__(self, reference: Any, cache: Any, reason: str | None) -> None:
        self.reference = reference
        self.cache = cache
        self.reason = reason


_emitters: dict[int, _Emitter] = {}


def _of_hooks(events: Any) -> str | None:
    """Each registration gives the emitter a new cache, so the old verdict holds until then."""
    emitter = getattr(events, "_emitter", events)
    for one in (events, emitter):
        if type(one).__module__ != "botocore.hooks" or shadowed(type(one), one.__dict__):
            return "this client has an event system of its own"
    known = _emitters.get(id(emitter))
    cache = getattr(emitter, "_lookup_cache", None)
    if known is not None and known.reference() is emitter and known.cache is cache:
        return known.reason
    reason = next(
        (
            f"this client has an event hook, `{_words(one)}`"
            for one in _registered(emitter._handlers._root)
            if not is_stock(one)
        ),
        None,
    )
    key = id(emitter)
    reference = weakref.ref(emitter, lambda _: _emitters.pop(key, None))
    _emitters[key] = _Emitter(reference, cache, reason)
    return reason


def _registered(root: Any) -> list[Any]:
    """All hooks in the trie of an emitter."""
    found: list[Any] = []
    pending = [root]
    while pending:
        node = pending.pop()
        for section in node["values"] or ():
            found.extend(section)
        pending.extend(node["children"].values())
    return found


def is_stock(hook: Any) -> bool:
    """Whether a hook is the library's own code, and not its stand-in for tests."""
    while type(hook) is partial:
        hook = hook.func
    if type(hook) is MethodType:
        return is_stock(hook.__func__) and _is_of_library(type(hook.__self__).__module__)
    if type(hook) is FunctionType:
        return _is_of_library(hook.__module__) and is_own(hook, hook.__module__)
    return _is_of_library(type(hook).__module__)


def _is_of_library(home: object) -> bool:
    # The stub answers from a queue, whose order is what the test is about.
    return type(home) is str and home.partition(".")[0] in _LIBRARIES and home != "botocore.stub"


def _words(hook: Any) -> str:
    name = getattr(hook, "__qualname__", None)
    return name if type(name) is str else type(hook).__qualname__
