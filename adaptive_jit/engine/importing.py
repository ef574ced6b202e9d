"""Whether the calling thread is in the middle of an import.

An operation in another thread that imports the same module would wait for
the module's lock, which this thread holds, while this thread waits for the
operation. CPython detail: the import system's frames are those of the frozen
module ``importlib._bootstrap`` (3.11 to 3.13).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

MOST_FRAMES = 256
"""Frames looked at (about 20 ns each): imports that run programs are not deeper."""

_BOOTSTRAP = "<frozen importlib._bootstrap>"


def is_importing() -> bool:
    """Return whether an import is under way in this thread."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MOST_FRAMES):
        if frame is None:
            return False
        if frame.f_code.co_filename == _BOOTSTRAP:
            return True
        frame = frame.f_back
    return False
