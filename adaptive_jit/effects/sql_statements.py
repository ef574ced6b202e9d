"""Statements that are objects of SQLAlchemy: ``text("…")`` and ``select(…)``.

Only exact types of the library are understood, down to each column's type:
a type decorator, a compiled element or an operator of the user's is code of
the user's, or text that nobody has looked at.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import exact
from adaptive_jit.effects.known_callbacks import is_statement
from adaptive_jit.effects.sql import CLOCK, asks_clock, objection
from adaptive_jit.effects.sql_functions import CLOCK_WITHOUT_ARGUMENT, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELEMENTS = frozenset(
    "Select CompoundSelect Column ColumnClause Table TableClause BindParameter BinaryExpression "
    "BooleanClauseList ClauseList ExpressionClauseList UnaryExpression Label Grouping "
    "SelectStatementGrouping Cast TypeClause Null True_ False_ Alias Subquery Join Exists "
    "ScalarSelect Case Tuple Extract Over FunctionFilter CTE Slice _OffsetLimitParam "
    "AsBoolean DMLTargetCopy _label_reference _textual_label_reference OrderByList".split()
)
"""Elements that render what they hold and nothing of their own."""

_PARTS = ("_prefixes", "_suffixes", "_hints", "_statement_hints", "_independent_ctes")
_UNKNOWN = "its statement is of a type that the catalogue does not know"
_MOST_ELEMENTS = 400


def unfit(statement: Any, *, objects: bool) -> str | None:
    """What in *statement*, or a mapper, may run code of the user's, ``None`` if nothing.

    *objects* says that mapped classes in it are loaded as objects.
    """
    if not is_statement(statement):
        mapper = getattr(sys.modules.get("sqlalchemy.orm"), "Mapper", None)
        if objects and type(statement) is mapper:
            return _mapper_objection(statement)
        return _UNKNOWN
    for element in _elements(statement):
        if not _is_own(element):
            return _UNKNOWN
        if not all(map(_is_plain_type, _types(element))):
            return "a column of it has a type of one's own"
        annotations = getattr(element, "_annotations", {})
        mapper = annotations.get("parententity")
        if objects and mapper is not None:
            reason = _mapper_objection(mapper)
            if reason is not None:
                return reason
    return None


def statement_objection(statement: Any, dialect: str) -> str | None:
    """Why a fit *statement* may do more than read, ``None`` if it only reads."""
    is_text = type(statement).__name__ == "TextClause"
    for count, element in enumerate(_elements(statement)):
        if _is_parameter(element) and asks_clock(element.value):
            return CLOCK
        if count > _MOST_ELEMENTS or not (is_text or _only_reads(element, dialect)):
            return "a part of its statement is not known to only read"
    return objection(str(statement.text), dialect) if is_text else None


def _elements(statement: Any) -> Iterable[Any]:
    found: Iterable[Any] = sys.modules["sqlalchemy.sql.visitors"].iterate(statement)
    return found


def _only_reads(element: Any, dialect: str) -> bool:
    name = type(element).__name__.removeprefix("Annotated")
    functions = sys.modules["sqlalchemy.sql.functions"]
    if isinstance(element, functions.FunctionElement):
        return _is_known_function(element, dialect)
    if name not in _ELEMENTS:
        return False
    # A literal column is text that nobody has looked at; `count()` has a star for one.
    if getattr(element, "is_literal", False) and element.name != "*":
        return False
    if any(getattr(element, part, None) for part in _PARTS):
        return False
    operator = getattr(element, "operator", None)
    return type(operator).__name__ != "custom_op"


def _is_known_function(element: Any, dialect: str) -> bool:
    name = getattr(element, "name", None)
    packages = getattr(element, "packagenames", ())
    if type(name) is not str or packages or name.lower() not in FUNCTIONS[dialect]:
        return False
    needed = CLOCK_WITHOUT_ARGUMENT.get(name.lower(), 0) if dialect == "sqlite" else 0
    return len(element.clauses) >= needed


def _is_own(element: Any) -> bool:
    kind = type(element)
    if not kind.__module__.startswith("sqlalchemy."):
        return False
    if _is_parameter(element):
        return element.callable is None and exact((element.value,), leaves=True)
    return True


def _is_parameter(element: Any) -> bool:
    return type(element).__name__.removeprefix("Annotated") == "BindParameter"


def _types(element: Any) -> list[Any]:
    """The types of an element and, since ``select(table)`` names none, of a table's columns."""
    found = [column.type for column in element.columns] if _is_table(element) else []
    kind = getattr(element, "type", None)
    return found if kind is None else [*found, kind]


def _is_table(element: Any) -> bool:
    return isinstance(element, sys.modules["sqlalchemy"].TableClause)


def _is_plain_type(kind: Any) -> bool:
    decorator = sys.modules["sqlalchemy"].TypeDecorator
    return type(kind).__module__.startswith("sqlalchemy.") and not isinstance(kind, decorator)


def _mapper_objection(mapper: Any) -> str | None:
    """Whether loading objects of the class runs code of the user's."""
    # An alias of a class has its mapper as an attribute, as a mapper has itself.
    for one in mapper.mapper.self_and_descendants:
        events = one.class_manager.dispatch
        if any(len(list(getattr(events, name))) for name in ("load", "refresh")):
            return "objects of it are loaded with code of one's own"
        if not all(_is_plain_type(column.type) for column in one.columns):
            return "a column of it has a type of one's own"
    return None
