"""Receivers: is this client the library's own, unchanged, and do its answers change it?

The catalogue speaks for stock objects only: hooks, transports and auth
objects that a user brought run the user's code. Each check answers with a
reason against the receiver (a ``str``), with its `Vetting`, or with ``None``
where there is nothing to watch. Checks run at each start, so they compare
types and sizes and call nothing.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_names import is_own
from adaptive_jit.effects.catalogue_values import SCALARS, exact
from adaptive_jit.effects.receivers_subclasses import overrides_nothing
from adaptive_jit.effects.vetting import Vetting, vetting_of

if TYPE_CHECKING:
    from collections.abc import Callable

ADAPTER_SIZE = 7
"""Attributes of a stock ``HTTPAdapter``; one with more is looked at name by name."""


def shadowed(kind: type, state: dict[str, Any]) -> str | None:
    """The first method of the class that an attribute of the instance hides, if any."""
    for name in state:
        for base in kind.__mro__:
            if name in base.__dict__:
                if type(base.__dict__[name]) is FunctionType:
                    return name
                break
    return None


def in_order(what: str) -> str:
    """A reason against a receiver, with what follows from it and what one can do."""
    return (
        f"{what}, and what that does is not known, so its calls stay in order; where they may "
        "overlap, declare the function that makes them, with `@reads` for example"
    )


class HttpxClients:
    """The check for ``httpx.Client`` (and of its successor ``httpx2``): no hooks, own transport."""

    __slots__ = ("_auth", "_hooks", "_jars", "_library", "_pools", "_transport")

    def __init__(self, library: str, hooks: tuple[Any, ...] = ()) -> None:
        module = sys.modules[library]
        self._library = library
        self._hooks = hooks
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
                return in_order(f"`{hidden}` of this client is the program's own")
            vetting.size = len(state)
        for hooks in state["_event_hooks"].values():
            if hooks and not self._are_known(hooks):
                return in_order("this client has event hooks")
        if type(state["_auth"]) not in self._auth:
            return in_order("this client has an auth object that is not plain")
        if not self._is_own(state["_transport"]):
            return in_order("this client has a transport of its own")
        for transport in state["_mounts"].values():
            if transport is not None and not self._is_own(transport):
                return in_order("this client has mounted transports of its own")
        jar = state["_cookies"].jar
        if type(jar) not in self._jar_types() or not _has_plain_policy(jar):
            return in_order("this client has a cookie jar of its own")
        return vetting

    def _are_known(self, hooks: Any) -> bool:
        return type(hooks) is list and all(
            any(hook is known for known in self._hooks) for hook in hooks
        )

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
    header_type = module.structures.CaseInsensitiveDict
    retry_type = module.adapters.Retry

    def check(session: Any) -> Vetting | str:
        state = session.__dict__
        vetting = vetting_of(session, _requests_jar)
        if len(state) != vetting.size:
            hidden = shadowed(type(session), state)
            if hidden is not None:
                return in_order(f"`{hidden}` of this requests.Session is the program's own")
            vetting.size = len(state)
        if state["stream"]:
            return in_order("this requests.Session streams its answers")
        if any(state["hooks"].values()):
            return in_order("this requests.Session has hooks")
        if type(state["auth"]) not in plain_auth:
            return in_order("this requests.Session has an auth object that is not plain")
        for adapter in state["adapters"].values():
            if type(adapter) is not adapter_type or (
                len(adapter.__dict__) != ADAPTER_SIZE and shadowed(adapter_type, adapter.__dict__)
            ):
                return in_order("this requests.Session has mounted adapters of its own")
            if type(adapter.__dict__.get("max_retries")) is not retry_type:
                return in_order("this requests.Session retries in a way of its own")
        jar = state["cookies"]
        if type(jar) is not jar_type or not _has_plain_policy(jar):
            return in_order("this requests.Session has a cookie jar of its own")
        if not _are_plain_headers(state["headers"], header_type):
            return in_order("this requests.Session has headers of its own making")
        return _odd_setting(state) or vetting

    return check


_PLAIN = ("params", "verify", "cert", "proxies", "max_redirects", "trust_env")
"""What a session adds to each request; anything but builtin values may run code there."""


def _are_plain_headers(headers: Any, stock: type) -> bool:
    if type(headers) is stock and len(headers.__dict__) == 1:
        pairs = headers.__dict__["_store"].values()
        return all(type(one) in SCALARS for pair in pairs for one in pair)
    return exact(headers)


def _odd_setting(state: dict[str, Any]) -> str | None:
    for name in _PLAIN:
        value = state[name]
        if type(value) not in SCALARS and not exact(value):
            return in_order(f"`{name}` of this requests.Session is not plain")
    return None


def _has_plain_policy(jar: Any) -> bool:
    """Whether the jar decides as it came about the cookies that it takes and gives."""
    return type(jar.__dict__.get("_policy")) is sys.modules["http.cookiejar"].DefaultCookiePolicy


def _requests_jar(session: Any) -> Any:
    return session.__dict__["cookies"]


class OpenAIClients:
    """The check for resources of an ``openai.OpenAI`` client, down to its HTTP client.

    Azure's client is a subclass of the same library, with one hook of its own.
    """

    __slots__ = ("_azure", "_checks", "_client", "_hooks", "_resource", "_verbs")

    def __init__(self, library: str) -> None:
        module = sys.modules[library]
        self._client: type = module.OpenAI
        self._azure: type = module.AzureOpenAI
        self._hooks = azure_hooks(library, "_strip_azure_api_key_on_redirect")
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
        kind = type(client)
        owner = self._azure if self._azure in kind.__mro__ else self._client
        if not overrides_nothing(kind, owner):
            return "this client is not a stock OpenAI client"
        state = client.__dict__
        for name in _PROVIDERS:
            if state.get(name) is not None:
                return f"this client has a {name.strip('_').replace('_', ' ')} of its own"
        hidden = shadowed(kind, state) if owner is self._azure else None
        if hidden is not None:
            return f"{hidden} of this client is replaced"
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
                    check = self._checks[name] = HttpxClients(name, self._hooks)
                return check(client)
        return "this client's HTTP client is not a stock one"


def azure_hooks(library: str, name: str) -> tuple[Any, ...]:
    """The hook that Azure's client installs: it takes the key from requests to other hosts."""
    home = f"{library}.lib.azure"
    hook = sys.modules[home].__dict__.get(name)
    return (hook,) if is_own(hook, library) else ()


_PROVIDERS = (
    "_api_key_provider",
    "_azure_ad_token_provider",
    "_provider",
    "_workload_identity_auth",
)
"""Attributes of clients that are empty unless the user brought code."""

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
