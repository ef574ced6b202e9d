"""Does one SQL statement only read? The question is put to its text, never to a database.

A statement *reads* if it is a single ``SELECT`` (also ``WITH … SELECT``,
``VALUES``, ``EXPLAIN`` without ``ANALYZE``) that takes no locks, stores its
rows nowhere, asks no clock and calls only functions that are known to compute.
Everything else, and everything that two readers of the text might split into
words differently, counts as writing. Two dialects are understood, ``"sqlite"``
and ``"postgresql"``: they differ in quoting, comments, placeholders and
functions, so a statement is always read as its own database would read it.

The answer is a reason in words that holds nothing of the statement, since
reasons are reported and statements are private.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from adaptive_jit.effects.sql_functions import (
    BEFORE_PARENTHESIS,
    BETWEEN_OPERANDS,
    CLOCK_WITHOUT_ARGUMENT,
    FUNCTIONS,
    NO_OPERANDS,
    READING_PRAGMAS,
    SCHEMA_PRAGMAS,
)
from adaptive_jit.effects.sql_tokens import (
    NAME,
    SIGN,
    TEXT,
    WORD,
    Token,
    Unreadable,
    names_a_moment,
    tokens_of,
)

LONGEST_MOMENT = 40
"""Characters of a parameter beyond which it is no date, so that long texts cost nothing."""

LONGEST = 20_000
"""Characters of a statement that are looked at; longer ones count as writing."""

_CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT"})
_CLOCKS = frozenset(
    {"CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_DATE", "LOCALTIME", "LOCALTIMESTAMP"}
)
_LOCKS = frozenset({"UPDATE", "SHARE", "NO", "KEY"})
_BEGINNINGS = frozenset({"SELECT", "VALUES"})
CLOCK = "its statement asks the clock"
_FUNCTION = "it calls a function that is not known to only compute"


class _Objection(Exception):
    """The statement is not known to only read; the text says why."""


@functools.lru_cache(maxsize=512)
def objection(statement: str, dialect: str) -> str | None:
    """Why *statement* may do more than read, ``None`` if it only reads.

    *dialect* is ``"sqlite"`` or ``"postgresql"``; of any other nothing is known.
    """
    if len(statement) > LONGEST:
        return "its statement is very long"
    if dialect not in FUNCTIONS:
        return "the dialect of its statement is not known"
    try:
        _check(tokens_of(statement, dialect), dialect)
    except (Unreadable, _Objection) as why:
        return str(why)
    return None


def _check(tokens: list[Token], dialect: str) -> None:
    while tokens and tokens[-1].is_sign(";"):
        tokens = tokens[:-1]
    if not tokens:
        raise _Objection("its statement is empty")
    if any(token.is_sign(";") for token in tokens):
        raise _Objection("it runs several statements")
    first = tokens[0].word
    if first == "PRAGMA" and dialect == "sqlite":
        _pragma(tokens[1:])
        return
    if first == "EXPLAIN":
        tokens = _explained(tokens[1:])
    _Query(tokens, dialect).check()


def _explained(tokens: list[Token]) -> list[Token]:
    """What an ``EXPLAIN`` explains; with ``ANALYZE`` it runs it."""
    if any(token.word in ("ANALYZE", "ANALYSE") for token in tokens):
        raise _Objection("its statement is run to be explained")
    words = [token.word for token in tokens[:2]]
    if words == ["QUERY", "PLAN"]:
        return tokens[2:]
    start = 0
    if tokens and tokens[0].is_sign("("):
        start = _closing(tokens, 0) + 1
    if start < len(tokens) and tokens[start].word == "VERBOSE":
        start += 1
    # Behind the options a parenthesis may open the query itself.
    is_query = start < len(tokens) and (
        tokens[start].word in (*_BEGINNINGS, "WITH") or tokens[start].is_sign("(")
    )
    return tokens[start:] if is_query else tokens


def _pragma(tokens: list[Token]) -> None:
    """``PRAGMA table_info(x)`` looks at the schema; most others set something."""
    if len(tokens) > 2 and tokens[1].is_sign("."):
        tokens = tokens[2:]
    if not tokens:
        raise _Objection("its PRAGMA is not known to only read")
    name, rest = tokens[0].text.lower(), tokens[1:]
    if name in SCHEMA_PRAGMAS and (
        not rest or (len(rest) == 3 and rest[0].is_sign("(") and rest[2].is_sign(")"))
    ):
        return
    if name in READING_PRAGMAS and not rest:
        return
    raise _Objection("its PRAGMA is not known to only read")


def _pragma_table(name: str) -> None:
    """A PRAGMA can be queried as a table, by any kind of name: ``FROM pragma_optimize``."""
    prefix, pragma = name[:7].lower(), name[7:].lower()
    if prefix == "pragma_" and pragma not in SCHEMA_PRAGMAS and pragma not in READING_PRAGMAS:
        raise _Objection("its PRAGMA is not known to only read")


def _closing(tokens: list[Token], start: int) -> int:
    """The place of the parenthesis that closes the one at *start*."""
    depth = 0
    for place in range(start, len(tokens)):
        depth += tokens[place].is_sign("(") - tokens[place].is_sign(")")
        if depth == 0:
            return place
    raise _Objection("its parentheses do not match")


class _Around(NamedTuple):
    """A token and its neighbours."""

    before: Token | None
    token: Token
    after: Token | None


class _Query:
    """One ``SELECT``, ``VALUES`` or ``WITH``, token by token."""

    def __init__(self, tokens: list[Token], dialect: str) -> None:
        self._tokens = tokens
        self._dialect = dialect
        self._column_lists: set[int] = set()

    def check(self) -> None:
        """Raise `_Objection` unless the statement only reads."""
        self._balance()
        self._beginning(0)
        for place in range(len(self._tokens)):
            before = self._tokens[place - 1] if place else None
            after = self._tokens[place + 1] if place + 1 < len(self._tokens) else None
            self._token(place, _Around(before, self._tokens[place], after))

    def _balance(self) -> None:
        depth = 0
        for token in self._tokens:
            depth += token.is_sign("(") - token.is_sign(")")
            if depth < 0:
                break
        if depth:
            raise _Objection("its parentheses do not match")

    def _beginning(self, place: int) -> None:
        """The statement, behind opening parentheses and ``WITH`` lists, begins as a query."""
        tokens = self._tokens
        while place < len(tokens) and tokens[place].is_sign("("):
            place += 1
        if place < len(tokens) and tokens[place].word == "WITH":
            place = self._with(place + 1)
            while place < len(tokens) and tokens[place].is_sign("("):
                place += 1
        if place >= len(tokens) or tokens[place].word not in _BEGINNINGS:
            raise _Objection("its statement is not a query")

    def _with(self, place: int) -> int:
        """Behind the named queries; each is checked like the rest, and begins as one too."""
        tokens = self._tokens
        if place < len(tokens) and tokens[place].word == "RECURSIVE":
            place += 1
        while True:
            place = self._named_query(place)
            if place >= len(tokens) or not tokens[place].is_sign(","):
                return place
            place += 1

    def _named_query(self, place: int) -> int:
        tokens = self._tokens
        if place + 1 >= len(tokens) or tokens[place].kind not in (WORD, NAME):
            raise _Objection("its WITH clause is not understood")
        place += 1
        if tokens[place].is_sign("("):
            self._column_lists.add(place - 1)
            place = _closing(tokens, place) + 1
        words = [token.word for token in tokens[place : place + 3]]
        place += {"AS": 1}.get(words[0] if words else "", 0)
        if words[1:3] == ["NOT", "MATERIALIZED"]:
            place += 2
        elif words[1:2] == ["MATERIALIZED"]:
            place += 1
        if words[:1] != ["AS"] or place >= len(tokens) or not tokens[place].is_sign("("):
            raise _Objection("its WITH clause is not understood")
        self._beginning(place)
        return _closing(tokens, place) + 1

    # Tokens -----------------------------------------------------------------

    def _token(self, place: int, around: _Around) -> None:
        token, after = around.token, around.after
        calls = after is not None and after.is_sign("(")
        if token.kind == TEXT and names_a_moment(token.content):
            raise _Objection(CLOCK)
        if self._dialect == "sqlite" and token.kind in (WORD, NAME, TEXT):
            _pragma_table(token.text if token.kind == WORD else token.content)
        if token.kind == WORD:
            self._word(around, calls)
        if not calls or place in self._column_lists:
            return
        if token.kind in (WORD, NAME):
            self._call(place, around)
        elif token.kind != SIGN or token.text in (")", "]", "."):
            raise _Objection("a part of its statement is not understood")

    def _word(self, around: _Around, calls: bool) -> None:
        word = around.token.word
        if around.before is not None and around.before.is_sign("."):
            return
        if word in _CHANGING and not (word == "REPLACE" and calls):
            raise _Objection("its statement changes data")
        if word == "INTO":
            raise _Objection("its statement stores rows")
        if word == "LOCK":
            raise _Objection("its statement takes locks")
        if word == "FOR" and around.after is not None and around.after.word in _LOCKS:
            raise _Objection("its statement takes locks")
        if word in _CLOCKS:
            raise _Objection(CLOCK)

    def _call(self, place: int, around: _Around) -> None:
        """A word in front of a parenthesis: a keyword, a type, an alias or a function."""
        token, before = around.token, around.before
        if before is not None and before.is_sign("."):
            if not self._is_catalog(place):
                raise _Objection(_FUNCTION)
        elif _is_keyword(token, before) or (before is not None and before.word == "AS"):
            return
        name = token.content if token.kind == NAME else token.text.lower()
        if name not in FUNCTIONS[self._dialect] or not token.text.isascii():
            raise _Objection(_FUNCTION)
        needed = CLOCK_WITHOUT_ARGUMENT.get(name, 0) if self._dialect == "sqlite" else 0
        if self._arguments(place + 1) < needed:
            raise _Objection(CLOCK)

    def _arguments(self, place: int) -> int:
        """How many arguments stand in the parentheses that open at *place*."""
        inside = self._tokens[place + 1 : _closing(self._tokens, place)]
        depth = commas = 0
        for token in inside:
            depth += token.is_sign("(") - token.is_sign(")")
            commas += depth == 0 and token.is_sign(",")
        return commas + 1 if inside else 0

    def _is_catalog(self, place: int) -> bool:
        """Whether ``pg_catalog.`` stands before the name, and nothing before that."""
        # The word that a query begins with stands before both.
        schema, before = self._tokens[place - 2], self._tokens[place - 3]
        is_alone = not before.is_sign(".")
        return is_alone and self._dialect == "postgresql" and schema.word == "PG_CATALOG"


def _is_keyword(token: Token, before: Token | None) -> bool:
    """Whether a word in front of a parenthesis is certainly no name of a function."""
    if token.word == "BY":
        return before is not None and before.word in ("GROUP", "ORDER", "PARTITION")
    if token.word in BEFORE_PARENTHESIS:
        return True
    if token.word not in BETWEEN_OPERANDS or before is None:
        return False
    if before.kind == SIGN:
        return before.text in (")", "]")
    return before.word not in NO_OPERANDS


def asks_clock(parameters: Any, depth: int = 4) -> bool:
    """Whether a parameter, at most *depth* containers deep, stands for the present time."""
    if type(parameters) is str:
        return len(parameters) <= LONGEST_MOMENT and names_a_moment(parameters)
    if type(parameters) is dict:
        parameters = list(parameters.values())
    if type(parameters) not in (list, tuple):
        return False
    return depth > 0 and any(asks_clock(one, depth - 1) for one in parameters)
