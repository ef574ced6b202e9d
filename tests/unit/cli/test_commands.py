"""Each command: what it prints, where, and its exit code."""

import json
import re
from dataclasses import replace

import pytest

from adaptive_jit import cli, settings
from adaptive_jit.records.codec import encode
from adaptive_jit.reporting import Explanation, Report
from adaptive_jit.store import Store
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, REVERTED


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ADAPTIVE_JIT_CACHE_DIR", str(folder))
    monkeypatch.delenv("COLUMNS", raising=False)
    settings.refresh()
    yield str(folder)
    monkeypatch.undo()
    settings.refresh()


@pytest.fixture
def saved(cache):
    """Two runs, the second of which called one function only."""
    Store(cache).save((CPU_LOOP, REVERTED))
    Store(cache).save((CPU_LOOP,))


def refused(arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return caught.value.code


# ------------------------------------------------------------ in general


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["--nope"], ["report", "--nope"], ["explain"], ["clear", "a", "b"], ["run"]],
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    """Said on standard error."""
    assert refused(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_without_a_command_the_commands_are_listed(capsys):
    assert cli.main([]) == 2
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in cli.COMMANDS)


def test_every_command_exists_and_helps(capsys):
    """A command that is listed can be called."""
    for name in cli.COMMANDS:
        assert refused([name, "--help"]) == 0
        assert f"adaptive-jit {name}" in capsys.readouterr().out


def test_the_version_is_told(capsys):
    assert refused(["--version"]) == 0
    assert capsys.readouterr().out.startswith("adaptive-jit ")


def test_an_error_of_the_library_is_one_line_and_exit_code_1(monkeypatch, capsys):
    """A wrong variable is no reason for a traceback."""
    monkeypatch.setenv("ADAPTIVE_JIT_EVIDENCE", "0")
    settings.refresh()
    assert cli.main(["report"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("adaptive-jit: ADAPTIVE_JIT_EVIDENCE='0'")
    assert len(shown.splitlines()) == 1


# ------------------------------------------------------------ report, explain, clear


def test_report_shows_the_last_run(saved, capsys):
    assert cli.main(["report"]) == 0
    assert capsys.readouterr().out == Report((CPU_LOOP,)).text(width=88) + "\n"


def test_report_shows_a_file(tmp_path, capsys):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(encode((ANSWER, REVERTED))), encoding="utf-8")
    assert cli.main(["report", str(file)]) == 0
    assert capsys.readouterr().out == Report((ANSWER, REVERTED)).text(width=88) + "\n"


def test_report_as_json_is_what_report_reads(saved, tmp_path, capsys):
    """The output of one call is input of the next."""
    assert cli.main(["report", "--json"]) == 0
    file = tmp_path / "again.json"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert cli.main(["report", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == Report((CPU_LOOP,)).as_dict()


def test_report_writes_another_form(saved, tmp_path, capsys):
    target = tmp_path / "r.html"
    assert cli.main(["report", "-o", str(target)]) == 0
    assert target.read_text("utf-8") == Report((CPU_LOOP,)).html()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [["report"], ["explain", "answer"], ["clear", "answer"]])
def test_nothing_saved_says_how_to_save(arguments, capsys):
    assert cli.main(arguments) == 1
    assert "adaptive-jit run SCRIPT" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "", "[]", '{"library": "adaptive_jit", "format": 99}'])
def test_a_file_that_is_no_report_is_told(tmp_path, capsys, content):
    """Absent, empty, other JSON, or of a newer format."""
    file = tmp_path / "run.json"
    if content is not None:
        file.write_text(content)
    assert cli.main(["report", str(file)]) == 1
    assert str(file) in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told(saved, tmp_path, capsys):
    assert cli.main(["report", "-o", str(tmp_path / "absent" / "r.txt")]) == 1
    assert "was not written" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["app.crunch", "crunch"])
def test_explain_finds_a_function_by_its_last_parts(saved, capsys, name):
    assert cli.main(["explain", name]) == 0
    assert capsys.readouterr().out == Explanation(CPU_LOOP).text(width=88) + "\n"


def test_explain_shows_all_functions_of_that_name(cache, capsys):
    """Rather than guess."""
    Store(cache).save((CPU_LOOP, replace(CPU_LOOP, name="other.crunch")))
    assert cli.main(["explain", "crunch"]) == 0
    assert "2 functions" in capsys.readouterr().out


def test_explain_prefers_the_newest_source(cache, capsys):
    """An edited function is explained as it was last seen."""
    Store(cache).save((replace(CPU_LOOP, source_hash="old", reason="the old reason"),))
    Store(cache).save((replace(CPU_LOOP, source_hash="new", reason="the new reason"),))
    assert cli.main(["explain", "crunch"]) == 0
    assert "the new reason" in capsys.readouterr().out


def test_explain_suggests_the_nearest_name(saved, capsys):
    assert cli.main(["explain", "crunsh"]) == 1
    assert "did you mean app.crunch?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["app:crunch", "app.py:crunch", "{file}:crunch", "{folder}/app.py:crunch"]
)
def test_explain_finds_a_function_by_its_module_or_file(cache, capsys, name):
    """Also one of several of that name."""
    other = replace(CPU_LOOP, name="other.crunch", file="/home/ada/other.py")
    Store(cache).save((other, CPU_LOOP))
    folder, _, last = CPU_LOOP.file.rpartition("/")
    assert last == "app.py"
    assert cli.main(["explain", name.format(file=CPU_LOOP.file, folder=folder[1:])]) == 0
    assert capsys.readouterr().out == Explanation(CPU_LOOP).text(width=88) + "\n"


def test_explain_takes_a_file_as_it_is_seen_from_here(cache, capsys, tmp_path, monkeypatch):
    """Two programs' functions may have one name."""
    here = replace(CPU_LOOP, name="__main__.crunch", file=str(tmp_path / "one.py"))
    there = replace(here, file="/elsewhere/two.py", reason="the other one", source_hash="two")
    Store(cache).save((here, there))
    monkeypatch.chdir(tmp_path)
    for name in ("./one.py:crunch", "one.py:crunch"):
        assert cli.main(["explain", name]) == 0
        assert "the other one" not in capsys.readouterr().out
    assert cli.main(["explain", "two.py:crunch"]) == 0
    assert "the other one" in capsys.readouterr().out
    for name in ("one.py:other", "neone.py:crunch", ":nothing", "nothing", "../x/one.py:crunch"):
        assert cli.main(["explain", name]) == 1
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert cli.main(["explain", "../one.py:crunch"]) == 0


def test_explain_lists_a_few_nearest_names_of_many(cache, capsys):
    """One a line, and how to name one."""
    many = [f"app.{first}{last}" for first in "abcdefghijk" for last in ("_one", "_two")]
    Store(cache).save(tuple(replace(CPU_LOOP, name=name) for name in (*many, "app.no_such_thing")))
    assert cli.main(["explain", "xyz_such"]) == 1
    first, *listed, last = capsys.readouterr().err.splitlines()
    assert first == "adaptive-jit: no function is called xyz_such; the nearest of 23 are"
    assert listed[0] == "  app.no_such_thing"
    assert len(listed) == 5
    assert last == "name one as answer, app.answer, app:answer or app.py:answer"


def test_explain_as_json(saved, capsys):
    assert cli.main(["explain", "crunch", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == Explanation(CPU_LOOP).as_dict()


def test_clear_forgets_one_function_or_all(saved, cache, capsys):
    assert cli.main(["clear", "crunch"]) == 0
    assert [stats.name for stats in Store(cache).load()] == ["app.limited"]
    assert cli.main(["clear"]) == 0
    assert Store(cache).load() == ()
    assert capsys.readouterr().out.splitlines() == ["forgotten: 1 (app.crunch)", "forgotten: 1"]


# ------------------------------------------------------------ settings, doctor


def test_settings_show_value_origin_and_range(monkeypatch, capsys):
    """Every setting, and what the environment changed."""
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "8")
    settings.refresh()
    assert cli.main(["settings", "--json"]) == 0
    shown = {item["name"]: item for item in json.loads(capsys.readouterr().out)["settings"]}
    assert shown["window"]["value"] == 8
    assert shown["window"]["origin"] == "environment"
    assert shown["evidence"]["origin"] == "default"
    assert cli.main(["settings"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in shown)
    assert re.search(
        r"^  window +8 +environment +a whole number of at least 1$", text, re.MULTILINE
    )


def test_settings_show_the_table_with_the_wrong_value_marked(monkeypatch, capsys):
    """The exit code says that one is wrong."""
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "many")
    settings.refresh()
    assert cli.main(["settings"]) == 1
    text = capsys.readouterr().out
    row = re.compile(
        r"^  window +many +environment .*(\n {30,}.*)*\n    wrong: \w+WINDOW='many'", re.MULTILINE
    )
    assert row.search(text)
    assert text.count("wrong:") == 1
    assert re.search(r"^  evidence +20 +default ", text, re.MULTILINE)
    assert cli.main(["settings", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert list(data["errors"]) == ["window"]
    assert [item["value"] for item in data["settings"] if item["name"] == "window"] == ["many"]


def test_doctor_finds_this_machine_fit(capsys):
    """Tests run where the library runs."""
    assert cli.main(["doctor", "--json"]) == 0
    findings = {f["name"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert {"Python", "GIL", "cores", "wall clock", "CPU clock", "cache"} <= set(findings)
    assert all(findings[name]["state"] == "ok" for name in ("numpy", "scipy", "psutil", "rich"))
    assert cli.main(["doctor"]) == 0
    assert "all is well" in capsys.readouterr().out


def test_doctor_fails_on_a_wrong_setting_and_says_which(monkeypatch, capsys):
    """It is the command that people call when nothing else works."""
    monkeypatch.setenv("ADAPTIVE_JIT_WINDOW", "0")
    settings.refresh()
    assert cli.main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "problem" in shown
    assert "ADAPTIVE_JIT_WINDOW='0'" in shown
