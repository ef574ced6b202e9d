"""Where CPython keeps the GIL, and which sleeping threads wait there."""

from __future__ import annotations

import os
import platform
import sys

import pytest

from adaptive_jit.profiling import gil

glibc = pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="needs glibc"
)


@glibc
def test_the_runtime_structure_is_found_with_its_size():
    """Its address is the exported symbol's, its size that of a real structure."""
    import ctypes

    runtime = gil.find_runtime()
    assert runtime.start == ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    assert len(runtime) > 10_000


@glibc
def test_an_address_inside_a_symbol_is_not_its_beginning():
    """What does not begin with a symbol has no known size."""
    assert gil._symbol_size(gil.find_runtime().start + 8) == 0


def test_a_python_without_ctypes_has_no_known_runtime(monkeypatch):
    """Then no wait is ever called a wait for the GIL."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert len(gil.find_runtime()) == 0


@pytest.mark.parametrize(
    ("content", "address"),
    [
        (b"202 0x7f5e 0x80 0x0 0x0 0x0 0x0 0x1 0x2\n", 0x7F5E),
        (b"7 0x7f5e 0x1 0x2 0x0 0x0 0x0 0x1 0x2\n", None),
        (b"running\n", None),
        (b"-1 0x7ffd 0x7f5e\n", None),
        (b"", None),
    ],
)
def test_only_a_futex_has_an_address(content, address):
    """The file's first field is the system call's number, the next its first argument."""
    assert gil.parse_futex(content, b"202") == address


def test_on_an_unknown_processor_nothing_is_a_futex(monkeypatch):
    """The number of ``futex`` is not guessed."""

    class Uname:
        machine = "riscv64"

    monkeypatch.setattr(os, "uname", Uname, raising=False)
    assert gil.futex_call() == b""
    assert gil.parse_futex(b" 0x1 0x2", gil.futex_call()) is None
