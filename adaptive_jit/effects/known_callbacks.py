"""Functions and statements of libraries that may be handed to their calls.

They run no code of the user's by themselves; what a statement does is for the
lowering of the call to say.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

_ROW_FACTORIES = ("tuple_row", "dict_row", "scalar_row", "namedtuple_row")


def is_known_argument(value: Any) -> bool:
    """Whether *value* is such a function, or a statement of SQLAlchemy's own type."""
    return is_known_callback(value) or is_statement(value)


def is_known_callback(value: Any) -> bool:
    """Whether *value* is a row factory that psycopg itself ships."""
    if type(value) is not FunctionType:
        return False
    rows = getattr(sys.modules.get("psycopg.rows"), "__dict__", None)
    return rows is not None and any(value is rows.get(name) for name in _ROW_FACTORIES)


def is_statement(value: Any) -> bool:
    """Whether *value* is a ``text`` or ``select`` object of the library itself."""
    elements = sys.modules.get("sqlalchemy.sql.elements")
    selectable = sys.modules.get("sqlalchemy.sql.selectable")
    return (
        elements is not None
        and selectable is not None
        and (type(value) is elements.TextClause or type(value) is selectable.Select)
    )
