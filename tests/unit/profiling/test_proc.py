"""Files of /proc: reading them without giving up the GIL, closing them, parsing them."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from adaptive_jit.profiling import proc

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"12 34 5\n")
    return str(file)


def test_a_kept_file_is_read_anew_each_time(path):
    """Each read begins at the start and sees the content of now."""
    kept = proc.KeptFile(path)
    assert kept.read() == kept.read() == b"12 34 5\n"
    with open(path, "wb") as file:
        file.write(b"9 9 9\n")
    assert kept.read() == b"9 9 9\n"


def test_without_ctypes_the_file_is_read_all_the_same(path, monkeypatch):
    """``os.pread`` is the fallback; it says the same."""
    monkeypatch.setattr(proc, "_reader", None)
    monkeypatch.setattr(proc, "_reader_loaded", True)
    kept = proc.KeptFile(path)
    assert kept._pread is None
    assert kept.read() == b"12 34 5\n"


def test_a_python_without_ctypes_has_no_reader(monkeypatch):
    """A missing ``ctypes`` is no error."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert proc._load_reader() is None


def test_a_missing_file_raises_and_leaves_nothing_open():
    """The caller learns that there is no such file."""
    with pytest.raises(OSError):
        proc.KeptFile("/nonexistent/file")


def test_a_dropped_file_is_closed(path):
    """No ``close`` is needed."""
    kept = proc.KeptFile(path)
    descriptor = kept._descriptor
    del kept
    with pytest.raises(OSError):
        os.fstat(descriptor)


def test_a_descriptor_that_someone_else_owns_by_now_is_not_closed(path, tmp_path):
    """A daemon that closed all descriptors keeps what it opened afterwards."""
    kept = proc.KeptFile(path)
    number = kept._descriptor
    with open(tmp_path / "other", "wb") as other:
        os.dup2(other.fileno(), number)
        kept.close()
        os.fstat(number)
    os.close(number)


def test_reading_a_closed_file_raises(path):
    """A closed descriptor is an error, never an empty content."""
    kept = proc.KeptFile(path)
    kept.close()
    with pytest.raises(OSError, match="cannot be read"):
        kept.read()


@linux
def test_the_file_of_an_ended_thread_cannot_be_read():
    """The sampler learns that a thread is gone by an ``OSError``."""
    opened, ended = threading.Event(), threading.Event()
    kept = []

    def run() -> None:
        kept.append(proc.thread_file(threading.get_native_id(), "stat"))
        opened.set()
        ended.wait()

    thread = threading.Thread(target=run)
    thread.start()
    opened.wait()
    assert kept[0].read()
    native_id = thread.native_id
    ended.set()
    thread.join()
    while os.path.exists(f"/proc/self/task/{native_id}"):
        pass
    with pytest.raises(OSError):
        kept[0].read()


def test_schedstat_gives_run_time_and_delay():
    """The first two of three numbers."""
    assert proc.parse_schedstat(b"5086767764 12056819 112\n") == (5086767764, 12056819)


@pytest.mark.parametrize("content", [b"", b"1 2", b"1 2 3 4", b"a b c"])
def test_anything_but_three_numbers_is_no_schedstat(content):
    """A foreign file is never taken for the thread's."""
    with pytest.raises(ValueError):
        proc.parse_schedstat(content)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"12 (python) S 1 2 3", "S"),
        (b"12 (a) R (b) D 1 2", "D"),
        (b"12 (spaces and )) R 1", "R"),
        (b"", ""),
    ],
)
def test_the_state_follows_the_name_whatever_the_name_is(content, state):
    """A command may be called ``a) R (b``."""
    assert proc.parse_state(content) == state
