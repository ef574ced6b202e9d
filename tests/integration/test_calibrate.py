"""``adaptive-jit calibrate`` in a process, and a program in another one that reckons with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """\
import json
from adaptive_jit import adaptive
from adaptive_jit.engine import registry
from adaptive_jit.strategies import strategy


def ask(x):
    return eval("x")


@adaptive
def both(x):
    a = ask(x)
    b = ask(x)
    return a, b


both(1)
decider = registry.controller_of(both).decider
print(json.dumps([strategy("thread").dispatch_seconds(), decider._machine._startup]))
"""


def test_what_was_calibrated_is_what_a_later_program_reckons_with(tmp_path: Path) -> None:
    """Also what is shown."""
    environment = {
        **os.environ, "ADAPTIVE_JIT_CACHE_DIR": str(tmp_path / "cache"), "ADAPTIVE_JIT_PERSIST": "1",
    }  # fmt: skip
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    outputs = []
    for command in (["-m", "adaptive_jit", "calibrate", "--json"], [str(script)]):
        done = subprocess.run(
            [sys.executable, *command],
            capture_output=True, text=True, check=False, timeout=60, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs.append(json.loads(done.stdout))
    shown, reckoned = outputs
    costs = {cost["name"]: cost["seconds"] for cost in shown["costs"]}
    assert reckoned == [costs["hand-over"], costs["first hand-over"]]
    assert shown["kept"] == str(tmp_path / "cache")
