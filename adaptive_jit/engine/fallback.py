"""When something of ours fails: one warning, and the plain behaviour in its place."""

from __future__ import annotations

import warnings

from adaptive_jit.errors import FallbackWarning

_told: set[str] = set()


def warn_once(text: str) -> None:
    """Warn with *text*, once per process."""
    if text not in _told:
        _told.add(text)
        warnings.warn(text, FallbackWarning, stacklevel=2)


def failed(what: str, error: BaseException) -> None:
    """Warn that *what* failed with *error* and that the plain behaviour is in place."""
    warn_once(
        f"{what} failed ({type(error).__name__}: {error}); the plain behaviour is in place. "
        "Please report this"
    )
