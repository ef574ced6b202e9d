"""Receivers of the model SDKs and of asynchronous HTTP clients: stock, or somebody's own?

As in `receivers`: each check answers with a reason (a ``str``), a `Vetting`,
or ``None``, compares types and identities, and calls nothing of the client.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.receivers import HttpxClients, azure_hooks, in_order, shadowed
from adaptive_jit.effects.receivers_subclasses import overrides_nothing
from adaptive_jit.effects.vetting import Vetting, vetting_of

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict = Vetting | str | None


class AsyncHttpxClients(HttpxClients):
    """The check for ``httpx.AsyncClient``: the same parts under their asynchronous names."""

    __slots__ = ("_own_transport",)

    def __init__(self, library: str, hooks: tuple[Any, ...] = ()) -> None:
        super().__init__(library, hooks)
        self._own_transport: type = sys.modules[library].AsyncHTTPTransport

    def _is_own(self, transport: Any) -> bool:
        if type(transport) is not self._own_transport or len(transport.__dict__) != 1:
            return False
        pool = transport.__dict__.get("_pool")
        core = sys.modules.get(self._library.replace("httpx", "httpcore"))
        if core is None or type(pool) not in (core.AsyncConnectionPool, core.AsyncHTTPProxy):
            return False
        return "handle_async_request" not in pool.__dict__


class HttpClient:
    """The check for the HTTP client inside an SDK's client, of either of the two libraries."""

    __slots__ = ("_check", "_checks", "_hooks", "_name")

    def __init__(self, is_async: bool, hooks: tuple[Any, ...] = ()) -> None:
        self._hooks = hooks
        self._name = "AsyncClient" if is_async else "Client"
        self._check = AsyncHttpxClients if is_async else HttpxClients
        self._checks: dict[str, HttpxClients] = {}

    def __call__(self, client: Any) -> Vetting | str:
        """The vetting of this HTTP client, or what speaks against it."""
        for library in ("httpx2", "httpx"):
            module = sys.modules.get(library)
            if module is None or not overrides_nothing(type(client), getattr(module, self._name)):
                continue
            check = self._checks.get(library)
            if check is None:
                check = self._checks[library] = self._check(library, self._hooks)
            return check(client)
        return in_order("this client's HTTP client is not a stock one")


class SDKClients:
    """The check for clients of one class, and for their resources, as ``anthropic`` has them.

    Resources hold bound methods of their client; the client holds options, any
    of which may bring code of the user's, and an HTTP client.
    """

    __slots__ = ("_client", "_http", "_special", "_verbs")

    def __init__(self, library: str, name: str) -> None:
        self._client: type = getattr(sys.modules[library], name)
        self._special: type | None = None
        self._verbs = {f"_{verb}": getattr(self._client, verb) for verb in _VERBS}
        self._http = HttpClient(name.startswith("Async"))

    def resource(self, resource: Any) -> Verdict:
        """The vetting of the resource's HTTP client, or what speaks against one of them."""
        state = resource.__dict__
        client = state.get("_client")
        for name, function in self._verbs.items():
            method = state.get(name)
            if getattr(method, "__func__", None) is not function or method.__self__ is not client:
                return in_order(f"{name} of this resource is replaced")
        hidden = shadowed(type(resource), state)
        if hidden is not None:
            return in_order(f"{hidden} of this resource is replaced")
        return self.client(client)

    def client(self, client: Any) -> Verdict:
        """The same for the client itself."""
        kind = type(client)
        special = self._special
        owner = self._client if special is None or special not in kind.__mro__ else special
        if not overrides_nothing(kind, owner):
            return in_order(f"this client is not a stock {self._client.__name__} client")
        state = client.__dict__
        hidden = shadowed(type(client), state)
        if hidden is not None:
            return in_order(f"{hidden} of this client is replaced")
        for name in _OPTIONS:
            value = state.get(name)
            # No truth is asked: that could be the user's code.
            if value is not None and not (type(value) is tuple and not value):
                return in_order(f"this client has {name.strip('_').replace('_', ' ')} of its own")
        if is_traced(state):
            return in_order("the calls of this client are traced")
        return self._http(state.get("_client"))


class AsyncOpenAIClients(SDKClients):
    """The same for ``openai.AsyncOpenAI`` and its subclass for Azure."""

    __slots__ = ()

    def __init__(self, library: str) -> None:
        super().__init__(library, "AsyncOpenAI")
        self._special = sys.modules[library].AsyncAzureOpenAI
        hooks = azure_hooks(library, "_async_strip_azure_api_key_on_redirect")
        self._http = HttpClient(is_async=True, hooks=hooks)


_VERBS = ("get", "post", "get_api_list")

_OPTIONS = (
    "_middleware",
    "_middleware_chain",
    "_custom_auth",
    "_token_cache",
    "_api_key_provider",
    "_azure_ad_token_provider",
    "_provider",
    "_workload_identity_auth",
)
"""Attributes of clients that are empty unless the user brought code: all of them hold callables."""


def is_traced(state: dict[str, Any]) -> bool:
    """Whether spans of the client's calls reach anybody: processors see when each starts.

    Without a provider, installed or named in the environment, OpenTelemetry
    gives spans that record nothing.
    """
    options = state.get("_open_telemetry")
    if options is None or not options["traces"]["enabled"]:
        return False
    if options.get("tracer_provider") is not None:
        return True
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return False
    # The library's own switch, read where the library reads it.
    return (
        trace._TRACER_PROVIDER is not None
        or trace.OTEL_PYTHON_TRACER_PROVIDER in sys.modules["os"].environ
    )


def _resources(name: str) -> Callable[[str], Callable[[Any], Verdict]]:
    return lambda library: SDKClients(library, name).resource


def _clients(name: str) -> Callable[[str], Callable[[Any], Verdict]]:
    return lambda library: SDKClients(library, name).client


def ollama_clients(is_async: bool) -> Callable[[str], Callable[[Any], Verdict]]:
    """The check for ``ollama.Client`` or ``ollama.AsyncClient``."""

    def make(_library: str) -> Callable[[Any], Verdict]:
        inner = HttpClient(is_async)

        def check(client: Any) -> Verdict:
            state = client.__dict__
            hidden = shadowed(type(client), state)
            if hidden is not None:
                return in_order(f"{hidden} of this client is replaced")
            return inner(state.get("_client"))

        return check

    return make


def genai_modules(library: str) -> Callable[[Any], Verdict]:
    """The check for ``client.models`` of ``google.genai``, down to its HTTP client."""
    kind: type = sys.modules[f"{library}._api_client"].BaseApiClient
    retrying = getattr(sys.modules.get("tenacity"), "Retrying", None)
    inner = HttpClient(is_async=False)

    def check(module: Any) -> Verdict:
        client = module.__dict__.get("_api_client")
        # A replaying client of the library's tests is a subclass.
        if type(client) is not kind:
            return in_order("this client is not a stock one")
        for owner in (module, client):
            hidden = shadowed(type(owner), owner.__dict__)
            if hidden is not None:
                return in_order(f"{hidden} of this client is replaced")
        state = client.__dict__
        if state.get("vertexai") or state.get("_credentials") is not None:
            return in_order("this client has credentials, which may be an object of the user's")
        if state.get("_authorized_session") is not None:
            return in_order("this client has a session of its own")
        retry = state.get("_retry")
        if type(retry) is not retrying or shadowed(type(retry), retry.__dict__):
            return in_order("this client retries in a way of its own")
        return inner(state.get("_httpx_client"))

    return check


def urllib3_pools(library: str) -> Callable[[Any], Verdict]:
    """The check for ``urllib3.PoolManager``: stock pools. It keeps no cookies: nothing to watch."""
    manager = sys.modules[f"{library}.poolmanager"]
    pool_types = (
        sys.modules[f"{library}.connectionpool"].HTTPConnectionPool,
        sys.modules[f"{library}.connectionpool"].HTTPSConnectionPool,
    )

    def check(pools: Any) -> Verdict:
        state = pools.__dict__
        hidden = shadowed(type(pools), state)
        if hidden is not None:
            return in_order(f"{hidden} of this pool is replaced")
        if any(kind not in pool_types for kind in state.get("pool_classes_by_scheme", {}).values()):
            return in_order("this manager makes pools of its own")
        if type(state.get("pools")) is not manager.RecentlyUsedContainer:
            return in_order("this manager keeps its pools in a container of its own")
        if not _STOCK_OPTIONS.issuperset(state.get("connection_pool_kw", ())):
            return in_order("this manager has options that may run code")
        return None

    return check


_STOCK_OPTIONS = frozenset(
    {"block", "ca_cert_dir", "ca_certs", "cert_file", "cert_reqs", "key_file", "maxsize", "timeout"}
)
"""Options of a pool that are plain data; ``retries`` may be an object with methods of its own."""


def aiohttp_sessions(library: str) -> Callable[[Any], Verdict]:
    """The check for ``aiohttp.ClientSession``: no tracing, no middleware, stock parts."""
    module = sys.modules[library]
    stock = {
        "_request_class": module.ClientRequest,
        "_response_class": module.ClientResponse,
        "_json_serialize": sys.modules["json"].dumps,
    }

    def check(session: Any) -> Verdict:
        state = session.__dict__
        hidden = shadowed(type(session), state)
        if hidden is not None:
            return in_order(f"{hidden} of this session is replaced")
        if state.get("_trace_configs") or state.get("_middlewares"):
            return in_order("this session has hooks")
        for name, known in stock.items():
            if state.get(name) is not known:
                return in_order(f"this session has {name.strip('_').replace('_', ' ')} of its own")
        if type(state.get("_connector")) is not module.TCPConnector:
            return in_order("this session has a connector of its own")
        if type(state.get("_cookie_jar")) not in (module.CookieJar, module.DummyCookieJar):
            return in_order("this session has a cookie jar of its own")
        if type(state.get("_raise_for_status")) is not bool:
            return in_order("this session has a check of its own for answers")
        return vetting_of(session, _aiohttp_jar)

    return check


def _aiohttp_jar(session: Any) -> Any:
    """The session's cookies in the shape of the standard library's: by domain, path and name."""
    cookies = getattr(session.__dict__["_cookie_jar"], "_cookies", {})
    return SimpleNamespace(_cookies={key: {"": dict(found)} for key, found in [*cookies.items()]})


SDK_CHECKS: dict[str, Callable[[str], Callable[[Any], Any]]] = {
    "aiohttp": aiohttp_sessions,
    "anthropic": _clients("Anthropic"),
    "anthropic_async": _resources("AsyncAnthropic"),
    "anthropic_resource": _resources("Anthropic"),
    "genai": genai_modules,
    "httpx_async": AsyncHttpxClients,
    "ollama": ollama_clients(is_async=False),
    "ollama_async": ollama_clients(is_async=True),
    "openai_async": lambda library: AsyncOpenAIClients(library).resource,
    "urllib3": urllib3_pools,
}
"""Makers of checks by the names that catalogue files use; each is given its library's name."""
