"""The words of an SQL statement, split as SQLite or PostgreSQL would split them.

Where the two, or two settings of one server, could disagree about where a
string or a comment ends, the text is refused: `Unreadable`. That concerns
comments within comments, carriage returns within comments, backslashes before
quotes, and zero bytes.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

WORD = "word"
NAME = "name"
TEXT = "text"
NUMBER = "number"
PARAMETER = "parameter"
SIGN = "sign"

_LETTER = "A-Za-z_\\u0080-\\U0010ffff"

_COMMON = r"""
    (?P<space>[ \t\n\r\f]+)
  | (?P<line>--[^\n]*)
  | (?P<block>/\*.*?(?:\*/|\Z))
"""

_SQLITE = rf"""
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
  | (?P<parameter>\?\d*|[:@$][{_LETTER}0-9$]+)
  | (?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[{_LETTER}][{_LETTER}0-9$]*)
  | (?P<sign>[-+*/<>=~!%&|.,;()])
"""

_POSTGRESQL = rf"""
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<dollar>\$(?P<tag>[{_LETTER}][{_LETTER}0-9]*)?\$.*?\$(?P=tag)\$|\$\$.*?\$\$)
  | (?P<parameter>%\(\w+\)[sbt]|%[sbt](?![{_LETTER}0-9$])|\$\d+|(?<!:):(?!:)[{_LETTER}][\w]*)
  | (?P<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[{_LETTER}][{_LETTER}0-9$]*)
  | (?P<sign>::|[-+*/<>=~!@#%^&|?.,;()\[\]:])
"""

_DIALECTS = {"sqlite": _COMMON + _SQLITE, "postgresql": _COMMON + _POSTGRESQL}
_KINDS = {"escaped": TEXT, "dollar": TEXT}
_AFTER_NUMBER = f"[{_LETTER}$]"
_MOMENT = re.compile(r"\s*(now|today|tomorrow|yesterday|subsec(ond)?)\b", re.IGNORECASE)
"""``'subsec'`` as the first argument is the present time, too (SQLite 3.42)."""


class Unreadable(Exception):
    """The text cannot be split with certainty; the message holds nothing of it."""


class Token(NamedTuple):
    """One word, quoted name, string, number, parameter or sign."""

    kind: str
    text: str

    def is_sign(self, sign: str) -> bool:
        """Whether it is this very sign."""
        return self.text == sign

    @property
    def content(self) -> str:
        """What stands between the quotes of a string or quoted name."""
        return self.text.lstrip("eE").strip("'$") if self.kind == TEXT else self.text[1:-1]

    @property
    def word(self) -> str:
        """The upper-case word if it is a bare one, else an empty string."""
        return self.text.upper() if self.kind == WORD and self.text.isascii() else ""


@cache
def _pattern(dialect: str) -> re.Pattern[str]:
    """Compiled when it is first needed: that takes 10 ms, and most programs have no SQL."""
    return re.compile(_DIALECTS[dialect], re.VERBOSE | re.DOTALL)


def tokens_of(statement: str, dialect: str) -> list[Token]:
    """The tokens of *statement*, comments left out. Raises `Unreadable`."""
    if "\0" in statement:
        raise Unreadable("its statement holds a zero byte")
    pattern = _pattern(dialect)
    found: list[Token] = []
    place = 0
    while place < len(statement):
        match = pattern.match(statement, place)
        if match is None:
            raise Unreadable("a part of its statement is not understood")
        place = match.end()
        kind, text = match.lastgroup or "", match.group()
        if kind == "tag":
            kind = "dollar"
        if kind in ("line", "block"):
            _need_plain_comment(kind, text)
        elif kind != "space":
            _need_one_reading(kind, text, statement[place : place + 1])
            found.append(Token(_KINDS.get(kind, kind), text))
    return found


def _need_plain_comment(kind: str, text: str) -> None:
    if kind == "line":
        # PostgreSQL ends the comment there, SQLite does not.
        if "\r" in text.rstrip("\r"):
            raise Unreadable("a comment of its statement ends differently in different systems")
        return
    if len(text) < 4 or not text.endswith("*/") or "/*" in text[2:] or text.startswith("/*!"):
        raise Unreadable("a comment of its statement ends differently in different systems")


def _need_one_reading(kind: str, text: str, following: str) -> None:
    if kind == "text" and "\\'" in text:
        raise Unreadable("a string of its statement ends differently under different settings")
    if kind == "number" and re.match(_AFTER_NUMBER, following):
        raise Unreadable("a number of its statement is not understood")


def names_a_moment(text: str) -> bool:
    """Whether a database may take *text* for the present time: ``'now'``, ``'today 10:00'``."""
    return _MOMENT.match(text) is not None
