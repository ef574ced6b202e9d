"""Uses of the public names that a type checker must accept as they stand; never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

import adaptive_jit
from adaptive_jit import (
    Settings,
    adaptive,
    explain,
    override,
    parallel,
    parallel_map,
    pure,
    reads,
    report,
    reset,
    stats,
    unordered,
    writes,
)
from adaptive_jit.errors import AdaptiveError, AdaptiveWarning, ConfigurationError
from adaptive_jit.records import FunctionStats


@adaptive
def length(text: str, *, twice: bool = False) -> int:
    return len(text) * (2 if twice else 1)


assert_type(length("a", twice=True), int)


@adaptive(max_workers=8, persist=False, effects="declared", min_speedup=1.1)
def tuned(number: int) -> list[int]:
    return [number]


assert_type(tuned(1), list[int])


@adaptive
async def later(number: int) -> str:
    return str(number)


async def await_it() -> None:
    assert_type(await later(1), str)


@adaptive
def generated(count: int) -> Iterator[int]:
    yield from range(count)


assert_type(generated(2), Iterator[int])


class Client:
    @adaptive
    def get(self, path: str) -> bytes:
        return path.encode()


assert_type(Client().get("/"), bytes)


@adaptive(method="run")
class Model:
    def run(self, prompt: str) -> str:
        return prompt


assert_type(Model().run("x"), str)


@reads
def fetch(address: str) -> bytes:
    return address.encode()


@pure
def double(number: int) -> int:
    return number * 2


@unordered
def ask(prompt: str) -> str:
    return prompt


@writes("orders")
def order(item: str) -> bool:
    return bool(item)


assert_type(fetch("a"), bytes)
assert_type(double(2), int)
assert_type(ask("a"), str)
assert_type(order("a"), bool)

reads("orders", fetch)
reads(fetch, double)
unordered(ask)

assert_type(parallel([double(1), double(2)]), list[int])
assert_type(list(parallel_map(double, [1, 2])), list[int])

assert_type(stats(length), FunctionStats)
explain(length)
report()
reset(length)

with override(strategy="direct"):
    length("a")

chosen: Settings = Settings()
version: str = adaptive_jit.__version__


def failing() -> None:
    try:
        tuned(1)
    except ConfigurationError as error:
        root: AdaptiveError = error
        raise root from None


warning: type[Warning] = AdaptiveWarning
