"""What ``doctor`` looks at; every finding is read from this machine at the moment of asking."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from adaptive_jit.cli.doctor import Finding, State
from adaptive_jit.engine import interpreter
from adaptive_jit.reporting import words

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPENDENCIES = ("numpy", "scipy", "psutil", "rich")
EXTRAS = {
    "process": ("loky",),
    "dask": ("distributed",),
    "otel": ("opentelemetry-api",),
    "demo": ("httpx", "openai"),
}
FINEST_USEFUL = 1e-3
"""Seconds; a coarser CPU clock cannot tell waiting from computing in short operations
(study of decisions, section 7: at 10 ms ticks 37 % of 5 ms CPU operations are misjudged)."""


def examine() -> Iterator[Finding]:
    """Yield one finding after the other, the most basic first."""
    yield python()
    yield gil()
    yield cores()
    yield thread_accounting()
    yield from clocks()
    yield from map(dependency, DEPENDENCIES)
    yield settings_in_force()
    yield from cache_folder()
    yield from (extra(name, packages) for name, packages in EXTRAS.items())


def python() -> Finding:
    """Return the interpreter; code objects are swapped in ways checked on CPython 3.11 to 3.13."""
    value = f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}"
    if interpreter.is_tried():
        return Finding("Python", State.OK, value)
    if sys.implementation.name != "cpython":
        return Finding("Python", State.PROBLEM, value, "only CPython is supported")
    with warnings.catch_warnings():  # what would be warned of is said here
        warnings.simplefilter("ignore")
        failed = interpreter.objection()
    if failed is not None:
        return Finding("Python", State.PROBLEM, value, "never tried, and the self-check fails")
    return Finding("Python", State.NOTE, value, "never tried; the self-check passes")


def gil() -> Finding:
    """Return whether the interpreter has its lock; without it (3.13t) nothing is wrong either."""
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    if enabled:
        return Finding("GIL", State.OK, "on")
    return Finding("GIL", State.NOTE, "off", "profiles assume that it is on")


def cores() -> Finding:
    """Return how many cores this process may use: installed, by affinity, by its control group."""
    installed = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else installed
    parts = [f"{usable} of {installed} usable"]
    quota = cgroup_cores()
    if quota is not None:
        parts.append(f"limited to {quota:g} by the control group")
    return Finding("cores", State.OK, ", ".join(parts))


def cgroup_cores(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return the share of cores that the control group allows; `None` for no limit."""
    for quota_file, period_file in (
        ("cpu.max", None),
        ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"),
    ):
        try:
            fields = (root / quota_file).read_text(encoding="ascii").split()
            if period_file:
                fields += (root / period_file).read_text(encoding="ascii").split()
            quota, period = float(fields[0]), float(fields[1])
        except (OSError, ValueError, IndexError):
            continue  # "max" is no number: no limit
        return quota / period if quota > 0 and period > 0 else None
    return None


def thread_accounting(proc: Path = Path("/proc")) -> Finding:
    """Return whether run-queue delay and thread states can be read."""
    thread = proc / "self" / "task" / str(threading.get_native_id())
    missing = [name for name in ("schedstat", "stat") if not _is_readable(thread / name)]
    if not missing:
        return Finding("/proc", State.OK, "run-queue delay and thread states readable")
    return Finding(
        "/proc", State.NOTE, f"no {' and '.join(missing)}",
        "verdicts are less certain while the machine is busy",
    )  # fmt: skip


def _is_readable(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def clocks() -> Iterator[Finding]:
    """Yield the steps of the clocks that operations are measured with."""
    steps = {
        "wall clock": time.get_clock_info("perf_counter").resolution,
        "CPU clock": time.get_clock_info("thread_time").resolution,
    }
    for title, step in steps.items():
        value = f"steps of {words.seconds(step)}"
        if step <= FINEST_USEFUL:
            yield Finding(title, State.OK, value)
        else:
            yield Finding(title, State.NOTE, value, "short operations stay undecided")


def dependency(name: str) -> Finding:
    """Return the installed version of a package that the library needs."""
    version = _version(name)
    if version is None:
        return Finding(name, State.PROBLEM, "missing", f"pip install {name}")
    return Finding(name, State.OK, version)


def extra(name: str, packages: tuple[str, ...]) -> Finding:
    """Return whether the packages of an optional extra are installed."""
    versions = {package: _version(package) for package in packages}
    absent = [package for package, version in versions.items() if version is None]
    if absent:
        what = f"not installed: {', '.join(absent)}"
        return Finding(f"extra {name}", State.INFO, what, f'pip install "adaptive-jit[{name}]"')
    value = ", ".join(f"{package} {version}" for package, version in versions.items())
    return Finding(f"extra {name}", State.OK, value)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def settings_in_force() -> Finding:
    """Return whether the settings of the environment are allowed, and which are changed."""
    from adaptive_jit import settings
    from adaptive_jit.errors import ConfigurationError

    try:
        changed = [name for name, origin in settings.origins().items() if origin != "default"]
    except ConfigurationError as error:
        return Finding("settings", State.PROBLEM, "refused", str(error))
    return Finding("settings", State.OK, ", ".join(changed) or "all default")


def cache_folder() -> Iterator[Finding]:
    """Yield whether profiles can be kept between runs; nothing if the settings are refused."""
    from adaptive_jit import settings
    from adaptive_jit.errors import ConfigurationError

    try:
        folder = settings.current().cache_dir
    except ConfigurationError:
        return
    if folder is None:
        yield Finding("cache", State.NOTE, "no folder", "nothing is remembered between runs")
    elif (error := _why_not_writable(Path(folder))) is None:
        yield Finding("cache", State.OK, folder)
    else:
        yield Finding("cache", State.NOTE, folder, f"nothing is remembered: {error}")


def _why_not_writable(folder: Path) -> str | None:
    """Return why no file can be made in *folder*, which is created; `None` if one can."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)
