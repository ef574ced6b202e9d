"""What do the library's smallest steps cost?

With pytest-benchmark: ``python -m pytest benchmarks --benchmark-enable --benchmark-only``.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import pytest

from adaptive_jit import adaptive, explain, stats, unordered
from adaptive_jit.settings import Settings

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


@unordered
def nothing(number: int) -> int:
    """An operation without a payload."""
    return number


@adaptive(strategy="parallel", persist=False)
def ten_ahead() -> int:
    """Ten operations that run ahead."""
    total = 0
    for number in range(10):
        total += nothing(number)
    return total


@adaptive(strategy="direct", persist=False)
def ten_direct() -> int:
    """Ten operations in order."""
    total = 0
    for number in range(10):
        total += nothing(number)
    return total


def increment(x: int) -> int:
    """No operation at all."""
    return x + 1


@pytest.mark.parametrize("program", [ten_ahead, ten_direct], ids=["ahead", "direct"])
def test_ten_operations_per_call(benchmark: BenchmarkFixture, program: Any) -> None:
    """A call with ten operations without a payload."""
    assert benchmark(program) == 45


def test_decorating_a_function_without_operations(benchmark: BenchmarkFixture) -> None:
    """Decorating costs analysis, once per function object."""

    def fresh() -> tuple[tuple[Any], dict[str, Any]]:
        function: Any = increment
        return (types.FunctionType(function.__code__, function.__globals__),), {}

    benchmark.pedantic(adaptive, setup=fresh, rounds=50)  # type: ignore[no-untyped-call]


def test_reading_the_statistics(benchmark: BenchmarkFixture) -> None:
    """`stats` builds its records on demand."""
    ten_ahead()
    assert benchmark(stats, ten_ahead).operations


def test_explaining(benchmark: BenchmarkFixture) -> None:
    """`explain` lays out its page on demand."""
    ten_ahead()
    assert "ten_ahead" in benchmark(lambda: str(explain(ten_ahead)))


def test_checking_settings(benchmark: BenchmarkFixture) -> None:
    """A complete set of settings is checked when it is made."""
    assert benchmark(Settings.from_environ, {"ADAPTIVE_JIT_WINDOW": "8"}).window == 8
