"""``strategy(name)``: the one place that knows which strategies there are."""

from __future__ import annotations

import sys
import types

import pytest

import adaptive_jit.strategies as registry
from adaptive_jit.errors import ConfigurationError, StrategyUnavailable
from adaptive_jit.strategies import base, strategy
from adaptive_jit.testing.clock import FakeClock


def test_a_strategy_is_made_once():
    assert strategy("thread") is strategy("thread")
    assert strategy("direct") is strategy("direct")


@pytest.mark.parametrize("name", ["process", "asyncio", "dask"])
def test_a_strategy_of_a_later_version_says_so(name):
    with pytest.raises(StrategyUnavailable, match=f"strategy '{name}' comes with a later version"):
        strategy(name)


@pytest.mark.parametrize("name", ["auto", "parallel", "base", "rocket"])
def test_what_is_no_strategy_is_refused(name):
    with pytest.raises(ConfigurationError, match=f"strategy='{name}' is not allowed; give direct,"):
        strategy(name)


def test_a_missing_package_is_named_with_what_to_install(monkeypatch):
    def create():
        raise ModuleNotFoundError("No module named 'loky'", name="loky")

    module = types.ModuleType("adaptive_jit.strategies.process")
    module.create = create
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(
        StrategyUnavailable,
        match=r"needs the package 'loky'; run: pip install 'adaptive-jit\[process\]'",
    ):
        strategy("process")


def test_a_strategy_needs_nothing_but_its_module(monkeypatch):
    """Adding one touches no other file."""
    module = types.ModuleType("adaptive_jit.strategies.dask")
    module.create = lambda: "the new one"
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "_loaded", {})
    assert strategy("dask") == "the new one"


def test_dispatch_is_the_median_without_the_first_round():
    clock, lengths = FakeClock(), iter([9e-4, *[3e-4, 1e-4] * 9])

    def start(operation):
        clock.advance(next(lengths))
        operation.run()

    assert base.measure_dispatch(start, clock) == pytest.approx(3e-4)


def test_dispatch_measuring_stops_after_a_few_milliseconds():
    clock, rounds = FakeClock(), []

    def start(operation):
        rounds.append(operation)
        clock.advance(base.PATIENCE / 2)
        operation.run()

    assert base.measure_dispatch(start, clock) == pytest.approx(base.PATIENCE / 2)
    assert len(rounds) == 3


def test_dispatch_is_not_known_if_nothing_comes_back():
    assert base.measure_dispatch(lambda operation: None, FakeClock()) is None
