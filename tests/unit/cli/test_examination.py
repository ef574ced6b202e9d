"""What ``doctor`` reads from a machine."""

import sys

import pytest

from adaptive_jit.cli import examination
from adaptive_jit.cli.doctor import State


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, None),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "nonsense"}, None),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, None),
    ],
)
def test_the_control_group_s_limit_is_read(tmp_path, files, cores):
    """Version 2 and version 1 of Linux control groups; no limit is `None`."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert examination.cgroup_cores(tmp_path) == cores


def test_missing_thread_accounting_is_a_note(tmp_path):
    """The library works without it, with less certain verdicts."""
    found = examination.thread_accounting(tmp_path)
    assert found.state is State.NOTE
    assert "schedstat" in found.value


@pytest.mark.parametrize(
    ("name", "version", "state"),
    [
        ("pypy", (3, 11, 0), State.PROBLEM),
        ("cpython", (3, 11, 7), State.OK),
        ("cpython", (3, 13, 0), State.OK),
        ("cpython", (3, 14, 0), State.NOTE),
    ],
)
def test_interpreters_are_judged(monkeypatch, name, version, state):
    monkeypatch.setattr(sys.implementation, "name", name)
    monkeypatch.setattr(sys, "version_info", version)
    assert examination.python().state is state


def test_a_missing_dependency_is_a_problem_and_a_missing_extra_is_not():
    """Extras are optional; what to install is said for both."""
    missing = examination.dependency("no-such-package-exists")
    assert (missing.state, missing.consequence) == (
        State.PROBLEM, "pip install no-such-package-exists",
    )  # fmt: skip
    absent = examination.extra("dask", ("no-such-package-exists",))
    assert absent.state is State.INFO
    assert "adaptive-jit[dask]" in absent.consequence


def test_a_coarse_clock_is_a_note(monkeypatch):
    """At 10 ms ticks short operations cannot be judged by their CPU time."""
    monkeypatch.setattr("time.get_clock_info", lambda name: type("", (), {"resolution": 0.01}))
    assert {found.state for found in examination.clocks()} == {State.NOTE}


def test_a_cache_that_cannot_be_written_is_a_note(tmp_path, monkeypatch):
    """Nothing fails because of it."""
    (tmp_path / "file").write_text("in the way")
    from adaptive_jit import settings

    with settings.override(cache_dir=str(tmp_path / "file")):
        (found,) = examination.cache_folder()
    assert found.state is State.NOTE
    assert "nothing is remembered" in found.consequence
