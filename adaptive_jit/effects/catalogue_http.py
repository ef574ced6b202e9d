"""How the arguments of HTTP calls lower their effects.

``GET``, ``HEAD`` and ``OPTIONS`` read; a ``POST`` to the endpoint of a
language model is unordered (paid for, and nothing that anyone reads back
changes); every other verb writes. A streamed answer is a draw from a stream:
unknown. Hooks, and arguments that may be callbacks or iterators, are unknown.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import SCALARS, exact
from adaptive_jit.effects.elsewhere import any_proxy, host_of, is_elsewhere, matters
from adaptive_jit.effects.vetting import Vetting
from adaptive_jit.records.effects import FILES, EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

READING = frozenset({"GET", "HEAD", "OPTIONS"})

MODEL_ENDPOINTS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/embeddings",
    "/api/generate",
    "/api/chat",
)

_NETRC = ("~/.netrc", "~/_netrc")

_FALSE_ONLY = {
    "stream": "it streams its answer",
    "hooks": "it has hooks",
    # requests adds the environment's proxies to the very dict that it is given.
    "proxies": "it changes its proxies= argument",
    # httpx keeps the very dict in the answer's request.
    "extensions": "it keeps its extensions= argument",
    "mounts": "it has transports of its own",
    "transport": "it has a transport of its own",
    "opener": "it has an opener of its own",
}


def http(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A request by a function of a library or a stock client."""
    for value in args:
        if type(value) not in SCALARS and not exact(value, leaves=True):
            return rule.unknown("an argument is of a type that the catalogue does not know")
    if kwargs:
        reason = _objection(kwargs)
        if reason is not None:
            return rule.unknown(reason)
    effect = _by_verb(rule, rule.options.get("verb"), receiver, args, kwargs)
    if rule.check is None or effect.kind is EffectKind.UNKNOWN:
        return effect
    standing = rule.check(receiver)
    if type(standing) is Vetting:
        return standing.effect(effect)
    return effect if standing is None else rule.unknown(standing)


def sdk(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A call of a model SDK on a stock client; one that adds to a conversation writes."""
    reason = _objection(kwargs)
    if reason is None and not exact(args, leaves=True):
        reason = "an argument is of a type that the catalogue does not know"
    if reason is not None:
        return rule.unknown(reason)
    headers = kwargs.get("extra_headers")
    if headers and any("raw-response" in str(name).lower() for name in headers):
        return rule.unknown("it returns a raw response, which keeps its arguments")
    effect = rule.base
    if _adds_to_conversation(kwargs.get("conversation"), kwargs.get("extra_body")):
        effect = rule.of_kind(EffectKind.WRITES)
    standing = rule.check(receiver) if rule.check is not None else None
    if type(standing) is Vetting:
        return standing.effect(effect)
    return effect if standing is None else rule.unknown(standing)


def urlopen(rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``urllib.request.urlopen`` of a web address, by stock openers only."""
    target: Any = args[0] if args else kwargs.get("url")
    data = args[1] if len(args) > 1 else kwargs.get("data")
    rest = {name: value for name, value in kwargs.items() if name not in ("url", "data")}
    if not exact((data, *args[2:], *rest.values())):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    verb = "GET" if data is None else "POST"
    if type(target) is not str:
        request_class = sys.modules["urllib.request"].Request
        if type(target) is not request_class or not _is_plain_request(target):
            return rule.unknown("its first argument is neither a str nor a plain Request")
        verb = target.get_method() if data is None else verb
        host = "" if target.__dict__.get("_tunnel_host") else host_of(f"http://{target.host}/")
        target = target.full_url
    else:
        host = host_of(target)
    if not target.startswith(("http://", "https://")):
        return rule.unknown("it opens another thing than a web address")
    opener = sys.modules["urllib.request"].__dict__.get("_opener")
    if not _is_stock_opener(opener):
        return rule.unknown("an opener of one's own is installed")
    if verb in READING and _has_no_proxy(opener) and is_elsewhere(host):
        return rule.elsewhere()
    return _of_verb(rule, verb, target)


def _objection(kwargs: dict[str, Any]) -> str | None:
    """What in the keyword arguments takes the call out of the catalogue, in words."""
    for name, value in kwargs.items():
        # Exactness first: the truth of anything else could be the user's code.
        if type(value) not in SCALARS and not exact(value, leaves=True):
            return _FALSE_ONLY.get(name) or f"{name}= is of a type that the catalogue does not know"
        if name in _FALSE_ONLY and value:
            return _FALSE_ONLY[name]
    return None


def reached(rule: Rule, receiver: Any, target: str, kwargs: dict[str, Any]) -> str:
    """The host that answers a request; ``""`` where another one may: a proxy, a local socket."""
    if "proxy" in kwargs:
        return ""
    host = host_of(target)
    if rule.owner is None:
        return host
    state = getattr(receiver, "__dict__", {})
    if "_mounts" in state:
        if not _is_direct(state):
            return ""
        is_relative = "://" not in target and not target.startswith("//")
        return host_of(str(state["_base_url"])) if is_relative else host
    return host if "adapters" in state and not state.get("proxies") else ""


def _reads_netrc(rule: Rule, receiver: Any) -> bool:
    """Whether ``requests`` looks for the password in a file of the user's home."""
    if not rule.name.startswith("requests:") or not matters():
        return False
    if getattr(receiver, "__dict__", {}).get("trust_env") is False:
        return False
    named = os.path.expandvars("$NETRC") != "$NETRC"
    return named or any(os.path.exists(os.path.expanduser(path)) for path in _NETRC)


def _is_direct(state: dict[str, Any]) -> bool:
    """A client of ``httpx`` that connects to the very hosts that it is asked for."""
    pool = getattr(state["_transport"], "__dict__", {}).get("_pool")
    inner = getattr(pool, "__dict__", {})
    return (
        all(one is None for one in state["_mounts"].values())
        and type(pool).__name__ == "ConnectionPool"
        and inner.get("_uds") is None
        and inner.get("_proxy") is None
        and type(inner.get("_network_backend")).__module__.startswith("httpcore")
    )


def _has_no_proxy(opener: Any) -> bool:
    """The opener was made when the environment named none; ``no_proxy`` alone names none."""
    found = (getattr(one, "proxies", None) for one in opener.handlers) if opener else ()
    return not any(any_proxy(proxies) for proxies in found if proxies)


def _is_absent(value: Any) -> bool:
    """The SDK's marks for an argument that was not given."""
    return type(value).__name__ in ("NotGiven", "Omit") and exact(value, leaves=True)


def _by_verb(
    rule: Rule, verb: str | None, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    index = 0
    if verb is None:
        given = args[0] if args else kwargs.get("method")
        if type(given) is not str:
            return rule.unknown("its verb is not a str")
        verb, index = given.upper(), 1
    url = args[index] if len(args) > index else kwargs.get("url")
    target = url if type(url) is str else str(url) if exact(url, leaves=True) else ""
    body = kwargs.get("json")
    has_files = (
        type(kwargs.get("verify")) is str
        or kwargs.get("cert") is not None
        or _reads_netrc(rule, receiver)
    )
    looked_for = verb in READING and not has_files and matters()
    if looked_for and is_elsewhere(reached(rule, receiver, target, kwargs)):
        return rule.elsewhere()
    if _adds_to_conversation(None, body) or _mentions_conversation(kwargs):
        return rule.of_kind(EffectKind.READS if verb in READING else EffectKind.WRITES)
    effect = _of_verb(rule, verb, target, _base_path(receiver))
    if has_files and effect.kind is EffectKind.UNORDERED:
        return replace(effect, reading=replace(rule.of_kind(EffectKind.READS), resource=FILES))
    return effect


def _of_verb(rule: Rule, verb: str, target: str, base: str = "") -> Effect:
    if verb in READING:
        return rule.of_kind(EffectKind.READS)
    if verb == "POST" and is_model_endpoint(target, base):
        return rule.of_kind(EffectKind.UNORDERED)
    return rule.of_kind(EffectKind.WRITES)


def is_model_endpoint(target: str, base: str = "") -> bool:
    """Whether the address's path ends as those of language model services do.

    *base* is the path that a client puts before relative addresses.
    """
    path = target.partition("?")[0].partition("#")[0]
    if path.endswith(MODEL_ENDPOINTS):
        return True
    return bool(base) and "://" not in path and _joined(base, path).endswith(MODEL_ENDPOINTS)


def _joined(base: str, path: str) -> str:
    return base.rstrip("/") + "/" + path.lstrip("/")


def _base_path(receiver: Any) -> str:
    """The path of a stock client's base address; a stock URL is immutable."""
    url = getattr(receiver, "__dict__", {}).get("_base_url")
    return str(url.path) if exact(url, leaves=True) and url is not None else ""


def _adds_to_conversation(conversation: Any, body: Any) -> bool:
    """``conversation=`` of the responses service appends to state kept by the server."""
    if conversation is not None and not _is_absent(conversation):
        return True
    return type(body) is dict and body.get("conversation") is not None


def _mentions_conversation(kwargs: dict[str, Any]) -> bool:
    for name in ("content", "data"):
        body = kwargs.get(name)
        if type(body) is str and '"conversation"' in body:
            return True
        if type(body) is bytes and b'"conversation"' in body:
            return True
    return False


def _is_plain_request(request: Any) -> bool:
    """No method of the request is replaced, and its body is plain bytes or absent."""
    state = request.__dict__
    return (
        "get_method" not in state
        and type(state.get("_data")) in (type(None), bytes)
        and type(state.get("_full_url")) is str
    )


def _is_stock_opener(opener: Any) -> bool:
    """No opener, or one of the library's own parts that keep no state between answers."""
    if opener is None:
        return True
    handlers = getattr(opener, "handlers", None)
    return (
        type(opener).__module__ == "urllib.request"
        and type(handlers) is list
        and all(type(one).__module__ == "urllib.request" for one in handlers)
        and not any("Cookie" in type(one).__name__ for one in handlers)
    )
