"""What the library says while the program runs.

When something of ours fails: one warning, and the plain behaviour in its place.
"""

from __future__ import annotations

import warnings

from adaptive_jit.errors import FallbackWarning

_told: set[str] = set()
unraised: list[str] = []
"""Warnings that ``-W error`` would have turned into exceptions within a call."""


def warn_once(text: str) -> None:
    """Warn with *text*, once per process; never raises, for it may be called within a call."""
    if text in _told:
        return
    _told.add(text)
    try:
        warnings.warn(text, FallbackWarning, stacklevel=2)
    except FallbackWarning:
        import logging

        unraised.append(text)
        logging.getLogger("adaptive_jit").warning(text)


def told(text: str, *values: object) -> None:
    """Log a line at INFO, for who wants such lines from us: by the setting, or by the level.

    A program that logs at INFO itself has not asked for them.
    """
    import logging

    logger = logging.getLogger("adaptive_jit")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)  # the default of the setting, as `Settings.log` says
    logger.info(text, *values)


def failed(what: str, error: BaseException) -> None:
    """Warn that *what* failed with *error* and that the plain behaviour is in place.

    Without a word where the program is at its recursion limit: it is about to
    say so itself, or would have got along without the library's frames.
    """
    if isinstance(error, RecursionError):
        return
    warn_once(
        f"{what} failed ({type(error).__name__}: {error}); the plain behaviour is in place. "
        "Please report this"
    )
