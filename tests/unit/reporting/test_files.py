"""Reports as files, now and at exit."""

import atexit
import json
import os

import pytest

from adaptive_jit.errors import AdaptiveWarning, ConfigurationError
from adaptive_jit.reporting import Report, install_exit_report, write_file
from tests.unit.reporting.samples import CPU_LOOP


@pytest.fixture
def exits(monkeypatch):
    """The functions registered for the end of the process."""
    registered = []
    monkeypatch.setattr(atexit, "register", registered.append)
    return registered


def test_the_extension_names_the_form(tmp_path):
    """Text, page or data."""
    for name in ("r.txt", "r.html", "r.JSON"):
        write_file(tmp_path / name, (CPU_LOOP,))
    report = Report((CPU_LOOP,))
    assert (tmp_path / "r.txt").read_text("utf-8") == report.text(width=100) + "\n"
    assert (tmp_path / "r.html").read_text("utf-8") == report.html()
    assert json.loads((tmp_path / "r.JSON").read_text("utf-8")) == report.as_dict()


@pytest.mark.parametrize("name", ["report", "report.pdf", ".json"])
def test_another_extension_is_refused(tmp_path, name):
    """The error says what is allowed, and nothing is written."""
    with pytest.raises(ConfigurationError, match=r"\.txt, \.html, \.json"):
        write_file(tmp_path / name, ())
    assert not any(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_and_no_remains(tmp_path, monkeypatch):
    """The file appears complete or not at all."""
    target = tmp_path / "r.txt"
    target.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", failing)
    with pytest.raises(OSError, match="disk full"):
        write_file(target, (CPU_LOOP,))
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def failing(*_):
    raise OSError("disk full")


def test_at_exit_the_report_is_written_where_the_program_started(tmp_path, monkeypatch, exits):
    """The program may have changed its folder meanwhile."""
    monkeypatch.chdir(tmp_path)
    install_exit_report("r.txt", lambda: (CPU_LOOP,))
    monkeypatch.chdir("/")
    exits[0]()
    assert "app.crunch" in (tmp_path / "r.txt").read_text("utf-8")


def test_a_failure_at_exit_is_one_warning(tmp_path, exits):
    """A program that has done its work does not fail because of its report."""
    install_exit_report(tmp_path / "absent" / "r.txt", lambda: (CPU_LOOP,))
    with pytest.warns(AdaptiveWarning, match="report was not written") as caught:
        exits[0]()
    assert len(caught) == 1


def test_a_forked_child_does_not_replace_its_parent_s_report(tmp_path, monkeypatch, exits):
    """Only the process that asked for the report writes it."""
    install_exit_report(tmp_path / "r.txt", lambda: (CPU_LOOP,))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    exits[0]()
    assert not any(tmp_path.iterdir())
