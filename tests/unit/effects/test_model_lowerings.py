"""Arguments of model SDKs and HTTP pools: each hazard beside its harmless twin."""

from __future__ import annotations

import sys
import types
from typing import Any
from unittest import mock

import aiohttp
import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
import urllib3
from google import genai
from langchain_core.messages import AIMessage, HumanMessage
from sdk_receivers import aiohttp_session

from adaptive_jit.effects import catalogue_models
from adaptive_jit.effects.catalogue import lookup, type_named, type_rule
from adaptive_jit.effects.catalogue_answers import is_text_only
from adaptive_jit.effects.catalogue_models import awaited
from adaptive_jit.effects.catalogue_values import exact, is_model
from adaptive_jit.records.effects import Effect, EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind
URL = "http://127.0.0.1:9/items"
MODEL = "http://127.0.0.1:9/v1/messages"
MESSAGES = [{"role": "user", "content": "hello"}]

CLAUDE = anthropic.Anthropic(api_key="none")
GPT = openai.OpenAI(api_key="none")
GEMINI = genai.Client(api_key="none")
LLAMA = ollama.Client()


def effect(callee: Any, *args: Any, **kwargs: Any) -> Effect:
    rule = lookup(callee)
    assert rule is not None
    return rule.effect(callee, args, kwargs)


def kind(callee: Any, *args: Any, **kwargs: Any) -> EffectKind:
    return effect(callee, *args, **kwargs).kind


def ask(**more: Any) -> EffectKind:
    """The kind of a message to Claude with these arguments besides."""
    given = {"model": "small", "max_tokens": 16, "messages": MESSAGES, **more}
    return kind(CLAUDE.messages.create, **given)


def follow(name: str | None, *path: str) -> str | None:
    for step in path:
        rule = type_named(name)
        assert rule is not None, name
        member = rule.member(step) if step != "[]" else None
        name = rule.item if member is None else member.result
    return name


def transparent(owner: Any, name: str) -> bool:
    rule = type_rule(type(owner))
    return rule is not None and rule.attribute(owner, name)


# Anthropic and OpenAI -------------------------------------------------------------------------


def test_a_message_is_unordered_and_its_stream_unknown() -> None:
    """Absent values of the SDK are no objection; raw answers keep what they were asked."""
    assert ask() is UNORDERED
    assert ask(system=anthropic.omit, timeout=anthropic.NOT_GIVEN) is UNORDERED
    assert ask(stream=False) is UNORDERED
    assert ask(stream=True) is UNKNOWN
    assert ask(extra_headers={"X-Stainless-Raw-Response": "true"}) is UNKNOWN
    assert ask(messages=iter(MESSAGES)) is UNKNOWN
    assert kind(CLAUDE.messages.stream, model="small", messages=MESSAGES) is UNKNOWN
    found = effect(CLAUDE.messages.count_tokens, model="small", messages=MESSAGES)
    assert (found.kind, found.leaves_arguments) == (READS, True)
    assert not effect(CLAUDE.models.list).leaves_arguments


def test_a_container_that_has_a_name_is_written_to() -> None:
    """The code tool's files stay there between messages."""
    assert ask(container="c1") is WRITES
    assert ask(container={"id": "c1", "skills": []}) is WRITES
    assert ask(extra_body={"container": "c1"}) is WRITES
    assert ask(container=None) is UNORDERED
    assert ask(container={"skills": []}) is UNORDERED
    assert ask(container=anthropic.omit) is UNORDERED
    assert ask(container="c1", stream=True) is UNKNOWN
    tool = {"type": "code_interpreter", "container": "c1"}
    fresh = {"type": "code_interpreter", "container": {"type": "auto"}}
    assert kind(GPT.responses.create, model="m", input="a", tools=[tool]) is WRITES
    assert kind(GPT.responses.create, model="m", input="a", tools=[fresh]) is UNORDERED
    assert kind(GPT.responses.create, model="m", input="a", stream=True, tools=[tool]) is UNKNOWN


def test_answers_may_stand_in_the_next_question() -> None:
    """They are looked at like dicts, each with fields of its own library only."""
    answer = anthropic.types.Message.construct(
        content=[anthropic.types.TextBlock(type="text", text="a")]
    )
    assert ask(messages=[{"role": "assistant", "content": answer.content}]) is UNORDERED

    class Mine(anthropic.types.TextBlock):
        """A user's block."""

    assert ask(messages=[{"role": "user", "content": [Mine(type="text", text="a")]}]) is UNKNOWN
    assert is_model(genai.types.Part)
    assert not is_model(type("Part", (), {"__module__": "google.genai.types"}))
    assert exact(HumanMessage("a"), leaves=True)
    assert not exact(HumanMessage("a"))


def test_images_are_unordered_and_edits_read_files() -> None:
    """Files are read from where they stand."""
    assert kind(GPT.images.generate, prompt="a cat") is UNORDERED
    assert kind(GPT.images.edit, image=b"", prompt="a cat") is UNKNOWN


# Ollama ---------------------------------------------------------------------------------------


def test_a_picture_that_may_be_a_file_is_unknown() -> None:
    """Text and paths name files; bytes are data; a Message may hold either."""
    assert kind(LLAMA.generate, "m", "p") is UNORDERED
    assert kind(LLAMA.generate, "m", "p", images=[b"data"]) is UNORDERED
    assert kind(LLAMA.generate, "m", "p", images=["cat.png"]) is UNKNOWN
    assert kind(LLAMA.generate, "m", "p", images=(b"data", "cat.png")) is UNKNOWN
    assert kind(LLAMA.generate, "m", "p", images="cat.png") is UNKNOWN
    assert kind(LLAMA.generate, "m", "p", images=3) is UNKNOWN
    shown = [{"role": "user", "content": "what?", "images": ["cat.png"]}]
    data = [{"role": "user", "content": "what?", "images": [b"data"]}]
    assert kind(LLAMA.chat, "m", shown) is UNKNOWN
    assert kind(LLAMA.chat, model="m", messages=shown) is UNKNOWN
    assert kind(LLAMA.chat, "m", data) is UNORDERED
    assert kind(LLAMA.chat, "m", [ollama.Message(role="user", content="a")]) is UNORDERED
    message = ollama.Message(role="user", content="a", images=[ollama.Image(value="cat.png")])
    assert kind(LLAMA.chat, "m", [message]) is UNKNOWN


def test_tools_that_are_functions_and_streams_are_unknown() -> None:
    """The SDK inspects a function; models on disk are read and changed by name."""
    assert kind(LLAMA.chat, "m", MESSAGES, tools=[len]) is UNKNOWN
    assert kind(LLAMA.chat, "m", MESSAGES, stream=True) is UNKNOWN
    assert kind(LLAMA.list) is READS
    assert kind(LLAMA.delete, "m") is WRITES
    assert lookup(LLAMA.pull) is None


# Gemini ---------------------------------------------------------------------------------------


def test_functions_among_the_tools_of_a_configuration_are_callbacks() -> None:
    """The SDK calls them; plain configurations are data."""
    create = GEMINI.models.generate_content
    plain = genai.types.GenerateContentConfig(temperature=0.5, system_instruction="Be brief.")
    assert kind(create, model="m", contents="a") is UNORDERED
    assert kind(create, model="m", contents="a", config=plain) is UNORDERED
    assert kind(create, model="m", contents="a", config={"temperature": 0.5}) is UNORDERED
    for tools in ([len], [lambda: 1]):
        config = genai.types.GenerateContentConfig(tools=tools)
        assert kind(create, model="m", contents="a", config=config) is UNKNOWN
        assert kind(create, model="m", contents="a", config={"tools": tools}) is UNKNOWN
    assert kind(GEMINI.models.generate_content_stream, model="m", contents="a") is UNKNOWN


def _answer(*parts: Any, candidates: int = 1) -> genai.types.GenerateContentResponse:
    content = genai.types.Content(role="model", parts=list(parts))
    one = genai.types.Candidate(content=content)
    return genai.types.GenerateContentResponse(candidates=[one] * candidates)


def test_a_text_that_would_warn_is_not_read_out_of_turn() -> None:
    """Other parts than text, and other candidates, are warned about once per process."""
    text = genai.types.Part(text="a")
    thought = genai.types.Part(text="a", thought=True)
    call = genai.types.Part(function_call=genai.types.FunctionCall(name="look"))
    empty = genai.types.GenerateContentResponse
    assert transparent(_answer(text, thought), "text")
    assert transparent(empty(), "text")
    assert transparent(empty(candidates=[genai.types.Candidate()]), "text")
    assert transparent(empty(candidates=[genai.types.Candidate(content={})]), "text")
    assert not transparent(_answer(text, call), "text")
    assert not transparent(_answer(text, candidates=2), "text")
    assert transparent(_answer(text, call), "candidates")
    strange = _answer(text)
    strange.candidates = (1,)  # type: ignore[assignment]
    assert not is_text_only(strange)
    strange.candidates = [1]  # type: ignore[list-item]
    assert not is_text_only(strange)
    strange.candidates = [genai.types.Candidate()]
    strange.candidates[0].content = 1  # type: ignore[assignment]
    assert not is_text_only(strange)
    strange.candidates[0].content = genai.types.Content()
    strange.candidates[0].content.parts = [1]  # type: ignore[list-item]
    assert not is_text_only(strange)


def test_a_patched_class_method_is_seen() -> None:
    """It is bound anew at each reading, and compared by its function."""
    create = GEMINI.models.generate_content
    assert kind(create, model="m", contents="a") is UNORDERED
    with mock.patch.object(genai.errors.APIError, "raise_for_response"):
        assert kind(create, model="m", contents="a") is UNKNOWN
    assert kind(create, model="m", contents="a") is UNORDERED


# What comes back ------------------------------------------------------------------------------


def test_answers_can_be_followed_before_they_exist() -> None:
    """The usual ways to the text and the vectors end at builtin types."""
    assert CLAUDE.messages is not None
    path = ("messages", "create", "content", "[]", "text")
    assert follow("anthropic:Anthropic", *path) == "builtin"
    assert follow("anthropic.types.message:Message", "usage", "output_tokens") == "builtin"
    assert follow("ollama._types:ChatResponse", "message", "content") == "builtin"
    assert follow("ollama._types:EmbedResponse", "embeddings") == "builtin"
    answer = "google.genai.types:GenerateContentResponse"
    assert follow("google.genai:Client", "models", "generate_content", "text") == "builtin"
    assert follow(answer, "candidates", "[]", "content", "parts", "[]", "text") == "builtin"
    vectors = "google.genai.types:EmbedContentResponse"
    assert follow(vectors, "embeddings", "[]", "values") == "builtin"
    assert follow("urllib3:PoolManager", "request", "data") == "builtin"


def test_parts_of_clients_and_answers_are_transparent() -> None:
    """Lazy parts, stored fields, bodies that have arrived; nothing else."""
    assert transparent(CLAUDE, "messages")
    assert not transparent(CLAUDE, "default_headers")
    assert transparent(GEMINI, "models")
    assert not transparent(GEMINI, "agents")
    assert transparent(AIMessage("a"), "content")
    assert not transparent(AIMessage("a"), "text")
    answer = urllib3.HTTPResponse(body=b"{}")
    assert transparent(answer, "status")
    assert transparent(answer, "data")
    assert kind(answer.json) is PURE
    unread = urllib3.HTTPResponse(body=mock.Mock(), preload_content=False)
    assert not transparent(unread, "data")
    assert kind(unread.json) is UNKNOWN
    assert kind(answer.json, 1) is UNKNOWN


# litellm --------------------------------------------------------------------------------------


@pytest.fixture
def lite(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Stands for the library: the lowering reads its lists of listeners only."""
    module = types.ModuleType("litellm")
    module.__dict__.update(callbacks=[], success_callback=[], cache=None, max_budget=0.0)
    monkeypatch.setitem(sys.modules, "litellm", module)
    return module


def complete(*args: Any, **kwargs: Any) -> EffectKind:
    rule = mock.Mock(wraps=lookup(GPT.embeddings.create), check=None, spec_set=[
        "unknown", "base", "of_kind", "check",
    ])  # fmt: skip
    rule.base = Effect(UNORDERED)
    return catalogue_models.litellm(rule, None, args, kwargs).kind


def test_a_completion_of_a_known_provider_is_unordered(lite: types.ModuleType) -> None:
    """By its prefix, by name of the family, or as an argument of its own."""
    for model in ("openai/small", "anthropic/small", "gpt-4o", "claude-opus", "o3-mini"):
        assert complete(model, MESSAGES) is UNORDERED, model
    assert complete(model="small", custom_llm_provider="groq", messages=MESSAGES) is UNORDERED
    for model in ("bedrock/small", "small", "custom/gpt-4o", 3, None):
        assert complete(model, MESSAGES) is UNKNOWN, model
    assert complete("openai/small", MESSAGES, custom_llm_provider="bedrock") is UNKNOWN
    assert complete("openai/small", MESSAGES, custom_llm_provider=["openai"]) is UNKNOWN


def test_unknown_arguments_of_a_completion_keep_it_in_order(lite: types.ModuleType) -> None:
    """Metadata goes to callbacks, fallbacks and caches change what is asked."""
    assert complete("openai/small", MESSAGES, temperature=0.1, api_key="none") is UNORDERED
    assert complete("openai/small", MESSAGES, stream=True) is UNKNOWN
    assert complete("openai/small", MESSAGES, stream=False) is UNORDERED
    assert complete("openai/small", MESSAGES, metadata={"a": 1}) is UNKNOWN
    assert complete("openai/small", MESSAGES, caching=False) is UNKNOWN
    assert complete("openai/small", MESSAGES, 3.0) is UNKNOWN
    assert complete("openai/small", iter(MESSAGES)) is UNKNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("callbacks", ["langfuse"]),
        ("success_callback", [print]),
        ("cache", object()),
        ("max_budget", 1.5),
        ("client_session", object()),
        ("pre_call_rules", [print]),
    ],
)
def test_listeners_keep_completions_in_order(lite: types.ModuleType, name: str, value: Any) -> None:
    """Whoever set them sees the order of calls."""
    assert complete("openai/small", MESSAGES) is UNORDERED
    setattr(lite, name, value)
    assert complete("openai/small", MESSAGES) is UNKNOWN


# urllib3 --------------------------------------------------------------------------------------


def test_pools_go_by_the_verb() -> None:
    """A function or a manager; an answer that is not read at once is a stream."""
    for request in (urllib3.request, urllib3.PoolManager().request):
        assert kind(request, "GET", URL) is READS
        assert kind(request, "get", URL, headers={"a": "b"}, timeout=3.0) is READS
        assert kind(request, "GET", URL, retries=urllib3.Retry(3)) is READS
        assert kind(request, "POST", URL, body=b"a") is WRITES
        assert kind(request, "POST", MODEL, json={"model": "m"}) is UNORDERED
        assert kind(request, "GET", URL, preload_content=False) is UNKNOWN
        assert kind(request, "GET", URL, preload_content=True) is READS
        assert kind(request, "GET", URL, pool_timeout=1) is UNKNOWN
        assert kind(request, "POST", URL, body=iter([b"a"])) is UNKNOWN


# Coroutines -----------------------------------------------------------------------------------


def _streamless(**more: Any) -> dict[str, Any]:
    return {"model": "small", "messages": MESSAGES, **more}


ASYNCHRONOUS: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any], EffectKind]] = {
    "anthropic": (
        lambda: anthropic.AsyncAnthropic(api_key="none").messages.create,
        (),
        _streamless(max_tokens=16),
        UNORDERED,
    ),
    "openai": (
        lambda: openai.AsyncOpenAI(api_key="none").chat.completions.create,
        (),
        _streamless(),
        UNORDERED,
    ),
    "ollama": (lambda: ollama.AsyncClient().chat, (), _streamless(), UNORDERED),
    "httpx": (lambda: httpx.AsyncClient().get, (URL,), {}, READS),
    "httpx2": (lambda: httpx2.AsyncClient().request, ("PUT", URL), {}, WRITES),
    "aiohttp": (lambda: aiohttp_session().get, (URL,), {}, READS),
    "aiohttp to a model": (lambda: aiohttp_session().post, (MODEL,), {"json": {}}, UNORDERED),
}


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_making_a_coroutine_stays_in_order_and_awaiting_it_is_known(name: str) -> None:
    """The call itself is unknown, with the reason; a streamed answer is unknown both ways."""
    make, args, kwargs, expected = ASYNCHRONOUS[name]
    callee = make()
    rule = lookup(callee)
    assert rule is not None
    call = rule.effect(callee, args, kwargs)
    assert call.kind is UNKNOWN
    assert "coroutine" in call.reason
    found = awaited(rule, callee, args, kwargs)
    assert (found.kind, found.resource) == (expected, "http")
    assert awaited(rule, callee, args, kwargs) is found
    assert awaited(rule, callee, args, {**kwargs, "stream": True}).kind is UNKNOWN


def test_awaiting_is_judged_by_the_client_too() -> None:
    """Hooks, tracing, and parts of the program's own."""
    hooked = httpx.AsyncClient(event_hooks={"request": [print]})
    moved = httpx.AsyncClient(transport=httpx.MockTransport(print))
    for client in (hooked, moved):
        rule = lookup(client.get)
        assert rule is not None
        assert awaited(rule, client.get, (URL,), {}).kind is UNKNOWN


class _Connector(aiohttp.TCPConnector):
    """Connects as it likes."""


class _Jar(aiohttp.DummyCookieJar):
    """Keeps what it likes."""


async def _wait(request: Any, handler: Any) -> Any:
    return await handler(request)


@pytest.mark.parametrize(
    "options",
    [
        {"trace_configs": [aiohttp.TraceConfig()]},
        {"middlewares": (_wait,)},
        {"json_serialize": str},
        {"raise_for_status": print},
        {"response_class": type("Answer", (aiohttp.ClientResponse,), {})},
        {"connector": _Connector},
        {"cookie_jar": _Jar},
        {"replaced": print},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_session_with_code_of_the_user_s_is_unknown(options: dict[str, Any]) -> None:
    """The class of its connector or jar, hooks, and functions of the program's own."""
    session = aiohttp_session(**options)
    rule = lookup(session.get)
    assert rule is not None
    assert awaited(rule, session.get, (URL,), {}).kind is UNKNOWN


def test_awaiting_what_is_no_coroutine_is_the_call_itself() -> None:
    """One question serves both kinds."""
    rule = lookup(httpx.get)
    assert rule is not None
    assert awaited(rule, httpx.get, (URL,), {}) is rule.effect(httpx.get, (URL,), {})
