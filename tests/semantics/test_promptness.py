"""Ctrl-C is prompt, nothing grows with the number of calls, and objects end when they do in order."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import harness
import pytest
from world.registry import fresh_copy

import adaptive_jit
from adaptive_jit import reads, unordered
from adaptive_jit.records import Phase

PROMPT_SECONDS = 0.1
ATTEMPTS = 6
LONG = 3.0
FOLDER = Path("/proc/self/fd")


class State:
    """What the operations that hang share with the test."""

    def __init__(self) -> None:
        self.hangs = 0
        self.present = 0
        self.sent = 0.0
        self.lock = threading.Lock()
        self.release = threading.Event()


STATE = State()


@unordered
def hang(number: int) -> int:
    """Wait a moment; where it is to hang, interrupt as soon as all do, and wait for the release."""
    if not STATE.hangs:
        time.sleep(0.003)
        return number
    with STATE.lock:
        STATE.present += 1
        last = STATE.present == STATE.hangs
    if last:
        # Somebody at a keyboard is not in step with the program's way into its wait.
        STATE.release.wait(0.02)
        STATE.sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)
    STATE.release.wait(LONG)
    return number


def statements() -> tuple[int, int, int]:
    """Three operations."""
    a = hang(1)
    b = hang(2)
    c = hang(3)
    return a, b, c


def loop() -> list[int]:
    """The same in a loop."""
    return [hang(number) for number in range(3)]


def _seconds_to_surface(function: Callable[[], Any], learns: bool) -> float:
    """Seconds from the signal to the exception in the caller, once."""
    decorate = adaptive_jit.adaptive if learns else harness.forced()
    decorated = decorate(fresh_copy(function))
    for _ in range(120 if learns else 2):
        decorated()
        if learns and adaptive_jit.stats(decorated).phase is Phase.PARALLEL:
            break
    STATE.__init__()  # type: ignore[misc]
    STATE.hangs = 3
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            decorated()
        return time.perf_counter() - STATE.sent if STATE.sent else LONG
    finally:
        signal.signal(signal.SIGINT, before)
        STATE.release.set()
        STATE.hangs = 0


@pytest.mark.parametrize("learns", [False, True], ids=["forced", "learning"])
@pytest.mark.parametrize("function", [statements, loop])
def test_an_interrupt_surfaces_within_a_tenth_of_a_second(
    function: Callable[[], Any], learns: bool, record_property: Callable[[str, object], None]
) -> None:
    """Of what is in flight, nothing is waited for (3 s here); a busy machine has several goes."""
    best = LONG
    for _ in range(ATTEMPTS):
        best = min(best, _seconds_to_surface(function, learns))
        if best <= PROMPT_SECONDS:
            break
    record_property("seconds_to_surface", best)
    assert best <= PROMPT_SECONDS


class LateError(Exception):
    """A time limit."""


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, KeyboardInterrupt, LateError])
def test_what_a_handler_raises_passes_while_operations_hang(kind: type[BaseException]) -> None:
    """The exception of a signal's function is the caller's, whatever it is."""

    def raising(_number: int, _frame: Any) -> None:
        raise kind("leave")

    decorated = harness.forced()(fresh_copy(statements))
    decorated()
    STATE.__init__()  # type: ignore[misc]
    STATE.hangs = 3
    before = signal.signal(signal.SIGINT, raising)
    try:
        with pytest.raises(kind, match="leave"):
            decorated()
        assert not STATE.release.is_set()
    finally:
        signal.signal(signal.SIGINT, before)
        STATE.release.set()
        STATE.hangs = 0
    assert decorated() == (1, 2, 3)


def _inner(kind: type[BaseException]) -> Generator[int, None, None]:
    try:
        yield from loop()
    except kind:
        raise
    finally:
        FINAL.append(kind)


FINAL: list[type[BaseException]] = []


def test_a_closed_generator_around_an_adaptive_function_ends_as_ever() -> None:
    """GeneratorExit comes between two results of operations that ran ahead."""
    loop_before = globals()["loop"]
    globals()["loop"] = harness.forced()(fresh_copy(loop_before))
    try:
        generator = _inner(GeneratorExit)
        assert next(generator) == 0
        generator.close()
        assert FINAL.pop() is GeneratorExit
    finally:
        globals()["loop"] = loop_before


# ---- what does not grow -------------------------------------------------------------


@reads
def size_of(path: str) -> int:
    """Open a file, and close it again."""
    with open(path, "rb") as file:
        return len(file.read())


def two_files(path: str) -> int:
    """A tiny operation, twice."""
    first = size_of(path)
    second = size_of(path)
    return first + second


def _open_files() -> list[str]:
    """What the descriptors of this process lead to."""
    found = []
    for one in FOLDER.iterdir():
        with contextlib.suppress(OSError):  # that of the listing is closed by now
            found.append(str(one.readlink()))
    return sorted(found)


@pytest.mark.skipif(not FOLDER.exists(), reason="no /proc on this system")
@pytest.mark.parametrize("calls", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("learns", [False, True], ids=["forced", "learning"])
def test_neither_descriptors_nor_threads_grow(calls: int, learns: bool, tmp_path: Path) -> None:
    """As many after the last call as after the first hundred."""
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    workers = {"max_workers": 4}
    decorate = adaptive_jit.adaptive(**workers) if learns else harness.forced(**workers)
    decorated = decorate(fresh_copy(two_files))
    with adaptive_jit.override(**workers):
        for _ in range(100):
            decorated(str(path))
        descriptors = _open_files()
        threads = threading.active_count()
        for _ in range(calls):
            assert decorated(str(path)) == 10
        # A file of another test may be closed late; one that each call left would be here.
        limit = time.monotonic() + 2
        while _open_files() != descriptors and time.monotonic() < limit:
            time.sleep(0.01)
        assert len(_open_files()) <= len(descriptors), (descriptors, _open_files())
        assert threading.active_count() <= max(threads, threads + 4 if learns else 0)
    if not learns:
        assert adaptive_jit.stats(decorated).counts.started > calls


# ---- what ends when it does in order ------------------------------------------------


LOG: list[str] = []


class Thing:
    """Tells of its end by a finaliser, and by a weak reference."""

    def __init__(self, number: int) -> None:
        self.number = number
        weakref.finalize(self, LOG.append, f"finalised {number}")
        self.cycle: Any = None

    def __del__(self) -> None:
        LOG.append(f"deleted {self.number}")


@unordered
def thing(number: int) -> Thing:
    """Return a new object."""
    return Thing(number)


@unordered
def number_of(one: Thing) -> int:
    """Return what an object has."""
    return one.number


def told(text: str) -> None:
    """A step of the program."""
    LOG.append(text)


def of_results() -> int:
    """Results are dropped one after the other."""
    first: Any = thing(1)
    second: Any = thing(2)
    told("made")
    first = None
    told("first dropped")
    del second
    told("second dropped")
    third = thing(3)
    fourth = thing(4)
    told("made again")
    third = fourth
    told("third replaced")
    return third.number


def of_temporaries() -> list[int]:
    """Objects that only an operation sees."""
    out = [number_of(thing(1)), number_of(thing(2))]
    told("out")
    a = number_of(thing(3))
    told("a")
    b = number_of(thing(4))
    told("b")
    return [*out, a, b]


def of_loops() -> int:
    """A name that is bound again in each round."""
    total = 0
    for number in range(5):
        one = thing(number)
        total += one.number
    told("behind the loop")
    return total


def of_references() -> list[bool]:
    """Weak references live as long as the program's own names."""
    first = thing(1)
    second = thing(2)
    seen = [weakref.ref(first), weakref.ref(second)]
    alive = [one() is not None for one in seen]
    del first
    alive += [one() is not None for one in seen]
    del second
    return alive + [one() is not None for one in seen]


def _ends(function: Callable[[], Any]) -> tuple[Any, list[str]]:
    LOG.clear()
    value = function()
    LOG.append("returned")
    return value, list(LOG)


@pytest.mark.parametrize("function", [of_results, of_loops])
def test_objects_end_when_they_do_in_the_plain_run(function: Callable[[], Any]) -> None:
    """Finalisers and `__del__` are called between the same steps of the program."""
    plain = _ends(function)
    assert sum("finalised" in one for one in plain[1]) >= 2
    decorated = harness.forced()(fresh_copy(function))
    for _ in range(5):
        assert _ends(decorated) == plain
    assert adaptive_jit.stats(decorated).counts.started > 0
