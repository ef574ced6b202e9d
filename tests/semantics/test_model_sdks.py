"""Undeclared calls of the real model SDKs: equal answers, equal requests, five at once.

Each hazard beside its harmless twin: what runs code of the user's, or gives
answers in pieces, is asked for in the order of the program.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import anthropic
import harness
import httpx
import httpx2
import ollama
import openai
import programs.models
import pytest
import urllib3
from google import genai
from google.genai import types
from model_runs import run
from world.model_service import ModelService
from world.registry import fresh_copy


@pytest.fixture(scope="module")
def service() -> Iterator[ModelService]:
    """Serve on the loopback interface."""
    running = ModelService()
    yield running
    running.close()


@pytest.fixture
def claude(service: ModelService, closing: contextlib.ExitStack) -> Any:
    def make(**options: Any) -> anthropic.Anthropic:
        client = anthropic.Anthropic(base_url=service.url, api_key="none", max_retries=0, **options)
        return closing.enter_context(client)

    return make


@pytest.fixture
def gemini(service: ModelService, closing: contextlib.ExitStack) -> Any:
    def make(**options: Any) -> genai.Client:
        http = types.HttpOptions(base_url=service.url, **options)
        return closing.enter_context(genai.Client(api_key="none", http_options=http))

    return make


@pytest.fixture
def llama(service: ModelService, closing: contextlib.ExitStack) -> Any:
    def make(**options: Any) -> ollama.Client:
        client = ollama.Client(host=service.url, **options)
        closing.callback(client.close)
        return client

    return make


# What overlaps --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ask_anthropic", "ask_anthropic_in_a_helper", "count_anthropic"])
def test_anthropic_overlaps(service: ModelService, claude: Any, name: str) -> None:
    """Messages.create, also in a helper that reads the text; Messages.count_tokens."""
    run(service, getattr(programs.models, name), lambda: (claude(),), 5)


@pytest.mark.parametrize("name", ["ask_ollama", "ask_ollama_by_keys", "embed_ollama"])
def test_ollama_overlaps(service: ModelService, llama: Any, name: str) -> None:
    """Client.chat and Client.embed."""
    run(service, getattr(programs.models, name), lambda: (llama(),), 5)


def test_functions_of_ollama_overlap(
    service: ModelService, monkeypatch: pytest.MonkeyPatch, closing: contextlib.ExitStack
) -> None:
    """They are methods of one client that the module makes."""
    client = ollama.generate.__self__
    monkeypatch.setattr(client._client, "base_url", service.url)
    closing.callback(client._client._transport.close)
    run(service, programs.models.ask_ollama_module, tuple, 5)


@pytest.mark.parametrize("name", ["ask_gemini", "ask_gemini_plainly", "embed_gemini"])
def test_gemini_overlaps(service: ModelService, gemini: Any, name: str) -> None:
    """Models.generate_content and its text, Models.embed_content."""
    run(service, getattr(programs.models, name), lambda: (gemini(),), 5)


def test_vectors_of_openai_overlap(service: ModelService, closing: contextlib.ExitStack) -> None:
    """Embeddings.create; the chat's programs are those of other clients."""

    def make() -> tuple[Any, ...]:
        client = openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0)
        return (closing.enter_context(client),)

    run(service, programs.models.embed_openai, make, 5)


def test_vectors_of_azure_overlap(service: ModelService, closing: contextlib.ExitStack) -> None:
    """The same by the client for Azure; one that asks for its token at each call is in order."""

    def make(**options: Any) -> tuple[Any, ...]:
        client = openai.AzureOpenAI(
            azure_endpoint=service.url, api_version="1", max_retries=0, **options
        )
        return (closing.enter_context(client),)

    run(service, programs.models.embed_openai, lambda: make(api_key="none"), 5)
    tokens = lambda: make(azure_ad_token_provider=lambda: "none")  # noqa: E731
    run(service, programs.models.embed_openai, tokens, 0, calls=2)


def test_pools_of_urllib3_overlap_and_their_streams_do_not(
    service: ModelService, closing: contextlib.ExitStack
) -> None:
    """PoolManager.request, read at once or not."""

    def make() -> tuple[Any, ...]:
        return (closing.enter_context(urllib3.PoolManager(maxsize=8)), service.url)

    run(service, programs.models.fetch_urllib3, make, 5)
    run(service, programs.models.stream_urllib3, make, 0, calls=2)


# What stays in order --------------------------------------------------------------------------


def _middleware(request: Any, call_next: Any) -> Any:
    return call_next(request)


def _hook(_: Any) -> None:
    """Somebody listens."""


def _wrapped(method: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize("name", ["talk_anthropic", "stream_anthropic"])
def test_anthropic_in_order(service: ModelService, claude: Any, name: str) -> None:
    """A growing history and streamed answers."""
    run(service, getattr(programs.models, name), lambda: (claude(),), 0, calls=2)


@pytest.mark.parametrize(
    "options",
    [
        {"middleware": [_middleware]},
        {"http_client": lambda: httpx2.Client(event_hooks={"request": [_hook]})},
        {"http_client": lambda: httpx2.Client(auth=lambda request: request)},
        {"open_telemetry": {"tracer_provider": mock.MagicMock()}},
    ],
    ids=["middleware", "hooks", "auth", "tracing"],
)
def test_anthropic_clients_with_code_of_the_user_s(
    service: ModelService, claude: Any, options: dict[str, Any], closing: contextlib.ExitStack
) -> None:
    """Their calls may do anything."""

    def make() -> tuple[Any, ...]:
        made = {name: value() if callable(value) else value for name, value in options.items()}
        return (claude(**made),)

    run(service, programs.models.ask_anthropic, make, 0, calls=2)


def test_anthropic_patched(service: ModelService, claude: Any) -> None:
    """A method of the client, a method of its resource, and an inner method of the class."""

    def replaced() -> tuple[Any, ...]:
        client = claude()
        client.messages.create = _wrapped(client.messages.create)
        return (client,)

    run(service, programs.models.ask_anthropic, replaced, 0, calls=2)
    original = anthropic.Anthropic._attempt_request
    with mock.patch.object(anthropic.Anthropic, "_attempt_request", _wrapped(original)):
        run(service, programs.models.ask_anthropic, lambda: (claude(),), 0, calls=2)


def test_ollama_in_order(service: ModelService, llama: Any, tmp_path: Path) -> None:
    """Streams, files that are written just before, hooks, and patched methods."""
    run(service, programs.models.stream_ollama, lambda: (llama(),), 0, calls=2)
    picture = str(tmp_path / "picture.bin")
    run(service, programs.models.show_ollama, lambda: (llama(), picture), 0, calls=2)
    hooks = {"event_hooks": {"response": [_hook]}}
    run(service, programs.models.ask_ollama, lambda: (llama(**hooks),), 0, calls=2)
    original = ollama.Client._request_raw
    with mock.patch.object(ollama.Client, "_request_raw", _wrapped(original)):
        run(service, programs.models.ask_ollama, lambda: (llama(),), 0, calls=2)


def test_gemini_in_order(service: ModelService, gemini: Any, closing: contextlib.ExitStack) -> None:
    """Streams, hooks, and patched methods."""
    run(service, programs.models.stream_gemini, lambda: (gemini(),), 0, calls=2)

    def hooked() -> tuple[Any, ...]:
        inner = closing.enter_context(httpx.Client(event_hooks={"request": [_hook]}))
        return (gemini(httpx_client=inner),)

    run(service, programs.models.ask_gemini_plainly, hooked, 0, calls=2)
    kind = genai.models.Models
    with mock.patch.object(kind, "_generate_content", _wrapped(kind._generate_content)):
        run(service, programs.models.ask_gemini_plainly, lambda: (gemini(),), 0, calls=2)


def test_gemini_warns_in_order(
    service: ModelService, gemini: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading a text that the SDK warns about happens in its turn, once."""
    for decorate in (harness.plain, harness.forced()):
        with mock.patch.object(types, "_response_text_non_text_warning_logged", False):
            caplog.clear()
            function = decorate(fresh_copy(programs.models.chain_gemini))
            service.reset()
            assert function(gemini()).endswith("judge small:generateContent: speak up")
            warned = [one for one in caplog.records if "non-text parts" in one.getMessage()]
            assert len(warned) == 1
