"""Receivers and arguments of model SDKs and HTTP libraries for the checks of catalogue entries."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import aiohttp
import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
import urllib3
from google import genai
from ollama import _types as ollama_types

URL = "http://127.0.0.1:9/items"
MESSAGES = [{"role": "user", "content": "hello"}]

AZURE: Any = {"api_key": "none", "api_version": "1", "azure_endpoint": "http://127.0.0.1:9"}
GENAI = genai.Client(api_key="none")
ANTHROPIC = anthropic.Anthropic(api_key="none")
RESOURCES = {
    "openai": (openai.OpenAI(api_key="none"), openai.AsyncOpenAI(api_key="none")),
    "anthropic": (ANTHROPIC, anthropic.AsyncAnthropic(api_key="none")),
}


def aiohttp_session(**options: Any) -> aiohttp.ClientSession:
    """A session that has no connection, and so needs no closing.

    Classes among the options are made in its loop, but for that of its answers;
    ``replaced`` stands in for its inner method.
    """
    replaced = options.pop("replaced", None)

    async def make() -> aiohttp.ClientSession:
        made = {
            name: value() if name in ("connector", "cookie_jar") else value
            for name, value in options.items()
        }
        session = aiohttp.ClientSession(**made)
        if replaced is not None:
            session.__dict__["_request"] = replaced
        await session.connector.close()  # type: ignore[union-attr]
        return session

    return asyncio.run(make())


class _Answer(aiohttp.ClientResponse):
    """Made of nothing: the real one needs a request that is under way."""

    def __init__(self) -> None:
        self.status = 200
        self.reason = "OK"
        self.method = "GET"

    def __del__(self, *_: Any) -> None:
        """There is no connection to release."""


def _bare_answer() -> aiohttp.ClientResponse:
    answer = _Answer()
    answer.__class__ = aiohttp.ClientResponse
    return answer


MAKERS: dict[Any, Any] = {
    aiohttp.ClientSession: aiohttp_session,
    aiohttp.ClientResponse: _bare_answer,
    anthropic.Anthropic: lambda: ANTHROPIC,
    anthropic.types.Message: lambda: anthropic.types.Message.construct(content=[]),
    openai.AzureOpenAI: lambda: openai.AzureOpenAI(**AZURE),
    openai.AsyncAzureOpenAI: lambda: openai.AsyncAzureOpenAI(**AZURE),
    genai.Client: lambda: GENAI,
    genai.client.AsyncClient: lambda: GENAI.aio,
    genai.models.Models: lambda: GENAI.models,
    genai.models.AsyncModels: lambda: GENAI.aio.models,
    httpx.AsyncClient: httpx.AsyncClient,
    httpx2.AsyncClient: httpx2.AsyncClient,
    ollama.Client: ollama.Client,
    ollama.AsyncClient: ollama.AsyncClient,
    ollama_types.GenerateResponse: lambda: ollama_types.GenerateResponse(response="a"),
    ollama_types.EmbedResponse: lambda: ollama_types.EmbedResponse(embeddings=[[1.0]]),
    ollama_types.EmbeddingsResponse: lambda: ollama_types.EmbeddingsResponse(embedding=[1.0]),
    urllib3.PoolManager: urllib3.PoolManager,
    urllib3.HTTPResponse: lambda: urllib3.HTTPResponse(body=b"{}"),
}


def sdk_receiver(owner: type) -> Any:
    """A receiver of this class that talks to nobody; ``None`` for classes of other libraries."""
    home, name = owner.__module__, owner.__name__
    if home.startswith("langchain_core.messages."):
        return owner(content="a")
    top, _, rest = home.partition(".")
    if top in RESOURCES and rest.startswith("resources."):
        return owner(RESOURCES[top][name.startswith("Async")])
    make = MAKERS.get(owner)
    return None if make is None else make()


def sdk_arguments(name: str, lower: str) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Arguments of a plain call, for the lowerings of these libraries."""
    if name.startswith("google.genai:"):
        return (), {"api_key": "none"}
    if name.startswith("google.genai."):
        return (), {"model": "small", "contents": "hello"}
    if name.startswith("langchain_core."):
        return (), {"content": "hello"}
    if lower == "urllib3":
        return ("PUT", URL), {}
    if lower == "litellm":
        return (), {"model": "openai/small"}
    if lower in ("anthropic", "ollama", "openai_tools"):
        return (), {"model": "small", "messages": MESSAGES}
    return None


def skip_if_absent(file: str) -> None:
    """Skip what is about a library that is too heavy for the ordinary test environment."""
    if file == "litellm" and importlib.util.find_spec("litellm") is None:
        pytest.skip("litellm (200 MB) is not installed: checked where it is")
