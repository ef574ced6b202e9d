"""A type checker sees the decorated function's own type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def mypy(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mypy from the repository, with its configuration."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_strict_mypy_accepts_the_public_interface():
    """Decorators return the type that they were given; declarations and reports are typed."""
    done = mypy("tests/typing/api.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_strict_mypy_rejects_a_wrong_argument_of_a_decorated_function(tmp_path: Path):
    """The decorator does not widen a signature to Any."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from adaptive_jit import adaptive\n"
        "@adaptive\n"
        "def f(x: int) -> int:\n"
        "    return x\n"
        "f('text')\n"
    )
    done = mypy(str(wrong))
    assert "arg-type" in done.stdout, done.stdout + done.stderr
