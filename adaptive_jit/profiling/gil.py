"""Telling a thread that waits for the GIL from one that waits for some other lock.

Both sleep in the system call ``futex``. CPython 3.11 to 3.13 keeps the
mutexes and conditions of the main interpreter's GIL inside the static
structure ``_PyRuntime``, at offsets that differ between versions; all other
locks live on the heap or on a stack. The GNU C library gives the structure's
address and size (``dladdr1``), so no offset needs to be known or searched for.
Where that is not so (another C library, another processor, threads of a
subinterpreter), no wait is ever called a wait for the GIL.
"""

from __future__ import annotations

import os

_FUTEX_CALLS = {"x86_64": b"202", "aarch64": b"98"}
"""The number of ``futex`` by processor (the kernel's ``syscall.tbl`` and ``unistd.h``)."""

_RTLD_DL_SYMENT = 1


def find_runtime() -> range:
    """Return the addresses of ``_PyRuntime``; an empty range where they cannot be told."""
    try:
        import ctypes

        runtime = ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime")
        base = ctypes.addressof(runtime)
        return range(base, base + _symbol_size(base))
    except (ImportError, AttributeError, ValueError, OSError, TypeError):
        return range(0)


def _symbol_size(address: int) -> int:
    """The size in bytes of the symbol that begins at *address*, 0 if there is none."""
    import ctypes

    class Symbol(ctypes.Structure):
        """``Elf64_Sym`` of elf.h."""

        _fields_ = (
            ("name", ctypes.c_uint32),
            ("info", ctypes.c_ubyte),
            ("other", ctypes.c_ubyte),
            ("section", ctypes.c_uint16),
            ("value", ctypes.c_uint64),
            ("size", ctypes.c_uint64),
        )

    class Found(ctypes.Structure):
        """``Dl_info`` of dlfcn.h."""

        _fields_ = (
            ("file", ctypes.c_char_p),
            ("file_base", ctypes.c_void_p),
            ("name", ctypes.c_char_p),
            ("address", ctypes.c_void_p),
        )

    found, symbol = Found(), ctypes.POINTER(Symbol)()
    known = ctypes.CDLL(None).dladdr1(
        ctypes.c_void_p(address), ctypes.byref(found), ctypes.byref(symbol), _RTLD_DL_SYMENT
    )
    # A null pointer is false, whatever the type says.
    if not known or not bool(symbol) or found.address != address:
        return 0
    return int(symbol.contents.size)


def futex_call() -> bytes:
    """Return this processor's number of ``futex`` as ``syscall`` files write it, or ``b""``."""
    # 32-bit programs on a 64-bit kernel have other numbers.
    machine = os.uname().machine if hasattr(os, "uname") else ""
    return _FUTEX_CALLS.get(machine, b"")


def parse_futex(content: bytes, call: bytes) -> int | None:
    """Return the address on which a thread sleeps in ``futex``, ``None`` in any other case.

    *content* is a ``syscall`` file (proc(5)): the call's number and its
    arguments, or ``running``, or ``-1`` outside any call.
    """
    fields = content.split(None, 2)
    if len(fields) < 2 or fields[0] != call:
        return None
    return int(fields[1], 16)
