"""Undeclared calls of known HTTP and model clients: equal answers, equal requests, overlap."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import harness
import httpx
import openai
import programs.web
import pytest
import requests
from world.freezing import freeze
from world.model import Meeting
from world.registry import fresh_copy
from world.service import Service


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Serve on the loopback interface."""
    running = Service()
    yield running
    running.close()


def _result(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return ("value", freeze(function(*arguments)))
    except Exception as error:
        return ("raised", type(error).__name__, str(error))


def _check(service: Service, name: str, make: Any, overlaps: int = 0, calls: int = 3) -> None:
    """Compare *calls* adaptive calls with plain ones; the last must overlap."""
    function: FunctionType = getattr(programs.web, name)
    plain_arguments, arguments = make(), make()
    decorated = harness.forced()(fresh_copy(function))
    for number in range(calls):
        service.reset()
        expected = _result(function, plain_arguments)
        standard = (service.writes(), service.all())
        last = number == calls - 1
        meeting = Meeting(overlaps) if overlaps and last else None
        service.reset(meeting)
        assert _result(decorated, arguments) == expected
        assert service.writes() == standard[0]
        if expected[0] == "value":
            assert service.all() == standard[1]
        assert meeting is None or meeting.met, (
            f"{name}: {overlaps} requests never in flight at once"
        )


@pytest.mark.parametrize(
    ("name", "overlaps"),
    [
        ("with_requests", 3),
        ("with_httpx", 3),
        ("with_urllib", 3),
        ("in_a_loop", 4),
        ("with_headers", 2),
        ("post_between", 0),
        ("raising_status", 2),
    ],
)
def test_module_functions(service: Service, name: str, overlaps: int) -> None:
    """requests.get, httpx.get, urlopen in a helper; POSTs keep their place."""
    _check(service, name, lambda: (service.url,), overlaps)


def test_a_client_overlaps_once_its_answers_have_changed_nothing(
    service: Service, closing: contextlib.ExitStack
) -> None:
    """httpx.Client."""
    _check(
        service,
        "with_a_client",
        lambda: (closing.enter_context(httpx.Client()), service.url),
        overlaps=3,
        calls=4,
    )


def test_a_session_overlaps_once_its_answers_have_changed_nothing(
    service: Service, closing: contextlib.ExitStack
) -> None:
    """requests.Session."""
    _check(
        service,
        "with_a_session",
        lambda: (closing.enter_context(requests.Session()), service.url),
        overlaps=3,
        calls=4,
    )


@pytest.mark.parametrize("kind", [httpx.Client, requests.Session])
def test_answers_that_change_the_client_are_seen_by_the_next_request(
    service: Service, kind: Any, closing: contextlib.ExitStack
) -> None:
    """A Set-Cookie alters what the later requests of the same client say."""
    _check(service, "with_cookies", lambda: (closing.enter_context(kind()), service.url))


@pytest.mark.parametrize(
    ("name", "extra", "overlaps"),
    [("ensemble", ("why",), 3), ("conversation", (), 0), ("draft_and_judge", (), 2)],
)
def test_model_calls(service: Service, name: str, extra: tuple[Any, ...], overlaps: int) -> None:
    """The openai client: fresh message lists overlap, a growing history keeps its order."""
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0) as client:
        _check(service, name, lambda: (client, *extra), overlaps, calls=4)
