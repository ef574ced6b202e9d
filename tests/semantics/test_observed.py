"""What was not seen is no promise: a function that changes its ways stays right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptive_jit import adaptive, reads, stats
from adaptive_jit.effects import observed
from adaptive_jit.errors import DeclarationWarning
from adaptive_jit.records import Phase

TABLE: dict[str, Callable[..., Any]] = {}
"""Functions are reached through it, so that no proof follows them."""

CALLS = 120
TURN = 100
"""The call from which a turncoat writes."""


@pytest.fixture(autouse=True)
def _believe_again() -> Any:
    yield
    observed.forget()


def turncoat(path: Path) -> Callable[[int], str]:
    """A function that reads at first, and writes from the hundredth call on."""
    calls = iter(range(1, 10_000))

    def ask(number: int) -> str:
        if next(calls) >= TURN:
            path.write_text(f"written before {number}")
        pause.wait(0.0005)
        return path.read_text()

    return ask


pause = threading.Event()
"""Never set: waiting for it is what the functions spend their time on."""


@reads
def look(path: Path) -> str:
    """Read the file."""
    pause.wait(0.0005)
    return path.read_text()


def both(path: Path, number: int) -> tuple[str, str]:
    """One unknown call, and a read behind it."""
    asked = TABLE["ask"](number)
    found = look(path)
    return asked, found


def several(path: Path, number: int) -> tuple[str, str, str]:
    """The same, with two unknown calls."""
    first = TABLE["ask"](number)
    second = TABLE["ask"](-number)
    found = look(path)
    return first, second, found


@pytest.mark.parametrize("function", [both, several])
@pytest.mark.parametrize("arguments", [{}, {"strategy": "parallel"}])
def test_a_function_that_writes_at_the_hundredth_call_stays_right(
    function: Any, arguments: dict[str, Any], tmp_path: Path
) -> None:
    """Every call returns what the plain run returns; nothing was ever started early."""
    outcomes = []
    for decorate in (lambda plain: plain, adaptive(effects="observed", **arguments)):
        path = tmp_path / "file"
        path.write_text("untouched")
        TABLE["ask"] = turncoat(path)
        copy = type(function)(function.__code__.replace(), function.__globals__)
        decorated = decorate(copy)
        outcomes.append([decorated(path, number) for number in range(CALLS)])
    assert outcomes[0] == outcomes[1]
    assert outcomes[1][-1][0].startswith("written before")
    assert stats(decorated).operations[0].counts.started == 0


def test_a_twin_whose_functions_are_declared_runs_ahead(tmp_path: Path) -> None:
    """With the same setting: what is known counts as it does without."""
    meeting = threading.Barrier(2, timeout=20)

    @reads
    def ask(number: int) -> int:
        meeting.wait()  # returns only when two callers are here at the same time
        return number

    @adaptive(strategy="parallel", effects="observed")
    def pair() -> tuple[int, int]:
        first = ask(1)
        second = ask(2)
        return first, second

    assert pair() == (1, 2)
    assert stats(pair).operations[1].counts.taken == 1


def test_a_wrong_declaration_is_followed_until_it_is_seen_to_be_wrong(tmp_path: Path) -> None:
    """From then on its calls, and what is behind them, stay in order: also when it is forced."""
    path = tmp_path / "file"

    def ask(number: int) -> str:
        path.write_text(str(number))
        return str(number)

    TABLE["inner"] = ask

    @reads
    def vouched(number: int) -> Any:
        return TABLE["inner"](number)

    @adaptive(effects="observed", min_predicted_speedup=1.0)
    def learning(number: int) -> tuple[Any, str]:
        first = vouched(number)
        second = look(path)
        return first, second

    with pytest.warns(DeclarationWarning, match="vouched"):
        assert learning(0) == ("0", "0")
    assert stats(learning).phase is not Phase.PARALLEL

    @adaptive(strategy="parallel", effects="observed")
    def forced(number: int) -> tuple[Any, str]:
        first = vouched(number)
        second = look(path)
        return first, second

    for number in range(1, 30):
        assert forced(number) == (str(number), str(number))
        assert learning(number) == (str(number), str(number))
    assert stats(forced).operations[0].counts.started == 0
