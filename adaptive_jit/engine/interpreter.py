"""Whether the interpreter is one on which functions may be given other code.

The versions in `TRIED` run the library's tests. On any other one the self-check
(`adaptive_jit.engine.self_check`) comes first; where it finds a difference, every
function is left alone.
"""

from __future__ import annotations

import functools
import sys

from adaptive_jit.engine.fallback import warn_once

TRIED = ((3, 11), (3, 12), (3, 13))
"""Versions of CPython on which the library's own tests run."""

FAILED = "this Python has never been tried, and the self-check does not pass on it"


def version() -> tuple[int, int]:
    """Return the major and minor number of the running interpreter."""
    return sys.version_info[0], sys.version_info[1]


def is_tried() -> bool:
    """Return whether the library's tests run on this interpreter."""
    return sys.implementation.name == "cpython" and version() in TRIED


def objection() -> str | None:
    """Why no function may be adapted on this interpreter; warns once if there is a reason."""
    return None if is_tried() else _judged(sys.implementation.name, version())


@functools.cache
def _judged(name: str, number: tuple[int, int]) -> str | None:
    if name != "cpython":
        found: str | None = "only CPython is supported"
    else:
        from adaptive_jit.engine.self_check import difference

        found = difference()
    if found is None:
        return None
    warn_once(
        f"adaptive_jit has never been tried on {name} {number[0]}.{number[1]} ({found}): "
        "every function runs as it is written"
    )
    return FAILED
