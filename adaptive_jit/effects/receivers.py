"""Receivers: is this client the library's own, unchanged, and do its answers change it?

The catalogue speaks for stock objects only: hooks, transports and auth
objects that a user brought run the user's code. Each check answers with a
reason against the receiver (a ``str``), with its `Vetting`, or with ``None``
where there is nothing to watch. Checks run at each start, so they compare
types and sizes and call nothing.
"""

from __future__ import annotations

import sys
import weakref
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records.effects import Effect

CLEAN_ANSWERS_NEEDED = 1
"""Completed calls without a change to the client before it may serve several at once."""

ADAPTER_SIZE = 7
"""Attributes of a stock ``HTTPAdapter``; one with more is looked at name by name."""


class Vetting:
    """What is known of one client: unvetted, clean, or changed by one of its answers.

    It is also the `Watch` of the client's operations: ``before`` gives the
    cookies, ``changed`` compares and remembers the verdict. Until the first
    answer has changed nothing, and for ever once one has, operations of the
    client share one lane.
    """

    __slots__ = ("_cookies", "_effects", "changes", "clean", "lane", "size", "subject")

    def __init__(self, subject: Callable[[], Any], cookies: Callable[[Any], Any]) -> None:
        self.subject = subject
        self.size = -1
        self.clean = 0
        self.changes = False
        self.lane = object()
        self._cookies = cookies
        self._effects: dict[int, tuple[Effect, Effect]] = {}

    @property
    def is_vetted(self) -> bool:
        """Whether the client may serve several operations at once."""
        return self.clean >= CLEAN_ANSWERS_NEEDED and not self.changes

    def effect(self, base: Effect) -> Effect:
        """*base* with this watch, and with the lane while the client needs one."""
        known = self._effects.get(id(base))
        if known is not None and known[0] is base:
            return known[1]
        lane = None if self.is_vetted else self.lane
        made = replace(base, watch=self, lane=lane)
        self._effects[id(base)] = (base, made)
        return made

    def before(self) -> Any:
        """The client's cookies now, as a plain value."""
        client = self.subject()
        return None if client is None else snapshot(self._cookies(client))

    def changed(self, token: Any) -> bool:
        """Whether the cookies differ from *token*; remembers the answer for later starts."""
        client = self.subject()
        if client is None:
            return False
        now = snapshot(self._cookies(client))
        if now is None or now != token:
            self.changes = True
            self._effects = {}
            return True
        if not self.is_vetted and not self.changes:
            self.clean += 1
            self._effects = {}
        return False


def snapshot(jar: Any) -> frozenset[tuple[Any, ...]] | None:
    """The cookies of a jar as values; ``None``, equal to no snapshot, if it changes meanwhile.

    Expiry dates are left out: a server that renews the same cookie with each
    answer changes nothing that a later request sends.
    """
    domains = getattr(jar, "_cookies", None)
    if not domains:
        return frozenset()
    try:
        return frozenset(
            (domain, path, name, cookie.value)
            for domain, paths in domains.items()
            for path, cookies in paths.items()
            for name, cookie in cookies.items()
        )
    except RuntimeError:
        return None


_vettings: dict[int, Vetting] = {}


def vetting_of(client: Any, cookies: Callable[[Any], Any]) -> Vetting:
    """The vetting of this very client; made at first, forgotten with it."""
    known = _vettings.get(id(client))
    if known is not None and known.subject() is client:
        return known
    key = id(client)
    reference = weakref.ref(client, lambda _: _vettings.pop(key, None))
    made = _vettings[key] = Vetting(reference, cookies)
    return made


def shadowed(kind: type, state: dict[str, Any]) -> str | None:
    """The first method of the class that an attribute of the instance hides, if any."""
    for name in state:
        for base in kind.__mro__:
            if name in base.__dict__:
                if type(base.__dict__[name]) is FunctionType:
                    return name
                break
    return None


def overrides_nothing(kind: type, owner: type) -> bool:
    """Whether *kind* is *owner*, or a subclass whose instances behave like it in all it defines.

    The answer is kept together with the sizes of the subclass's namespaces,
    which a later patch, or its end, changes.
    """
    if kind is owner:
        return True
    known = _subclasses.get((id(kind), id(owner)))
    if known is not None and known.kind is kind and known.size == _size(known.bases):
        return known.verdict
    bases = tuple(base for base in kind.__mro__ if base not in owner.__mro__)
    verdict = owner in kind.__mro__ and not any(_overrides(base, owner) for base in bases)
    if len(_subclasses) > SUBCLASSES_KEPT:
        _subclasses.clear()
    _subclasses[id(kind), id(owner)] = _Subclass(kind, bases, _size(bases), verdict)
    return verdict


def _size(bases: tuple[type, ...]) -> int:
    return sum(len(base.__dict__) for base in bases)


def _overrides(base: type, owner: type) -> bool:
    names = set(base.__dict__) - _HARMLESS
    return "__getattr__" in names or any(
        name in known.__dict__ for name in names for known in owner.__mro__
    )


class _Subclass(NamedTuple):
    """A verdict on a subclass, and what it was found for."""

    kind: type
    bases: tuple[type, ...]
    size: int
    verdict: bool


_subclasses: dict[tuple[int, int], _Subclass] = {}

SUBCLASSES_KEPT = 1000
"""Verdicts kept; the classes are kept alive with them."""

_HARMLESS = frozenset(
    {
        "__abstractmethods__",
        "__annotations__",
        "__del__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__init__",
        "__init_subclass__",
        "__module__",
        "__orig_bases__",
        "__parameters__",
        "__qualname__",
        "__slots__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)
"""What a subclass may define without changing what the methods of its base do."""


class HttpxClients:
    """The check for ``httpx.Client`` (and of its successor ``httpx2``): no hooks, own transport."""

    __slots__ = ("_auth", "_jars", "_library", "_pools", "_transport")

    def __init__(self, library: str) -> None:
        module = sys.modules[library]
        self._library = library
        self._transport: type = module.HTTPTransport
        self._auth = (type(None), module.BasicAuth)
        self._pools: tuple[Any, ...] = ()
        self._jars: tuple[Any, ...] = ()

    def __call__(self, client: Any) -> Vetting | str:
        """The client's vetting, or what speaks against the client."""
        state = client.__dict__
        vetting = vetting_of(client, _httpx_jar)
        if len(state) != vetting.size:
            hidden = shadowed(type(client), state)
            if hidden is not None:
                return f"{hidden} of this client is replaced"
            vetting.size = len(state)
        if any(state["_event_hooks"].values()):
            return "this client has event hooks"
        if type(state["_auth"]) not in self._auth:
            return "this client has an auth object that is not plain"
        if not self._is_own(state["_transport"]):
            return "this client has a transport of its own"
        for transport in state["_mounts"].values():
            if transport is not None and not self._is_own(transport):
                return "this client has mounted transports of its own"
        if type(state["_cookies"].jar) not in self._jar_types():
            return "this client has a cookie jar of its own"
        return vetting

    def _is_own(self, transport: Any) -> bool:
        if type(transport) is not self._transport or len(transport.__dict__) != 1:
            return False
        pool = transport.__dict__.get("_pool")
        return type(pool) in (self._pools or self._pool_types()) and "handle_request" not in (
            pool.__dict__
        )

    def _pool_types(self) -> tuple[Any, ...]:
        """The core library is imported only with the first transport."""
        core = sys.modules.get(self._library.replace("httpx", "httpcore"))
        if core is not None:
            self._pools = (core.ConnectionPool, core.HTTPProxy)
        return self._pools

    def _jar_types(self) -> tuple[Any, ...]:
        if not self._jars:
            own = sys.modules.get(f"{self._library}._cookies")
            self._jars = (sys.modules["http.cookiejar"].CookieJar,)
            if own is not None:
                self._jars += (own.IndexedCookieJar,)
        return self._jars


def _httpx_jar(client: Any) -> Any:
    return client.__dict__["_cookies"].jar


def requests_sessions(library: str) -> Callable[[Any], Vetting | str]:
    """The check for ``requests.Session``: own adapters, no hooks, basic auth at most."""
    module = sys.modules[library]
    adapter_type = module.adapters.HTTPAdapter
    plain_auth = (type(None), tuple, module.auth.HTTPBasicAuth)
    jar_type = module.cookies.RequestsCookieJar

    def check(session: Any) -> Vetting | str:
        state = session.__dict__
        vetting = vetting_of(session, _requests_jar)
        if len(state) != vetting.size:
            hidden = shadowed(type(session), state)
            if hidden is not None:
                return f"{hidden} of this session is replaced"
            vetting.size = len(state)
        if state["stream"]:
            return "this session streams its answers"
        if any(state["hooks"].values()):
            return "this session has hooks"
        if type(state["auth"]) not in plain_auth:
            return "this session has an auth object that is not plain"
        for adapter in state["adapters"].values():
            if type(adapter) is not adapter_type or (
                len(adapter.__dict__) != ADAPTER_SIZE and shadowed(adapter_type, adapter.__dict__)
            ):
                return "this session has mounted adapters of its own"
        if type(state["cookies"]) is not jar_type:
            return "this session has a cookie jar of its own"
        return vetting

    return check


def _requests_jar(session: Any) -> Any:
    return session.__dict__["cookies"]


class OpenAIClients:
    """The check for resources of an ``openai.OpenAI`` client, down to its HTTP client."""

    __slots__ = ("_checks", "_client", "_resource", "_verbs")

    def __init__(self, library: str) -> None:
        module = sys.modules[library]
        self._client: type = module.OpenAI
        base = sys.modules[f"{library}._base_client"].SyncAPIClient
        self._verbs = {
            "_post": base.post,
            "_get": base.get,
            "_get_api_list": base.get_api_list,
        }
        self._checks: dict[str, HttpxClients] = {}

    def __call__(self, resource: Any) -> Vetting | str | None:
        """The vetting of the resource's HTTP client, or what speaks against one of them."""
        state = resource.__dict__
        client = state.get("_client")
        for name, function in self._verbs.items():
            method = state.get(name)
            if getattr(method, "__func__", None) is not function or method.__self__ is not client:
                return f"{name} of this resource is replaced"
        return self.client(client)

    def client(self, client: Any) -> Vetting | str | None:
        """The same for the client itself."""
        if not overrides_nothing(type(client), self._client):
            return "this client is not a stock OpenAI client"
        state = client.__dict__
        for name in ("_api_key_provider", "_provider", "_workload_identity_auth"):
            if state.get(name) is not None:
                return f"this client has a {name.strip('_').replace('_', ' ')} of its own"
        for name in _INNER_METHODS:
            if name in state:
                return f"{name} of this client is replaced"
        return self._inner(state["_client"])

    def _inner(self, client: Any) -> Vetting | str:
        for name in ("httpx2", "httpx"):
            module = sys.modules.get(name)
            if module is not None and overrides_nothing(type(client), module.Client):
                check = self._checks.get(name)
                if check is None:
                    check = self._checks[name] = HttpxClients(name)
                return check(client)
        return "this client's HTTP client is not a stock one"


_INNER_METHODS = (
    "request",
    "_request",
    "post",
    "get",
    "get_api_list",
    "_build_request",
    "_prepare_options",
    "_prepare_request",
    "_process_response",
    "_send_request",
    "_send_with_auth_retry",
)


def openai_client(library: str) -> Callable[[Any], Vetting | str | None]:
    """The check for methods of the client itself."""
    return OpenAIClients(library).client


CHECKS: dict[str, Callable[[str], Callable[[Any], Any]]] = {
    "httpx": HttpxClients,
    "openai": openai_client,
    "openai_resource": OpenAIClients,
    "requests": requests_sessions,
}
"""Makers of checks by the names that catalogue files use; each is given its library's name."""
