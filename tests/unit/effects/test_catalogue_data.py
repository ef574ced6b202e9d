"""Data libraries: each hazard of a client, a table or a page beside its harmless twin."""

from __future__ import annotations

import functools
import io
import pathlib
import re
import sqlite3
from typing import Any
from unittest import mock

import bs4
import openai
import pandas as pd
import pytest
from data_receivers import KEYS, aws_client

from adaptive_jit.effects import attribute_is_transparent, effect_of
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.plugin_rules import plugin, prepared, unchanged
from adaptive_jit.records.effects import Effect, EffectKind

boto3 = pytest.importorskip("boto3")
client_module = pytest.importorskip("botocore.client")

READS, UNORDERED, WRITES, UNKNOWN, PURE = (
    EffectKind.READS,
    EffectKind.UNORDERED,
    EffectKind.WRITES,
    EffectKind.UNKNOWN,
    EffectKind.PURE,
)
OBJECT = {"Bucket": "b", "Key": "k"}


def kind(callee: Any, *args: Any, **kwargs: Any) -> EffectKind:
    return effect_of(callee, args, kwargs).kind


@pytest.fixture
def client() -> Any:
    """A client of one's own, to be changed."""
    return boto3.client("s3", **KEYS)


def asked(client: Any) -> Effect:
    return effect_of(client.get_object, (), OBJECT)


# AWS: operations ------------------------------------------------------------------------------


def test_methods_that_share_one_code_object_have_the_effects_of_their_operations() -> None:
    """The name of the operation in the client's own service model decides."""
    s3 = aws_client()
    assert s3.get_object.__func__.__code__ is s3.put_object.__func__.__code__
    for name in ("get_object", "head_object", "list_objects_v2", "get_bucket_location"):
        found = effect_of(getattr(s3, name), (), {"Bucket": "b"})
        assert (found.kind, found.resource, found.leaves_arguments) == (READS, "http", True)
    for name in ("put_object", "delete_object", "copy_object", "create_bucket"):
        found = effect_of(getattr(s3, name), (), {"Bucket": "b"})
        assert (found.kind, found.resource) == (WRITES, "http")


@pytest.mark.parametrize(
    ("service", "method", "expected"),
    [
        ("dynamodb", "get_item", READS),
        ("dynamodb", "batch_get_item", READS),
        ("dynamodb", "query", READS),
        ("dynamodb", "scan", READS),
        ("dynamodb", "update_item", WRITES),
        ("sqs", "get_queue_url", READS),
        ("sqs", "receive_message", WRITES),
        ("stepfunctions", "describe_execution", READS),
        ("stepfunctions", "get_activity_task", WRITES),
        ("cognito-identity", "get_id", WRITES),
        ("bedrock-runtime", "converse", UNORDERED),
        ("bedrock-runtime", "converse_stream", UNKNOWN),
    ],
)
def test_operations_of_other_services(service: str, method: str, expected: EffectKind) -> None:
    """Reading names read, but for those that hand something out."""
    assert kind(getattr(aws_client(service), method)) is expected


def test_arguments_that_may_run_code_make_an_operation_unknown() -> None:
    """Open files are read by the client; a str of one's own may do anything."""

    class Text(str):
        __slots__ = ()

    s3 = aws_client()
    assert kind(s3.put_object, Bucket="b", Key="k", Body=b"x") is WRITES
    assert kind(s3.put_object, Bucket="b", Key="k", Body=io.BytesIO(b"x")) is UNKNOWN
    assert kind(s3.get_object, Bucket="b", Key=Text("k")) is UNKNOWN
    assert kind(s3.get_object, "b") is UNKNOWN


def test_a_hook_of_the_user_is_noticed_when_it_comes_and_when_it_goes(client: Any) -> None:
    """Whatever kind of callable it is."""

    class Hook:
        def __call__(self, **_: Any) -> None: ...

        def method(self, **_: Any) -> None: ...

    hook = Hook()
    assert asked(client).kind is READS
    for one in (lambda **_: None, hook, hook.method, functools.partial(lambda **_: None)):
        client.meta.events.register("before-call.s3", one)
        assert asked(client).kind is UNKNOWN
        assert "hook" in asked(client).reason
        client.meta.events.unregister("before-call.s3", one)
        assert asked(client).kind is READS


def test_an_own_hook_of_the_library_stays_stock(client: Any) -> None:
    """The twin: what the library itself registers later."""
    from botocore.handlers import disable_signing

    for hook in (disable_signing, functools.partial(disable_signing)):
        client.meta.events.register("choose-signer.s3.*", hook)
    assert asked(client).kind is READS


def test_a_stubbed_client_is_unknown(client: Any) -> None:
    """Its answers come from a queue."""
    from botocore.stub import Stubber

    with Stubber(client):
        assert asked(client).kind is UNKNOWN
    assert asked(client).kind is READS


def test_replaced_parts_of_a_client_are_unknown(client: Any) -> None:
    """A method, the HTTP session, the credentials, and the inner function that tests patch."""
    with mock.patch.object(client, "_make_api_call", lambda *_: {}):
        assert asked(client).kind is UNKNOWN
    with mock.patch.object(client_module.BaseClient, "_make_api_call", lambda *_: {}):
        assert asked(client).kind is UNKNOWN
    with mock.patch.object(client._endpoint, "http_session", object()):
        assert asked(client).kind is UNKNOWN
    with mock.patch.object(client._endpoint.http_session, "send", lambda _: None, create=True):
        assert asked(client).kind is UNKNOWN
    with mock.patch.object(client._request_signer, "_credentials", object()):
        assert asked(client).kind is UNKNOWN
    for events in (client.meta.events, client.meta.events._emitter):
        with mock.patch.object(events, "emit", print):
            assert asked(client).kind is UNKNOWN
    assert asked(client).kind is READS


def test_credentials_that_a_function_of_the_user_renews_are_unknown(client: Any) -> None:
    """The library's own providers count."""
    from botocore.credentials import InstanceMetadataProvider, RefreshableCredentials

    def made(refresh: Any) -> Any:
        return RefreshableCredentials("a", "b", "c", None, refresh, "test")

    own = InstanceMetadataProvider(None)
    for refresh, expected in ((own.load, READS), (lambda: {}, UNKNOWN)):
        with mock.patch.object(client._request_signer, "_credentials", made(refresh)):
            assert asked(client).kind is expected


def test_a_class_of_the_user_and_a_patched_class_are_unknown(client: Any) -> None:
    """Only the class that the library made for its client, as it made it."""
    kind_of_client = type(client)

    class Mine(kind_of_client):  # type: ignore[valid-type, misc]
        """A user's client."""

    mine = object.__new__(Mine)
    mine.__dict__.update(client.__dict__)
    assert asked(mine).kind is UNKNOWN

    @functools.wraps(kind_of_client.get_object)
    def get_object(*args: Any, **kwargs: Any) -> None: ...

    with mock.patch.object(kind_of_client, "get_object", get_object):
        assert asked(client).kind is not READS
    assert asked(client).kind is READS


def test_making_a_client_is_unknown_and_says_what_to_do() -> None:
    """It is not safe in several threads."""
    assert kind(boto3.client, "s3") is UNKNOWN
    assert "make it once" in effect_of(boto3.client, ("s3",), {}).reason


def test_a_body_is_read_in_its_turn_and_past_other_reads() -> None:
    """Whoever reads first gets the first part; nobody else is affected."""
    from botocore.response import StreamingBody

    found = effect_of(StreamingBody(io.BytesIO(b"x"), 1).read, (), {})
    assert (found.kind, found.caller_thread, found.may_start_early) == (READS, True, False)


# AWS: in functions ----------------------------------------------------------------------------

S3 = aws_client()
DYNAMO = aws_client("dynamodb")


def whole(key):
    return S3.get_object(Bucket="b", Key=key)["Body"].read().decode("utf-8")


def content_type(key):
    answer = S3.get_object(Bucket="b", Key=key)
    return answer["ContentType"].lower()


def keys(prefix):
    answer = S3.list_objects_v2(Bucket="b", Prefix=prefix)
    return [entry["Key"] for entry in answer.get("Contents", [])]


def all_keys(prefix):
    found = []
    for page in S3.get_paginator("list_objects_v2").paginate(Bucket="b", Prefix=prefix):
        found.extend(entry["Key"] for entry in page.get("Contents", []))
    return found


def row(number):
    return DYNAMO.get_item(TableName="t", Key={"id": {"S": number}}).get("Item")


def changed(key):
    return S3.get_object(Bucket="b", Key=key)["LastModified"]


def kept(key):
    return S3.get_object(Bucket="b", Key=key)["Body"]


def of_others(body):
    return body.read()


def rewritten(key):
    S3.put_object(Bucket="b", Key=key, Body=S3.get_object(Bucket="b", Key=key)["Body"].read())


def versions(prefix):
    return S3.get_paginator("no_such_operation").paginate(Bucket="b", Prefix=prefix)


@pytest.mark.parametrize(
    ("function", "expected", "is_plain"),
    [
        (whole, READS, True),
        (content_type, READS, True),
        (keys, READS, False),
        (all_keys, READS, False),
        (row, READS, True),
        (changed, READS, False),
        (kept, READS, False),
        (rewritten, WRITES, True),
        (versions, UNKNOWN, False),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_functions_over_clients_are_proved(
    function: Any, expected: EffectKind, is_plain: bool
) -> None:
    """The model of the service says what an answer holds; times are no builtin values."""
    found = effect_of(function, ("k",), {})
    assert found.kind is expected, found.reason
    assert found.builtin_result is is_plain


def test_a_body_that_others_hold_keeps_a_function_in_its_turn() -> None:
    """Its twin `whole` reads one that nobody else has."""
    from botocore.response import StreamingBody

    body = StreamingBody(io.BytesIO(b"x"), 1)
    assert not effect_of(of_others, (body,), {}).may_start_early
    assert effect_of(whole, ("k",), {}).may_start_early


# Tables ---------------------------------------------------------------------------------------


def test_where_a_table_is_read_from_decides() -> None:
    """A path, a web address; a buffer is a stream, another library's file system is unknown."""
    for where in ("a.csv", pathlib.Path("a.csv")):
        found = effect_of(pd.read_csv, (where,), {"sep": ";"})
        assert (found.kind, found.resource) == (READS, "files")
    found = effect_of(pd.read_json, ("https://host/a.json",), {})
    assert (found.kind, found.resource) == (READS, "http")
    found = effect_of(pd.read_csv, (), {"filepath_or_buffer": "http://host/a.csv"})
    assert (found.kind, found.resource) == (READS, "http")
    for where in ("s3://b/a.csv", "/dev/stdin", io.StringIO("a\n1\n"), io.BytesIO(b"a")):
        assert kind(pd.read_csv, where) is UNKNOWN


def test_functions_among_the_options_make_it_unknown() -> None:
    """They would be called for each value; classes of builtins make values only."""
    assert kind(pd.read_csv, "a.csv", dtype={"a": str, "b": "Int64"}) is READS
    assert kind(pd.read_csv, "a.csv", dtype=int) is READS
    assert kind(pd.read_csv, "a.csv", converters={"a": len}) is UNKNOWN
    assert kind(pd.read_csv, "a.csv", dtype={"a": type("Mine", (str,), {})}) is UNKNOWN


def test_a_table_that_is_read_part_by_part_is_unknown() -> None:
    """The reading happens when the parts are asked for."""
    assert kind(pd.read_csv, "a.csv", chunksize=None) is READS
    assert kind(pd.read_csv, "a.csv", chunksize=10) is UNKNOWN
    assert kind(pd.read_csv, "a.csv", iterator=True) is UNKNOWN


def test_a_query_stays_with_its_connection() -> None:
    """One SELECT reads, in the calling thread; all else is unknown."""
    with sqlite3.connect(":memory:") as connection:
        found = effect_of(pd.read_sql, ("SELECT 1", connection), {})
        assert (found.kind, found.caller_thread) == (READS, True)
        assert kind(pd.read_sql, "DELETE FROM t", connection) is UNKNOWN
        assert kind(pd.read_sql, "SELECT 1", connection, chunksize=2) is UNKNOWN
        assert kind(pd.read_sql, "SELECT 1", object()) is UNKNOWN
        connection.row_factory = sqlite3.Row
        assert kind(pd.read_sql, "SELECT 1", connection) is UNKNOWN
    connection.close()


# Pages ----------------------------------------------------------------------------------------


def test_pages_are_made_from_text_and_looked_into() -> None:
    """Making one computes; a file would be a stream; functions would be called back."""
    assert kind(bs4.BeautifulSoup, "<a>", "html.parser") is PURE
    assert kind(bs4.BeautifulSoup, b"<a>", "html.parser") is PURE
    assert kind(bs4.BeautifulSoup, io.StringIO("<a>"), "html.parser") is UNKNOWN
    page = bs4.BeautifulSoup("<p class='a'>x</p>", "html.parser")
    for arguments in (("p",), (["p", "a"],), (re.compile("^p"),), ("p", {"class": "a"})):
        assert kind(page.find, *arguments) is READS
        assert kind(page.p.find_all, *arguments) is READS

    class Test:
        """Called for each element."""

        def __call__(self, tag: Any) -> bool: ...

    assert kind(page.find, Test()) is UNKNOWN
    assert kind(page.find, "p", {"class": Test()}) is UNKNOWN
    assert kind(page.find, lambda tag: True) is UNKNOWN
    assert kind(page.find_all, string=lambda text: True) is UNKNOWN


def test_elements_of_a_class_of_the_user_are_unknown() -> None:
    """The builder may be told to make them."""

    class Mine(bs4.Tag):
        """A user's element."""

    page = bs4.BeautifulSoup("<p>x</p>", "html.parser", element_classes={bs4.Tag: Mine})
    assert kind(page.p.find, "a") is UNKNOWN


def title(text):
    page = bs4.BeautifulSoup(text, "html.parser")
    return page.title.string.strip(), page.body.p.get_text()


def parent(text):
    return bs4.BeautifulSoup(text, "html.parser").p.parent


def test_an_element_is_found_as_an_attribute_of_its_page() -> None:
    """What the class has under a name is no element, nor what others answer for."""
    page = bs4.BeautifulSoup("<title>x</title><p>y</p>", "html.parser")
    assert effect_of(title, ("<p>",), {}).kind is PURE
    assert attribute_is_transparent(page, "title")
    assert attribute_is_transparent(page.p, "b")
    assert not attribute_is_transparent(page, "parentTag")
    assert effect_of(parent, ("<p>",), {}).kind is UNKNOWN
    with mock.patch.object(bs4.Tag, "__getattr__", lambda self, name: pathlib.Path(name)):
        assert not attribute_is_transparent(page, "title")
        assert effect_of(title, ("<p>",), {}).kind is UNKNOWN
    assert effect_of(title, ("<p>",), {}).kind is PURE


def first_heading(text):
    heading = bs4.BeautifulSoup(text, "html.parser").find("h1")
    if heading is None:
        pathlib.Path("none").write_text("no heading")
    return heading.get_text() if heading else ""


MODEL = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")


def billed(question):
    answer = MODEL.chat.completions.create(
        model="m", messages=[{"role": "user", "content": question}]
    )
    if answer.usage:
        return answer.usage.total_tokens
    pathlib.Path("unbilled").write_text(question)
    return 0


def links(text):
    return [tag["href"] for tag in bs4.BeautifulSoup(text, "html.parser").select("a")]


def test_what_is_not_found_is_followed_too() -> None:
    """``find`` may give nothing, so both ways are looked at."""
    assert kind(first_heading, "<h1>x</h1>") is WRITES
    assert kind(links, "<a href='x'>") is PURE
    assert kind(billed, "why") is WRITES


# Other people's files -------------------------------------------------------------------------

TEXT = """
library = "collections"
[[calls]]
names = ["collections:Counter.{total}"]
effect = "reads"
one_at_a_time = %s
"""


def test_one_at_a_time_gives_each_receiver_its_lane() -> None:
    """Two receivers may be asked at once, one may not."""
    import collections

    from adaptive_jit.effects.catalogue_names import Guard
    from adaptive_jit.effects.catalogue_rules import Rule

    def lane(word: str, receiver: Any) -> Any:
        data, problems = prepared(TEXT % word, "collections")
        assert problems == []
        entry = data["calls"][0]
        value = collections.Counter.total
        rule = Rule("x:y", value, collections.Counter, entry, Guard(()), unchanged, plugin)
        return rule.effect(receiver.total, (), {}).lane

    one, two = collections.Counter(), collections.Counter()
    assert lane("true", one) == lane("true", one) != lane("true", two)
    assert lane("false", one) is None


def test_the_catalogue_of_this_library_cannot_be_overruled() -> None:
    """A module that this library speaks for is not asked of others."""
    from adaptive_jit.effects import plugins

    assert plugins.plugin_shelf("os") is None
    assert plugins.plugin_shelf("__main__") is None
    assert lookup(pd.read_csv) is not None
