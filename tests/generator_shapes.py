"""More shapes for generated programs: operands of unknown type, reductions, helpers, output.

``u*`` are integers or, as often, objects whose special methods are unknown operations;
which of the two is not known when a region begins, and may differ from call to call.
"""

from __future__ import annotations

import random
from collections.abc import Callable

HELPERS = """
OUTPUT = io.StringIO()
LOG = logging.getLogger(__name__)
LOG.handlers, LOG.propagate = [logging.StreamHandler(OUTPUT)], False
LOG.setLevel(logging.INFO)
FILE = pathlib.Path(tempfile.mkdtemp()) / "written.txt"
reader = fetch


def begin() -> None:
    global reader
    reader = fetch
    OUTPUT.seek(0)
    OUTPUT.truncate()
    FILE.write_text("")


def swap() -> int:
    global reader
    reader = second if reader is fetch else fetch
    return 1


def deepest(n: Any) -> int:
    total = 0
    for q in range(2):
        total += len(deeper(n)) + second(q)
    return total


def early(n: Any) -> Any:
    for q in range(3):
        if fetch(q) == n:
            return second(q)
    return fetch(n)


def careful(n: Any) -> int:
    try:
        return refuse(n, n % 2 == 0)
    except Exception:
        return -1


def told(n: Any) -> int:
    LOG.info("told %s", n)
    return fetch(n)


def several(n: int) -> Any:
    for q in range(n % 3):
        yield fetch(q)


class Reader:
    def __init__(self, offset: int) -> None:
        self.__offset = offset
        self.call = second

    def read(self, n: Any) -> int:
        return fetch(n) + self.__offset


"""

PROLOGUE = (
    "begin()",
    "u0, u1 = flag(1, Loud(2) if odd else 2), 2",
    "v0, v1 = 1, 2",
    "r = Reader(3)",
    "it = iter([1, 2, 3, 4])",
)

EPILOGUE = ("FILE.read_text()", "OUTPUT.getvalue()", "v0", "v1", "type(u0)", "type(u1)")


class Shapes:
    """Expressions and statements over names of unknown type; the others come from the maker."""

    random: random.Random
    integer: Callable[..., str]
    text: Callable[..., str]
    listing: Callable[..., str]
    short: Callable[[], str]
    condition: Callable[..., str]
    name: Callable[[str], str]
    pick: Callable[..., str]

    def odd(self) -> str:
        """A value of unknown type."""
        return self.random.choice(["u0", "u0", "u1", "o0"])

    def odd_integer(self, inner: int) -> str:
        """An integer made with an operand of unknown type."""
        u = self.odd
        return self.pick(
            lambda: f"({u()} + {self.integer(inner)})",
            lambda: f"({self.integer(inner)} + {u()})",
            lambda: f"({u()} - {self.integer(inner)})",
            lambda: f"({u()} * {self.integer(inner)} % 97)",
            lambda: f"({u()} + sum(fetch(q) for q in {self.short()}))",
            lambda: f"({u()} + len({self.listing(inner)}))",
            lambda: f"({u()} + {self.reduced(inner)})",
            lambda: f"int({u()} == {self.integer(inner)})",
            lambda: f"int({u()} < {self.integer(inner)})",
            lambda: f"int({self.integer(inner)} < {u()} < {self.integer(inner)})",
            lambda: f"int(0 < flag({self.integer(0)}, {u()}) < 9)",
            lambda: f"({self.integer(inner)} if {u()} else {self.integer(inner)})",
            lambda: f"int(bool({u()} or {self.integer(inner)}))",
            lambda: f"int(bool({u()} and {self.integer(inner)}))",
            lambda: f"o0[{self.integer(inner)}]",
            lambda: f"o0[{self.integer(inner)}:{self.integer(inner)}]",
            lambda: f"(o0.anything + {self.integer(inner)})",
            lambda: f"int({self.integer(inner)} in o0)",
            lambda: f"int({u()} in [{self.integer(inner)}, {self.integer(inner)}])",
            lambda: f"len({{{u()}, {self.integer(inner)}, {self.integer(inner)}}})",
            lambda: f"len({{*{self.listing(inner)}, {u()}, {self.integer(inner)}}})",
            lambda: f"{{{u()}: {self.integer(inner)}, 'b': {self.integer(inner)}}}['b']",
            lambda: f"{{**d1, 'b': {self.integer(inner)}, {u()}: 3}}['b']",
            lambda: f"sum([*o0, {self.integer(inner)}])",
            lambda: f"[*{self.listing(inner)}, {u()}, {self.integer(inner)}][-1]",
            lambda: f"(-{u()} + {self.integer(inner)})",
            lambda: f"o0({self.integer(inner)}, {self.integer(inner)})",
        )

    def reduced(self, inner: int) -> str:
        """An integer made of many calls."""
        items = self.short
        return self.pick(
            lambda: f"sum(fetch(q) + second(q) for q in {items()})",
            lambda: f"sum({self.odd()} + fetch(q) for q in {items()})",
            lambda: f"max((fetch(q) for q in {items()}), default=0)",
            lambda: f"max({items()}, key=lambda n: fetch(n) % 3, default=3)",
            lambda: f"len(sorted({items()}, key=lambda n: -second(n)))",
            lambda: f"sum(sum(fetch(p) for p in range(q % 3)) for q in {items()})",
            lambda: f"len([second(p) for q in {items()} for p in range(2) if q != 1])",
            lambda: f"int(any(fetch(q) > {self.integer(0)} for q in {items()}))",
            lambda: f"int(all(fetch(q) > {self.integer(0)} for q in {items()}))",
            lambda: f"sum({{q: fetch(q) for q in {items()}}}.values())",
            lambda: f"len({{fetch(q) % 2 for q in {items()}}})",
            lambda: f"sum(fetch(a) for a, b in zip({items()}, {items()}) if b)",
            lambda: f"sum([fetch(q) if fetch(q) % 2 else second(q) for q in {items()}])",
            lambda: f"sum(map(fetch, {items()}))",
            lambda: f"sum(several({self.integer(inner)}))",
        )

    def called(self, inner: int) -> str:
        """An integer that a helper, or a call of an unusual form, returns."""
        i = self.integer
        return self.pick(
            lambda: f"flag(*pair({i(inner)}))",
            lambda: f"flag(*[{i(inner)}, {i(inner)}])",
            lambda: f"flag({i(inner)}, **{{'value': {i(inner)}}})",
            lambda: f"flag(value={i(inner)}, key={i(inner)})",
            lambda: f"flag(fetch({i(inner)}), second({i(inner)}))",
            lambda: f"deepest({i(0)})",
            lambda: f"early({i(inner)})",
            lambda: f"careful({i(inner)})",
            lambda: f"told({i(inner)})",
            lambda: f"reader({i(inner)})",
            lambda: f"r.read({i(inner)})",
            lambda: f"r.call({i(inner)})",
            lambda: f"fetch(next(it, {i(0)}))",
            lambda: f"((v0 := {i(inner)}) + 1)",
            lambda: "[lambda: fetch(q) for q in (1, 2)][0]()",
        )

    def odd_text(self, inner: int) -> str:
        """A text made with an operand of unknown type, or of many calls."""
        u = self.odd
        return self.pick(
            lambda: f"f'{{{u()}}}{{fetch(i0)}}{{second(i1)}}'",
            lambda: f"f'{{fetch(i0)}}{{{u()}}}{{second(i1)}}'",
            lambda: f"f'{{fetch(i0):>{{{u()}}}}}{{second(i1)}}'",
            lambda: f"'%s %s' % ({u()}, {self.integer(inner)})",
            lambda: f"'%s %s' % ({self.integer(inner)}, {u()})",
            lambda: f"'{{}} {{}}'.format({u()}, {self.integer(inner)})",
            lambda: f"(str({u()}) + ask({self.text(inner)}))",
            lambda: f"','.join(ask(str(q)) for q in {self.short()})",
            lambda: f"','.join([str({u()}), {self.text(inner)}])",
            lambda: (
                f"combine(*{self.name('l')}[:2], {self.text(inner)}, sep={self.integer(inner)})"
            ),
        )

    def odd_condition(self, inner: int) -> str:
        """A condition on something of unknown type, or with calls in it."""
        return self.pick(
            self.odd,
            lambda: f"not {self.odd()}",
            lambda: f"{self.odd()} == {self.integer(inner)}",
            lambda: f"{self.odd()} < {self.integer(inner)} < {self.integer(0)}",
            lambda: f"{self.integer(0)} in [fetch(q) for q in {self.short()}]",
            lambda: f"any(fetch(q) > 2 for q in {self.short()})",
            lambda: f"[q for q in {self.short()} if fetch(q) % 2]",
            lambda: f"(v1 := {self.integer(inner)}) > 2 and fetch(v1) > 1",
            lambda: f"{self.odd()} and fetch({self.integer(inner)}) > 1",
        )

    def odd_statement(self) -> str:
        """A statement that makes something unknown, writes, or calls in an unusual way."""
        i = self.integer
        return self.pick(
            lambda: f"u0 = {i(1)}",
            lambda: "u0 = o0",
            lambda: f"u0 = flag({i(1)}, o0)",
            lambda: f"u1 = flag({i(1)}, {i(1)})",
            lambda: f"u0 += {i(1)}",
            lambda: f"u1, i0 = flag(1, (u0, {i(0)}))",
            lambda: f"LOG.info('%s %s', {self.name('i')}, {self.name('s')})",
            lambda: f"LOG.warning({self.text(1)})",
            lambda: f"LOG.info('%s', {self.odd()})",
            lambda: f"OUTPUT.write(str({i(1)}))",
            lambda: f"FILE.write_text(str({i(1)}))",
            lambda: "i1 = len(FILE.read_text())",
            lambda: f"l0 = [*l1[:3], {i(1)}]",
            lambda: f"l0.extend(fetch(q) for q in {self.short()})",
            lambda: f"i0 = r.call({i(1)}); r.call = fetch",
            lambda: "swap()",
            lambda: f"i0 = reader({i(0)}) + swap() + reader({i(0)})",
            lambda: f"v1 = {i(1)}; del v1; v1 = fetch({i(0)})",
            lambda: f"d0 = {{q: {self.odd()} + fetch(q) for q in {self.short()}}}",
            lambda: f"i2 = fetch(next(it, {i(0)})) + fetch(next(it, 1))",
        )
