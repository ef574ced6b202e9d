"""Clients: stock or not, watched for changes by their answers, one lane until vetted."""

from __future__ import annotations

import gc
import http.cookiejar
import http.server
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx
import openai
import pytest
import requests
import requests.adapters
import requests.auth

from adaptive_jit.effects import receivers_subclasses, vetting
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.receivers_subclasses import overrides_nothing
from adaptive_jit.effects.vetting import Vetting, snapshot
from adaptive_jit.records.effects import Effect, EffectKind

if TYPE_CHECKING:
    from collections.abc import Iterator

READS, UNORDERED, UNKNOWN = EffectKind.READS, EffectKind.UNORDERED, EffectKind.UNKNOWN
URL = "http://127.0.0.1:9/items"


def effect(callee: Any, *args: Any, **kwargs: Any) -> Effect:
    rule = lookup(callee)
    assert rule is not None
    return rule.effect(callee, args, kwargs)


def ask(client: Any) -> Effect:
    """The effect of a plain read by this client, or of a model call."""
    if isinstance(client, openai.OpenAI):
        return effect(client.chat.completions.create, model="m", messages=[])
    return effect(client.get, URL)


def sdk(**kwargs: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key="none", **kwargs)


@pytest.fixture(params=["httpx", "requests", "openai", "openai on httpx"])
def client(request: pytest.FixtureRequest) -> Any:
    """A stock client of each kind."""
    makers = {
        "httpx": httpx.Client,
        "requests": requests.Session,
        "openai": sdk,
        "openai on httpx": lambda: sdk(http_client=httpx.Client()),
    }
    return makers[request.param]()


def jar_of(client: Any) -> http.cookiejar.CookieJar:
    inner = client._client if isinstance(client, openai.OpenAI) else client
    jar = inner.cookies
    found = jar if isinstance(jar, http.cookiejar.CookieJar) else jar.jar
    assert isinstance(found, http.cookiejar.CookieJar)
    return found


def set_cookie(client: Any, name: str, value: str, expires: int | None = None) -> None:
    """What an answer with ``Set-Cookie`` does."""
    cookie = requests.cookies.create_cookie(name, value, domain="127.0.0.1", expires=expires)
    jar_of(client).set_cookie(cookie)


# Lanes and watches ----------------------------------------------------------------------------


def test_a_client_has_one_lane_until_an_answer_has_changed_nothing(client: Any) -> None:
    """Then its operations may run at the same time, still watched."""
    first = ask(client)
    assert first.kind in (READS, UNORDERED)
    assert first.lane is not None
    assert first.watch is not None
    assert ask(client).lane is first.lane
    assert not first.watch.changed(first.watch.before())
    after = ask(client)
    assert after.lane is None
    assert after.watch is first.watch


def test_a_client_that_its_answer_changed_keeps_its_lane(client: Any) -> None:
    """Also if later answers change nothing."""
    first = ask(client)
    assert first.watch is not None
    token = first.watch.before()
    set_cookie(client, "session", "1")
    assert first.watch.changed(token)
    assert not first.watch.changed(first.watch.before())
    assert ask(client).lane is first.lane


def test_a_vetted_client_loses_its_freedom_with_its_first_change(client: Any) -> None:
    """A later ``Set-Cookie`` is seen as well as an early one."""
    first = ask(client)
    assert first.watch is not None
    first.watch.changed(first.watch.before())
    assert ask(client).lane is None
    token = first.watch.before()
    set_cookie(client, "session", "1")
    assert first.watch.changed(token)
    assert ask(client).lane is first.lane


def test_two_clients_have_two_lanes() -> None:
    """And the vetting of one says nothing of the other."""
    one, two = httpx.Client(), httpx.Client()
    first = ask(one)
    assert first.watch is not None
    assert first.lane is not ask(two).lane
    first.watch.changed(first.watch.before())
    assert ask(one).lane is None
    assert ask(two).lane is not None


def test_clients_around_one_http_client_share_its_lane() -> None:
    """``with_options`` makes a new client on the same connections and cookies."""
    client = sdk()
    assert ask(client).lane is ask(client.with_options(timeout=3)).lane


def test_a_renewed_cookie_changes_nothing_and_another_value_does(client: Any) -> None:
    """Expiry dates are not sent; values are, and a removed cookie is missed."""
    set_cookie(client, "session", "1", expires=4_000_000_000)
    watch = ask(client).watch
    assert watch is not None
    token = watch.before()
    set_cookie(client, "session", "1", expires=4_000_000_100)
    assert not watch.changed(token)
    set_cookie(client, "session", "2")
    assert watch.changed(token)
    token = watch.before()
    jar_of(client).clear()
    assert watch.changed(token)


def test_a_jar_that_changes_while_it_is_read_counts_as_changed() -> None:
    """No snapshot equals the one that could not be taken."""

    class Domains(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("dictionary changed size during iteration")

    jar = mock.Mock(_cookies=Domains(a=1))
    assert snapshot(jar) is None
    assert snapshot(mock.Mock(_cookies={})) == frozenset()


def test_a_jar_that_cannot_be_read_twice_is_not_taken_for_unchanged() -> None:
    """Two failures to look are no comparison."""
    client = httpx.Client()
    watch = ask(client).watch
    assert watch is not None
    with mock.patch("adaptive_jit.effects.vetting.snapshot", return_value=None):
        assert watch.changed(watch.before())


def test_an_identifier_that_is_used_again_is_not_taken_for_the_old_client() -> None:
    """Vettings and verdicts name the very object that they are for."""
    one, two = httpx.Client(), httpx.Client()
    first = ask(one).watch
    assert first is not None
    assert isinstance(first, Vetting)
    vetting._vettings[id(two)] = first
    assert ask(two).watch is not first

    class Sending(httpx.Client):
        def send(self, request: Any, **kwargs: Any) -> Any:
            return super().send(request, **kwargs)

    class Named(httpx.Client):
        """Overrides nothing."""

    assert overrides_nothing(Named, httpx.Client)
    key = (id(Sending), id(httpx.Client))
    receivers_subclasses._subclasses[key] = receivers_subclasses._subclasses[
        id(Named), id(httpx.Client)
    ]
    assert not overrides_nothing(Sending, httpx.Client)


def test_vettings_are_forgotten_with_their_clients() -> None:
    """Neither client nor vetting is kept alive, nor is an id mistaken for another client."""
    client = httpx.Client()
    watch = ask(client).watch
    assert watch is not None
    key = id(client)
    assert key in vetting._vettings
    gone = weakref.ref(client)
    token = watch.before()
    del client
    gc.collect()
    assert gone() is None
    assert key not in vetting._vettings
    assert watch.before() is None
    assert not watch.changed(token)


def test_module_functions_make_their_own_client_and_need_no_lane() -> None:
    """There is nothing that an answer could change."""
    for call in (httpx.get, requests.get):
        found = effect(call, URL)
        assert found.lane is None
        assert found.watch is None


class _Cookies(http.server.BaseHTTPRequestHandler):
    """Sets a cookie on /login only."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/login":
            self.send_header("Set-Cookie", "session=1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture
def service() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Cookies)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("make", [httpx.Client, requests.Session])
def test_real_answers_are_seen_to_change_a_client_or_not(make: Any, service: str) -> None:
    """A real ``Set-Cookie`` is what the watch is for."""
    with make(trust_env=False) if make is httpx.Client else make() as client:
        watch = ask(client).watch
        token = watch.before()
        client.get(f"{service}/items")
        assert not watch.changed(token)
        token = watch.before()
        client.get(f"{service}/login")
        assert watch.changed(token)


# Receivers that are not stock -----------------------------------------------------------------


def _auth(request: httpx.Request) -> httpx.Request:
    return request


class _Auth(requests.auth.AuthBase):
    def __call__(self, request: Any) -> Any:
        return request


class _Jar(http.cookiejar.CookieJar):
    """May keep cookies as it likes."""


def _replaced(client: Any, name: str) -> Any:
    setattr(client, name, mock.Mock())
    return client


def _with(client: Any, name: str, value: Any) -> Any:
    setattr(client, name, value)
    return client


def _mounted(adapter: Any) -> requests.Session:
    session = requests.Session()
    session.mount("http://127.0.0.1", adapter)
    return session


def _pool_replaced() -> httpx.Client:
    client = httpx.Client()
    client._transport._pool.handle_request = mock.Mock()  # type: ignore[attr-defined]
    return client


def _adapter_replaced() -> requests.Session:
    session = requests.Session()
    session.get_adapter("http://").send = mock.Mock()  # type: ignore[method-assign]
    return session


def _hooked() -> requests.Session:
    session = requests.Session()
    session.hooks["response"].append(print)  # type: ignore[attr-defined]
    return session


class _Transport(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return super().handle_request(request)


class _SDK(openai.OpenAI):
    def _prepare_options(self, options: Any) -> Any:
        return options


def _transport_replaced() -> httpx.Client:
    client = httpx.Client()
    client._transport.handle_request = mock.Mock()  # type: ignore[method-assign]
    return client


def _resource_of_another() -> openai.OpenAI:
    client = sdk()
    client.chat.completions._post = sdk().post  # type: ignore[method-assign]
    return client


def _resource_replaced() -> openai.OpenAI:
    client = sdk()
    client.chat.completions._post = mock.Mock()  # type: ignore[method-assign]
    return client


STOCK = {
    "httpx": httpx.Client,
    "httpx with basic auth": lambda: httpx.Client(auth=("me", "secret")),
    "httpx through a proxy": lambda: httpx.Client(proxy="http://127.0.0.1:1"),
    "httpx with a cookie": lambda: httpx.Client(cookies={"a": "b"}),
    "requests": requests.Session,
    "requests with basic auth": lambda: _with(requests.Session(), "auth", ("me", "secret")),
    "requests with a stock adapter": lambda: _mounted(requests.adapters.HTTPAdapter(max_retries=3)),
    "requests with plain headers": lambda: _with(requests.Session(), "headers", {"a": "b"}),
    "requests with plain parameters": lambda: _with(requests.Session(), "params", {"a": [1]}),
    "openai": sdk,
    "openai on httpx": lambda: sdk(http_client=httpx.Client()),
}


class _Odd:
    """May run anything when it is looked at."""


class _Retry(requests.adapters.Retry):
    """Counts, or tells somebody."""


class _Policy(http.cookiejar.DefaultCookiePolicy):
    """Decides about cookies."""


def _with_policy(client: Any, jar: Any) -> Any:
    jar.set_policy(_Policy())
    return client


def _httpx_with_policy() -> httpx.Client:
    client = httpx.Client()
    return _with_policy(client, client.cookies.jar)


def _requests_with_policy() -> requests.Session:
    session = requests.Session()
    return _with_policy(session, session.cookies)


FOREIGN = {
    "httpx with a cookie policy": _httpx_with_policy,
    "requests with a cookie policy": _requests_with_policy,
    "requests with odd headers": lambda: _with(requests.Session(), "headers", _Odd()),
    "requests with an odd header": lambda: _with(requests.Session(), "headers", {"a": _Odd()}),
    "requests with odd parameters": lambda: _with(requests.Session(), "params", {"a": _Odd()}),
    "requests with odd certificates": lambda: _with(requests.Session(), "verify", _Odd()),
    "requests with an odd key": lambda: _with(requests.Session(), "cert", _Odd()),
    "requests with odd proxies": lambda: _with(requests.Session(), "proxies", {"http": _Odd()}),
    "requests with odd redirects": lambda: _with(requests.Session(), "max_redirects", _Odd()),
    "requests with retries of its own": lambda: _mounted(
        requests.adapters.HTTPAdapter(max_retries=_Retry(3))
    ),
    "httpx with hooks": lambda: httpx.Client(event_hooks={"response": [print]}),
    "httpx with auth": lambda: httpx.Client(auth=_auth),
    "httpx with digest auth": lambda: httpx.Client(auth=httpx.DigestAuth("me", "secret")),
    "httpx with a transport": lambda: httpx.Client(transport=httpx.MockTransport(print)),
    "httpx with a mount": lambda: httpx.Client(mounts={"all://": httpx.MockTransport(print)}),
    "httpx with a jar": lambda: httpx.Client(cookies=_Jar()),
    "httpx with a transport class": lambda: httpx.Client(transport=_Transport()),
    "httpx with a transport's method replaced": _transport_replaced,
    "httpx with a replaced method": lambda: _replaced(httpx.Client(), "send"),
    "httpx with a replaced transport": lambda: _replaced(httpx.Client(), "_transport"),
    "httpx with a replaced pool": _pool_replaced,
    "requests with hooks": _hooked,
    "requests with auth": lambda: _with(requests.Session(), "auth", _Auth()),
    "requests streaming": lambda: _with(requests.Session(), "stream", True),
    "requests with an adapter": lambda: _mounted(mock.Mock()),
    "requests with a jar": lambda: _with(requests.Session(), "cookies", _Jar()),
    "requests with a replaced method": lambda: _replaced(requests.Session(), "send"),
    "requests with a replaced adapter": _adapter_replaced,
    "openai with a key function": lambda: openai.OpenAI(api_key=lambda: "none"),
    "openai of a class of its own": lambda: _SDK(api_key="none"),
    "openai with a resource of another client": _resource_of_another,
    "openai with a replaced method": lambda: _replaced(sdk(), "_prepare_options"),
    "openai with a replaced resource": _resource_replaced,
    "openai with hooks below": lambda: sdk(
        http_client=httpx.Client(event_hooks={"request": [print]})
    ),
    "openai with a transport below": lambda: sdk(
        http_client=httpx.Client(transport=httpx.MockTransport(print))
    ),
}


@pytest.mark.parametrize("name", STOCK)
def test_a_stock_receiver_is_known(name: str) -> None:
    """The harmless twins of the receivers below."""
    assert ask(STOCK[name]()).kind in (READS, UNORDERED)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_receiver_with_code_of_the_user_s_is_unknown(name: str) -> None:
    """The reason says what it is."""
    found = ask(FOREIGN[name]())
    assert found.kind is UNKNOWN
    assert found.reason


def test_a_receiver_is_checked_at_each_start() -> None:
    """A hook that is added later, and a method replaced for a while, are seen."""
    client = httpx.Client()
    assert ask(client).kind is READS
    client.event_hooks["request"].append(print)
    assert ask(client).kind is UNKNOWN
    client.event_hooks["request"].clear()
    with mock.patch.object(client, "send"):
        assert ask(client).kind is UNKNOWN
    assert ask(client).kind is READS
    session = requests.Session()
    with mock.patch.object(session, "send"):
        assert ask(session).kind is UNKNOWN
    assert ask(session).kind is READS


def test_a_closed_mount_for_some_hosts_is_stock() -> None:
    """``None`` in the mounts means the client's own transport."""
    assert ask(httpx.Client(mounts={"http://127.0.0.1": None})).kind is READS


def test_either_http_library_may_be_absent() -> None:
    """Older versions of the SDK are built on ``httpx``, newer ones on ``httpx2``."""
    client = sdk(http_client=httpx.Client())
    with mock.patch.dict(sys.modules):
        del sys.modules["httpx2"]
        assert ask(client).kind is UNORDERED


# Subclasses -----------------------------------------------------------------------------------


def test_a_subclass_that_overrides_nothing_is_stock() -> None:
    """New names, an own ``__init__`` and ``__del__`` change nothing that the methods do."""

    class Named(httpx.Client):
        def __init__(self) -> None:
            super().__init__(base_url=URL)

        def items(self) -> Any:
            return self.get("items")

    assert ask(Named()).kind is READS


def test_a_subclass_that_overrides_an_inner_method_is_not() -> None:
    """Neither directly, nor by a mixin, nor by ``__getattr__``."""

    class Sending(httpx.Client):
        def send(self, request: Any, **kwargs: Any) -> Any:
            return super().send(request, **kwargs)

    class Mixin:
        def _transport_for_url(self, url: Any) -> Any:
            raise NotImplementedError

    class Mixed(Mixin, httpx.Client):
        pass

    class Searching(httpx.Client):
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    for kind in (Sending, Mixed, Searching):
        assert lookup(kind().get) is None


def test_a_subclass_patched_later_is_noticed() -> None:
    """The verdict is kept together with the sizes of the subclass's namespaces."""

    class Named(httpx.Client):
        """Overrides nothing at first."""

    client = Named()
    assert lookup(client.get) is not None
    with mock.patch.object(Named, "send"):
        assert lookup(client.get) is None
        assert lookup(client.get) is None
    assert lookup(client.get) is not None


def test_an_unrelated_class_never_passes_for_a_stock_one() -> None:
    """A function borrowed from the library is no method of it."""

    class Borrowed:
        get = httpx.Client.get

    assert lookup(Borrowed().get) is None
    assert not overrides_nothing(Borrowed, httpx.Client)


def test_an_unbound_call_needs_a_receiver_of_exactly_the_class() -> None:
    """``Client.get(client, url)`` is the same call."""
    client = httpx.Client()

    class Mine(httpx.Client):
        """A subclass goes through its bound method only."""

    assert effect(httpx.Client.get, client, URL).kind is READS
    assert effect(httpx.Client.get, Mine(), URL).kind is UNKNOWN
    assert effect(httpx.Client.get).kind is UNKNOWN
