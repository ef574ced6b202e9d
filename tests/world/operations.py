"""Operations on the world, declared as their users would declare them.

The answers tell the version of the world that was seen: whatever starts on the wrong
side of a write or an unknown call gives another answer.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from adaptive_jit import pure, reads, unordered, writes
from world.model import current


class Refused(Exception):
    """What failing operations raise."""


class Record:
    """A result with plain attributes."""

    def __init__(self, key: int, version: int) -> None:
        self.key = key
        self.name = f"name{key}"
        self.version = version
        self.inner = SimpleNamespace(value=key * 3, tags=[f"t{key}"])


@reads
def fetch(key: Any) -> int:
    """Return a number."""
    return current().perform("fetch", "reads", key, lambda v: 1000 * v + _number(key))


@reads
def second(key: Any) -> int:
    """Return another number."""
    return current().perform("second", "reads", key, lambda v: 1000 * v + _number(key) + 7)


@reads
def document(key: int) -> dict[str, Any]:
    """Return a dict of plain values."""

    def answer(version: int) -> dict[str, Any]:
        return {
            "id": key,
            "text": f"text{key}.{version}",
            "items": [key, key + 1, key + 2],
            "meta": {"lang": "en", "size": key * 2},
        }

    return current().perform("document", "reads", key, answer)


@reads
def page(key: int, last: int = 20) -> dict[str, Any]:
    """Return a page of two items, with the key of the next one up to *last*."""
    follows = key + 10 if key < last else None
    return current().perform(
        "page", "reads", key, lambda _: {"items": [key, key + 1], "next": follows}
    )


@reads
def pair(key: int) -> tuple[int, int]:
    """Return a tuple of two numbers."""
    return current().perform("pair", "reads", key, lambda v: (key + 1000 * v, key * 2))


@reads
def numbers(count: int) -> list[int]:
    """Return a list of numbers."""
    return current().perform(
        "numbers", "reads", count, lambda v: [n + 1000 * v for n in range(count)]
    )


@reads
def record(key: int) -> Record:
    """Return an object with plain attributes."""
    return current().perform("record", "reads", key, lambda v: Record(key, v))


@reads
def flag(key: Any, value: Any) -> Any:
    """Return *value*, as fetched."""
    return current().perform("flag", "reads", (key, value), lambda _: value)


@reads
def read_back(key: Any, options: Any = None) -> Any:
    """Return both arguments' frozen state and the version."""
    return current().perform(
        "read_back", "reads", (key, options), lambda v: (str(key), str(options), v)
    )


@reads
def refuse(key: Any, bad: bool = True) -> int:
    """Raise if *bad*, after having been in flight like the others."""

    def answer(version: int) -> int:
        if bad:
            raise Refused(f"refused {key}")
        return 1000 * version + _number(key)

    return current().perform("refuse", "reads", (key, bad), answer)


@reads
def tally(items: list[int]) -> int:
    """Return the sum of *items*, and leave a mark in them (a declaration that lies a little)."""

    def answer(_: int) -> int:
        total = sum(items)
        items.append(total)
        return total

    return current().perform("tally", "reads", None, answer)


@reads
def draw(iterator: Any) -> Any:
    """Return the next item of *iterator*."""
    return current().perform("draw", "reads", None, lambda _: next(iterator))


@reads
def apply(function: Any, key: Any) -> Any:
    """Return what *function* makes of *key*."""
    current().perform("apply", "reads", key, lambda _: None)
    return function(key)


@unordered
def ask(prompt: Any) -> str:
    """Return a model's answer."""
    return current().perform(
        "ask", "unordered", prompt, lambda v: f"<{prompt}|{v}>" if v else f"<{prompt}>"
    )


@unordered
def chat(messages: list[dict[str, str]]) -> str:
    """Return a model's answer to a conversation."""
    return current().perform(
        "chat", "unordered", messages, lambda _: f"({messages[-1]['content']})"
    )


@pure
def combine(*parts: Any, **named: Any) -> str:
    """Return the parts as one string."""
    return "+".join([str(part) for part in parts] + [f"{k}={named[k]}" for k in named])


@writes
def commit(value: Any) -> int:
    """Write without saying where."""
    return current().perform("commit", "writes", value, lambda v: v)


@writes("orders")
def write_order(value: Any) -> int:
    """Write to the resource ``orders``."""
    return current().perform("write_order", "writes", value, lambda v: v, "orders")


@reads("orders")
def read_order(key: Any) -> int:
    """Read the resource ``orders``."""
    return current().perform(
        "read_order", "reads", key, lambda v: 1000 * v + _number(key), "orders"
    )


@reads("users")
def read_user(key: Any) -> int:
    """Read the resource ``users``."""
    return current().perform("read_user", "reads", key, lambda v: 1000 * v + _number(key), "users")


def mystery(value: Any = None) -> int:
    """Do something that nobody declared."""
    return current().perform("mystery", "unknown", value, lambda v: v)


def note(*values: Any) -> None:
    """Log values, undeclared."""
    current().perform("note", "unknown", values, lambda v: v)


def caught(error: BaseException) -> str:
    """Log that an exception was caught, and return its type's name."""
    current().raised += 1
    return current().perform(
        "caught", "unknown", type(error).__name__, lambda _: type(error).__name__
    )


def _number(key: Any) -> int:
    return key if type(key) is int else len(str(key))
