"""A helper that reads and calls a model waits for the writes that its reads would wait for."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import time
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from adaptive_jit import reads, unordered, writes
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.records import Effect, EffectKind, Source, commute
from adaptive_jit.records.effects import FILES, HTTP_ELSEWHERE

FILE = Effect(EffectKind.WRITES, FILES, Source.CATALOGUE)
DATABASE = Effect(EffectKind.WRITES, "database", Source.CATALOGUE)
CONSOLE = Effect(EffectKind.WRITES, "console", Source.CATALOGUE)
NAMED = Effect(EffectKind.WRITES, "settings", Source.DECLARED)
MODEL = "https://api.example.com/v1/chat/completions"
SETTINGS = {"model": "small"}


def complete(prompt: str) -> str:
    return prompt


def fetched(number: int) -> str:
    return str(number)


def set_up(number: int) -> int:
    return number


@pytest.fixture(autouse=True)
def _declared() -> None:
    unordered(complete)
    reads("orders")(fetched)
    writes(FILES)(set_up)


def summarised(path: str) -> str:
    return complete(Path(path).read_text())


def row_summarised(path: str) -> str:
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT name FROM people").fetchone()
    return complete(row[0])


def of_the_environment(prompt: str) -> str:
    return complete(prompt + os.environ.get("HOME", ""))


def by_a_setting(prompt: str) -> str:
    return complete(prompt + SETTINGS["model"])


def slept(prompt: str) -> str:
    time.sleep(0.001)
    return prompt + SETTINGS["model"]


def told(number: int) -> str:
    return complete(fetched(number))


def through_another(path: str) -> list[str]:
    return [summarised(path)]


def asked(prompt: str) -> list[str]:
    return [complete(prompt + "!")]


def set_up_twice(number: int) -> list[int]:
    return [set_up(number), set_up(number)]


def judged(function: Any, argument: Any) -> Effect:
    found = effect_of(function, (argument,), {})
    assert found.kind is EffectKind.UNORDERED, found.reason
    return found


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "people.db")


@pytest.mark.parametrize("function", [summarised, row_summarised, through_another])
def test_what_a_model_call_is_fed_with_waits_for_its_writes(function: Any, path: str) -> None:
    """Unordered is what the call is; what is read before it is read, too."""
    Path(path).touch()
    found = judged(function, path)
    write = DATABASE if function is row_summarised else FILE
    assert not commute(found, write)
    assert not commute(write, found)
    assert commute(found, CONSOLE)
    assert commute(found, found)


@pytest.mark.parametrize("function", [by_a_setting, slept, told])
def test_names_of_the_users_count_only_on_what_was_declared_itself(function: Any) -> None:
    """A function that is declared to write may change variables; so does the proof of another."""
    found = judged(function, 1 if function is told else "a")
    assert not commute(found, NAMED)
    assert not commute(found, FILE) or function is not told


def test_a_model_call_alone_still_passes_writes() -> None:
    """The twin: nothing is read."""
    found = judged(asked, "a")
    assert found.reading is None
    assert commute(found, FILE)
    assert commute(found, DATABASE)
    assert commute(found, NAMED)


def test_a_helper_that_reads_the_environment_waits_for_writes() -> None:
    """Whoever writes may set it."""
    assert not commute(judged(of_the_environment, "a"), NAMED)


def test_certificates_are_local_files() -> None:
    """A request that is given paths reads them."""
    for named in ({"verify": "ca.pem"}, {"cert": "me.pem"}, {"cert": ("me.pem", "key.pem")}):
        found = effect_of(httpx.post, (MODEL,), {"json": {}, **named})
        assert found.kind is EffectKind.UNORDERED
        assert not commute(found, FILE)
    assert commute(effect_of(httpx.post, (MODEL,), {"json": {}, "verify": True}), FILE)


def test_a_users_resource_with_a_name_of_ours_is_not_ours() -> None:
    """``@writes("files")`` says nothing of what else is written."""
    remote = Effect(EffectKind.READS, HTTP_ELSEWHERE, Source.CATALOGUE)
    assert commute(remote, FILE)
    assert not commute(remote, dataclasses.replace(FILE, source=Source.DECLARED))
    found = effect_of(set_up_twice, (1,), {})
    assert found.kind is EffectKind.WRITES
    assert not commute(remote, found)


def test_the_same_line_may_read_with_one_receiver_and_call_a_model_with_another() -> None:
    """All that may be done counts."""
    from adaptive_jit.effects.merging import worse

    read = Effect(EffectKind.READS, FILES, Source.CATALOGUE)
    model = Effect(EffectKind.UNORDERED, "http", Source.CATALOGUE)
    for found in (worse(read, model), worse(model, read)):
        assert found.kind is EffectKind.UNORDERED
        assert not commute(found, FILE)
    assert commute(worse(model, model), FILE)
    other = Effect(EffectKind.READS, HTTP_ELSEWHERE, Source.CATALOGUE)
    assert not commute(worse(read, other), FILE)
    assert effect_of(urllib.request.urlopen, ("http://localhost/x",), {}).reading is None
