"""The plugin for pytest: somebody's suite with every function of a package decorated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LAID_OUT = Path(__file__).parent.parent / "laid_out"
SUITE = """
import sys
sys.path.insert(0, {folder!r})
import parcel
from adaptive_jit import stats


def test_pair():
    assert parcel.pair("a") == ["A", "A?"]
    assert stats(parcel.pair).phase.value == {phase!r}
"""


def run(tmp_path, phase, *options):
    suite = tmp_path / "test_parcel.py"
    suite.write_text(SUITE.format(folder=str(LAID_OUT), phase=phase))
    command = [sys.executable, "-m", "pytest", "-p", "adaptive_jit.testing.plugin", "-q"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *options, str(suite)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_a_suite_runs_with_a_package_forced(tmp_path):
    """Its results are those of pytest; what was decorated is told, and written where asked."""
    counts = tmp_path / "counts.json"
    options = ("--adaptive=parcel", "--adaptive-forced", f"--adaptive-counts={counts}")
    done = run(tmp_path, "forced", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "parcel: 16 functions decorated in 6 modules" in done.stdout
    (found,) = json.loads(counts.read_text())
    assert found["package"] == "parcel"
    assert found["decorated"] == 16
    assert found["left_alone"]["it is a generator function"] == 1
    assert found["counts"]["started"] > 0


def test_a_suite_runs_with_a_package_that_learns(tmp_path):
    done = run(tmp_path, "profiling", "--adaptive=parcel")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plugin_alone_changes_nothing(tmp_path):
    done = run(tmp_path, "forced")
    assert done.returncode == 1
    assert "is not an adaptive function" in done.stdout
