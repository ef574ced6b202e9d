"""What is read of answers by keys and attributes stops nothing, where it runs no foreign code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import anthropic
import bs4
import harness
import httpx
import ollama
import openai
import programs.answers
import pytest
from google import genai
from google.genai import types
from model_runs import run
from requests.structures import CaseInsensitiveDict
from world.model_service import ModelService
from world.registry import Program, programs_of

from adaptive_jit.effects import lookup_is_transparent

PROGRAMS = programs_of(programs.answers)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_reads_by_keys_forced_ahead_equal_the_plain_run(program: Program) -> None:
    """Run ahead from the first call: equal in all that can be seen, and overlapping."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_reads_by_keys_equal_the_plain_run_while_learning(program: Program) -> None:
    """Every call while learning equals the plain run, whether it settles parallel or not."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", PROGRAMS[:4], ids=lambda p: p.name)
def test_reads_by_keys_equal_the_plain_run_in_threads(program: Program) -> None:
    """From eight threads at once."""
    harness.check_threads(program)


@pytest.fixture(scope="module")
def service() -> Iterator[ModelService]:
    """Serve on the loopback interface."""
    running = ModelService()
    yield running
    running.close()


@pytest.mark.parametrize("name", ["read_requests", "read_httpx"])
def test_what_is_read_of_http_answers_stops_nothing(service: ModelService, name: str) -> None:
    """Status, headers and parsed text, also as arguments of the next request."""
    run(service, getattr(programs.answers, name), lambda: (service.url,), 3)


def _client(name: str, url: str, closing: contextlib.ExitStack) -> Any:
    if name == "chat_by_keys":
        llama = ollama.Client(host=url)
        closing.callback(llama.close)
        return llama
    if name == "chat_by_attributes":
        return closing.enter_context(anthropic.Anthropic(base_url=url, api_key="none"))
    if name == "chat_with_openai":
        return closing.enter_context(openai.OpenAI(base_url=f"{url}/v1", api_key="none"))
    http = types.HttpOptions(base_url=url)
    return closing.enter_context(genai.Client(api_key="none", http_options=http))


@pytest.mark.parametrize(
    "name", ["chat_by_keys", "chat_by_attributes", "chat_with_openai", "ask_gemini_twice"]
)
def test_what_is_read_of_models_answers_stops_nothing(
    service: ModelService, closing: contextlib.ExitStack, name: str
) -> None:
    """Each answer is read, and is part of the next question; three chains at once."""

    def make() -> tuple[Any, ...]:
        return (_client(name, service.url, closing),)

    run(service, getattr(programs.answers, name), make, 3)


def _seen(original: Any, reads: list[Any]) -> Any:
    def read(self: Any, key: Any) -> Any:
        reads.append(key)
        return original(self, key)

    return read


@pytest.mark.parametrize(
    ("answer", "method"),
    [
        (CaseInsensitiveDict({"x": "1"}), "__getitem__"),
        (httpx.Headers({"x": "1"}), "__getitem__"),
        (httpx.Headers({"x": "1"}), "__contains__"),
        (ollama.Message(role="user"), "__getitem__"),
        (ollama.Message(role="user"), "__contains__"),
        (bs4.BeautifulSoup("<a/>", "html.parser").a, "__getitem__"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_patched_class_is_read_in_order(
    monkeypatch: pytest.MonkeyPatch, answer: Any, method: str
) -> None:
    """As soon as somebody has put something in the place of the library's method, and no longer."""
    assert lookup_is_transparent(answer, method)
    reads: list[Any] = []
    kind = next(base for base in type(answer).__mro__ if method in vars(base))
    with monkeypatch.context() as patch:
        patch.setattr(kind, method, _seen(vars(kind)[method], reads))
        assert not lookup_is_transparent(answer, method)
    assert lookup_is_transparent(answer, method)
    assert not reads


def test_membership_by_a_patched_subscript_is_asked_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``in`` of a mapping reads the element."""
    answer = CaseInsensitiveDict({"x": "1"})
    assert lookup_is_transparent(answer, "__contains__")
    monkeypatch.setattr(CaseInsensitiveDict, "__getitem__", _seen(answer.__getitem__, []))
    assert not lookup_is_transparent(answer, "__contains__")


def test_a_field_that_a_property_hides_is_read_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's method asks for the attribute, which its class may have been given."""
    message = ollama.Message(role="user", content="x")
    assert lookup_is_transparent(message, "__getitem__")
    monkeypatch.setattr(ollama.Message, "content", property(lambda _: "y"), raising=False)
    assert not lookup_is_transparent(message, "__getitem__")


def test_only_stock_classes_are_read_ahead() -> None:
    """Nor classes that say they were the library's, nor what the catalogue lists nothing of."""
    claims = type("CaseInsensitiveDict", (CaseInsensitiveDict,), {})
    claims.__module__ = "requests.structures"
    assert not lookup_is_transparent(claims(), "__getitem__")
    model = type("Message", (ollama.Message,), {"__module__": "ollama._types"})
    assert not lookup_is_transparent(model(role="user"), "__getitem__")
    assert not lookup_is_transparent(CaseInsensitiveDict, "__getitem__")
    assert not lookup_is_transparent(httpx.Response(200), "__getitem__")
    for tag in (programs.answers.counting_tag(), bs4.BeautifulSoup("<a/>", "html.parser").a):
        assert not lookup_is_transparent(tag, "__contains__")


def test_a_search_for_attributes_that_is_the_user_s_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library's method would run it."""
    message = ollama.Message(role="user")
    monkeypatch.setattr(
        ollama.Message, "__getattribute__", lambda self, name: object.__getattribute__(self, name)
    )
    assert not lookup_is_transparent(message, "__getitem__")
