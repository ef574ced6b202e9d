"""Clients of model SDKs and pools: stock ones are known, those with the user's code are not."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any
from unittest import mock

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
import tenacity
import urllib3
from google import genai
from sdk_receivers import aiohttp_session

from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_models import awaited
from adaptive_jit.effects.receivers_sdk import is_traced
from adaptive_jit.records.effects import Effect, EffectKind

UNKNOWN = EffectKind.UNKNOWN
URL = "http://127.0.0.1:9/items"
MESSAGES = [{"role": "user", "content": "hello"}]


def ask(client: Any) -> Effect | None:
    """The effect of a plain call of this client; ``None`` if nothing is known of its class."""
    kwargs: dict[str, Any] = {"model": "small", "messages": MESSAGES}
    args: tuple[Any, ...] = ()
    if isinstance(client, genai.Client):
        callee = client.models.generate_content
        kwargs = {"model": "small", "contents": "hello"}
    elif isinstance(client, urllib3.PoolManager):
        callee, args, kwargs = client.request, ("GET", URL), {}
    elif isinstance(client, (ollama.Client, ollama.AsyncClient)):
        callee = client.chat
    elif isinstance(client, (openai.OpenAI, openai.AsyncOpenAI)):
        callee = client.chat.completions.create
    else:
        callee, kwargs = client.messages.create, {**kwargs, "max_tokens": 16}
    rule = lookup(callee)
    return None if rule is None else awaited(rule, callee, args, kwargs)


def claude(**options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="none", **options)


def gemini(**options: Any) -> genai.Client:
    return genai.Client(api_key="none", http_options=genai.types.HttpOptions(**options))


def azure(**options: Any) -> openai.AzureOpenAI:
    given = {"api_key": "none", "azure_endpoint": "http://127.0.0.1:9", **options}
    return openai.AzureOpenAI(api_version="1", **given)


def async_azure(**options: Any) -> openai.AsyncAzureOpenAI:
    given = {"api_key": "none", "azure_endpoint": "http://127.0.0.1:9", **options}
    return openai.AsyncAzureOpenAI(api_version="1", **given)


def _with(client: Any, path: str, value: Any) -> Any:
    """*client* with *value* stored at the end of the path."""
    owner = client
    *parts, last = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    setattr(owner, last, value)
    return client


class _Claude(anthropic.Anthropic):
    def _prepare_request(self, request: Any) -> None:
        request.headers["a"] = "b"


class _Azure(openai.AzureOpenAI):
    def _prepare_request(self, request: Any) -> None:
        request.headers["a"] = "b"


class _NamedAzure(openai.AzureOpenAI):
    """Overrides nothing."""


class _Named(anthropic.Anthropic):
    """Overrides nothing."""


class _Transport(httpx2.AsyncHTTPTransport):
    """Sends as it likes."""


class _Retry(tenacity.Retrying):
    """Retries as it likes."""


def _pass(request: Any, call_next: Any) -> Any:
    return call_next(request)


def _hooks(library: Any) -> Any:
    return library.Client(event_hooks={"request": [print]})


STOCK = {
    "anthropic": claude,
    "anthropic of a subclass": lambda: _Named(api_key="none"),
    "anthropic with a client": lambda: claude(http_client=httpx2.Client()),
    "anthropic with options": lambda: claude(timeout=3, default_headers={"a": "b"}),
    "anthropic without traces": lambda: claude(open_telemetry=False),
    "async anthropic": lambda: anthropic.AsyncAnthropic(api_key="none"),
    "async openai": lambda: openai.AsyncOpenAI(api_key="none"),
    "azure": azure,
    "azure with a token": lambda: azure(api_key=None, azure_ad_token="none"),
    "azure with a client": lambda: azure(http_client=httpx2.Client()),
    "azure with a deployment": lambda: azure(azure_deployment="small"),
    "azure of a subclass": lambda: _NamedAzure(
        api_key="none", api_version="1", azure_endpoint="http://127.0.0.1:9"
    ),
    "async azure": async_azure,
    "ollama": ollama.Client,
    "async ollama": ollama.AsyncClient,
    "gemini": gemini,
    "gemini with a client": lambda: gemini(httpx_client=httpx.Client()),
    "gemini with retries": lambda: gemini(retry_options={"attempts": 3}),
    "urllib3": urllib3.PoolManager,
    "urllib3 with options": lambda: urllib3.PoolManager(3, timeout=3.0, maxsize=4),
}

FOREIGN = {
    "anthropic with hooks": lambda: claude(http_client=_hooks(httpx2)),
    "anthropic with a transport": lambda: claude(
        http_client=httpx2.Client(transport=httpx2.MockTransport(print))
    ),
    "anthropic with middleware": lambda: claude(middleware=[_pass]),
    "anthropic with credentials": lambda: anthropic.Anthropic(credentials=print),
    "anthropic with a tracer": lambda: claude(open_telemetry={"tracer_provider": mock.Mock()}),
    "anthropic of a class of its own": lambda: _Claude(api_key="none"),
    "anthropic with a replaced method": lambda: _with(claude(), "_request", print),
    "anthropic with a replaced client": lambda: _with(claude(), "_client", mock.Mock()),
    "anthropic with a replaced verb": lambda: _with(claude(), "messages._post", print),
    "anthropic with another's verb": lambda: _with(claude(), "messages._post", claude().post),
    "anthropic with a replaced part's method": lambda: _with(claude(), "messages.parse", print),
    "async anthropic with hooks": lambda: anthropic.AsyncAnthropic(
        api_key="none", http_client=httpx2.AsyncClient(event_hooks={"request": [print]})
    ),
    "async openai with a transport": lambda: openai.AsyncOpenAI(
        api_key="none",
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(print)),
    ),
    "async openai with a key function": lambda: openai.AsyncOpenAI(api_key=print),
    "async openai with a replaced pool": lambda: _with(
        openai.AsyncOpenAI(api_key="none"), "_client._transport._pool.handle_async_request", print
    ),
    "async openai with a transport class": lambda: openai.AsyncOpenAI(
        api_key="none", http_client=httpx2.AsyncClient(transport=_Transport())
    ),
    "async openai with a replaced transport's method": lambda: _with(
        openai.AsyncOpenAI(api_key="none"), "_client._transport.handle_async_request", print
    ),
    "async openai with another pool": lambda: _with(
        openai.AsyncOpenAI(api_key="none"), "_client._transport._pool", SimpleNamespace()
    ),
    "azure with a token function": lambda: azure(
        api_key=None, azure_ad_token_provider=lambda: "none"
    ),
    "azure with a key function": lambda: azure(api_key=lambda: "none"),
    "azure with hooks": lambda: azure(http_client=_hooks(httpx2)),
    "azure with hooks on answers": lambda: azure(
        http_client=httpx2.Client(event_hooks={"response": [print]})
    ),
    "azure of a class of its own": lambda: _Azure(
        api_key="none", api_version="1", azure_endpoint="http://127.0.0.1:9"
    ),
    "azure with a replaced method": lambda: _with(azure(), "_request", print),
    "azure with a replaced method of its class": lambda: _with(azure(), "_prepare_url", print),
    "azure with a replaced client": lambda: _with(azure(), "_client", mock.Mock()),
    "async azure with a token function": lambda: async_azure(
        api_key=None, azure_ad_token_provider=lambda: "none"
    ),
    "async azure with hooks": lambda: async_azure(
        http_client=httpx2.AsyncClient(event_hooks={"request": [print]})
    ),
    "ollama with hooks": lambda: ollama.Client(event_hooks={"response": [print]}),
    "ollama with auth": lambda: ollama.Client(auth=lambda request: request),
    "ollama with a replaced method": lambda: _with(ollama.Client(), "_request", print),
    "ollama with a replaced client": lambda: _with(ollama.Client(), "_client", mock.Mock()),
    "async ollama with a replaced transport": lambda: _with(
        ollama.AsyncClient(), "_client._transport", mock.Mock()
    ),
    "gemini with hooks": lambda: gemini(httpx_client=_hooks(httpx)),
    "gemini with a replaced method": lambda: _with(gemini(), "_api_client.request", print),
    "gemini with a replaced part": lambda: _with(gemini(), "models._generate_content", print),
    "gemini with another api client": lambda: _with(
        gemini(), "models._api_client", SimpleNamespace()
    ),
    "gemini with credentials": lambda: _with(gemini(), "_api_client._credentials", mock.Mock()),
    "gemini of the enterprise": lambda: _with(gemini(), "_api_client.vertexai", True),
    "gemini with a session": lambda: _with(gemini(), "_api_client._authorized_session", print),
    "gemini with a retry class": lambda: _with(gemini(), "_api_client._retry", _Retry()),
    "gemini with a replaced retry": lambda: _with(gemini(), "_api_client._retry.iter", print),
    "urllib3 with a replaced method": lambda: _with(urllib3.PoolManager(), "urlopen", print),
    "urllib3 with pools": lambda: _with(
        urllib3.PoolManager(), "pool_classes_by_scheme", {"http": mock.Mock}
    ),
    "urllib3 with a container": lambda: _with(urllib3.PoolManager(), "pools", {}),
    "urllib3 with retries": lambda: urllib3.PoolManager(retries=urllib3.Retry(3)),
    "urllib3 of a proxy": lambda: urllib3.ProxyManager("http://127.0.0.1:1"),
}


@pytest.mark.parametrize("name", STOCK)
def test_a_stock_client_is_known(name: str) -> None:
    """The harmless twins of the clients below."""
    found = ask(STOCK[name]())
    assert found is not None
    assert found.kind is not UNKNOWN, found.reason


@pytest.mark.parametrize("name", FOREIGN)
def test_a_client_with_code_of_the_user_s_is_unknown(name: str) -> None:
    """The reason says what it is; of a class that overrides something nothing is known."""
    found = ask(FOREIGN[name]())
    assert found is None or (found.kind is UNKNOWN and found.reason)


def test_a_client_is_checked_at_each_start() -> None:
    """A hook that is added later, and a method replaced for a while, are seen."""
    client = claude()
    first = ask(client)
    assert first is not None
    assert first.kind is EffectKind.UNORDERED
    for owner, name in ((client, "_request"), (client.messages, "_post")):
        with mock.patch.object(owner, name):
            found = ask(client)
            assert found is not None
            assert found.kind is UNKNOWN
    client._client.event_hooks["request"].append(print)
    found = ask(client)
    assert found is not None
    assert found.kind is UNKNOWN


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (anthropic.Anthropic, "_attempt_request"),
        (openai.AzureOpenAI, "request"),
        (openai.AzureOpenAI, "_prepare_options"),
        (openai.AzureOpenAI, "_build_request"),
        (openai.AsyncAzureOpenAI, "request"),
        (ollama.Client, "_request_raw"),
        (genai.models.Models, "_generate_content"),
        (urllib3.PoolManager, "urlopen"),
    ],
)
def test_a_patched_inner_function_is_seen(owner: Any, name: str) -> None:
    """For as long as it is patched."""
    makers = (claude, azure, async_azure, ollama.Client, gemini, urllib3.PoolManager)
    client = next(made for made in (make() for make in makers) if _reaches(made, owner))
    with mock.patch.object(owner, name):
        found = ask(client)
        assert found is not None
        assert found.kind is UNKNOWN
    found = ask(client)
    assert found is not None
    assert found.kind is not UNKNOWN


def _reaches(client: Any, owner: type) -> bool:
    return isinstance(client, owner) or isinstance(getattr(client, "models", None), owner)


def test_an_installed_tracer_is_seen() -> None:
    """A provider that the program or the environment names records what every client does."""
    state = vars(claude())
    trace = sys.modules["opentelemetry.trace"]
    assert not is_traced(state)
    assert not is_traced({})
    with mock.patch.object(trace, "_TRACER_PROVIDER", object()):
        assert is_traced(state)
        assert not is_traced(vars(claude(open_telemetry=False)))
    with mock.patch.dict("os.environ", {trace.OTEL_PYTHON_TRACER_PROVIDER: "mine"}):
        assert is_traced(state)
    with mock.patch.dict(sys.modules):
        del sys.modules["opentelemetry.trace"]
        assert not is_traced(state)


def test_the_cookies_of_a_session_are_watched() -> None:
    """They are sent with what is awaited later."""
    session = aiohttp_session()
    rule = lookup(session.get)
    assert rule is not None
    watch = awaited(rule, session.get, (URL,), {}).watch
    assert watch is not None
    token = watch.before()
    assert not watch.changed(token)
    session.cookie_jar._cookies["127.0.0.1", "/"]["session"] = "1"  # type: ignore[attr-defined]
    assert watch.changed(token)
