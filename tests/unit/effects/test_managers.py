"""Context managers in whose body operations may run ahead of each other."""

from __future__ import annotations

import contextlib
import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from adaptive_jit.effects.managers import enters_quietly


class _Stream(io.StringIO):
    """A class of one's own."""


class _Named:
    """Calls itself what it is not."""

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


_Named.__module__, _Named.__qualname__ = "contextlib", "suppress"


@pytest.mark.parametrize(
    "manager",
    [
        contextlib.suppress(),
        contextlib.nullcontext(),
        contextlib.closing(io.StringIO()),
        io.StringIO(),
        threading.Lock(),
        httpx.Client(),
        tempfile.SpooledTemporaryFile(),
        ThreadPoolExecutor(1),
    ],
    ids=lambda one: type(one).__name__,
)
def test_known_ones_enter_quietly(manager: Any) -> None:
    """Of exactly the known class."""
    assert enters_quietly(manager)


@pytest.mark.parametrize(
    "manager",
    [
        threading.RLock(),
        threading.Semaphore(),
        threading.Condition(),
        contextlib.ExitStack(),
        _Stream(),
        _Named(),
        object(),
    ],
    ids=lambda one: type(one).__name__,
)
def test_others_do_not(manager: Any) -> None:
    """A lock that may be taken again, a bound, a subclass, a name that is not true."""
    assert not enters_quietly(manager)


@pytest.mark.parametrize("name", ["__enter__", "__exit__"])
def test_a_patched_class_is_not_known(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces a method may do anything in it."""
    monkeypatch.setattr(httpx.Client, name, lambda self, *error: None)
    assert not enters_quietly(httpx.Client())
