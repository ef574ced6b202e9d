"""Run one helper's program plain and forced ahead, and count the calls that started early."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quality.corpus.drivers import DRIVERS, Driver
from quality.corpus.environment import Environment, Seen
from quality.corpus.service import Service
from world.sources import load

import adaptive_jit

CALLS = {"loop": 3, "pair": 2}
FORMS = tuple(CALLS)
LATENCY = 0.004
"""Seconds that a read stays with the service while a program runs ahead."""

TEXT = '''"""A program over {name}."""

{imports}


def loop(items{given}):
    found = []
    for item in items:
        answer = {call}
        found.append({use})
    return found


def pair(items{given}):
    item = items[0]
    answer = {call}
    first = {use}
    item = items[1]
    answer = {call}
    second = {use}
    return first, second
'''


@dataclass
class Measured:
    """What was found of one helper: differences, early starts, and the library's words.

    ``early`` counts the starts in all calls of all forms; ``first`` and ``last`` those in
    the first and the last call of the loop, which makes ``calls`` calls of the helper;
    ``met`` says that requests, if there are any, were in flight together in the last.
    """

    name: str
    differences: list[str] = field(default_factory=list)
    early: int = 0
    first: int = 0
    last: int = 0
    calls: int = 0
    dropped: int = 0
    met: bool = True
    reason: str = ""

    @property
    def runs_ahead(self) -> bool:
        """Whether at least half of the calls of a warm loop start early, and their requests meet."""
        return self.met and 2 * self.last >= self.calls


def write_program(name: str, driver: Driver) -> str:
    """Return the source text of the program over a helper."""
    modules = sorted({name.partition(".")[0], *(["tracking"] if driver.held else [])})
    imports = "\n".join(f"from quality.helpers import {module}" for module in modules)
    given = "".join(f", {one}" for one in driver.given)
    return TEXT.format(name=name, imports=imports, given=given, call=driver.call, use=driver.use)


def measure(
    name: str, service: Service, folder: Path, dsn: str | None, *, forms: tuple[str, ...] = FORMS
) -> Measured:
    """Compare plain and forced runs of *forms* of *name*'s program."""
    driver = DRIVERS[name]
    measured = Measured(name, calls=len(driver.items))
    for form in forms:
        standard, _ = run(name, driver, form, service, folder, dsn, adaptive=False)
        found, function = run(name, driver, form, service, folder, dsn, adaptive=True)
        for number, (expected, got) in enumerate(zip(standard, found, strict=True), 1):
            other = differ(expected, got, logs=not driver.threads)
            measured.differences += [f"{form}, call {number}: {one}" for one in other]
        total, last = function.counted[-1], function.counted[-1] - function.counted[-2]
        measured.early += total
        if form == "loop":
            measured.first = function.counted[1]
            measured.met = found[-1].peak > standard[-1].peak or not standard[-1].requests
            measured.last = last
            measured.reason = words(function.adaptive, driver)
        measured.dropped += adaptive_jit.stats(function.adaptive).counts.dropped
    return measured


class _Counting:
    """Calls the function and notes how many operations had started early so far."""

    def __init__(self, function: Any, driver: Driver, *, adaptive: bool) -> None:
        self.driver = driver
        # Decorating changes the function itself: the plain run must not do it.
        decorate: Any = adaptive_jit.adaptive(strategy="parallel") if adaptive else lambda f: f
        self.adaptive = decorate(function)
        self.observed = adaptive
        self.counted = [0]

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.adaptive(*arguments)
        finally:
            if self.observed:
                mine = operations(self.adaptive, self.driver)
                self.counted.append(sum(one.counts.started for one in mine))


def run(
    name: str,
    driver: Driver,
    form: str,
    service: Service,
    folder: Path,
    dsn: str | None,
    *,
    adaptive: bool,
) -> tuple[list[Seen], _Counting]:
    """Call one form of the program several times in a fresh environment."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    environment = Environment(service, folder / "work", dsn if driver.needs else None)
    with contextlib.closing(environment), contextlib.ExitStack() as stack:
        environment.module(name.partition(".")[0])
        program = load(programs, write_program(name, driver))
        function = _Counting(getattr(program, form), driver, adaptive=adaptive)
        given = [environment.given(one) for one in driver.given]
        if driver.held:
            stack.enter_context(environment.module("tracking").hold())
        random.seed(20)
        service.latency = LATENCY if adaptive else 0.0
        seen = [
            environment.observe(function, list(driver.items), *given) for _ in range(CALLS[form])
        ]
        service.latency = 0.0
    return seen, function


def operations(function: Any, driver: Driver) -> list[Any]:
    """Return the operations of *function* that call the helper."""
    called = driver.call.partition("(")[0] + "("
    return [one for one in adaptive_jit.stats(function).operations if one.text.startswith(called)]


def words(function: Any, driver: Driver) -> str:
    """Return why the helper's calls stay in order, as the library says it."""
    stats = adaptive_jit.stats(function)
    mine = operations(function, driver)
    said = [f"{one.effect.name.lower()}: {one.effect_reason or one.why}" for one in mine]
    said += [stop.reason for region in stats.regions for stop in region.stopped_at_run_time]
    said += [f"write: {one.write}" for one in stats.advice]
    return "; ".join(dict.fromkeys(said)) or f"no operation found ({stats.reason})"


def differ(expected: Seen, got: Seen, *, logs: bool = True) -> list[str]:
    """Return in words what *got* shows otherwise than *expected*, its log only if *logs*."""
    found = [
        f"{what}: plain {a!r}, adaptive {b!r}"
        for what in ("value", "exception", "printed", *(["logged"] if logs else []), "writes")
        if (a := getattr(expected, what)) != (b := getattr(got, what))
    ]
    found += [
        f"left {key}: plain {value!r}, adaptive {got.state.get(key)!r}"
        for key, value in expected.state.items()
        if value != got.state.get(key)
    ]
    missing, extra = expected.requests - got.requests, got.requests - expected.requests
    if missing:
        found.append(f"not requested: {dict(missing)}")
    # Reads that an exception would have prevented may have been made already.
    if extra and expected.exception is None:
        found.append(f"requested beyond the plain run: {dict(extra)}")
    return found
