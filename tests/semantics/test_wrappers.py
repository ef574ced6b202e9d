"""Wrappers around operations and around adaptive functions: the same, and early where it is safe."""

from __future__ import annotations

import functools
import inspect
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType
from typing import Any

import celery
import click
import fastapi
import harness
import programs.wrapped
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from world.limited import LimitedService
from world.model import Meeting
from world.registry import fresh_copy

from adaptive_jit import adaptive, explain, stats

AHEAD = [
    "plain_pages", "plain_statuses", "traced", "timed", "stacked", "partials", "local_partials",
    "callable_object", "bound_method", "mapped", "reduced",
]  # fmt: skip
IN_ORDER = {
    "seen_by_others": "",
    "memoised": "memoised",
    "counting_object": "",
}


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


def plain(name: str) -> FunctionType:
    """Return the program of that name."""
    function: FunctionType = getattr(programs.wrapped, name)
    return function


def meet(service: LimitedService, call: Callable[[], Any]) -> bool:
    """Whether four requests of one call are in flight at once."""
    # The first request of a new client runs alone and lets the others go.
    others = ("/1", "/2", "/3", "/4")
    for _ in range(3):
        service.reset(meeting=(meeting := Meeting(4, others, patience=1.0)))
        call()
        service.reset()
        if meeting.met:
            return True
    return False


@pytest.mark.parametrize("name", AHEAD)
def test_operations_behind_a_wrapper_run_ahead(service: LimitedService, name: str) -> None:
    """The result of the plain program, forced, learning and from threads; and they meet."""
    expected = plain(name)(service.url)
    forced = harness.forced()(fresh_copy(plain(name)))
    for _ in range(3):
        assert forced(service.url) == expected
    learning = adaptive(fresh_copy(plain(name)))
    for _ in range(6):
        assert learning(service.url) == expected
    assert from_threads(lambda: forced(service.url)) == [expected] * 8
    assert meet(service, lambda: forced(service.url))


@pytest.mark.parametrize(("name", "reason"), IN_ORDER.items())
def test_wrappers_whose_order_shows_stay_in_order(
    service: LimitedService, name: str, reason: str
) -> None:
    """A list of calls, a cache and a counter."""
    expected = plain(name)(service.url)
    function = harness.forced()(fresh_copy(plain(name)))
    for _ in range(3):
        assert function(service.url) == expected
    assert reason in str(explain(function))
    service.reset(meeting=(meeting := Meeting(2, patience=0.05)))
    assert function(service.url) == expected
    assert not meeting.met


def from_threads(call: Callable[[], Any]) -> list[Any]:
    """What eight threads get that call at once."""
    found: list[Any] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait(10)
        found.append(call())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


# ------------------------------------------------------------ decorators above


def test_a_click_command(service: LimitedService) -> None:
    """Options, output and exit codes are those of the plain command."""

    def build(decorate: Callable[[Any], Any]) -> click.Command:
        @click.command()
        @click.argument("url")
        @click.option("--fail", is_flag=True)
        @decorate
        def command(url: str, *, fail: bool) -> None:
            """Show pages."""
            pages = [programs.wrapped.fetch(f"{url}/{number}") for number in range(5)]
            click.echo("\n".join(pages))
            if fail:
                raise click.ClickException("as asked")

        return command

    standard, made = build(lambda function: function), build(harness.forced())
    for arguments in ([service.url], [service.url, "--fail"], ["--help"], [], ["--none"]):
        expected = CliRunner().invoke(standard, arguments)
        for _ in range(3):
            got = CliRunner().invoke(made, arguments)
            assert (got.exit_code, got.output) == (expected.exit_code, expected.output)
    assert meet(service, lambda: CliRunner().invoke(made, [service.url]))


def test_routes_of_fastapi(service: LimitedService) -> None:
    """Parameters are read from the signature; coroutines are left alone."""
    app = fastapi.FastAPI()
    forced = harness.forced()

    @app.get("/pages")
    @forced
    def pages(count: int = 5) -> list[str]:
        return [programs.wrapped.fetch(f"{service.url}/{number}") for number in range(count)]

    @app.get("/later/{number}")
    @adaptive
    async def later(number: int) -> int:
        return number + 1

    with TestClient(app) as client:
        expected = [programs.wrapped.fetch(f"{service.url}/{number}") for number in range(5)]
        for _ in range(3):
            assert client.get("/pages").json() == expected
            assert client.get("/pages", params={"count": 2}).json() == expected[:2]
        assert client.get("/pages", params={"count": "x"}).status_code == 422
        assert client.get("/later/3").json() == 4
        assert meet(service, lambda: client.get("/pages"))
    assert inspect.iscoroutinefunction(later)


def test_celery_calls(service: LimitedService) -> None:
    """Called directly, delayed and applied, with retries."""
    app = celery.Celery("tests", broker="memory://", backend="cache+memory://")
    app.conf.task_always_eager = True
    app.conf.task_store_eager_result = False
    forced = harness.forced()
    attempts: list[int] = []

    @app.task
    @forced
    def pages(url: str) -> list[str]:
        return [programs.wrapped.fetch(f"{url}/{number}") for number in range(5)]

    @app.task(bind=True, max_retries=2, default_retry_delay=0)
    @forced
    def stubborn(self: Any, url: str) -> Any:
        attempts.append(self.request.retries)
        first = programs.wrapped.fetch(f"{url}/0")
        second = programs.wrapped.fetch(f"{url}/1")
        if self.request.retries < 2:
            raise self.retry(exc=ValueError("not yet"))
        return first, second

    expected = programs.wrapped.plain_pages(service.url)
    for _ in range(2):
        assert pages(service.url) == expected
        assert pages.delay(service.url).get() == expected
        assert pages.apply((service.url,)).get() == expected
    assert pages.name == f"{__name__}.pages" or pages.name.endswith(".pages")
    assert tuple(stubborn.delay(service.url).get()) == programs.wrapped.pair(service.url)
    assert attempts == [0, 1, 2]
    assert meet(service, lambda: pages.delay(service.url).get())


@contextmanager
def _noting(notes: list[str]) -> Iterator[None]:
    notes.append("in")
    yield
    notes.append("out")


def _above() -> dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]]:
    notes: list[str] = []
    return {
        "tracer": programs.wrapped.tracer,
        "timer": programs.wrapped.timer,
        "labelled": programs.wrapped.labelled("all"),
        "cache": lambda function: functools.lru_cache(maxsize=None)(function),
        "context": lambda function: _noting(notes)(function),
        "partial": lambda function: functools.partial(function),
        "partialmethod": lambda function: (
            type("Owner", (), {"call": functools.partialmethod(_second(function))})().call
        ),
        "staticmethod": lambda function: type("Owner", (), {"call": staticmethod(function)}).call,
        "singledispatch": functools.singledispatch,
        "callback": _by_exit_stack,
    }


def _second(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _, *args: function(*args)


def _by_exit_stack(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        found: list[Any] = []
        with ExitStack() as stack:
            stack.callback(lambda: found.append(function(*args)))
        return found[0]

    return call


@pytest.mark.parametrize("above", _above())
def test_decorators_above(service: LimitedService, above: str) -> None:
    """The adaptive function is what the others wrap, and still what `stats` finds."""
    wrap = _above()[above]
    expected = wrap(fresh_copy(plain("plain_pages")))(service.url)
    inner = harness.forced()(fresh_copy(plain("plain_pages")))
    function = wrap(inner)
    for _ in range(3):
        assert function(service.url) == expected
    found = stats(inner).counts
    assert found.started >= (5 if above == "cache" else 15)
    if hasattr(function, "__wrapped__"):
        assert stats(function) == stats(inner)


@pytest.mark.parametrize("below", ["tracer", "timer", "labelled", "partial", "cache"])
def test_what_is_decorated_already(service: LimitedService, below: str) -> None:
    """`@adaptive` above a wrapper: adapted within, or left alone; the same in any case."""
    wrap = _above()[below]
    expected = wrap(fresh_copy(plain("plain_pages")))(service.url)
    function = adaptive(strategy="parallel")(wrap(fresh_copy(plain("plain_pages"))))
    for _ in range(3):
        assert function(service.url) == expected


class Source:
    """A class whose adaptive methods are reached in the ways that methods are."""

    def __init__(self, url: str) -> None:
        self.url = url

    @functools.cached_property
    def first(self) -> list[str]:
        """Computed once."""
        return self.pages(2)

    def pages(self, count: int) -> list[str]:
        """Some pages."""
        return [programs.wrapped.fetch(f"{self.url}/{number}") for number in range(count)]

    @functools.singledispatchmethod
    def by_kind(self, what: Any) -> Any:
        """By the class of the argument."""
        return repr(what)

    @by_kind.register
    def _(self, what: int) -> Any:
        return [programs.wrapped.fetch(f"{self.url}/{number}") for number in range(what)]


def test_methods_in_all_ways(service: LimitedService) -> None:
    """Bound, unbound, as a property, by the class of an argument, and passed around."""
    expected = programs.wrapped.plain_pages(service.url)
    forced = harness.forced()

    class Adapted(Source):
        pages = forced(fresh_copy(Source.pages))

    source = Adapted(service.url)
    bound = source.pages
    for _ in range(2):
        assert source.pages(5) == expected
        assert Adapted.pages(source, 5) == expected
        assert bound(5) == expected
        assert list(map(bound, [1, 2])) == [expected[:1], expected[:2]]
        assert functools.partial(Adapted.pages, source)(5) == expected
    assert source.first == expected[:2]
    assert "first" in vars(source)
    assert source.by_kind(3) == expected[:3]
    assert source.by_kind("x") == "'x'"
    assert meet(service, lambda: bound(5))


def test_an_adaptive_function_is_pickled_by_name(service: LimitedService) -> None:
    """As the plain function is."""
    assert pickle.loads(pickle.dumps(programs.wrapped.fetch)) is programs.wrapped.fetch
    function = adaptive(programs.wrapped.pair)
    assert pickle.loads(pickle.dumps(function)) is function
    assert function(service.url) == programs.wrapped.pair(service.url)
