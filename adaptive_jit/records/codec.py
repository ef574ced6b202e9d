"""``FunctionStats`` as JSON and back, for the store and for saved reports.

The format carries a number, raised when an older reader would misunderstand
it; a new field with a default does not raise it. Its history:

1. All fields of the records under their names; enumerations by value, effect
   kinds by lower-case name; numbers that are not finite as ``"inf"``,
   ``"-inf"`` and ``"nan"``, since JSON has none.
"""

from __future__ import annotations

import enum
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from adaptive_jit.records.effects import EffectKind
from adaptive_jit.records.statistics import FunctionStats

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

FORMAT = 1

T = TypeVar("T")


class FormatError(ValueError):
    """The data are not a report of this library, or one of a newer format."""


def encode(functions: Iterable[FunctionStats]) -> dict[str, Any]:
    """Return plain data (dicts, lists, strings, numbers) that `decode` understands."""
    return {
        "format": FORMAT,
        "library": "adaptive_jit",
        "functions": [encode_function(stats) for stats in functions],
    }


def decode(data: object) -> tuple[FunctionStats, ...]:
    """Return the records in *data*; raise `FormatError` if it is not such a report."""
    if not isinstance(data, Mapping) or data.get("library") != "adaptive_jit":
        raise FormatError("this is not a report of adaptive_jit")
    if data.get("format") != FORMAT:
        raise FormatError(f"format {data.get('format')!r} is not known; known is {FORMAT}")
    functions = data.get("functions")
    if not isinstance(functions, list):
        raise FormatError("'functions' must be a list")
    return tuple(map(decode_function, functions))


def encode_function(stats: FunctionStats) -> dict[str, Any]:
    """Return the plain data of one function."""
    encoded: dict[str, Any] = _encode(stats)
    return encoded


def decode_function(data: object) -> FunctionStats:
    """Return the record in *data*; raise `FormatError` if a field is missing or wrong."""
    return decode_record(FunctionStats, data)


def encode_record(record: Any) -> dict[str, Any]:
    """Return the plain data of a record of any of this package's types."""
    encoded: dict[str, Any] = _encode(record)
    return encoded


def decode_record(record: type[T], data: object) -> T:
    """Return the *record* in *data*; raise `FormatError` if a field is missing or wrong."""
    try:
        return _decode_record(record, data)
    except FormatError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise FormatError(f"not a record of {record.__name__}: {error}") from error


def _encode(value: Any) -> Any:
    if isinstance(value, EffectKind):
        return value.name.lower()
    if isinstance(value, enum.Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


@cache
def _hints(record: Hashable) -> dict[str, Any]:
    return get_type_hints(record)


def _decode_record(record: type[T], data: object) -> T:
    if not isinstance(data, Mapping):
        raise FormatError(f"{record.__name__} must be an object, not {type(data).__name__}")
    hints = _hints(cast("Hashable", record))
    values = {}
    for field in fields(record):  # type: ignore[arg-type]
        if field.name in data:
            values[field.name] = _decode(hints[field.name], data[field.name])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise FormatError(f"{record.__name__} lacks {field.name!r}")
    return record(**values)


def _decode(hint: Any, value: Any) -> Any:
    """Return *value* as *hint* says; raise `FormatError` where it cannot be."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = next(part for part in get_args(hint) if part is not types.NoneType)
        return None if value is None else _decode(inner, value)
    if origin is tuple:
        return _decode_tuple(get_args(hint), value)
    if hint is EffectKind:
        return EffectKind[str(value).upper()]
    if issubclass(hint, enum.Enum):
        return hint(value)
    scalar = hint in (str, int, float, bool)
    return _decode_scalar(hint, value) if scalar else _decode_record(hint, value)


def _decode_tuple(parts: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise FormatError(f"expected a list, not {type(value).__name__}")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_decode(parts[0], item) for item in value)
    return tuple(_decode(part, item) for part, item in zip(parts, value, strict=True))


def _decode_scalar(hint: type, value: Any) -> Any:
    if hint is float and value in ("inf", "-inf", "nan"):
        return float(value)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise FormatError(f"expected {hint.__name__}, not {value!r}")
    return value
