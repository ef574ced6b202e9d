"""``explain``, ``report``, ``stats`` and ``reset``: from what users hold to what the engine knows."""

import functools
from types import SimpleNamespace

import pytest

from adaptive_jit import introspection
from adaptive_jit.errors import AdaptiveError, UnsupportedCallable
from tests.unit.reporting.samples import ANSWER, CPU_LOOP


def answer():
    """The function that the engine knows."""


@functools.wraps(answer)
def wrapper():
    """What other decorators make of it."""


@pytest.fixture
def forgotten(monkeypatch):
    """A registry that knows one function by itself and by its wrapper; lists what was reset."""
    forgotten = []
    registry = SimpleNamespace(
        find=lambda obj: answer if obj in (answer, wrapper) else None,
        stats_of=lambda function: {answer: ANSWER}[function],
        all_stats=lambda: (ANSWER, CPU_LOOP),
        reset=forgotten.append,
    )
    monkeypatch.setattr(introspection, "registry", registry)
    return forgotten


@pytest.mark.parametrize("held", [answer, wrapper])
def test_users_may_ask_by_whatever_they_hold(forgotten, held):
    """The engine finds the user's function behind it."""
    assert introspection.stats(held) is ANSWER
    assert introspection.explain(held).stats is ANSWER
    introspection.reset(held)
    assert forgotten == [answer]


def test_a_report_is_on_all_functions(forgotten):
    assert introspection.report().functions == (ANSWER, CPU_LOOP)


@pytest.mark.parametrize("ask", ["explain", "stats", "reset"])
@pytest.mark.parametrize("unknown", [len, 3, "app.answer", lambda: None])
def test_an_unknown_object_is_refused_with_what_to_do(forgotten, ask, unknown):
    """The error is of the library's tree and says how to go on."""
    with pytest.raises(UnsupportedCallable, match="decorate it with @adaptive") as caught:
        getattr(introspection, ask)(unknown)
    assert isinstance(caught.value, AdaptiveError)
    assert forgotten == []


def test_the_exit_report_is_taken_at_the_end(forgotten, monkeypatch, tmp_path):
    """What is known when the program ends is written, not what was known at installation."""
    registered = []
    monkeypatch.setattr("atexit.register", registered.append)
    known = [ANSWER, CPU_LOOP]
    monkeypatch.setattr(introspection.registry, "all_stats", lambda: tuple(known))
    introspection.install_exit_report(str(tmp_path / "r.txt"))
    known.remove(ANSWER)
    registered[0]()
    assert "1 function" in (tmp_path / "r.txt").read_text("utf-8").splitlines()[0]
