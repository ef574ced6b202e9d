"""From the files of one thread to its state."""

from __future__ import annotations

import pytest

from adaptive_jit.profiling import proc, watch
from adaptive_jit.records import ThreadState

RUNTIME = range(0x1000, 0x2000)


class FakeProc:
    """The three files of one thread, and a wall clock."""

    def __init__(self, monkeypatch) -> None:
        self.letter = b"S"
        self.syscall = b"7 0x1 0x2"
        self.ran = self.delay = self.wall = 0
        self.refused: set[str] = set()
        self.unreadable: set[str] = set()
        monkeypatch.setattr(proc, "thread_file", self._file)
        monkeypatch.setattr(watch, "perf_counter_ns", lambda: self.wall)

    def _file(self, native_id, name):
        if name in self.refused:
            raise PermissionError(13, name)

        class File:
            read = staticmethod(lambda: self._read(name))

        return File()

    def _read(self, name: str) -> bytes:
        if name in self.unreadable:
            raise PermissionError(13, name)
        if name == "stat":
            return b"1 (python) %s 1 2" % self.letter
        if name == "schedstat":
            return b"%d %d 1" % (self.ran, self.delay)
        return self.syscall

    def watch(self) -> watch.ProcWatch:
        return watch.ProcWatch(1, RUNTIME, b"202")

    def pass_time(self, wall: int, ran: int, delay: int = 0) -> None:
        self.wall += wall
        self.ran += ran
        self.delay += delay


@pytest.fixture
def files(monkeypatch):
    return FakeProc(monkeypatch)


@pytest.mark.parametrize(
    ("letter", "syscall", "state"),
    [
        (b"R", b"running", ThreadState.RUNNING),
        (b"S", b"7 0x1 0x2", ThreadState.WAITING),
        (b"S", b"-1 0x1 0x2", ThreadState.WAITING),
        (b"D", b"-1 0x1 0x2", ThreadState.DISK),
        (b"S", b"202 0x9999 0x80", ThreadState.LOCK),
        (b"S", b"202 0x1800 0x80", ThreadState.GIL),
        (b"T", b"7 0x1 0x2", None),
    ],
)
def test_letter_and_system_call_give_the_state(files, letter, syscall, state):
    """A futex inside the runtime structure is the GIL, any other a lock."""
    files.letter, files.syscall = letter, syscall
    seen = files.watch()
    files.pass_time(10_000, 0)
    assert seen.look(late=False) is state


@pytest.mark.parametrize(
    ("late", "ran", "delay", "state"),
    [
        (True, 9_000, 0, ThreadState.RUNNING),
        (True, 1_000, 0, ThreadState.GIL),
        (True, 1_000, 8_500, ThreadState.RUNNING),
        (False, 9_000, 0, ThreadState.GIL),
    ],
)
def test_who_held_the_gil_until_the_look_is_running(files, late, ran, delay, state):
    """The sampler takes the GIL to look: its last holder, which ran, only seems to wait."""
    files.syscall = b"202 0x1800 0x80"
    seen = files.watch()
    files.pass_time(10_000, ran, delay)
    assert seen.look(late) is state


def test_each_look_compares_with_the_one_before(files):
    """What ran long ago is not what held the GIL."""
    files.syscall = b"202 0x1800 0x80"
    seen = files.watch()
    files.pass_time(10_000, 9_000)
    assert seen.look(late=True) is ThreadState.RUNNING
    files.pass_time(10_000, 0)
    assert seen.look(late=True) is ThreadState.GIL


@pytest.mark.parametrize("how", ["refused", "unreadable"])
def test_where_system_calls_are_secret_locks_count_as_waiting(files, how):
    """A process that is not dumpable still has states."""
    getattr(files, how).add("syscall")
    files.syscall = b"202 0x9999 0x80"
    assert files.watch().look(late=False) is ThreadState.WAITING


def test_a_thread_without_files_has_no_watch(files):
    """The sampler is told so by an ``OSError``."""
    files.refused.add("stat")
    with pytest.raises(OSError):
        watch.ProcWatches().watch(1)


def test_an_unknown_delay_of_the_sampler_is_none(files):
    """Without scheduler statistics lateness is taken as it is."""
    files.refused.add("schedstat")
    assert watch.ProcWatches().own_delay_ns() == 0


def test_the_samplers_delay_is_its_threads(files):
    """It is read from the calling thread's file."""
    files.pass_time(0, 5, 42)
    watches = watch.ProcWatches()
    assert watches.own_delay_ns() == 42
    watches.close()
    assert watches._own is None
