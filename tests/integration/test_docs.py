"""Everything that the documentation shows can be done."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
SHELL_WORDS = {"cd", "export", "source", "set"}
COMMANDS = {"pytest", "adaptive-jit", "pip", "python", "python3", "git"}


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of *page* in *language*."""
    return [code for name, code in BLOCK.findall(page.read_text()) if name == language]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_python_block_runs(page: Path, tmp_path: Path):
    """The blocks of a page, one after the other, are a program that runs without a warning."""
    program = "\n\n".join(blocks(page, "python"))
    if not program:
        pytest.skip("shows no Python")
    script = tmp_path / "page.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "ADAPTIVE_JIT_PERSIST": "0", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def commands(block: str) -> list[list[str]]:
    """The commands of a shell block, word by word, without assignments in front."""
    found = []
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"^[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            found.append(words)
    return found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_shell_command_exists(page: Path):
    """Commands are known programs or scripts of this repository; subcommands are real."""
    for block in blocks(page, "bash"):
        for words in commands(block):
            first = words[0]
            if first in SHELL_WORDS:
                continue
            if "/" in first:
                assert os.access(ROOT / first, os.X_OK), words
            else:
                assert first in COMMANDS, words
            if first == "adaptive-jit" and len(words) > 1 and not words[1].startswith("-"):
                assert words[1] in subcommands(), words


def subcommands() -> set[str]:
    """What `adaptive-jit --help` lists."""
    done = subprocess.run(
        [sys.executable, "-m", "adaptive_jit", "--help"], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"[a-z]+", done.stdout))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path):
    """A link to a file of the repository names one that exists."""
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_settings_table_is_complete():
    """docs/settings.md names each setting with its default, and no other."""
    from dataclasses import fields

    from adaptive_jit import Settings

    text = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))
    assert documented == {field.name.upper() for field in fields(Settings)}


def test_scripts_are_executable():
    """A newcomer can start each script by its name."""
    for script in ("scripts/test", "scripts/demo", "scripts/lint", "scripts/bench", ".ci/run"):
        assert os.access(ROOT / script, os.X_OK), script
        assert shutil.which("bash")
        subprocess.run(["bash", "-n", str(ROOT / script)], check=True)
