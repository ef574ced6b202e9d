"""How close does a loop that fetches, prints and writes files come to hand-written threads?

20 rounds, each with a GET of 50 ms from a web service on loopback through one ``httpx.Client``, a
``print`` and a file written: ``(folder / name).write_bytes(...)``, and ``with open(...)``. By hand,
a warm ``ThreadPoolExecutor`` fetches and the calling thread prints and writes, in order. Goal: a
ratio of at most 1.05. The same program undecorated, and the time of a single GET (the ideal: all
at once), are there for comparison.

A server on this machine may hand out the very files that a program writes, so the library lets no
GET from loopback pass a write by itself (docs/effects.md, "HTTP reads and local files"). This
service does not, and the benchmark says so by the two means that every user has:

* ``unordered(client.get)``: what this client fetches does not depend on what the program writes;
* ``@reads("catalogue")`` above the function that fetches and ``@writes("downloads")`` above the
  one that stores: two resources that have nothing to do with each other.

Nothing in the library is patched. ``print`` writes to the null device, through a stream of the kind
that a process has as its console.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from adaptive_jit import adaptive, reads, stats, unordered, writes
from adaptive_jit.cli import demo_service
from adaptive_jit.records import Phase
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1.05
COUNT = 20
MILLISECONDS = 50

Program = Any


def address(number: int) -> str:
    """Return the address of one item."""
    return f"/delay/{MILLISECONDS}?item={number}"


@reads("catalogue")
def fetched(client: httpx.Client, number: int) -> bytes:
    """Return one item of the service."""
    return client.get(address(number)).content


@writes("downloads")
def stored(path: Path, content: bytes) -> None:
    """Write one item to its file."""
    path.write_bytes(content)


def make_whole() -> Program:
    """Return the program that writes each file in one call."""

    def whole(client: httpx.Client, folder: Path) -> None:
        for number in range(COUNT):
            response = client.get(f"/delay/50?item={number}")
            print(number, response.status_code)
            (folder / f"{number}.json").write_bytes(response.content)

    return whole


def make_opened() -> Program:
    """Return the program that opens each file."""

    def opened(client: httpx.Client, folder: Path) -> None:
        for number in range(COUNT):
            response = client.get(f"/delay/50?item={number}")
            print(number, response.status_code)
            with open(folder / f"{number}.json", "wb") as file:
                file.write(response.content)

    return opened


def make_named() -> Program:
    """Return the program that calls a function for each, with resources that have names."""

    def named(client: httpx.Client, folder: Path) -> None:
        for number in range(COUNT):
            content = fetched(client, number)
            print(number, len(content))
            stored(folder / f"{number}.json", content)

    return named


PROGRAMS: dict[str, Callable[[], Program]] = {
    "write_bytes, unordered GET": make_whole,
    "with open, unordered GET": make_opened,
    "write_bytes, named resources": make_named,
}


def by_hand(client: httpx.Client, pool: ThreadPoolExecutor, folder: Path) -> None:
    """What a programmer would write: threads fetch, the calling thread prints and writes."""
    responses = pool.map(lambda number: client.get(address(number)), range(COUNT))
    for number, response in enumerate(responses):
        print(number, response.status_code)
        (folder / f"{number}.json").write_bytes(response.content)


def measure_program(
    report: harness.Report,
    options: harness.Options,
    client: httpx.Client,
    name: str,
    make: Callable[[], Program],
) -> None:
    """Measure one program: forced from the first call, and learnt."""
    forced = adaptive(strategy="parallel", persist=False)
    learning = adaptive(persist=False, trial_budget=0.5)
    with tempfile.TemporaryDirectory() as written, ThreadPoolExecutor(COUNT) as pool:
        folder = Path(written)
        plain = make()
        for label, program in (("forced", forced(make())), ("learnt", learning(make()))):

            def candidate(program: Program = program) -> None:
                program(client, folder)

            def settled(program: Program = program) -> bool:
                return stats(program).phase in (Phase.PARALLEL, Phase.FORCED)

            with console():
                calls = harness.settle(candidate, settled)
            title, note = f"{name}, {label}", f"settled at call {calls}"
            others: dict[str, tuple[Callable[[], object], float | None]] = {
                "threads by hand": (lambda: by_hand(client, pool, folder), GOAL),
                "plain": (lambda: plain(client, folder), None),
                "one GET": (lambda: client.get(address(0)), None),
            }
            for against, (baseline, goal) in others.items():
                with console():
                    pairs = harness.paired(candidate, baseline, options.pairs)
                row = harness.ratio_row(f"{title} / {against}", pairs, goal, note)
                report.add(row)


@contextlib.contextmanager
def console() -> Any:
    """Let ``print`` write to the null device, through a stream like that of a process."""
    with open(os.devnull, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        yield


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure all programs."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    with (
        demo_service.running() as base,
        httpx.Client(base_url=base, limits=limits, timeout=60) as client,
    ):
        unordered(client.get)
        for name, make in PROGRAMS.items():
            measure_program(report, options, client, name, make)


if __name__ == "__main__":
    sys.exit(harness.run("local_writes", __doc__, measure))
