"""Run a program plain and adaptive in equal worlds, and compare all that anyone could see.

Three regimes: forced from the first call, settled after learning by itself, and
from eight threads at once. What the plain run did is the standard.
"""

from __future__ import annotations

import contextlib
import contextvars
import io
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from world.freezing import freeze
from world.model import EARLY, Meeting, World, use
from world.registry import Program

import adaptive_jit
from adaptive_jit.records import Phase

LEARNING_CALLS = 100
LEARNING_SECONDS = 6.0
LEARNING_LATENCY = 0.004
LEARNING_ATTEMPTS = 3
BUSY = 1.25
"""Seconds of a plain run over those it waits, or load per core, of a machine that is busy."""
MOST_BURDEN = 10.0
LONGEST_LEARNING = 30.0
THREADS = 8
SETTLED = (Phase.PARALLEL, Phase.DIRECT, Phase.LEFT_ALONE)

_OURS = (
    str(Path(adaptive_jit.__file__).parent),
    str(Path(__file__).parent.parent / "world"),
    __file__,
)


@dataclass
class Outcome:
    """All that one run showed."""

    value: Any
    exception: Any
    frames: list[tuple[str, int, str]]
    values_in_frames: list[tuple[str, dict[str, Any]]]
    output: str
    world: World


def plain(function: Any) -> Any:
    """Decorate nothing."""
    return function


def forced(**settings: Any) -> Callable[[Any], Any]:
    """Return a decorator that runs ahead from the first call."""
    decorator: Callable[[Any], Any] = adaptive_jit.adaptive(strategy="parallel", **settings)
    return decorator


def staggered(seconds: float) -> Callable[[int], float]:
    """Return latencies that let later operations end before earlier ones."""
    return lambda number: seconds * (1.0 + 2.0 / (1 + number))


class _Printed:
    """Collects what is printed, through a stream such as a process has: text over a file.

    The file has no name: a program could read it otherwise, and what reads would wait.
    """

    def __init__(self, capture: bool) -> None:
        self.capture = capture
        self.text = ""

    def __enter__(self) -> _Printed:
        if self.capture:
            number, path = tempfile.mkstemp(prefix="printed-")
            os.unlink(path)
            self._reading = open(os.dup(number), encoding="utf-8")
            self._stream = open(number, "w", encoding="utf-8")
            self._redirect = contextlib.redirect_stdout(self._stream)
            self._redirect.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.capture:
            self._redirect.__exit__(*error)
            self._stream.close()
            self._reading.seek(0)
            self.text = self._reading.read()
            self._reading.close()


def observe(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    world: World,
    *,
    capture: bool = True,
) -> Outcome:
    """Run *function* in *world* and note what it showed."""
    value: Any = None
    failure: BaseException | None = None
    with use(world), _Printed(capture) as printed:
        try:
            value = function(*arguments)
        except Exception as error:
            failure = error
    world.settle()
    frames, values = _frames(failure)
    return Outcome(
        ("value", freeze(value)) if failure is None else None,
        _exception(failure),
        frames,
        values,
        printed.text,
        world,
    )


def _exception(error: BaseException | None, depth: int = 5) -> Any:
    if error is None or depth == 0:
        return None
    return (
        type(error).__name__,
        str(error),
        freeze(error.args),
        ("cause", _exception(error.__cause__, depth - 1)),
        ("context", _exception(error.__context__, depth - 1)),
        getattr(error, "__notes__", None),
        tuple(_exception(one, depth - 1) for one in getattr(error, "exceptions", ())),
    )


def _frames(
    error: BaseException | None,
) -> tuple[list[tuple[str, int, str]], list[tuple[str, dict[str, Any]]]]:
    found: list[tuple[str, int, str]] = []
    values: list[tuple[str, dict[str, Any]]] = []
    if error is None:
        return found, values
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith(_OURS) or name.startswith("<"):
            continue
        found.append((Path(name).name, line, frame.f_code.co_name))
        code = frame.f_code
        names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        shown = {
            k: freeze(v, 4) for k, v in frame.f_locals.items() if k in names and k.isidentifier()
        }
        values.append((code.co_name, shown))
    return found, values


def traceback_files(
    function: Callable[..., Any], arguments: tuple[Any, ...], world: World
) -> list[str]:
    """Return the files of the traceback that a call leaves (empty if it does not raise)."""
    with use(world):
        try:
            function(*arguments)
        except Exception as error:
            trace = traceback.walk_tb(error.__traceback__)
            return [frame.f_code.co_filename for frame, _ in trace]
    return []


def differences(standard: Outcome, other: Outcome) -> list[str]:
    """Return in words how *other* differs from the plain run."""
    found = []
    for what in ("value", "exception", "frames", "values_in_frames", "output"):
        expected, got = getattr(standard, what), getattr(other, what)
        if expected != got:
            found.append(f"{what}: plain {expected!r}\n            adaptive {got!r}")
    if standard.world.ordered() != other.world.ordered():
        found.append(
            f"effects: plain {standard.world.ordered()}\n            adaptive {other.world.ordered()}"
        )
    found += _executions(standard, other)
    if standard.exception is None:
        found += [f"overlap: {one}" for one in other.world.violations]
    return found


def _executions(standard: Outcome, other: Outcome) -> list[str]:
    expected, got = standard.world.early(), other.world.early()
    extra: Counter[Any] = got - expected
    missing: Counter[Any] = expected - got
    found = [f"not executed: {dict(missing)}"] if missing else []
    # What an exception would have prevented may have been read already. The same call may
    # stand at several places of a program, each of which may have been read once.
    if standard.exception is not None or standard.world.raised:
        extra = Counter({one: got[one] for one in got if got[one] > expected[one] + 2})
    if extra:
        found.append(f"executed beyond the plain run: {dict(extra)}")
    return found


def run_plain(program: Program) -> Outcome:
    """Return the standard: the undecorated program in a fresh world."""
    if program.setup is not None:
        program.setup()
    return observe(program.build(plain), program.arguments(), World())


def _run(program: Program, function: Any, world: World, *, capture: bool = True) -> Outcome:
    if program.setup is not None:
        program.setup()
    return observe(function, program.arguments(), world, capture=capture)


def _compare(program: Program, standard: Outcome, other: Outcome, where: str) -> None:
    found = differences(standard, other)
    if found:
        lines = "\n  ".join(found)
        raise AssertionError(f"{program.name} ({where}) differs from the plain run:\n  {lines}")


def compare_run(program: Program, function: Any, world: World, standard: Outcome) -> None:
    """Run *function* in *world* and compare with *standard*."""
    _compare(program, standard, _run(program, function, world), "forced")


def _meeting(program: Program) -> Meeting | None:
    return Meeting(program.overlaps, program.meet) if program.overlaps else None


def check_overlap(program: Program, world: World, where: str = "forced") -> None:
    """Check the program's claim of overlap against what *world* saw."""
    if world.meeting is not None and not world.meeting.met:
        raise AssertionError(
            f"{program.name} ({where}): {program.overlaps} operations of "
            f"{program.meet or 'any name'} were never in flight at once (peak {world.peak})"
        )
    if program.overlaps == 0 and world.peak > 1:
        raise AssertionError(f"{program.name} ({where}): {world.peak} operations overlapped")


def check_forced(program: Program, **settings: Any) -> None:
    """Compare runs forced ahead from the first call, hurried, hesitant and meeting."""
    standard = run_plain(program)
    function = program.build(forced(**settings))
    worlds = [
        World(),
        World(latency=staggered(0.001), hesitation=0.003),
        World(meeting=_meeting(program), hesitation=0.003),
        World(latency=lambda _: 0.001),
    ]
    for number, world in enumerate(worlds):
        other = _run(program, function, world)
        _compare(program, standard, other, f"forced, call {number + 1}")
        if world.meeting is not None or number == 1:
            check_overlap(program, world, f"forced, call {number + 1}")


def check_learning(program: Program) -> None:
    """Compare every call while the function learns by itself, then the settled state.

    Learning measures time, and what it measures on a machine that is busy with something
    else may rightly say that running ahead does not pay, or that it cannot tell whether an
    operation waits (which then stays in order). Only where a plain run, or the load of the
    last minute, shows that the machine was the cause is a fresh copy asked again, with
    latencies that are as much longer; on an idle machine the first answer counts. What is
    compared, and that it must settle parallel and overlap, is the same each time.
    """
    standard = run_plain(program)
    burden = 1.0
    for attempt in range(1, LEARNING_ATTEMPTS + 1):
        learner = _Learner()
        function = program.build(learner.decorate)
        _learn(program, function, learner, standard, burden)
        if not program.overlaps or not program.settles:
            return
        missing = _not_settled(program, function, learner, standard)
        if missing is None:
            return
        burden = _burden(program)
        if burden < BUSY or attempt == LEARNING_ATTEMPTS:
            raise missing


def _not_settled(
    program: Program, function: Any, learner: _Learner, standard: Outcome
) -> AssertionError | None:
    """What is missing of a function that has learnt: that it runs ahead, and overlaps."""
    if not learner.parallel():
        return AssertionError(f"{program.name} did not settle parallel: {learner.words()}")
    world = World(meeting=_meeting(program))
    _compare(program, standard, _run(program, function, world), "settled")
    try:
        check_overlap(program, world, "settled")
    except AssertionError as missing:
        return missing
    return None


def _learn(
    program: Program, function: Any, learner: _Learner, standard: Outcome, burden: float
) -> None:
    limit = time.monotonic() + min(LEARNING_SECONDS * burden, LONGEST_LEARNING)
    calls = LEARNING_CALLS if program.overlaps else 8
    for number in range(calls):
        world = World(latency=lambda _: LEARNING_LATENCY * burden)
        _compare(program, standard, _run(program, function, world), f"learning, call {number + 1}")
        if learner.settled() or time.monotonic() > limit:
            break


def _burden(program: Program) -> float:
    """How much longer latencies are to be than on an idle machine: 1 to `MOST_BURDEN`."""
    world = World(latency=lambda _: LEARNING_LATENCY)
    function = program.build(plain)
    began = time.monotonic()
    _run(program, function, world)
    took = time.monotonic() - began
    waited = LEARNING_LATENCY * sum(event.kind in EARLY for event in world.events)
    slower = took / waited if waited else 1.0
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(max(slower, load, 1.0), MOST_BURDEN)


class _Learner:
    """Decorates without arguments and remembers what it decorated."""

    def __init__(self) -> None:
        self.functions: list[Any] = []

    def decorate(self, function: Any) -> Any:
        decorated = adaptive_jit.adaptive(function)
        self.functions.append(function)
        return decorated

    def phases(self) -> list[Phase]:
        return [adaptive_jit.stats(function).phase for function in self.functions]

    def settled(self) -> bool:
        return all(phase in SETTLED for phase in self.phases())

    def parallel(self) -> bool:
        return Phase.PARALLEL in self.phases()

    def words(self) -> str:
        stats = [adaptive_jit.stats(function) for function in self.functions]
        return "; ".join(f"{one.phase}: {one.reason} ({one.decision})" for one in stats)


def check_threads(program: Program, count: int = THREADS, calls: int = 3) -> None:
    """Compare when *count* threads call one forced function at once."""
    standard = run_plain(program)
    function = program.build(forced())
    start = threading.Barrier(count)
    found: list[str] = []

    def work() -> None:
        start.wait(10)
        for number in range(calls):
            world = World(latency=staggered(0.0005), hesitation=0.001)
            other = observe(function, program.arguments(), world, capture=False)
            other.output = standard.output
            found.extend(f"call {number + 1}: {one}" for one in differences(standard, other))

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(work,)) for _ in range(count)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    if any(thread.is_alive() for thread in threads):
        frames = sys._current_frames()
        stuck = [
            "".join(traceback.format_stack(frames[t.ident])) for t in threads if t.ident in frames
        ]
        raise AssertionError(f"{program.name}: threads are stuck:\n" + "\n".join(stuck))
    if found:
        raise AssertionError(f"{program.name} ({count} threads):\n  " + "\n  ".join(found[:6]))


def check_pair(program: Program) -> None:
    """Compare under all regimes that the program claims to support."""
    check_forced(program)
    check_learning(program)
    if program.threads:
        check_threads(program)
