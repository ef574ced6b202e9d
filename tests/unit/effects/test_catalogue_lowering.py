"""How arguments lower the effects of the catalogue: each hazard beside its harmless twin."""

from __future__ import annotations

import abc
import builtins
import collections
import copy
import functools
import io
import json
import logging
import os
import pathlib
import random
import sys
import time
import types
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx
import openai
import pytest
import requests

from adaptive_jit.effects import catalogue
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_console import is_stock_stream
from adaptive_jit.effects.catalogue_http import is_model_endpoint
from adaptive_jit.effects.catalogue_load import Shelf, read
from adaptive_jit.effects.catalogue_names import Guard
from adaptive_jit.effects.catalogue_values import BUDGET, exact
from adaptive_jit.records.effects import Effect, EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind
if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://127.0.0.1:9/items"
MODEL = "http://127.0.0.1:9/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hello"}]


class Text(str):
    """A str that may do anything when it is looked at."""

    __slots__ = ()


def effect(callee: Any, *args: Any, **kwargs: Any) -> Effect:
    rule = lookup(callee)
    assert rule is not None
    return rule.effect(callee, args, kwargs)


def kind(callee: Any, *args: Any, **kwargs: Any) -> EffectKind:
    return effect(callee, *args, **kwargs).kind


# HTTP -----------------------------------------------------------------------------------------


@pytest.fixture(params=["httpx", "httpx.Client", "requests", "requests.Session"])
def http(request: pytest.FixtureRequest) -> Any:
    """The same verbs by functions and by stock clients of two libraries."""
    makers = {
        "httpx": lambda: httpx,
        "httpx.Client": httpx.Client,
        "requests": lambda: requests,
        "requests.Session": requests.Session,
    }
    return makers[request.param]()


def test_verbs_that_ask_read_and_the_others_write(http: Any) -> None:
    """GET, HEAD and OPTIONS read http; POST, PUT, PATCH and DELETE write it."""
    for name in ("get", "head", "options"):
        found = effect(getattr(http, name), URL)
        assert (found.kind, found.resource, found.leaves_arguments) == (READS, "http", True)
    for name in ("post", "put", "patch", "delete"):
        found = effect(getattr(http, name), URL)
        assert (found.kind, found.resource) == (WRITES, "http")


def test_request_takes_its_effect_from_its_verb(http: Any) -> None:
    """``request("get", …)`` reads, ``request("POST", …)`` writes, another object is unknown."""
    assert kind(http.request, "get", URL) is READS
    assert kind(http.request, method="GET", url=URL) is READS
    assert kind(http.request, "POST", URL) is WRITES
    assert kind(http.request, "POST", MODEL, json={}) is UNORDERED
    for verb in (Text("GET"), 3, None):
        found = effect(http.request, verb, URL)
        assert (found.kind, found.watch) == (UNKNOWN, None)


def test_a_post_to_a_model_endpoint_is_unordered(http: Any) -> None:
    """The path decides, whatever the query; one that adds to a conversation writes."""
    body = {"model": "small", "messages": MESSAGES}
    assert kind(http.post, MODEL, json=body) is UNORDERED
    assert kind(http.post, url=MODEL + "?api-version=1", json=body) is UNORDERED
    assert kind(http.post, URL + "?next=/v1/chat/completions", json=body) is WRITES
    assert kind(http.post, MODEL, json={**body, "conversation": "c1"}) is WRITES
    for data in ('{"conversation": "c1"}', b'{"conversation": "c1"}'):
        assert kind(http.post, MODEL, data=data) is WRITES
    for data in ('{"model": "small"}', b'{"model": "small"}'):
        assert kind(http.post, MODEL, data=data) is UNORDERED
    assert kind(http.put, MODEL, json=body) is WRITES


def test_arguments_of_unknown_types_make_a_request_unknown(http: Any) -> None:
    """Subclasses, callbacks and iterators may run code when the request is built."""
    assert kind(http.get, URL, params={"a": [1, 2]}, headers={"x": "y"}, timeout=3.0) is READS
    assert kind(http.get, Text(URL)) is UNKNOWN
    assert kind(http.get, URL, params={"a": Text("b")}) is UNKNOWN
    assert kind(http.get, URL, auth=("me", "secret")) is READS
    assert kind(http.get, URL, auth=lambda request: request) is UNKNOWN
    assert kind(http.post, MODEL, data=iter([b"x"])) is UNKNOWN


def test_the_truth_of_an_argument_is_never_asked() -> None:
    """``stream=`` is looked at only once it is known to be plain."""

    class Sly:
        def __bool__(self) -> bool:
            raise AssertionError("asked")

    assert kind(requests.get, URL, stream=Sly()) is UNKNOWN


def test_answers_can_be_read_without_arguments_once_their_body_is_there() -> None:
    """A hook for the parts of the JSON is a callback; an unread body comes from a stream."""
    for answer in (httpx.Response(200, json={}), requests.Response()):
        answer._content = b"{}"
        assert kind(answer.json) is PURE
        assert kind(answer.json, object_hook=dict) is UNKNOWN
        assert kind(answer.json, 1) is UNKNOWN
        del answer._content
        assert kind(answer.json) is UNKNOWN


def test_known_values_of_libraries_may_be_arguments() -> None:
    """Timeouts and addresses of the library are its own immutable values."""
    assert kind(httpx.get, httpx.URL(URL), timeout=httpx.Timeout(3)) is READS
    assert kind(httpx.post, httpx.URL(MODEL), json={}) is UNORDERED
    assert kind(httpx.get, URL, extensions={"trace": None}) is UNKNOWN


def test_requests_with_hooks_streams_or_proxies_are_unknown() -> None:
    """A hook runs user code, a stream is drawn from, and ``proxies=`` is changed by the call."""
    assert kind(requests.get, URL, stream=False) is READS
    assert kind(requests.get, URL, stream=True) is UNKNOWN
    assert kind(requests.get, URL, hooks={"response": []}) is UNKNOWN
    assert kind(requests.get, URL, proxies={"http": "http://127.0.0.1:1"}) is UNKNOWN


def test_a_relative_address_is_judged_with_its_client_s_base() -> None:
    """``base_url=".../v1"`` and ``"/chat/completions"`` together name a model endpoint."""
    client = httpx.Client(base_url="http://127.0.0.1:9/v1")
    assert kind(client.post, "/chat/completions", json={}) is UNORDERED
    assert kind(client.post, "/orders", json={}) is WRITES
    assert kind(httpx.Client().post, "/chat/completions", json={}) is WRITES


def test_model_endpoints_are_recognised_by_the_end_of_the_path() -> None:
    """All six endpoints, below any prefix; nothing else."""
    for path in ("chat/completions", "responses", "messages", "embeddings"):
        assert is_model_endpoint(f"https://host/gateway/v1/{path}")
    assert is_model_endpoint("http://host:11434/api/generate")
    assert is_model_endpoint("http://host:11434/api/chat#part")
    assert not is_model_endpoint("http://host/v1/files")
    assert not is_model_endpoint("http://host/v1/chat/completions/extra")


def test_streaming_functions_are_not_in_the_catalogue() -> None:
    """``httpx.stream`` hands out a stream."""
    assert lookup(httpx.stream) is None
    assert lookup(httpx.Client().stream) is None


def test_constructors_with_hooks_are_unknown() -> None:
    """A plain client may be made early, one with the user's code inside may not."""
    assert kind(httpx.Client, base_url=URL, timeout=2.0) is READS
    assert kind(httpx.Client, event_hooks={"request": [print]}) is UNKNOWN
    assert kind(httpx.Client, transport=httpx.MockTransport(print)) is UNKNOWN
    assert kind(openai.OpenAI, api_key="none") is READS
    assert kind(openai.OpenAI, api_key=lambda: "none") is UNKNOWN
    rule = lookup(httpx.Client)
    assert rule is not None
    assert rule.context_manager
    assert rule.result == "httpx:Client"


# Patched internals ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "httpx._client.Client.send",
        "httpx._client.Client._send_single_request",
        "httpx.HTTPTransport.handle_request",
        "httpcore.ConnectionPool.handle_request",
        "socket.socket",
        "socket.create_connection",
        "httpx.Response.text",
    ],
)
def test_a_patch_below_httpx_makes_its_calls_unknown_while_it_lasts(target: str) -> None:
    """What a test or an instrumentation put inside the library is not the library."""
    client = httpx.Client()
    assert kind(client.get, URL) is READS
    with mock.patch(target):
        found = effect(client.get, URL)
        assert found.kind is UNKNOWN
        assert "patched" in found.reason
        assert kind(httpx.get, URL) is UNKNOWN
    assert kind(client.get, URL) is READS


@pytest.mark.parametrize(
    "target",
    [
        "requests.Session.send",
        "requests.sessions.Session.get_adapter",
        "requests.adapters.HTTPAdapter.send",
        "urllib3.connectionpool.HTTPConnectionPool.urlopen",
        "socket.socket",
    ],
)
def test_a_patch_below_requests_makes_its_calls_unknown_while_it_lasts(target: str) -> None:
    """The same for ``requests`` and what it is built on."""
    session = requests.Session()
    with mock.patch(target):
        assert kind(session.get, URL) is UNKNOWN
        assert kind(requests.get, URL) is UNKNOWN
    assert kind(session.get, URL) is READS


def test_a_patched_name_leads_to_no_rule() -> None:
    """The catalogue knows objects, not names."""
    with mock.patch("httpx.get"), mock.patch("time.sleep"), mock.patch("builtins.open"):
        assert lookup(httpx.get) is None
        assert lookup(time.sleep) is None
        assert lookup(builtins.open) is None


def test_a_class_of_the_user_s_in_the_place_of_an_inner_one_is_a_patch() -> None:
    """A class has no code of its own to look at: its home must be the library."""

    class Socket:
        """A tunnel."""

    with mock.patch("socket.socket", Socket):
        assert kind(httpx.get, URL) is UNKNOWN
    assert kind(httpx.get, URL) is READS


def test_a_callable_that_is_no_function_is_not_asked_where_it_is_from() -> None:
    """Its attributes may be computed by the user's code."""

    class Sly:
        def __call__(self) -> None:
            """Called by nobody."""

        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(name)

    assert lookup(Sly()) is None
    assert lookup(types.MethodType(Sly(), 1)) is None


def test_a_property_of_the_user_s_is_a_patch_too() -> None:
    """A proof of ``get(url).text`` relies on the property that is run later."""
    with mock.patch.object(httpx.Response, "text", property(lambda answer: "other")):
        assert kind(httpx.get, URL) is UNKNOWN
    assert kind(httpx.get, URL) is READS


def test_a_wrapper_of_an_inner_function_is_foreign_even_under_its_name() -> None:
    """``functools.wraps`` copies name and module; the code lies elsewhere."""
    original = httpx.Client.send

    @functools.wraps(original)
    def traced(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, *args, **kwargs)

    with mock.patch.object(httpx.Client, "send", traced):
        guard = Guard(["httpx:Client.send"])
        assert not guard.intact()
        assert guard.patched == "httpx:Client.send"
    assert guard.intact()


def test_what_was_patched_when_the_file_was_read_is_found_once_the_patch_has_gone() -> None:
    """Neither the mock nor its absence is remembered."""
    shelf = Shelf("json", read("json"))
    with mock.patch("json.loads", lambda text: text):
        shelf.refresh()
        assert "json:loads" not in shelf.by_name
        assert "json:dumps" in shelf.by_name
    assert shelf.refresh()
    assert shelf.by_name["json:loads"].value is json.loads


def test_what_this_library_itself_puts_around_a_function_is_no_patch() -> None:
    """Held-back log records: the wrapper comes and may go again."""
    file = pathlib.Path(catalogue.__file__).parent.parent / "runtime" / "output.py"
    source = "def made(original): return lambda self, record: original(self, record)"
    namespace: dict[str, Any] = {}
    exec(compile(source, str(file), "exec"), namespace)
    wrapper = functools.wraps(logging.Logger.handle)(namespace["made"](logging.Logger.handle))
    guard = Guard(["logging:Logger.handle", "logging:Logger.info"])
    assert guard.intact()
    with mock.patch.object(logging.Logger, "handle", wrapper):
        assert guard.intact()
        assert Guard(["logging:Logger.handle"]).intact()
        assert kind(logging.getLogger("made").info, "text") is WRITES
    assert guard.intact()


def test_a_deleted_inner_function_counts_as_patched() -> None:
    """Nothing is raised where something is missing."""
    guard = Guard(["json:loads", "json:dumps"])
    assert guard.intact()
    saved = json.loads
    del json.loads
    try:
        assert not guard.intact()
    finally:
        json.loads = saved


# openai ---------------------------------------------------------------------------------------


@pytest.fixture
def client() -> openai.OpenAI:
    return openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")


def test_model_calls_are_unordered_and_leave_their_arguments(client: openai.OpenAI) -> None:
    """Chat, responses and embeddings; listing the models reads."""
    for call in (client.chat.completions.create, client.responses.create):
        found = effect(call, model="small", messages=MESSAGES)
        assert (found.kind, found.leaves_arguments) == (UNORDERED, True)
    assert kind(client.embeddings.create, model="small", input=["a", "b"]) is UNORDERED
    assert kind(client.models.list) is READS
    assert kind(client.with_options(timeout=3).chat.completions.create, model="m") is UNORDERED


def test_a_streamed_model_call_is_unknown(client: openai.OpenAI) -> None:
    """Absent marks and ``None`` are no streams."""
    create = client.chat.completions.create
    assert kind(create, model="m", messages=MESSAGES, stream=False) is UNORDERED
    assert kind(create, model="m", messages=MESSAGES, stream=openai.NOT_GIVEN) is UNORDERED
    assert kind(create, model="m", messages=MESSAGES, stream=True) is UNKNOWN


def test_copies_of_a_client_are_pure_if_the_client_is_stock(client: openai.OpenAI) -> None:
    """A function for the key is the user's code, in the copy as in the client."""
    assert kind(client.with_options, timeout=3) is PURE
    assert kind(client.with_options, http_client=httpx.Client()) is UNKNOWN
    assert kind(openai.OpenAI(api_key=lambda: "none").with_options, timeout=3) is UNKNOWN


def test_a_call_that_adds_to_a_conversation_writes(client: openai.OpenAI) -> None:
    """The order of such calls is kept by the server."""
    create = client.responses.create
    assert kind(create, model="m", input="x", conversation=None) is UNORDERED
    assert kind(create, model="m", input="x", conversation=openai.NOT_GIVEN) is UNORDERED
    assert kind(create, model="m", input="x", conversation="c1") is WRITES
    assert kind(create, model="m", input="x", extra_body={"conversation": "c1"}) is WRITES


def test_arguments_of_model_calls_must_be_plain(client: openai.OpenAI) -> None:
    """Generators of messages are drawn from; a raw response would keep the arguments."""
    create = client.chat.completions.create
    assert kind(create, model="m", messages=iter(MESSAGES)) is UNKNOWN
    assert kind(create, model=Text("m"), messages=MESSAGES) is UNKNOWN
    assert kind(create, Text("m"), messages=MESSAGES) is UNKNOWN
    raw = {"X-Stainless-Raw-Response": "true"}
    assert kind(create, model="m", messages=MESSAGES, extra_headers={"x": "y"}) is UNORDERED
    assert kind(create, model="m", messages=MESSAGES, extra_headers=raw) is UNKNOWN


def test_an_earlier_answer_may_stand_among_the_messages(client: openai.OpenAI) -> None:
    """The SDK's own models are looked into; a user's subclass of one is not theirs."""
    message = openai.types.chat.ChatCompletionMessage(role="assistant", content="hi")
    create = client.chat.completions.create
    assert kind(create, model="m", messages=[*MESSAGES, message]) is UNORDERED

    class Mine(openai.types.chat.ChatCompletionMessage):
        """A subclass may serialise itself as it likes."""

    mine = Mine(role="assistant", content="hi")
    assert kind(create, model="m", messages=[*MESSAGES, mine]) is UNKNOWN
    message.content = Text("hi")
    assert kind(create, model="m", messages=[*MESSAGES, message]) is UNKNOWN


# urllib ---------------------------------------------------------------------------------------


def test_urlopen_of_a_web_address_reads_and_of_anything_else_is_unknown() -> None:
    """Plain requests only: the verb and the body decide."""
    opening = urllib.request.urlopen
    assert kind(opening, URL) is READS
    assert kind(opening, URL, timeout=3) is READS
    assert kind(opening, "file:///etc/hosts") is UNKNOWN
    assert kind(opening, URL, b"body") is WRITES
    assert kind(opening, MODEL, data=b"{}") is UNORDERED
    assert kind(opening, urllib.request.Request(URL)) is READS
    assert kind(opening, urllib.request.Request(URL, method="DELETE")) is WRITES
    assert kind(opening, URL, iter([b"x"])) is UNKNOWN
    rule = lookup(opening)
    assert rule is not None
    assert rule.context_manager


def test_a_request_that_is_not_plain_is_unknown() -> None:
    """A subclass, a replaced method, a body that is drawn from."""

    class Mine(urllib.request.Request):
        """May answer as it likes."""

    replaced = urllib.request.Request(URL)
    replaced.get_method = lambda: "GET"  # type: ignore[method-assign]
    drawn = urllib.request.Request(URL)
    drawn.data = io.BytesIO(b"x")  # type: ignore[assignment]
    for request in (Mine(URL), replaced, drawn):
        assert kind(urllib.request.urlopen, request) is UNKNOWN


def test_an_installed_opener_must_be_of_stock_parts_without_state() -> None:
    """Cookies change with answers, and other handlers are the user's code."""

    class Mine(urllib.request.BaseHandler):
        def http_request(self, request: Any) -> Any:
            return request

    build = urllib.request.build_opener
    for opener, expected in (
        (build(), READS),
        (build(urllib.request.HTTPCookieProcessor()), UNKNOWN),
        (build(Mine()), UNKNOWN),
    ):
        with mock.patch("urllib.request._opener", opener):
            assert kind(urllib.request.urlopen, URL) is expected


# Files ----------------------------------------------------------------------------------------


def test_the_mode_of_open_tells_reading_from_writing() -> None:
    """Positional and by name, for ``open`` and ``Path.open``."""
    path = pathlib.Path("somewhere")
    for mode in ("r", "rb", "rt"):
        assert kind(open, "somewhere", mode) is READS
        assert kind(path.open, mode) is READS
    for mode in ("w", "ab", "x", "r+"):
        assert kind(open, "somewhere", mode=mode) is WRITES
        assert kind(path.open, mode=mode) is WRITES
    assert effect(open, "somewhere").resource == "files"


def test_descriptors_devices_and_openers_are_unknown() -> None:
    """A terminal or pipe is drawn from; an opener is a callback."""
    assert kind(open, 0) is UNKNOWN
    assert kind(open, "/dev/stdin") is UNKNOWN
    assert kind(open, b"/dev/stdin") is UNKNOWN
    assert kind(open, b"somewhere") is READS
    assert kind(open, "somewhere", None) is UNKNOWN
    assert kind(pathlib.Path("/dev/stdin").read_text) is UNKNOWN
    assert kind(open, "somewhere", opener=print) is UNKNOWN
    assert kind(open, Text("somewhere")) is UNKNOWN
    assert kind(open, "somewhere", Text("r")) is UNKNOWN


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_leads_to_a_pipe_or_device_is_unknown(tmp_path: pathlib.Path) -> None:
    """Each reading takes something away; the twin is a link to a plain file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "terminal").symlink_to("/dev/tty")
    for name in ("pipe", "terminal"):
        assert kind(open, str(tmp_path / name)) is UNKNOWN
        assert kind(open, os.fsencode(tmp_path / name)) is UNKNOWN
        assert kind((tmp_path / name).read_text) is UNKNOWN
    for path in ("//dev/null", "/./dev/null", "/dev/../dev/null"):
        assert kind(open, path) is UNKNOWN
    (tmp_path / "plain").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    for name in ("plain", "link", "missing"):
        assert kind(open, str(tmp_path / name)) is READS
        assert kind((tmp_path / name).read_text) is READS
    assert kind(tmp_path.iterdir) is READS


def test_paths_read_and_write_files() -> None:
    """A subclass that overrides something the methods rely on is not stock."""
    path = pathlib.Path("somewhere")
    for name in ("read_text", "read_bytes", "exists", "stat", "iterdir"):
        found = effect(getattr(path, name))
        assert (found.kind, found.resource) == (READS, "files")
    assert kind(path.write_text, "text") is WRITES
    assert kind(path.read_text, Text("utf-8")) is UNKNOWN
    assert kind(path.joinpath, "more") is PURE

    class Traced(type(path)):  # type: ignore[misc]
        def open(self, *args: Any, **kwargs: Any) -> Any:
            return super().open(*args, **kwargs)

    class Named(type(path)):  # type: ignore[misc]
        def title(self) -> str:
            return self.name.title()

    assert lookup(Named("somewhere").read_text) is not None
    assert lookup(Traced("somewhere").read_text) is None


def test_reading_an_open_file_is_a_draw_except_from_a_fresh_one() -> None:
    """``Rule.fresh`` is for a file that the same code has just opened."""
    with pathlib.Path(__file__).open() as file:
        rule = lookup(file.read)
        assert rule is not None
        assert kind(file.read) is UNKNOWN
        assert rule.fresh.kind is READS


# json, clocks, draws --------------------------------------------------------------------------


def test_json_is_pure_for_exact_builtin_types_and_without_callbacks() -> None:
    """Hooks run user code; so may a subclass of dict."""
    assert kind(json.loads, '{"a": 1}') is PURE
    assert effect(json.loads, "1").builtin_result
    assert kind(json.loads, "{}", object_hook=dict) is UNKNOWN
    assert kind(json.dumps, {"a": [1, None]}, indent=2, sort_keys=True) is PURE
    assert kind(json.dumps, {"a": 1}, default=str) is UNKNOWN
    assert kind(json.dumps, collections.OrderedDict(a=1)) is UNKNOWN
    with mock.patch("json.decoder.JSONDecoder.decode"):
        assert kind(json.loads, "{}") is UNKNOWN


def test_clocks_and_draws_are_ordered_and_a_sleep_is_latency_for_proofs_only() -> None:
    """Each reason says what kind of stream it is."""
    assert "clock" in effect(time.time).reason
    assert "clock" in effect(time.monotonic).reason
    assert "stream" in effect(random.random).reason
    assert "stream" in effect(random.Random(1).choice, [1, 2]).reason
    rule = lookup(time.sleep)
    assert rule is not None
    assert rule.latency
    assert rule.base.kind is UNKNOWN
    assert rule.fresh.kind is UNORDERED
    assert kind(uuid.uuid4) is UNORDERED


# Builtins -------------------------------------------------------------------------------------


def test_builtins_are_pure_as_far_as_they_look_into_their_arguments() -> None:
    """``len`` asks the container, ``str`` all that it holds."""
    inner = [Text("a")]
    assert kind(len, inner) is PURE
    assert kind(list, inner) is PURE
    assert kind(str, inner) is UNKNOWN
    assert kind(sorted, ["b", "a"]) is PURE
    assert kind(sorted, ["b", "a"], key=lambda text: text) is UNKNOWN
    assert kind(len, collections.UserList([1])) is UNKNOWN
    assert kind(sum, (number for number in (1, 2))) is UNKNOWN
    assert kind(zip, [1], [2]) is PURE
    assert kind(enumerate, [1], start=Text("1")) is UNKNOWN
    assert kind(next, iter([1])) is UNKNOWN
    assert kind(copy.deepcopy, {"a": [1]}) is PURE
    assert kind(copy.deepcopy, object()) is UNKNOWN


def test_results_that_may_hold_arguments_do_not_promise_to_leave_them() -> None:
    """``max`` of lists returns one of them."""
    assert not effect(max, [[1], [2]]).leaves_arguments
    assert effect(len, [1]).leaves_arguments
    assert not effect(list, [[1]]).builtin_result


def test_a_copy_promises_no_builtin_elements() -> None:
    """``builtin_result`` means exact builtin types at every depth; a copy hands objects on."""
    held = object()
    for call in ({1: held}.copy, {1: held}.values, {1: held}.items, {held: 1}.keys):
        assert kind(call) is PURE
        assert not effect(call).builtin_result
    for copied in ([held].copy, {held}.copy, frozenset((held,)).copy):
        assert kind(copied) is PURE
        assert not effect(copied).builtin_result
    assert effect({1: "a"}.get, 1).builtin_result
    assert kind({1: held}.get, 1) is UNKNOWN


def test_methods_of_builtin_types_are_known_on_exactly_these_types() -> None:
    """Receivers may hold keys of foreign types; changing a receiver is unknown."""
    assert kind("{} {}".format, 1, [2]) is PURE
    assert kind(", ".join, ["a", "b"]) is PURE
    assert kind(", ".join, (text for text in "ab")) is UNKNOWN
    assert kind("{}".format, Text("a")) is UNKNOWN
    assert kind({"a": 1}.get, "a") is PURE
    assert kind({Text("a"): 1}.get, "a") is UNKNOWN
    assert kind([1].append, 2) is UNKNOWN
    assert lookup(Text("a").join) is None
    assert lookup(collections.OrderedDict(a=1).get) is None
    assert kind(str.upper, "a") is PURE
    assert kind(str.upper, Text("a")) is UNKNOWN


def test_isinstance_asks_nobody_or_is_unknown() -> None:
    """A metaclass, a ``__class__`` property or a ``__getattribute__`` may answer."""

    class Plain:
        """Inherits everything that ``isinstance`` asks for."""

    class Sly:
        @property
        def __class__(self) -> Any:
            return int

        @__class__.setter
        def __class__(self, value: Any) -> None:
            raise AttributeError

    class Abstract(abc.ABC):
        """Its metaclass decides."""

    assert kind(isinstance, 1, int) is PURE
    assert kind(isinstance, Plain(), (int, Plain)) is PURE
    assert kind(isinstance, Sly(), int) is UNKNOWN
    assert kind(isinstance, 1, Abstract) is UNKNOWN
    assert kind(isinstance, mock.Mock(), int) is UNKNOWN
    assert kind(isinstance, 1) is UNKNOWN
    assert kind(isinstance, 1, int, strict=True) is UNKNOWN
    assert kind(type, 1) is PURE
    assert kind(type, "Name", (), {}) is UNKNOWN


def test_exact_values_are_exact_at_every_depth() -> None:
    """Subclasses anywhere, values too large to check, and cycles."""
    deep: list[Any] = [1]
    for _ in range(5000):
        deep = [deep]
    assert exact(deep)
    ring: list[Any] = []
    ring.append(ring)
    assert exact(ring)
    assert exact({("a", 1): {"b": {1, 2}}})
    assert not exact({("a", Text("x")): 1})
    assert not exact([[Text("x")]])
    assert exact(bytearray(b"x"))
    assert not exact([bytearray(b"x")])
    assert exact([0] * BUDGET)
    assert not exact([0] * (BUDGET + 1))
    assert not exact([httpx.Timeout(1)])
    assert exact([httpx.Timeout(1)], leaves=True)


# Console and log ------------------------------------------------------------------------------


def test_print_of_plain_values_to_a_stock_stream_writes_the_console() -> None:
    """pytest's capture is a stock stream, too."""
    found = effect(print, "text", [1], sep=", ", flush=True)
    assert (found.kind, found.resource) == (WRITES, "console")
    assert kind(print, Text("text")) is UNKNOWN


def test_print_to_the_process_s_own_streams_writes_the_console() -> None:
    """Whichever is named by ``file=``; flushing and separators change nothing."""
    for stream in (sys.stdout, sys.stderr, None):
        found = effect(print, "text", 1, file=stream, flush=True)
        assert (found.kind, found.resource) == (WRITES, "console")
    assert kind(print, Text("text"), file=sys.stderr) is UNKNOWN
    assert kind(print, "text", file=sys.stderr, end=Text("")) is UNKNOWN


def test_print_to_a_file_of_the_program_s_is_unknown(tmp_path: pathlib.Path) -> None:
    """The program may read it, be it in memory, on disk, or put in the place of a stream."""
    with open(tmp_path / "log", "w") as file:  # noqa: PTH123
        assert is_stock_stream(file)
        for stream in (file, io.StringIO()):
            assert "file=" in effect(print, "text", file=stream).reason
    memory = io.StringIO()
    with mock.patch("sys.stderr", memory):
        assert effect(print, "text", file=memory).reason == (
            "print: sys.stderr is not a stock stream"
        )
        assert kind(print, "text", file=None) is WRITES


def test_print_to_a_stream_of_the_user_s_is_unknown() -> None:
    """A replaced ``sys.stdout`` may do anything, and a buffer in memory is read by the program."""

    class Mine(io.TextIOWrapper):
        """May write as it likes."""

    patched = io.TextIOWrapper(io.BufferedWriter(io.FileIO(sys.__stdout__.fileno(), "w", False)))
    try:
        assert is_stock_stream(patched)
        patched.write = print  # type: ignore[method-assign, assignment]
        assert not is_stock_stream(patched)
    finally:
        patched.detach()
    for stream in (io.StringIO(), Mine(io.BytesIO()), io.TextIOWrapper(io.BytesIO()), mock.Mock()):
        assert not is_stock_stream(stream)
        with mock.patch("sys.stdout", stream):
            assert kind(print, "text") is UNKNOWN


@pytest.fixture
def logger() -> Any:
    """A logger whose records reach its own handlers only."""
    made = logging.Logger("adaptive_jit.test")  # noqa: LOG001 (nobody else shall have it)
    made.addHandler(logging.NullHandler())
    return made


def test_a_stock_logger_writes_the_console(logger: logging.Logger) -> None:
    """Handlers of the standard library that pass text on."""
    found = effect(logger.info, "read %s", "a")
    assert (found.kind, found.resource) == (WRITES, "console")
    assert kind(logging.getLogger("some.module").info, "text") is WRITES
    assert kind(logging.info, "text") is WRITES
    assert kind(logger.info, "read %s", Text("a")) is UNKNOWN
    assert kind(logger.error, "text", exc_info=True) is WRITES
    assert kind(logger.error, "text", exc_info=Text("e")) is UNKNOWN


class NullHandler(logging.Handler):
    """Named like one of the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record)


class Formatter(logging.Formatter):
    """May format as it likes."""


def _handler(**parts: Any) -> logging.Handler:
    made = logging.NullHandler()
    for name, value in parts.items():
        setattr(made, name, value)
    return made


FOREIGN_HANDLERS: dict[str, Callable[[], Any]] = {
    "a subclass": lambda: type("Mine", (logging.StreamHandler,), {})(),
    "a namesake": NullHandler,
    "a namesake that says it is from logging": lambda: type(
        "NullHandler", (logging.NullHandler,), {"__module__": "logging"}
    )(),
    "the bare base class": logging.Handler,
    "one with a formatter": lambda: _handler(formatter=Formatter()),
    "one with a filter": lambda: _handler(filters=[print]),
    "one with a replaced emit": lambda: _handler(emit=print),
    "one with a replaced handle": lambda: _handler(handle=print),
    "one into a buffer": lambda: logging.StreamHandler(io.StringIO()),
}


@pytest.mark.parametrize("name", FOREIGN_HANDLERS)
def test_a_handler_of_the_user_s_is_unknown(name: str, logger: logging.Logger) -> None:
    """Beside a stock one, or as the handler of last resort."""
    other = FOREIGN_HANDLERS[name]()
    logger.addHandler(other)
    assert kind(logger.info, "text") is UNKNOWN
    logger.removeHandler(other)
    with mock.patch("logging.lastResort", other):
        assert kind(logger.info, "text") is WRITES
        logger.handlers.clear()
        assert kind(logger.info, "text") is UNKNOWN
    assert kind(logger.info, "text") is WRITES
    with mock.patch("logging.lastResort", None):
        assert kind(logger.info, "text") is WRITES


def test_a_logger_with_filters_or_replaced_methods_is_unknown(logger: logging.Logger) -> None:
    """Both are seen at each call."""
    logger.addFilter(lambda record: True)
    assert kind(logger.info, "text") is UNKNOWN
    logger.filters.clear()
    logger.handle = print  # type: ignore[method-assign, assignment]
    assert kind(logger.info, "text") is UNKNOWN
    del logger.handle  # type: ignore[method-assign]
    assert kind(logger.info, "text") is WRITES


def test_a_record_factory_of_the_user_s_is_unknown(logger: logging.Logger) -> None:
    """One of this library is not: it holds records back and keeps their order."""

    def ours() -> None:
        """Stands for the runtime's own."""

    def nowhere() -> None:
        """Says nothing of its home."""

    ours.__module__ = "adaptive_jit.runtime.output"
    nowhere.__module__ = None  # type: ignore[assignment]
    for factory, expected in (
        (mock.Mock(), UNKNOWN),
        (functools.partial(logging.LogRecord), UNKNOWN),
        (nowhere, UNKNOWN),
        (ours, WRITES),
    ):
        with mock.patch("logging._logRecordFactory", factory):
            assert kind(logger.info, "text") is expected


def test_handlers_of_parents_count_only_where_records_reach_them(logger: logging.Logger) -> None:
    """``propagate`` decides."""

    class Handler(logging.NullHandler):
        """May do anything with a record."""

    parent = logging.Logger("parent")  # noqa: LOG001
    parent.addHandler(Handler())
    logger.parent = parent
    assert kind(logger.info, "text") is UNKNOWN
    logger.propagate = False
    assert kind(logger.info, "text") is WRITES


def test_a_logger_class_of_the_user_s_is_unknown() -> None:
    """A subclass that overrides a method of the logger has no rule; a bare one is not stock."""

    class Loud(logging.Logger):
        def handle(self, record: logging.LogRecord) -> None:
            super().handle(record)

    class Bare(logging.Logger):
        """Overrides nothing."""

    assert lookup(Loud("loud").info) is None
    assert kind(Bare("bare").info, "text") is UNKNOWN
