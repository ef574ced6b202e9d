"""Generated programs over what a program shares with others: seeded, as those of `generators`.

Beside the names of `generators`: ``shown`` a declared inner function that reads ``k``,
``it0`` an iterator, ``z0`` a zip, ``m0`` messages,
``c0`` a closure, ``LEVEL`` a global that helpers read, ``HELD`` lists that a declared
read looks at without being given them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import generators
from generators import Statement, _clause, _Maker

HEADER = (
    generators.HEADER.replace("import contextlib\n", "import contextlib\nimport functools\n")
    .replace("import io\n", "import io\nimport logging\n")
    .replace("    ask, caught,", "    ask, caught, chat, draw,")
    + """
from adaptive_jit import parallel, reads

LEVEL = 1
HELD = []


class Printing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage())


LOG = logging.getLogger(__name__)
LOG.addHandler(Printing())
LOG.propagate = False


def by_level(n: Any) -> Any:
    return fetch(n + LEVEL)


def set_level(n: Any) -> Any:
    global LEVEL
    LEVEL = n % 5
    return mystery(n)


@reads
def held() -> Any:
    return read_back(str(HELD[-1:]))


@reads
def told(n: Any) -> Any:
    items = [n]
    LOG.warning("told %s", items)
    items.append(fetch(n))
    return items[-1]


@functools.lru_cache
def memo(n: Any) -> Any:
    return fetch(n)


def grow(items: Any, n: Any) -> Any:
    items.append(fetch(n))
    return len(items)


def closure(n: Any) -> Any:
    def inner(z: Any) -> Any:
        return fetch(z + n)

    return inner


def anew() -> None:
    memo.cache_clear()
    HELD.clear()
    set_level(1)


"""
)

PROLOGUE = (
    "anew()",
    *generators.PROLOGUE,
    "shown = reads(lambda: fetch(k))",
    "it0 = iter(range(100))",
    "z0 = zip(l1[:3], l1[:3])",
    "m0 = []",
    "c0 = closure(1)",
)


@dataclass(frozen=True)
class Generated(generators.Generated):
    """One generated program: its seed and its statements."""

    def source(self) -> str:
        """Return the program as a module with one function, ``generated``."""
        lines = ["def generated(odd=True):"]
        lines += ["    " + line for line in PROLOGUE]
        for statement in self.body:
            lines += statement.render(1)
        lines += ["    " + line for line in generators.EPILOGUE]
        return HEADER + "\n".join(lines) + "\n"


class _Wide(_Maker):
    def integer(self, depth: int = 2) -> str:
        if depth == 0 or self.random.random() < 0.6:
            return super().integer(depth)
        inner = depth - 1
        name = self.name("i")
        return self.pick(
            lambda: "shown()",
            lambda: "shown()",
            lambda: f"by_level({self.integer(inner)})",
            lambda: f"told({self.integer(inner)})",
            lambda: f"memo({self.integer(inner)})",
            lambda: f"grow({self.name('l')}, {self.integer(inner)})",
            lambda: f"c0({self.integer(inner)})",
            lambda: "draw(it0)",
            lambda: f"({name} + fetch({name}) + ({name} := {self.integer(inner)} % 100))",
        )

    def simple(self) -> str:
        if self.random.random() < 0.6:
            return super().simple()
        return self.pick(
            lambda: f"HELD.append({self.name('l')})",
            lambda: f"{self.name('s')} = str(held())",
            lambda: f"{self.name('s')} = str(held())",
            lambda: f"set_level({self.integer(1)})",
            lambda: f"k = {self.integer(1)}",
            lambda: f"k = {self.integer(0)}",
            lambda: "z0 = zip(l1, numbers(2))",
            lambda: f"i0 = i0 + len(list(z0)) + {self.integer(1)}",
            lambda: f"c0 = closure({self.integer(1)})",
            lambda: f"c = Client({self.integer(0)})",
            lambda: f"[{self.name('i')}] = parallel([mystery({self.integer(1)})])",
            lambda: f"m0.append({{'role': 'user', 'content': {self.text(1)}}})",
            lambda: f"{self.name('s')} = chat([*m0, {{'content': {self.text(1)}}}])",
            lambda: f"told({self.integer(1)})",
        )

    def compound(self, depth: int, *, loop: bool) -> Statement:
        if self.random.random() < 0.6:
            return super().compound(depth, loop=loop)
        return self.random.choice([self.drained, self.left, self.asked_in_handler])(depth, loop)

    def drained(self, depth: int, _loop: bool) -> Statement:
        """A loop over an iterator of the program's own."""
        use = Statement("i0 = fetch(i2)")
        return _clause("for i1, i2 in z0:", (use, *self.block(depth, 2, loop=True)))

    def left(self, depth: int, _loop: bool) -> Statement:
        """A loop that a `finally` may leave."""
        self.loops += 1
        last = Statement(self.random.choice(["break", "continue", "return i0"]))
        tried = Statement(
            clauses=(
                ("try:", (Statement(f"i0 = fetch({self.integer(1)})"), *self.block(0, 2))),
                ("finally:", (last,)),
            )
        )
        after = Statement(f"i1 = fetch({self.integer(0)})")
        return _clause(f"for n{self.loops} in {self.short()}:", (*self.block(0, 1), tried, after))

    def asked_in_handler(self, depth: int, loop: bool) -> Statement:
        """An `except` that asks, and passes on what it has caught or another."""
        failing = Statement(f"i0 = refuse({self.integer(1)}, bool({self.condition()}))")
        handled = self.random.choice(
            [
                "i1 = fetch(i0)",
                "s1 = ask(s0)",
                "raise ValueError(i1) from None",
                "raise KeyError(i1)",
            ]
        )
        inner = Statement(
            clauses=(
                ("try:", (*self.block(0, 1), failing)),
                ("except Exception:", (Statement(handled),)),
            )
        )
        return Statement(
            clauses=(
                ("try:", (inner, *self.block(depth, 2, loop=loop))),
                ("except Exception as e:", (Statement("s0 = caught(e)"),)),
            )
        )


def generate(seed: int, size: int = 20) -> Generated:
    """Return the program of *seed*, of about *size* statements."""
    maker = _Wide(random.Random(f"wide {seed}"), size)
    body: list[Statement] = []
    while maker.room > 0:
        body.append(maker.statement(2, loop=False))
    return Generated(seed, tuple(body))
