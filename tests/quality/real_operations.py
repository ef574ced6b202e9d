"""Real operations whose truth is known: what each waits for, and whether it holds the GIL.

`OPERATIONS` are those of the study that the rules of `adaptive_jit.classify` were made for, each with
the surroundings in which it runs: alone, beside a thread that computes, on a machine without a free core.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import mmap
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np

from adaptive_jit.cli import demo_service

sys.path.append(str(Path(__file__).parent.parent))
from world.servers import NotInstalled, PostgreSQL  # noqa: E402

OUTSIDE, COMPUTES, INSIDE, BOTH = "outside", "computes", "inside", "both"
"""What is waited for: something outside the process; nothing; this process; now this, now that.

Of `BOTH` any verdict is right that does not say the contrary of a clear measurement.
"""

ALONE, GIL, CORES = "", "beside a computing thread", "without a free core"


class Real(NamedTuple):
    """One operation; ``holds`` says whether it holds the GIL, ``None`` where that varies."""

    name: str
    run: Callable[[], object]
    truth: str
    holds: bool | None = None
    around: str = ALONE


def python_loop(times: int = 200_000) -> int:
    """Compute in Python."""
    total = 0
    for number in range(times):
        total += number
    return total


def _slept(seconds: float, items: int) -> Iterator[int]:
    for number in range(items):
        time.sleep(seconds / items)
        yield number


def _joined() -> None:
    thread = threading.Thread(target=python_loop)
    thread.start()
    thread.join()


def _slept_and_computed() -> None:
    time.sleep(0.01)
    start = time.thread_time()
    while time.thread_time() - start < 0.01:
        python_loop(1_000)


def _spun(seconds: float = 0.02) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def _ran(program: str) -> None:
    subprocess.run([sys.executable, "-S", "-c", program], check=True)


class World:
    """Files, servers and connections that the operations use; closed by `close`."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        base = self._stack.enter_context(demo_service.running())
        self.client = self._stack.enter_context(httpx.Client(base_url=base, timeout=60))
        self.postgres: Any = None
        with contextlib.suppress(NotInstalled):
            self._connect()
        self.memory = sqlite3.connect(":memory:")
        self.disk = sqlite3.connect(os.path.join(self.folder, "disk.db"))
        for database in (self.memory, self.disk):
            self._stack.callback(database.close)
            database.execute("create table t (a, b)")
        rows = [(number, f"text {number}") for number in range(50_000)]
        self.memory.executemany("insert into t values (?, ?)", rows)
        self.large = os.path.join(self.folder, "large")
        with open(self.large, "wb") as file:
            file.write(os.urandom(32_000_000))
        self.data = os.urandom(6_000_000)
        self.numbers = np.random.default_rng(1).random((700, 700))
        self.tree = {str(number): list(range(20)) for number in range(6_000)}
        self.shuffled = [hash((number, 7)) for number in range(100_000)]
        self.lock = threading.Lock()
        self.lock.acquire()

    def _connect(self) -> None:
        import psycopg

        server = PostgreSQL()
        self._stack.callback(server.close)
        self.postgres = psycopg.connect(server.address, autocommit=True)
        self._stack.callback(self.postgres.close)

    def close(self) -> None:
        """End servers, close connections, remove files."""
        self._stack.close()

    # ---- operations that use them ------------------------------------------------------

    def get(self, path: str = "/delay/20") -> int:
        """One request to a service in a process of its own."""
        return self.client.get(path).status_code

    def query(self, text: str) -> int:
        """The rows of a query of the PostgreSQL server."""
        return len(self.postgres.execute(text).fetchall())

    def committed(self) -> None:
        """One row, on disk when this returns."""
        with self.disk:
            self.disk.execute("insert into t values (1, 2)")

    def read(self, *, cold: bool) -> int:
        """The large file, from the page cache or from the disk."""
        with open(self.large, "rb", buffering=0) as file:
            if cold:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return len(file.read())

    def mapped(self) -> int:
        """One byte of each page of the large file, mapped, from the disk."""
        with open(self.large, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return sum(view[:: mmap.PAGESIZE])

    def written(self, size: int, *, synced: bool) -> None:
        """A file, handed to the disk if *synced*."""
        with open(os.path.join(self.folder, "written"), "wb") as file:
            file.write(self.data[:size])
            if synced:
                file.flush()
                os.fsync(file.fileno())


def operations(world: World) -> list[Real]:
    """All operations that can run here."""
    return [*_waiting(world), *_mixed(world), *_computing(world), *_crowded(world)]


def _waiting(world: World) -> list[Real]:
    made = [
        Real("time.sleep, 20 ms", lambda: time.sleep(0.02), OUTSIDE, False),
        Real("HTTP request answered after 20 ms", world.get, OUTSIDE, False),
        Real("child process that sleeps", lambda: _ran("import time; time.sleep(.02)"), OUTSIDE, False),
        Real("child process that computes", lambda: _ran("sum(range(10**6))"), OUTSIDE, False),
        Real("list of a generator that sleeps", lambda: list(_slept(0.02, 4)), OUTSIDE, False),
        Real("asyncio.run of a sleep", lambda: asyncio.run(asyncio.sleep(0.02)), OUTSIDE, False),
        Real("lock that is not free, 20 ms", lambda: world.lock.acquire(timeout=0.02), INSIDE, False),
        Real("join of a computing thread", _joined, INSIDE),
    ]  # fmt: skip
    if world.postgres is not None:
        heavy = "select count(*) from generate_series(1, 150000)"
        made += [
            Real("pg_sleep, 20 ms", lambda: world.query("select pg_sleep(0.02)"), OUTSIDE, False),
            Real("query that the server computes", lambda: world.query(heavy), OUTSIDE, False),
        ]
    return made


def _mixed(world: World) -> list[Real]:
    rows = "select * from generate_series(1, 20000)"
    made = [
        Real("SQLite commit to disk", world.committed, BOTH),
        Real("1 MB written and synced", lambda: world.written(1_000_000, synced=True), BOTH),
        Real("6 MB written", lambda: world.written(6_000_000, synced=False), BOTH),
        Real("32 MB read from disk", lambda: world.read(cold=True), BOTH),
        Real("32 MB mapped from disk", world.mapped, BOTH),
        Real("sleep and loop by turns", _slept_and_computed, BOTH),
    ]
    if world.postgres is not None:
        made.append(Real("20,000 rows fetched", lambda: world.query(rows), BOTH))
    return made


def _computing(world: World) -> list[Real]:
    memory = world.memory
    aggregate = "select sum(a * length(b)) from t"
    return [
        Real("SQLite aggregate in memory", lambda: memory.execute(aggregate).fetchall(), COMPUTES),
        Real("SQLite, 50,000 rows", lambda: memory.execute("select * from t").fetchall(), COMPUTES),
        Real("32 MB read from the cache", lambda: world.read(cold=False), COMPUTES, False),
        Real("matrix product", lambda: world.numbers @ world.numbers, COMPUTES, False),
        Real("zlib", lambda: zlib.compress(world.data[:600_000]), COMPUTES, False),
        Real("SHA-256", lambda: hashlib.sha256(world.data), COMPUTES, False),
        Real("json.dumps", lambda: json.dumps(world.tree), COMPUTES, True),
        Real("sorted", lambda: sorted(world.shuffled), COMPUTES, True),
        Real("Python loop", python_loop, COMPUTES, True),
        Real("sum of a generator", lambda: sum(n for n in range(200_000)), COMPUTES, True),
        Real("40 MB of fresh memory", lambda: np.zeros(5_000_000).fill(1.0), COMPUTES),
        Real("spinning, 20 ms", _spun, COMPUTES, True),
    ]


def _crowded(world: World) -> list[Real]:
    return [
        Real("Python loop", python_loop, COMPUTES, None, GIL),
        Real("sum of a generator", lambda: sum(n for n in range(200_000)), COMPUTES, None, GIL),
        Real("json.dumps", lambda: json.dumps(world.tree), COMPUTES, None, GIL),
        Real("SHA-256", lambda: hashlib.sha256(world.data), COMPUTES, None, GIL),
        Real("time.sleep, 80 ms", lambda: time.sleep(0.08), OUTSIDE, None, GIL),
        Real("HTTP request answered after 80 ms", lambda: world.get("/delay/80"), OUTSIDE, None, GIL),
        Real("Python loop", python_loop, COMPUTES, True, CORES),
        Real("SHA-256", lambda: hashlib.sha256(world.data), COMPUTES, False, CORES),
        Real("HTTP request answered after 20 ms", world.get, OUTSIDE, False, CORES),
    ]  # fmt: skip


@contextlib.contextmanager
def surroundings(kind: str) -> Iterator[None]:
    """The machine as `Real.around` says."""
    with busy_cores() if kind == CORES else busy_gil() if kind == GIL else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """More computing processes than cores."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range((os.cpu_count() or 1) + 2)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextlib.contextmanager
def busy_gil() -> Iterator[None]:
    """A thread of this process that computes in Python."""
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            python_loop(1_000)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
