"""Attributes of values: transparent now, on this object; and what a value to come would give."""

from __future__ import annotations

import importlib
import pathlib
import re
from typing import Annotated, Any, Literal
from unittest import mock

import httpx
import openai
import pytest
import requests

from adaptive_jit.effects.catalogue import TypeRule, lookup, type_named, type_rule
from adaptive_jit.effects.catalogue_load import shelf
from adaptive_jit.effects.catalogue_types import annotated
from adaptive_jit.records.effects import EffectKind

URL = "http://127.0.0.1:9/items"


def transparent(owner: Any, name: str) -> bool:
    rule = type_rule(type(owner))
    return rule is not None and rule.attribute(owner, name)


def named(name: str | None) -> TypeRule:
    rule = type_named(name)
    assert rule is not None, name
    return rule


def follow(name: str | None, *path: str) -> str | None:
    """The name of the result at the end of a path; ``[]`` takes an element."""
    for step in path:
        if step == "[]":
            name = named(name).item
            continue
        member = named(name).member(step)
        if member is None:
            return None
        name = member.result
    return name


@pytest.fixture
def answer() -> httpx.Response:
    return httpx.Response(200, json={"a": 1}, request=httpx.Request("GET", URL))


def test_properties_of_an_answer_are_transparent(answer: httpx.Response) -> None:
    """They run the library's own code on what has arrived."""
    for name in ("status_code", "headers", "url", "is_success", "text", "content", "json"):
        assert transparent(answer, name), name
    assert transparent(answer.headers, "get")
    assert not transparent(answer, "elapsed")
    assert not transparent(answer, "no_such_name")


def test_the_body_of_an_answer_that_has_not_been_read_is_not_transparent() -> None:
    """Reading it draws from the connection."""
    stream = httpx.Response(200, stream=httpx.ByteStream(b"x"))
    assert transparent(stream, "status_code")
    assert not transparent(stream, "text")
    assert not transparent(stream, "content")
    unread = requests.Response()
    assert not transparent(unread, "content")
    unread._content = b"x"
    assert transparent(unread, "content")


def test_a_callback_for_the_encoding_makes_the_text_opaque() -> None:
    """``default_encoding=`` may be the user's function."""
    answer = httpx.Response(200, content=b"x", default_encoding=lambda _: "utf-8")
    assert not transparent(answer, "text")


def test_a_patched_property_is_not_transparent(answer: httpx.Response) -> None:
    """What the catalogue saw first must still stand there."""
    assert transparent(answer, "text")
    assert transparent(answer, "is_success")
    with (
        mock.patch.object(httpx.Response, "text", new_callable=mock.PropertyMock),
        mock.patch.object(httpx.Response, "is_success", new_callable=mock.PropertyMock),
    ):
        assert not transparent(answer, "text")
        assert not transparent(answer, "is_success")
    assert transparent(answer, "text")


def test_a_property_that_was_patched_when_it_was_first_seen_is_never_trusted() -> None:
    """The catalogue takes only the library's own code for what it describes."""
    entry = {"attributes": {"is_success": "builtin"}}
    answer = httpx.Response(200)
    with mock.patch.object(httpx.Response, "is_success", property(lambda _: True)):
        rule = TypeRule("httpx:Response", httpx.Response, entry, shelf("httpx"))
        assert not rule.attribute(answer, "is_success")
    assert TypeRule("httpx:Response", httpx.Response, entry, shelf("httpx")).attribute(
        answer, "is_success"
    )


def test_an_attribute_that_is_not_there_is_not_transparent() -> None:
    """Whoever answers for it is not known."""
    answer = requests.Response()
    assert transparent(answer, "status_code")
    del answer.status_code
    assert not transparent(answer, "status_code")


def test_types_are_known_exactly() -> None:
    """A subclass may answer for its attributes itself."""

    class Mine(httpx.Response):
        """A user's answer."""

    assert type_rule(httpx.Response) is type_rule(httpx.Response)
    assert type_rule(Mine) is None
    assert type_rule(type("Response", (), {"__module__": "httpx"})) is None
    assert type_named("httpx:NoSuchName") is None
    assert type_named("no_such_module:Name") is None
    assert type_named(None) is None


def test_the_lazy_parts_of_a_client_are_transparent() -> None:
    """Before and after they have been made; a replaced one is a plain attribute."""
    client = openai.OpenAI(api_key="none")
    for name in ("chat", "responses", "embeddings", "images", "api_key"):
        assert transparent(client, name), name
    assert transparent(client, "_client")
    assert not transparent(client, "no_such_name")
    assert transparent(client.chat, "completions")
    assert transparent(client.chat.completions, "create")
    with mock.patch.object(openai.OpenAI, "chat", new_callable=mock.PropertyMock):
        assert not transparent(client, "chat")


def test_fields_of_a_model_are_transparent() -> None:
    """They are stored in the instance; methods are bound, other properties unknown."""
    usage = openai.types.CompletionUsage(completion_tokens=1, prompt_tokens=2, total_tokens=3)
    assert transparent(usage, "total_tokens")
    assert not transparent(usage, "model_extra")
    assert not transparent(usage, "no_such_field")

    class Mine(openai.types.CompletionUsage):
        """A user's model."""

    assert type_rule(Mine) is None


def test_builtin_types_have_transparent_attributes() -> None:
    """Of exactly these types."""
    assert transparent("text", "upper")
    assert transparent({}, "get")
    assert not transparent("text", "no_such_name")
    assert type_rule(type("Text", (str,), {})) is None


def test_a_proof_can_follow_a_model_s_answer_before_it_exists() -> None:
    """The usual ways to the text, the numbers and the vectors end at builtin types."""
    client = openai.OpenAI(api_key="none")
    chat = lookup(client.chat.completions.create)
    response = lookup(client.responses.create)
    vectors = lookup(client.embeddings.create)
    assert chat is not None
    assert response is not None
    assert vectors is not None
    text = follow(chat.result, "choices", "[]", "message", "content")
    assert text == "builtin"
    assert follow(text, "strip") == "builtin"
    assert follow(chat.result, "usage", "total_tokens") == "builtin"
    assert follow(response.result, "output_text") == "builtin"
    assert follow(vectors.result, "data", "[]", "embedding") == "builtin"
    assert follow("openai:OpenAI", "chat", "completions", "create") == chat.result


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (str, "builtin"),
        (object, "builtin"),
        (Any, "builtin"),
        (Literal["a", "b"], "builtin"),
        (Annotated[int, "unit"], "builtin"),
        (float | None, "builtin"),
        (str | int, "builtin"),
        (list[str], "builtin"),
        (dict[str, list[int]], "builtin"),
        (dict, "builtin"),
        (list, "builtin"),
        (dict[str, openai.types.Model], None),
        (openai.types.Model, "openai.types.model:Model"),
        (openai.types.Model | None, "openai.types.model:Model"),
        (list[openai.types.Model], "list[openai.types.model:Model]"),
        (openai.types.Model | openai.types.Embedding, None),
        (str | openai.types.Model, None),
        (pathlib.Path, None),
        ("Model", None),
        (list[pathlib.Path], None),
    ],
    ids=str,
)
def test_the_annotation_of_a_field_names_what_it_holds(annotation: Any, name: str | None) -> None:
    """Answers are built from parsed JSON: builtin types, models, lists of models."""
    assert annotated(annotation) == name


def test_a_field_that_may_hold_several_kinds_of_models_leads_nowhere() -> None:
    """Neither a union of models nor a list of one is followed."""
    importlib.import_module("openai.types.responses")
    assert follow("openai.types.responses.response:Response", "output") is None
    message = "openai.types.chat.chat_completion_message:ChatCompletionMessage"
    assert follow(message, "tool_calls") is None
    assert named(message).member("no_such_field") is None


def test_a_proof_can_follow_an_answer_of_http() -> None:
    """``get(url).json()["a"].strip()`` and ``get(url).raise_for_status().text``."""
    for library in (httpx, requests):
        rule = lookup(library.get)
        assert rule is not None
        assert follow(rule.result, "json", "[]", "strip") == "builtin"
        assert follow(rule.result, "text") == "builtin"
        assert follow(rule.result, "headers", "get") == "builtin"
    assert follow("httpx:Response", "raise_for_status", "text") == "builtin"


def test_methods_of_values_to_come_carry_their_rule_and_effect() -> None:
    """Reading a response that one has just opened reads; in others' hands it is a stream."""
    importlib.import_module("http.client")
    read = named("http.client:HTTPResponse").member("read")
    assert read is not None
    assert (read.kind, read.result, read.effect.kind) == ("method", "builtin", EffectKind.READS)
    assert read.rule is not None
    assert read.rule.base.kind is EffectKind.UNKNOWN
    status = named("http.client:HTTPResponse").member("status")
    assert status is not None
    assert (status.kind, status.effect.kind) == ("attribute", EffectKind.PURE)


def test_a_builtin_to_come_has_the_methods_that_are_pure_in_all_types() -> None:
    """``pop`` changes a list, so it is unknown of a value that may be one."""
    for name in ("get", "strip", "items", "split", "count", "copy"):
        member = named("builtin").member(name)
        assert member is not None, name
        assert member.effect.kind is EffectKind.PURE
    for name in ("pop", "append", "update", "no_such_name", "__class__"):
        assert named("builtin").member(name) is None, name
    assert named("builtin").item == "builtin"
    assert named("list[re:Match]").item == "re:Match"
    assert named("list[re:Match]").member("copy") is None
    assert named("list[re:Match]").attribute([], "append")
    assert not named("list[re:Match]").attribute((), "append")


def test_paths_and_matches_can_be_followed() -> None:
    """``Path(name).parent.joinpath("x").read_text()`` ends at text."""
    assert follow("pathlib:PosixPath", "parent", "name") == "builtin"
    assert transparent(pathlib.Path("a/b"), "parent")
    assert follow("re:Pattern", "match") == "re:Match?"
    assert transparent(re.compile("a"), "pattern")


class Asking:
    """Has one of the two names itself."""

    @property
    def title(self) -> str:
        return "own"


def test_what_a_class_has_itself_is_not_asked_for() -> None:
    """A later version of a library may give a name another meaning."""
    entry = {"asked": ["title", "h1"], "asked_result": "builtin"}
    rule = TypeRule(f"{__name__}:Asking", Asking, entry, shelf("bs4"))
    assert rule.member("title") is None
    assert not rule.attribute(Asking(), "title")
    assert rule.member("h1") is not None
    assert rule.attribute(Asking(), "h1")
