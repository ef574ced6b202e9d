"""Which two operations may be in flight together: nobody can tell in which order they were."""

from __future__ import annotations

import pytest

from adaptive_jit.records import Effect, EffectKind, Source, commute

DECLARED, CATALOGUE = Source.DECLARED, Source.CATALOGUE


def _of(kind: EffectKind, resource: str | None = None, source: Source = DECLARED) -> Effect:
    return Effect(kind, resource, source)


PURE = _of(EffectKind.PURE)
READS = _of(EffectKind.READS)
USERS = _of(EffectKind.READS, "users")
UNORDERED = _of(EffectKind.UNORDERED)
WRITES = _of(EffectKind.WRITES)
ORDERS = _of(EffectKind.WRITES, "orders")
NEW_USERS = _of(EffectKind.WRITES, "users")
UNKNOWN = _of(EffectKind.UNKNOWN)
CONSOLE = _of(EffectKind.WRITES, "console", CATALOGUE)
FILES = _of(EffectKind.WRITES, "files", CATALOGUE)
POST = _of(EffectKind.WRITES, "http", CATALOGUE)
GET = _of(EffectKind.READS, "http", CATALOGUE)
READ_FILE = _of(EffectKind.READS, "files", CATALOGUE)
ASKED_OF_USERS = Effect(EffectKind.UNORDERED, reading=USERS)

TOGETHER = {
    "two reads": (READS, USERS),
    "reads of one resource": (USERS, USERS),
    "a read and an unordered operation": (READS, UNORDERED),
    "pure beside unknown": (PURE, UNKNOWN),
    "pure beside a write": (PURE, WRITES),
    "unordered beside a write": (UNORDERED, WRITES),
    "a read beside the console": (READS, CONSOLE),
    "a named read beside the console": (USERS, CONSOLE),
    "a write beside the console": (ORDERS, CONSOLE),
    "two resources that the user named": (USERS, ORDERS),
    "two writes that the user named": (NEW_USERS, ORDERS),
    "unordered that reads what is not written": (ASKED_OF_USERS, ORDERS),
}

APART = {
    "a read and an unknown operation": (READS, UNKNOWN),
    "unordered beside unknown": (UNORDERED, UNKNOWN),
    "two unknown operations": (UNKNOWN, UNKNOWN),
    "a write and an unknown operation": (ORDERS, UNKNOWN),
    "a read and a write, both of anything": (READS, WRITES),
    "a read of anything and a named write": (READS, ORDERS),
    "a named read and a write of anything": (USERS, WRITES),
    "a read and a write of one resource": (USERS, NEW_USERS),
    "two writes of anything": (WRITES, WRITES),
    "two writes of one resource": (ORDERS, ORDERS),
    "a write of anything and a named one": (WRITES, ORDERS),
    "two lines on the console": (CONSOLE, CONSOLE),
    "resources that only the catalogue names": (GET, FILES),
    "a read of files and a request that writes": (READ_FILE, POST),
    "a resource of the user's and one of the catalogue": (USERS, FILES),
    "unordered that reads what is written": (ASKED_OF_USERS, NEW_USERS),
    "unordered that reads, beside a write of anything": (ASKED_OF_USERS, WRITES),
}


@pytest.mark.parametrize(("first", "second"), TOGETHER.values(), ids=TOGETHER)
def test_these_commute(first: Effect, second: Effect) -> None:
    """In either order."""
    assert commute(first, second)
    assert commute(second, first)


@pytest.mark.parametrize(("first", "second"), APART.values(), ids=APART)
def test_these_do_not(first: Effect, second: Effect) -> None:
    """In either order."""
    assert not commute(first, second)
    assert not commute(second, first)
