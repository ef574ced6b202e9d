"""Generated programs: seeded, small, and shrinkable by taking statements away.

A program is a tree of statements over a few typed names. Every loop is bounded, so
every program ends. Names: ``i*`` integers, ``s*`` texts, ``l*`` lists, ``d*``
dicts, ``o*`` objects whose special methods are unknown operations, ``c`` a client,
``k`` an integer that a nested function captures and changes. Operands of unknown type,
reductions, helpers and output are in `generator_shapes`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import generator_shapes
from generator_shapes import Shapes

HEADER = """from __future__ import annotations

import contextlib
import io
import logging
import pathlib
import tempfile
import threading
from typing import Any

from world.objects import Client, Guarded, Loud
from world.operations import (
    ask, caught, combine, commit, document, fetch, flag, mystery, note, numbers, pair,
    read_back, read_order, read_user, record, refuse, second, write_order,
)


def helper(n: Any) -> Any:
    found = document(n)
    return found["text"]


def deeper(n: Any) -> Any:
    first = helper(n)
    return f"{first}/{fetch(n)}"


class Holder:
    def __init__(self) -> None:
        self.value = 1


"""
HEADER += generator_shapes.HELPERS

PROLOGUE = (
    "i0, i1, i2 = 1, 2, 3",
    's0, s1 = "a", "b"',
    "l0 = []",
    "l1 = [1, 2, 3]",
    "d0 = {}",
    'd1 = {"a": 1, "b": 2}',
    "o0 = Loud(2)",
    "h = Holder()",
    "c = Client(1)",
    "k = 4",
    *generator_shapes.PROLOGUE,
)

RETURNED = ("i0, i1, i2, s0, s1, l0, l1, d0, d1, h.value, k", *generator_shapes.EPILOGUE)
EPILOGUE = (f"return {', '.join(RETURNED)}",)


@dataclass(frozen=True)
class Statement:
    """One statement: simple (one line) or compound (clauses of header and body)."""

    line: str = ""
    clauses: tuple[tuple[str, tuple[Statement, ...]], ...] = ()

    def render(self, depth: int) -> Iterator[str]:
        """Give the statement's lines at *depth* levels of indentation."""
        indent = "    " * depth
        if not self.clauses:
            yield indent + self.line
        for header, body in self.clauses:
            yield indent + header
            if not body:
                yield indent + "    pass"
            for statement in body:
                yield from statement.render(depth + 1)


@dataclass(frozen=True)
class Generated:
    """One generated program: its seed and its statements."""

    seed: int
    body: tuple[Statement, ...]

    def source(self) -> str:
        """Return the program as a module with one function, ``generated``."""
        lines = ["def generated(odd=True):"]
        lines += ["    " + line for line in PROLOGUE]
        for statement in self.body:
            lines += statement.render(1)
        lines += ["    " + line for line in EPILOGUE]
        return HEADER + "\n".join(lines) + "\n"


@dataclass
class _Maker(Shapes):
    random: random.Random
    room: int
    functions: list[str] = field(default_factory=list)
    loops: int = 0

    def pick(self, *choices: Callable[[], str]) -> str:
        return self.random.choice(choices)()

    def name(self, kind: str) -> str:
        return self.random.choice(
            {"i": ["i0", "i1", "i2"], "s": ["s0", "s1"], "l": ["l0", "l1"], "d": ["d0", "d1"]}[kind]
        )

    # -------------------------------------------------------------- expressions

    def integer(self, depth: int = 2) -> str:
        if depth == 0 or self.random.random() < 0.25:
            return self.random.choice([self.name("i"), str(self.random.randrange(9)), "k"])
        inner = depth - 1
        if self.random.random() < 0.3:
            return self.random.choice([self.odd_integer, self.reduced, self.called])(inner)
        return self.pick(
            lambda: f"fetch({self.integer(inner)})",
            lambda: f"fetch({self.integer(inner)})",
            lambda: f"second({self.integer(inner)})",
            lambda: f"read_user({self.integer(inner)})",
            lambda: f"read_order({self.integer(inner)})",
            lambda: f"c.get({self.integer(inner)})",
            lambda: f"refuse({self.integer(inner)}, bool({self.condition(0)}) and i0 == 5)",
            lambda: f"({self.integer(inner)} + {self.integer(inner)})",
            lambda: f"({self.integer(inner)} - {self.integer(inner)})",
            lambda: f"({self.integer(inner)} % 7)",
            lambda: f"flag({self.integer(inner)}, {self.integer(0)})",
            lambda: f"len({self.listing(inner)})",
            lambda: f"sum(fetch(q) for q in {self.short()})",
            lambda: f"record({self.integer(inner)}).inner.value",
            lambda: f"document({self.integer(inner)})['id']",
            lambda: (
                f"({self.integer(inner)} if {self.condition(inner)} else {self.integer(inner)})"
            ),
            lambda: f"({self.integer(inner)} or {self.integer(inner)})",
            lambda: f"(o0 + {self.integer(inner)})",
            lambda: f"(flag({self.integer(0)}, o0) + 1)",
            lambda: "o0.prop",
            lambda: f"mystery({self.integer(inner)})",
            lambda: f"(lambda z: fetch(z + k))({self.integer(inner)})",
            lambda: self.call_local(inner),
        )

    def call_local(self, depth: int) -> str:
        if not self.functions:
            return self.integer(depth)
        return f"{self.random.choice(self.functions)}({self.integer(depth)})"

    def text(self, depth: int = 2) -> str:
        if depth == 0 or self.random.random() < 0.25:
            return self.random.choice([self.name("s"), "'x'"])
        inner = depth - 1
        if self.random.random() < 0.25:
            return self.odd_text(inner)
        return self.pick(
            lambda: f"ask({self.text(inner)})",
            lambda: f"ask(f'{{{self.name('s')}}}:{{{self.name('i')}:02d}}')",
            lambda: f"'%s-%s' % ({self.text(inner)}, {self.integer(inner)})",
            lambda: f"'{{}}.{{}}'.format({self.text(inner)}, {self.integer(inner)})",
            lambda: f"','.join([{self.text(inner)}, {self.text(inner)}])",
            lambda: f"({self.text(inner)} + {self.text(inner)})[-20:]",
            lambda: f"helper({self.integer(inner)})",
            lambda: f"deeper({self.integer(inner)})",
            lambda: f"document({self.integer(inner)})['text']",
            lambda: f"record({self.integer(inner)}).name",
            lambda: f"combine({self.text(inner)}, {self.integer(inner)})",
            lambda: f"c.complete({self.text(inner)})",
            lambda: "f'{o0}'",
            lambda: f"str({self.integer(inner)})",
        )

    def listing(self, depth: int = 1) -> str:
        if depth == 0:
            return self.name("l")
        inner = depth - 1
        return self.pick(
            lambda: f"[{self.integer(inner)}, {self.integer(inner)}]",
            lambda: f"[fetch(q) for q in {self.short()}]",
            lambda: f"[fetch(q) for q in {self.short()} if {self.over_q()}]",
            lambda: f"[second(fetch(q)) for q in {self.short()}]",
            lambda: f"numbers({self.random.randrange(1, 4)})",
            lambda: f"{self.name('l')}[:3]",
            lambda: f"list(pair({self.integer(inner)}))",
        )

    def short(self) -> str:
        return self.pick(
            lambda: f"range({self.random.randrange(4)})",
            lambda: f"{self.name('l')}[:3]",
            lambda: "(1, 2)",
            lambda: f"numbers({self.random.randrange(3)})",
            lambda: "list(d1.values())[:3]",
        )

    def over_q(self) -> str:
        return self.random.choice(["q % 2", "q > 1", "fetch(q) % 2", "q != k", "o0"])

    def condition(self, depth: int = 1) -> str:
        inner = max(depth - 1, 0)
        if depth and self.random.random() < 0.25:
            return self.odd_condition(inner)
        return self.pick(
            lambda: f"{self.name('i')} % 2",
            lambda: f"{self.integer(inner)} > {self.integer(0)}",
            lambda: f"{self.integer(inner)} == {self.integer(0)}",
            lambda: f"fetch({self.integer(inner)}) % 2 == 0",
            lambda: f"not {self.name('l')}",
            lambda: f"({self.integer(inner)} > 2 and fetch({self.integer(0)}) > 1)",
            lambda: f"0 < {self.integer(inner)} < fetch({self.integer(0)})",
            lambda: "o0" if depth else "k > 3",
        )

    # -------------------------------------------------------------- statements

    def block(self, depth: int, limit: int, *, loop: bool = False) -> tuple[Statement, ...]:
        count = self.random.randrange(1, limit + 1)
        return tuple(self.statement(depth, loop=loop) for _ in range(count))

    def statement(self, depth: int, *, loop: bool) -> Statement:
        self.room -= 1
        if depth > 0 and self.room > 0 and self.random.random() < 0.3:
            return self.compound(depth - 1, loop=loop)
        if loop and self.random.random() < 0.06:
            leave = self.random.choice(["break", "continue"])
            return _one(f"if {self.condition()}", leave)
        if self.random.random() < 0.02:
            return _one(f"if {self.condition()}", f"return {self.integer()}")
        return Statement(self.simple())

    def simple(self) -> str:
        if self.random.random() < 0.2:
            return self.odd_statement()
        return self.pick(
            *[lambda: f"{self.name('i')} = {self.integer()}"] * 5,
            *[lambda: f"{self.name('s')} = {self.text()}"] * 4,
            lambda: f"i0, i1 = {self.integer()}, {self.integer()}",
            lambda: f"i1, i2 = pair({self.integer(1)})",
            lambda: f"{self.name('i')} += {self.integer(1)}",
            lambda: f"{self.name('s')} += {self.text(1)}[:9]",
            lambda: f"{self.name('l')} = {self.listing()}",
            lambda: f"{self.name('l')}.append({self.integer()})",
            lambda: f"{self.name('l')} = {self.name('l')} + [{self.integer(1)}]",
            lambda: f"l0 += [{self.integer(1)}]",
            lambda: f"{self.name('d')}[{self.integer(0)}] = {self.integer()}",
            lambda: f"{self.name('d')}[{self.integer(0)}] = {self.text()}",
            lambda: f"d0 = {{q: fetch(q) for q in {self.short()}}}",
            lambda: "l0 = l1",
            lambda: "d0 = d1",
            lambda: f"h.value = {self.integer(1)}",
            lambda: f"{self.name('i')} = h.value + {self.integer(1)}",
            lambda: f"h.value += {self.integer(1)}",
            lambda: f"{self.name('s')} = str(read_back({self.integer(0)}, {self.name('l')}))",
            lambda: f"{self.name('s')} = str(read_back({self.name('d')}))",
            lambda: f"{self.name('s')} = str(read_back(h.value, {self.name('d')}))",
            lambda: f"fetch({self.integer(1)})",
            lambda: f"mystery({self.integer(1)})",
            lambda: f"note({self.name('i')}, {self.name('l')})",
            lambda: f"commit({self.integer(1)})",
            lambda: f"write_order({self.integer(1)})",
            lambda: f"{self.name('i')} = c.bump()",
            lambda: f"k = {self.integer(1)}",
            lambda: f"assert {self.condition()} or True, 'never'",
            lambda: f"print({self.name('i')})",
            lambda: f"{self.name('i')} = {self.name('l')}[{self.integer(0)} % 3]",
            lambda: f"{self.name('i')} = d1['a']",
            lambda: f"del {self.name('l')}[:1]",
            lambda: f"{self.name('i')} = (w := {self.integer(1)}) + 1",
        )

    def compound(self, depth: int, *, loop: bool) -> Statement:
        return self.random.choice(
            [
                self.branch,
                self.branch,
                self.each,
                self.each,
                self.while_loop,
                self.attempt,
                self.attempt,
                self.context,
                self.known_context,
                self.match,
                self.match,
                self.retry,
                self.define,
            ]
        )(depth, loop)

    def branch(self, depth: int, loop: bool) -> Statement:
        clauses = [(f"if {self.condition()}:", self.block(depth, 3, loop=loop))]
        if self.random.random() < 0.6:
            clauses.append(("else:", self.block(depth, 3, loop=loop)))
        return Statement(clauses=tuple(clauses))

    def each(self, depth: int, _loop: bool) -> Statement:
        self.loops += 1
        name = f"n{self.loops}"
        header = self.pick(
            lambda: f"for {name} in {self.short()}:",
            lambda: f"for {name}, i1 in enumerate({self.short()}):",
            lambda: f"for {name}, i2 in zip({self.short()}, {self.short()}):",
            lambda: f"for {name}, i0 in list(d1.items())[:3]:",
            lambda: f"for {name} in range(len({self.name('l')}[:3])):",
        )
        use = Statement(f"i0 = fetch({name})")
        clauses = [(header, (use, *self.block(depth, 3, loop=True)))]
        if self.random.random() < 0.15:
            clauses.append(("else:", self.block(depth, 1)))
        return Statement(clauses=tuple(clauses))

    def while_loop(self, depth: int, _loop: bool) -> Statement:
        self.loops += 1
        name = f"w{self.loops}"
        step = Statement(f"{name} += 1")
        header = f"while {name} < {self.random.randrange(1, 4)} and {self.condition()}:"
        body = (step, *self.block(depth, 3, loop=True))
        # The counter is set inside an `if` that always holds, so that both shrink together.
        return Statement(clauses=(("if True:", (Statement(f"{name} = 0"), _clause(header, body))),))

    def attempt(self, depth: int, loop: bool) -> Statement:
        clauses = [("try:", self.block(depth, 3, loop=loop))]
        if self.random.random() < 0.5:
            failing = Statement(f"i0 = refuse({self.integer(1)}, bool({self.condition()}))")
            clauses = [("try:", (*clauses[0][1], failing, *self.block(depth, 2, loop=loop)))]
        kind = self.random.choice(["Exception", "KeyError", "(IndexError, TypeError)"])
        handled = self.random.random() < 0.8
        if handled:
            seen = Statement("s0 = caught(e)")
            clauses.append((f"except {kind} as e:", (seen, *self.block(depth, 2, loop=loop))))
            if self.random.random() < 0.3:
                clauses.append(("else:", self.block(depth, 2, loop=loop)))
        if not handled or self.random.random() < 0.4:
            last = Statement(self.random.choice(["note(i0, s0)", "i2 += 1", "l0 += [i0]"]))
            clauses.append(("finally:", (last, *self.block(depth, 1, loop=loop))))
        return Statement(clauses=tuple(clauses))

    def retry(self, _depth: int, _loop: bool) -> Statement:
        self.loops += 1
        name = f"a{self.loops}"
        call = Statement(f"i0 = refuse({self.integer(1)} + {name}, {name} < {self.name('i')} % 3)")
        given_up = self.random.choice(["i1 = -1", f"if {name} == 2: raise", "l0 += [i0]"])
        leave = Statement(self.random.choice(["break", "break", "i2 = i0"]))
        tried = Statement(
            clauses=(
                ("try:", (*self.block(0, 2, loop=True), call, leave)),
                ("except Exception:", (Statement(given_up), Statement("continue"))),
            )
        )
        return _clause(f"for {name} in range(3):", (tried,))

    def match(self, depth: int, loop: bool) -> Statement:
        subject = self.pick(
            lambda: self.integer(1),
            lambda: self.text(1),
            lambda: self.listing(1),
            lambda: f"document({self.integer(0)})",
            lambda: f"pair({self.integer(0)})",
            lambda: self.name("d"),
            lambda: f"({self.integer(0)}, {self.text(0)})",
            self.odd,
        )
        patterns = [
            *("1", "'a' | 'x'", "None | True", "int(i0)", "str(s0)", "(i0, i1)", "[i0, *_]"),
            *("[]", "[_, *l1]", "{'a': i1, **d0}", "{'id': int(i2), 'text': s1}", "{}"),
            *("(1 | 2 as i0, _)", "[o0, 1, *_]", "float() | list()", "Loud()", "object()"),
            *("int(n) if n % 2", f"_ if {self.condition()}"),
        ]
        if subject not in ("o0", "u0", "u1"):  # which the operations would look at themselves
            patterns += [f"i2 if {self.condition()}", "s1 if fetch(s1) % 2"]
        cases = [
            _clause(f"case {pattern}:", self.block(depth, 2, loop=loop))
            for pattern in self.random.sample(patterns, self.random.randrange(1, 5))
        ]
        if self.random.random() < 0.5:
            cases.append(_clause("case _:", self.block(depth, 2, loop=loop)))
        return _clause(f"match {subject}:", tuple(cases))

    def known_context(self, depth: int, loop: bool) -> Statement:
        header = self.random.choice(
            [
                "with contextlib.suppress(Exception):",
                "with contextlib.suppress(KeyError, IndexError):",
                "with contextlib.suppress(Exception), contextlib.nullcontext():",
                "with contextlib.nullcontext(l1) as l0:",
                "with io.StringIO('a') as z, threading.Lock():",
                "with threading.Lock(), Guarded('g', True):",
                "with contextlib.closing(io.StringIO()):",
                "with open(FILE, 'a') as z, contextlib.redirect_stdout(z):",
            ]
        )
        body = self.block(depth, 4, loop=loop)
        if self.random.random() < 0.4:
            failing = Statement(f"i0 = refuse({self.integer(1)}, bool({self.condition()}))")
            # Behind a failure nothing must have happened that can be seen; what is read ahead
            # of it, the same in each round, would be more than the comparison allows for.
            body = (*body, failing, Statement("note(i0)"), *self.block(0, 2, loop=loop))
        return _clause(header, body)

    def context(self, depth: int, loop: bool) -> Statement:
        suppress = self.random.random() < 0.3
        return _clause(f"with Guarded('g', {suppress}):", self.block(depth, 3, loop=loop))

    def define(self, depth: int, _loop: bool) -> Statement:
        name = f"f{len(self.functions)}"
        changes = self.random.random() < 0.4
        body = [Statement("nonlocal k")] if changes else []
        if changes:
            body.append(Statement("k += 1"))
        body.append(
            Statement(
                self.random.choice(
                    [
                        "return fetch(z + k)",
                        "return fetch(z)",
                        "return mystery(z)",
                        "return z + len(l0)",
                    ]
                )
            )
        )
        body_first = Statement("pass")
        self.functions.append(name)
        # Always bound on the way: a definition in an untaken branch would only give NameErrors.
        return _clause(f"def {name}(z):", (*body, body_first))


def _clause(header: str, body: tuple[Statement, ...]) -> Statement:
    return Statement(clauses=((header, body),))


def _one(header: str, line: str) -> Statement:
    return _clause(f"{header}:", (Statement(line),))


def generate(seed: int, size: int = 24) -> Generated:
    """Return the program of *seed*, of about *size* statements."""
    maker = _Maker(random.Random(seed), size)
    body: list[Statement] = []
    while maker.room > 0:
        body.append(maker.statement(2, loop=False))
    return Generated(seed, tuple(body))


def smaller(program: Generated) -> Iterator[Generated]:
    """Give programs with one statement less, or one compound statement opened."""
    for body in _smaller(program.body):
        yield replace(program, body=body)


def _smaller(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    half = len(body) // 2
    if half > 1:
        yield body[:half]
        yield body[half:]
    for position, statement in enumerate(body):
        before, after = body[:position], body[position + 1 :]
        yield before + after
        for number, (header, inner) in enumerate(statement.clauses):
            if header in ("try:", "else:", "finally:", "if True:") or header.startswith("if "):
                yield before + inner + after
            for less in _smaller(inner):
                clauses = list(statement.clauses)
                clauses[number] = (header, less)
                yield (*before, Statement(clauses=tuple(clauses)), *after)


def shrink(
    program: Generated, fails: Callable[[Generated], bool], attempts: int = 150
) -> Generated:
    """Return the smallest program found that still *fails*, trying at most *attempts*."""
    found = True
    while found and attempts > 0:
        found = False
        for candidate in smaller(program):
            attempts -= 1
            if fails(candidate):
                program, found = candidate, True
                break
            if attempts <= 0:
                break
    return program
