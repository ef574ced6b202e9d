"""Tests of users that patch what adaptive functions call go on passing."""

from __future__ import annotations

import http.client
import types
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from unittest import mock

import harness
import programs.wrapped
import pytest
import requests
from world.limited import LimitedService
from world.model import Meeting
from world.registry import fresh_copy

from adaptive_jit import adaptive


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve on the loopback interface."""
    serving = LimitedService()
    yield serving.url
    serving.close()


def numbered(*_: Any, **__: Any) -> Any:
    """A mock whose answers are numbered in the order in which it is asked."""
    numbers = count()

    def answer(*_: Any, **__: Any) -> Any:
        return types.SimpleNamespace(text=str(next(numbers)), status_code=next(numbers))

    return mock.Mock(side_effect=answer)


def listed() -> Any:
    """A mock with a list of answers."""
    return mock.MagicMock(side_effect=[f"answer {number}" for number in range(20)])


def failing() -> Any:
    """A mock whose fourth answer is an exception."""
    return mock.Mock(side_effect=["a", "b", "c", ConnectionError("down"), *"efghijklmnop"])


def autospecced() -> Any:
    """A mock with the signature of the function."""
    return mock.create_autospec(programs.wrapped.fetch, side_effect=list("abcdefghijklmnop"))


CASES: list[tuple[str, str, Callable[[], Any]]] = [
    ("plain_pages", "programs.wrapped.fetch", listed),
    ("plain_pages", "programs.wrapped.fetch", failing),
    ("plain_pages", "programs.wrapped.fetch", autospecced),
    ("plain_pages", "requests.get", numbered),
    ("plain_pages", "requests.api.request", numbered),
    ("plain_pages", "requests.sessions.Session.request", numbered),
    ("plain_pages", "requests.Session.send", numbered),
    ("plain_statuses", "requests.get", numbered),
    ("plain_statuses", "programs.wrapped.requests", lambda: mock.Mock(get=numbered())),
    ("pair", "requests.get", numbered),
    ("pair", "requests.adapters.HTTPAdapter.send", numbered),
    ("traced", "requests.get", numbered),
    ("traced", "programs.wrapped.traced_fetch", listed),
    ("timed", "requests.get", numbered),
    ("stacked", "requests.Session.send", numbered),
    ("memoised", "requests.get", numbered),
    ("partials", "requests.sessions.Session.request", numbered),
    ("partials", "programs.wrapped.patient_get", numbered),
    ("local_partials", "requests.get", numbered),
    ("callable_object", "requests.get", numbered),
    ("callable_object", "programs.wrapped.Getter.__call__", listed),
    ("bound_method", "requests.Session.get", numbered),
    ("reduced", "programs.wrapped.fetch", listed),
    ("mapped", "programs.wrapped.fetch", listed),
]


def shown(function: Any, url: str, target: str, make: Callable[[], Any]) -> Any:
    """What a patched test of a user sees: results, exceptions, and the calls in their order."""
    results: list[Any] = []
    with mock.patch(target, make()) as patched:
        for _ in range(3):
            try:
                results.append(function(url))
            except Exception as error:
                results.append(repr(error))
    # Objects have other addresses in every run; what was called with what has not.
    calls = [
        (name, [one for one in args if isinstance(one, str)], sorted(kwargs))
        for name, args, kwargs in patched.mock_calls
    ]
    return results, calls


def plain(name: str) -> Any:
    """Return the program of that name."""
    return getattr(programs.wrapped, name)


@pytest.mark.parametrize(("name", "target", "make"), CASES)
def test_a_patched_operation_is_called_as_the_plain_program_calls_it(
    url: str, name: str, target: str, make: Callable[[], Any]
) -> None:
    """Before any call, after the function has run ahead, and unpatched again."""
    standard = shown(plain(name), url, target, make)
    assert standard[1], "the patched function is not called"
    fresh = harness.forced()(fresh_copy(plain(name)))
    assert shown(fresh, url, target, make) == standard
    for decorate in (harness.forced(), adaptive):
        function = decorate(fresh_copy(plain(name)))
        for _ in range(4):
            assert function(url) == plain(name)(url)
        assert shown(function, url, target, make) == standard
        assert function(url) == plain(name)(url)


@pytest.mark.parametrize("name", ["putrequest", "putheader", "endheaders", "getresponse", "send"])
@pytest.mark.parametrize("program", ["plain_pages", "bound_method"])
def test_a_recorder_far_below_the_client_sees_the_plain_order(
    url: str, monkeypatch: pytest.MonkeyPatch, program: str, name: str
) -> None:
    """A method of the standard library's connection, replaced by one that calls it."""
    seen: list[str] = []
    original = getattr(http.client.HTTPConnection, name)

    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(repr([one for one in args if isinstance(one, str)]))
        found = original(self, *args, **kwargs)
        seen.append("done")
        return found

    function = harness.forced()(fresh_copy(plain(program)))
    for _ in range(2):
        function(url)
    monkeypatch.setattr(http.client.HTTPConnection, name, recorded)
    plain(program)(url)
    standard = list(seen)
    assert standard
    del seen[:]
    function(url)
    assert seen == standard


def test_a_plain_mock_knows_its_calls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`assert_has_calls` and the like, with pytest's own patching."""
    function = harness.forced()(fresh_copy(programs.wrapped.plain_pages))
    function(url)
    answer = mock.Mock(return_value="page")
    monkeypatch.setattr(programs.wrapped, "fetch", answer)
    assert function(url) == ["page"] * 5
    assert answer.call_args_list == [mock.call(f"{url}/{number}") for number in range(5)]
    answer.assert_called_with(f"{url}/4")


def test_twin_the_function_runs_ahead_before_and_after(url: str) -> None:
    """A patch that has gone leaves nothing behind."""
    serving = LimitedService()
    try:
        function = harness.forced()(fresh_copy(programs.wrapped.plain_pages))
        for _ in range(2):
            serving.reset(meeting=(meeting := Meeting(5)))
            function(serving.url)
            assert meeting.met
            with mock.patch.object(requests, "get", numbered()):
                function(url)
    finally:
        serving.close()
