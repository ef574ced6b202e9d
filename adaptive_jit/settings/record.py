"""One complete set of settings, and how the environment fills it."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from adaptive_jit.errors import ConfigurationWarning
from adaptive_jit.settings.rules import (
    PREFIX,
    RULES,
    THRESHOLDS,
    check_thresholds,
    checked,
    nearest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """One complete set of settings; each value is checked when the record is made.

    Shares and ratios are plain numbers; ``io_threshold`` and
    ``cpu_threshold`` are CPU time over wall time, below which an operation
    counts as I/O and above which as CPU. ``evidence`` is in odds,
    ``profile_calls`` in calls, the budgets in shares of running time,
    ``max_workers`` in threads of the whole process, ``window`` in operations
    ahead of the program. ``cache_dir`` is ``None`` where the platform names
    no folder for caches; ``report`` is a file written at exit, or ``None``.
    """

    enabled: bool = True
    strategy: str = "auto"
    io_threshold: float = 0.3
    cpu_threshold: float = 0.7
    min_predicted_speedup: float = 1.2
    min_speedup: float = 1.05
    evidence: float = 20.0
    profile_calls: int = 2
    trial_budget: float = 0.02
    probe_budget: float = 0.02
    max_workers: int = 64
    window: int = 64
    effects: str = "proved"
    persist: bool = True
    cache_dir: str | None = None
    log: str = "warning"
    report: str | None = None

    def __post_init__(self) -> None:
        for name in RULES:
            object.__setattr__(self, name, checked(name, getattr(self, name)))
        check_thresholds(both := {name: getattr(self, name) for name in THRESHOLDS}, both)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings that *environ* and the defaults give.

        Raises ``ConfigurationError`` for a value that is not allowed; warns
        with ``ConfigurationWarning`` for an unknown ``ADAPTIVE_JIT_*`` name.
        """
        settings, _ = read_environ(environ)
        warn_of_unknown_names(environ)
        return settings


def read_environ(environ: Mapping[str, str]) -> tuple[Settings, frozenset[str]]:
    """Return the settings and the names of those that *environ* gives.

    Raises ``ConfigurationError`` naming the variable, its value and what is allowed.
    """
    defaults = Settings(cache_dir=_platform_cache(environ), persist=not _under_pytest(environ))
    values = {
        name: checked(name, environ[variable], written=variable)
        for name in RULES
        if environ.get(variable := PREFIX + name.upper(), "").strip()
    }
    in_force = {name: getattr(defaults, name) for name in THRESHOLDS}
    check_thresholds(values, in_force, PREFIX, "default")
    return merged(defaults, values), frozenset(values)


def merged(weaker: Settings, values: Mapping[str, Any]) -> Settings:
    """Return *weaker* with *values*, already checked, in place of its own."""
    result = {field.name: getattr(weaker, field.name) for field in fields(weaker)}
    result.update(values)
    if result["io_threshold"] > result["cpu_threshold"]:
        # The weaker source gives way: the stronger one said what it wants.
        if "io_threshold" in values:
            result["cpu_threshold"] = result["io_threshold"]
        else:
            result["io_threshold"] = result["cpu_threshold"]
    return Settings(**result)


def columns(environ: Mapping[str, str] = os.environ) -> int | None:
    """Return the width that ``COLUMNS`` asks of what is printed, ``None`` if it gives none."""
    asked = environ.get("COLUMNS", "").strip()
    return int(asked) or None if asked.isascii() and asked.isdigit() and len(asked) < 6 else None


def warn_of_unknown_names(environ: Mapping[str, str]) -> None:
    """Warn once per ``ADAPTIVE_JIT_*`` name that is no setting, with the nearest name."""
    known = tuple(PREFIX + name.upper() for name in RULES)
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known:
            warnings.warn(
                f"environment variable {variable} is not a setting; {nearest(variable, known)}",
                ConfigurationWarning,
                stacklevel=2,
            )


def _under_pytest(environ: Mapping[str, str]) -> bool:
    """Whether a test run asks; its profiles must not leak into the next run.

    pytest sets the variables since 3.2 (while a test runs) and 8.2 (always);
    before 8.2 only the loaded module tells while tests are being collected.
    """
    named = "PYTEST_VERSION" in environ or "PYTEST_CURRENT_TEST" in environ
    return named or (environ is os.environ and "_pytest.main" in sys.modules)


def _platform_cache(environ: Mapping[str, str]) -> str | None:
    """Return this library's folder under the platform's folder for caches, or ``None``."""
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA") or ""
    elif sys.platform == "darwin":
        base = os.path.join(_home(environ), "Library", "Caches")
    else:
        base = environ.get("XDG_CACHE_HOME") or ""
        # The XDG base directory specification: a relative path is to be ignored.
        if not os.path.isabs(base):
            base = os.path.join(_home(environ), ".cache")
    return os.path.join(base, "adaptive_jit") if os.path.isabs(base) else None


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")
