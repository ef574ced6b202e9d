"""The pages of supported libraries say what the catalogue says."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "libraries"
SCRIPT = ROOT / "scripts" / "library_pages.py"


def _generator() -> Any:
    spec = importlib.util.spec_from_file_location("library_pages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()
WANTED = GENERATOR.pages()


def test_the_pages_are_up_to_date() -> None:
    """Run scripts/library_pages.py after a change of the catalogue."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_that_differs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that is missing or left over."""
    monkeypatch.setattr(GENERATOR, "PAGES", tmp_path)
    assert GENERATOR.main([]) == 0
    assert GENERATOR.main(["--check"]) == 0
    (tmp_path / "index.md").write_text("else")
    assert GENERATOR.main(["--check"]) == 1
    (tmp_path / "gone.md").write_text("left over")
    assert GENERATOR.main([]) == 0
    assert not (tmp_path / "gone.md").exists()
    (tmp_path / "boto3.md").unlink()
    assert GENERATOR.main(["--check"]) == 1


@pytest.mark.parametrize("name", sorted(WANTED))
def test_code_on_a_page_can_be_read_by_python(name: str) -> None:
    """The lines to write are Python."""
    for block in re.findall(r"^```python\n(.*?)^```$", WANTED[name], re.MULTILINE | re.DOTALL):
        ast.parse(block)


def test_every_file_of_the_catalogue_has_a_page_and_is_listed() -> None:
    """And each name of the catalogue stands on its page."""
    for path in GENERATOR.SOURCE.glob("*.toml"):
        text = WANTED[f"{path.stem}.md"]
        assert f"({path.stem}.md)" in WANTED["index.md"]
        data = GENERATOR.tomllib.loads(path.read_text())
        for entry in data.get("calls", ()):
            for full in GENERATOR.expanded(entry["names"]):
                last = re.split(r"[.:]", full)[-1]
                assert f"`{last}`" in text, full


def test_what_stays_in_order_says_why() -> None:
    """Every entry that is unknown gives its reason."""
    for path in GENERATOR.SOURCE.glob("*.toml"):
        data = GENERATOR.tomllib.loads(path.read_text())
        for entry in data.get("calls", ()):
            if entry["effect"] == "unknown":
                assert entry.get("reason"), entry["names"]
