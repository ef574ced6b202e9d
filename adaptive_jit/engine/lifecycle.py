"""What is set up once, at the first decoration: the report and the store at exit, log level."""

from __future__ import annotations

import atexit

from adaptive_jit import reporting, store
from adaptive_jit.engine import registry
from adaptive_jit.settings import current

_installed = False


def install() -> None:
    """Arrange for what happens at exit, as the settings ask; once."""
    global _installed
    if _installed:
        return
    settings = current()
    _installed = True  # not before: a wrong environment may be mended and asked again
    atexit.register(registry.retire)  # the first registered here runs last
    if settings.report is not None:
        reporting.install_exit_report(settings.report, registry.all_stats)
    store.install(registry.stats_to_keep, settings.cache_dir, registry.memories_to_keep)
    if settings.log != "warning":
        _log(settings.log.upper())


def _log(level: str) -> None:
    """Log from *level* on, to standard error where the program has no place for log records."""
    import logging

    logger = logging.getLogger("adaptive_jit")
    logger.setLevel(level)
    # logging.lastResort, which speaks for programs without any, is deaf below WARNING.
    last = logging.StreamHandler()
    last.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    last.addFilter(lambda _: not logging.root.handlers and logger.handlers == [last])
    logger.addHandler(last)
