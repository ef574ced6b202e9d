"""Services that change their clients or refuse a crowd: the program sees what it saw alone."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

import harness
import httpx
import programs.services
import pytest
import requests
from world.breaking import BreakingService
from world.limited import LimitedService
from world.model import Meeting
from world.registry import fresh_copy

from adaptive_jit import adaptive, explain, stats
from adaptive_jit.decision.widths import Width
from adaptive_jit.engine import gate, plan
from adaptive_jit.records import Classification, Phase
from adaptive_jit.records.profiles import Verdict
from adaptive_jit.runtime import midcall


@pytest.fixture(scope="module")
def serving() -> Iterator[LimitedService]:
    """Serve on the loopback interface."""
    running = LimitedService()
    yield running
    running.close()


@pytest.fixture
def service(serving: LimitedService) -> LimitedService:
    """Return the service as it begins."""
    serving.reset()
    return serving


@pytest.fixture(params=[httpx.Client, requests.Session])
def clients(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return what makes clients; they are closed at the end."""
    made: list[Any] = []

    def make() -> Any:
        made.append(request.param())
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def known_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What time alone can tell is known: that requests wait; the window opens between calls only."""
    waits = Classification(Verdict.WAITS, 0.0, 0.0, 0.1, 80, "told by the test")
    monkeypatch.setattr(plan, "classify", lambda *_: waits)
    monkeypatch.setattr(midcall, "OCCASIONS", frozenset())


def forced(name: str) -> Any:
    """Return the program of that name, running ahead from the first call."""
    return harness.forced()(fresh_copy(function_called(name)))


def function_called(name: str) -> FunctionType:
    """Return the plain program."""
    function: FunctionType = getattr(programs.services, name)
    return function


@pytest.mark.parametrize("place", [0, 2, 5, 11])
def test_a_fresh_client_whose_answer_sets_a_cookie(
    service: LimitedService, clients: Any, place: int
) -> None:
    """Its first answer frees the others, which then meet, or keeps them in their turn."""
    service.reset(cookie_at=f"/{place}")
    expected = programs.services.pages(clients(), service.url)
    assert expected.count(None) == place + 1
    # Whether a request is sent before the answer to a later one has come is up to
    # the threads (docs/services.md); here all are sent before any is answered.
    function = forced("pages")
    service.reset()
    function(clients(), service.url)  # eight are started at first; after this call, more
    meeting = Meeting(11, tuple(f"/{number}" for number in range(1, 12))) if place else None
    service.reset(cookie_at=f"/{place}", meeting=meeting)
    assert function(clients(), service.url) == expected
    assert meeting is None or meeting.met


@pytest.mark.parametrize("place", [0, 2, 5, 11])
def test_a_cookie_drops_the_later_answers_that_were_asked_for_without_it(
    service: LimitedService, clients: Any, place: int
) -> None:
    """A client that has been well-behaved so far logs in among twelve requests in flight."""
    plain, early = clients(), clients()
    function = forced("pages")
    for client in (plain, early):
        programs.services.pages(client, service.url)
    function(early, service.url)
    service.reset(cookie_at=f"/{place}")
    expected = programs.services.pages(plain, service.url)
    meeting = Meeting(12)
    service.reset(cookie_at=f"/{place}", meeting=meeting)
    assert function(early, service.url) == expected
    assert meeting.met, "twelve requests never in flight at once"
    dropped = stats(function).counts.dropped
    assert dropped == 11 - place
    service.reset()
    assert function(early, service.url) == programs.services.pages(plain, service.url)


def test_a_fresh_client_shows_with_its_first_answer_what_the_others_may(
    service: LimitedService, clients: Any
) -> None:
    """A client made for the call: one request in its turn, then all others at once."""
    function = forced("pages")
    function(clients(), service.url)
    names = tuple(f"/{number}" for number in range(1, 12))
    for _ in range(2):
        service.reset(meeting=(meeting := Meeting(11, names)))
        assert function(clients(), service.url) == [None] * 12
        assert meeting.met
        assert service.served == 12


def test_a_long_row_behind_a_fresh_client(service: LimitedService, clients: Any) -> None:
    """One answer frees hundreds, in no deeper a stack than one."""
    function = harness.forced(window=900)(fresh_copy(function_called("many")))
    assert function(clients(), service.url) == [200] * 700


def test_cookies_of_what_stands_before_the_service_are_no_change(
    service: LimitedService, clients: Any
) -> None:
    """Load balancers and bot filters set one with the first answer of most services."""
    function = forced("statuses")
    client = clients()
    service.reset(cookie_at="/0", cookie="__cf_bm")
    function(client, service.url)
    service.reset(meeting=(meeting := Meeting(12)))
    function(client, service.url)
    assert meeting.met


def test_a_client_that_has_changed_stays_in_order(service: LimitedService, clients: Any) -> None:
    """The program may read the jar between two requests."""
    client = clients()
    function = forced("pages")
    service.reset(cookie_at="/3")
    function(client, service.url)
    service.reset(limit=1000)
    function(client, service.url)
    assert service.most == 1
    assert "cookies change" in str(explain(function))


def test_without_a_cookie_nothing_is_dropped(service: LimitedService, clients: Any) -> None:
    """The twin: twelve at once, each request made once."""
    client = clients()
    function = forced("pages")
    function(client, service.url)
    service.reset(meeting=(meeting := Meeting(12)))
    assert function(client, service.url) == [None] * 12
    assert meeting.met
    assert service.served == 12
    assert stats(function).counts.dropped == 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ["statuses", "checked", "separately"])
def test_a_refused_crowd_is_served_in_turn(
    service: LimitedService, clients: Any, name: str, status: int
) -> None:
    """The service takes four at a time; a program alone would never have been refused."""
    client = httpx if name == "separately" else clients()
    function = forced(name)
    function(client, service.url)  # shows that the client stays as it is
    service.reset(limit=4, status=status)
    expected = function_called(name)(client, service.url)
    assert service.refused == 0
    # Five are held until they have met: on a busy machine requests that each make
    # a client of their own come further apart than the service takes for one.
    service.reset(limit=4, status=status, meeting=(meeting := Meeting(5)))
    assert function(client, service.url) == expected
    assert meeting.met
    assert service.refused > 0
    assert service.most > 4
    assert stats(function).counts.refused > 0
    for _ in range(4):
        service.reset(limit=4, status=status)
        assert function(client, service.url) == expected
    assert service.refused == 0, "the crowd comes back again and again"


def test_what_is_refused_to_a_program_alone_stays_refused(
    service: LimitedService, clients: Any
) -> None:
    """The twin: a refusal in turn is the program's own."""
    client = clients()
    function, checked = forced("statuses"), forced("checked")
    function(client, service.url)
    service.reset(limit=0)
    assert function(client, service.url) == [429] * 12
    assert service.refused <= 2 * 12 + 1
    service.reset(limit=0)
    with pytest.raises((httpx.HTTPStatusError, requests.HTTPError)):
        checked(client, service.url)


def test_retry_after_is_waited_for(service: LimitedService, clients: Any) -> None:
    """The service closes for as long as it says."""
    client = clients()
    function = forced("statuses")
    function(client, service.url)
    service.reset(limit=4, retry_after=0.2)
    assert function(client, service.url) == [200] * 12
    assert service.refused > 0


@pytest.mark.usefixtures("known_to_wait")
def test_the_first_parallel_call_is_no_crowd(service: LimitedService, clients: Any) -> None:
    """At most eight ahead of the one that is due, by what is known of the client alone."""
    assert next(_parallel_calls(service, clients(), (8,))) <= 9


@pytest.mark.usefixtures("known_to_wait")
def test_a_function_runs_twice_as_many_ahead_as_long_as_nobody_is_refused(
    service: LimitedService, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight, sixteen, thirty-two ahead of the one that is due, whatever the client bears."""
    monkeypatch.setattr(gate, "Width", lambda most, *_: Width(most, most))
    widths = _parallel_calls(service, clients(), (8, 16, 32, 34))
    assert next(widths) <= 9
    assert next(widths) <= 17
    assert next(widths) <= 33
    assert next(widths) <= 40


def _parallel_calls(service: LimitedService, client: Any, meet: tuple[int, ...]) -> Iterator[int]:
    """Yield how many requests met in each parallel call of one learning function: *meet* at least.

    They are kept until so many have come, as on a busy machine they come far apart.
    """
    client.get(f"{service.url}/hello")
    function = adaptive(fresh_copy(function_called("forty")))
    for size in meet:
        for _ in range(harness.LEARNING_CALLS):
            service.reset(limit=1000, meeting=(meeting := Meeting(size)))
            function(client, service.url)
            if service.most > 1:
                break
        assert stats(function).phase in (Phase.TRIAL, Phase.PARALLEL), str(explain(function))
        assert meeting.met, f"{service.most} of {size}: {explain(function)}"
        yield service.most


def test_a_crowded_connection_pool_is_not_the_programs_warning(
    service: LimitedService, caplog: pytest.LogCaptureFixture
) -> None:
    """``requests`` keeps ten connections and warns of the eleventh; a program alone has one."""
    with requests.Session() as client:
        function = forced("statuses")
        function(client, service.url)
        service.reset(meeting=(meeting := Meeting(12)))
        function(client, service.url)
    assert meeting.met
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("decided", "/next", "/instead"), ("derived", "/after/200", "/after/429")],
)
def test_what_a_refused_answer_decides_starts_nothing(
    name: str, right: str, wrong: str, service: LimitedService, clients: Any
) -> None:
    """Nobody is asked because of an answer that the program never sees.

    The twin is the same program on a service that refuses nobody: what the
    answer decides is asked while an earlier request is under way.
    """
    client = clients()
    function = forced(name)
    for _ in range(3):
        assert function(client, service.url) == (200, 200, 200)
    service.reset(meeting=Meeting(2, names=("/slow", wrong), patience=0.3), refuse_once="/crowded")
    assert function(client, service.url) == (200, 200, 200)
    assert service.refused == 1
    assert sorted(service.paths) == sorted(["/slow", "/crowded", "/crowded", right])
    meeting = Meeting(2, names=("/slow", right))
    service.reset(meeting=meeting)
    assert function(client, service.url) == (200, 200, 200)
    assert meeting.met


@pytest.fixture
def breaking() -> Iterator[BreakingService]:
    """A service that hangs up on a crowd, when it has read what it was asked."""
    running = BreakingService()
    yield running
    running.close()


def asked_of_model(client: Any, url: str) -> list[int]:
    """Six questions that are paid for."""
    out = []
    for number in range(6):
        address = f"{url}/v1/chat/completions"
        out.append(client.post(address, json={"question": number}).status_code)
    return out


def fetched(client: Any, url: str) -> list[int]:
    """Six reads."""
    return [client.get(f"{url}/{number}").status_code for number in range(6)]


@pytest.mark.parametrize("module", [httpx, requests])
def test_a_read_that_a_crowd_broke_off_is_made_again(
    module: Any, breaking: BreakingService
) -> None:
    """Reading twice does no harm."""
    function = harness.forced()(fresh_copy(fetched))
    function(module, breaking.url)
    breaking.hang_up()
    assert function(module, breaking.url) == [200] * 6
    assert breaking.broken
    assert stats(function).counts.refused > 0


@pytest.mark.parametrize("module", [httpx, requests])
def test_a_paid_call_that_was_broken_off_is_the_programs(
    module: Any, breaking: BreakingService
) -> None:
    """The service may have answered it already: the program is told, and nothing is paid twice."""
    function = harness.forced()(fresh_copy(asked_of_model))
    function(module, breaking.url)
    breaking.hang_up()
    with pytest.raises((httpx.HTTPError, requests.ConnectionError)):
        function(module, breaking.url)
    assert breaking.broken
    assert set(breaking.bodies.values()) == {1}
    assert stats(function).counts.refused == 0


@pytest.mark.parametrize("module", [httpx, requests])
def test_a_paid_call_that_reached_nobody_is_made_again(
    module: Any, breaking: BreakingService
) -> None:
    """A refused connection has carried nothing."""
    function = harness.forced()(fresh_copy(asked_of_model))
    function(module, breaking.url)
    breaking.close()
    with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
        function(module, breaking.url)
    assert stats(function).counts.refused > 0
