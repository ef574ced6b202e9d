"""The table of constructs says what the tests claim and what the library answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_is_up_to_date() -> None:
    """Run scripts/construct_table.py after a change of programs, rules or reasons."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "construct_table.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
