"""What is set up once, at the first decoration: the report and the store at exit, log level."""

from __future__ import annotations

from adaptive_jit import reporting, store
from adaptive_jit.engine import registry
from adaptive_jit.settings import current

_installed = False


def install() -> None:
    """Arrange for what happens at exit, as the settings ask; once."""
    global _installed
    if _installed:
        return
    _installed = True
    settings = current()
    if settings.report is not None:
        reporting.install_exit_report(settings.report, registry.all_stats)
    if settings.persist:
        store.install(registry.all_stats, settings.cache_dir)
    if settings.log != "warning":
        import logging

        logging.getLogger("adaptive_jit").setLevel(settings.log.upper())
