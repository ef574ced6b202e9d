"""The most typical programs over the helpers: plain, forced and learning runs are equal.

A program's docstring says what to expect: ``Gains`` (calls overlap, and a learning function
notices), ``Starts`` (calls start early; too short to gain), ``Chain`` (each call needs the one
before), ``Computes`` (no gain from threads), or ``In order`` with the reason that `explain`
gives, and ``Write`` with the line that it proposes.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for _path in (Path(__file__).parents[2], Path(__file__).parents[1]):
    if str(_path) not in sys.path:
        sys.path.append(str(_path))

from quality.corpus.environment import PROGRAMS, Environment, Seen, missing  # noqa: E402
from quality.corpus.measuring import differ  # noqa: E402
from quality.corpus.service import Service  # noqa: E402
from world.model import Meeting  # noqa: E402

import adaptive_jit  # noqa: E402
from adaptive_jit.records import Phase  # noqa: E402

LATENCY = 0.03
LEARNING_CALLS, LEARNING_SECONDS = 12, 12.0
NAMES = [
    *("models.llm_ensemble", "models.rag_answer", "models.map_reduce_summary"),
    *("models.agent_chain", "models.batch_embedding", "models.moderation_then_answer"),
    *("web.fan_out_page", "web.polite_crawler", "web.price_comparison"),
    *("web.multi_region_health", "web.paginated_export", "web.retry_storm", "web.main"),
    *(
        "web.remembering",
        "web.company_users",
        "web.descriptions",
        "web.titles",
        "data.etl_with_writes",
        "data.report_from_sql",
    ),
    *("data.suite_with_mocks", "data.config_loader", "data.backup_with_hashing"),
    *("data.thumbnails", "data.log_shipping"),
]
NOT_YET: dict[tuple[str, str], str] = {}
"""Expectations that the library does not meet yet, and what is missing."""
NEEDED = {
    "models": ("chat_openai", "chat_anthropic", "http_requests"),
    "web": ("http_requests", "http_httpx", "scraping", "retrying"),
    "data": ("http_requests", "s3_store"),
}

pytestmark = [
    pytest.mark.timeout(90),
    # boto3 and other clients leave the closing of idle sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(backoff|botocore|dateutil).*"),
]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Serve on the loopback interface."""
    running = Service()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _ready(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("CORPUS_PORT", raising=False)
    name: str = request.node.callspec.params["name"]
    for module in NEEDED[name.partition(".")[0]]:
        if library := missing(module):
            pytest.skip(f"needs {library}")
    regime = "forced" if "forced" in request.node.name.partition("[")[0] else "learning"
    if reason := NOT_YET.get((name, regime)):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    yield
    gc.collect()


class Running:
    """One program in an environment of its own, which it keeps from call to call."""

    def __init__(self, name: str, service: Service, folder: Path, decorate: Any) -> None:
        self.service = service
        self.environment = Environment(service, folder / "work")
        module, _, called = name.partition(".")
        self.original = getattr(self.environment.module(module, PROGRAMS), called)
        self.words = inspect.getdoc(self.original) or ""
        self.function = decorate(self.original)
        self.given = [
            self.environment.given(one) for one in inspect.signature(self.original).parameters
        ]
        random.seed(20)

    def call(self, meeting: Meeting | None = None, latency: float = 0.0) -> Seen:
        """Run it once and return what it showed."""
        self.service.meeting, self.service.latency = meeting, latency
        try:
            return self.environment.observe(self.function, *self.given)
        finally:
            self.service.meeting, self.service.latency = None, 0.0

    def expects(self, word: str) -> str | None:
        """Return what the docstring says after *word*, or None."""
        found = re.search(rf"^{word}: (.*)", self.words, re.MULTILINE)
        return found.group(1).rstrip(".") if found else None


@contextlib.contextmanager
def running(name: str, service: Service, folder: Path, decorate: Any) -> Iterator[Running]:
    """Run a program in an environment that is closed afterwards."""
    one = Running(name, service, folder, decorate)
    with contextlib.closing(one.environment):
        yield one


def plain_calls(name: str, service: Service, folder: Path, count: int) -> list[Seen]:
    """Return what *count* calls of the undecorated program show: the standard."""
    with running(name, service, folder, lambda function: function) as program:
        return [program.call() for _ in range(count)]


@pytest.mark.parametrize("name", NAMES)
def test_forced_ahead_it_shows_the_same_and_what_its_docstring_says(
    name: str, service: Service, tmp_path: Path
) -> None:
    """Equal in each of three calls; two requests meet in the last if it claims to gain."""
    standard = plain_calls(name, service, tmp_path, 3)
    decorate = adaptive_jit.adaptive(strategy="parallel")
    with running(name, service, tmp_path, decorate) as program:
        gains = program.expects("Gains")
        meeting = Meeting(2) if gains else None
        for number, expected in enumerate(standard):
            seen = program.call(meeting if number == 2 else None, 0.001)
            assert differ(expected, seen) == [], f"call {number + 1}"
        stats = adaptive_jit.stats(program.function)
        why = " ".join(str(adaptive_jit.explain(program.function)).split())
        assert stats.counts.dropped == 0
        if meeting is not None:
            assert meeting.met, why
        elif program.expects("Starts"):
            assert stats.counts.started > 0, why
        elif reason := program.expects("In order"):
            assert reason in why


@pytest.mark.parametrize("name", NAMES)
def test_learning_by_itself_it_shows_the_same(name: str, service: Service, tmp_path: Path) -> None:
    """Equal in every call until it has settled; running ahead in the end if it claims to gain."""
    limit = time.monotonic() + LEARNING_SECONDS
    with running(name, service, tmp_path, adaptive_jit.adaptive) as program:
        seen = []
        for _ in range(LEARNING_CALLS if program.expects("Gains") else 6):
            seen.append(program.call(latency=LATENCY))
            phase = adaptive_jit.stats(program.function).phase
            if phase in (Phase.PARALLEL, Phase.DIRECT) or time.monotonic() > limit:
                break
        why = " ".join(str(adaptive_jit.explain(program.function)).split())
        gains, write = program.expects("Gains"), program.expects("Write")
    standard = plain_calls(name, service, tmp_path, len(seen))
    for number, (expected, got) in enumerate(zip(standard, seen, strict=True), 1):
        assert differ(expected, got) == [], f"call {number}"
    if gains:
        # A trial that goes well runs ahead in most of its calls.
        assert phase in (Phase.PARALLEL, Phase.TRIAL), why
        assert max(one.peak for one in seen[1:]) > 1, why
    if write:
        assert write in why
