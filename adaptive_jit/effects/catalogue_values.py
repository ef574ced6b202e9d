"""Tests of arguments: would code that reads them run anything that is not known?

An *exact* value is made of builtin types themselves, not of subclasses, at
every depth: printing, comparing, hashing, copying and encoding it run builtin
code only. The tests below stop after `BUDGET` elements and then say no, so
that a start never costs more than about half a millisecond.
"""

from __future__ import annotations

import sys
from types import EllipsisType, NoneType
from typing import TYPE_CHECKING, Any

from adaptive_jit.runtime.told import told_by

if TYPE_CHECKING:
    from collections.abc import Iterable

SCALARS = frozenset({int, float, complex, bool, str, bytes, NoneType, EllipsisType, range})
TEXTS = frozenset({str, bytes})
NUMBERS = frozenset({int, float, bool, complex})
ORDERED = frozenset({list, tuple})
SETS = frozenset({set, frozenset})
VIEWS = frozenset({type({}.keys()), type({}.values()), type({}.items())})
SHALLOW = SCALARS | ORDERED | SETS | VIEWS | frozenset({dict, bytearray, memoryview, slice})
"""Types whose own length, truth, iteration and copying involve none of their elements' code."""

BUDGET = 10_000
"""Elements looked at before a value counts as too large to be checked."""

_LEAVES = (
    "httpx:BasicAuth",
    "httpx:Limits",
    "httpx:Timeout",
    "httpx:URL",
    "httpx2:BasicAuth",
    "httpx2:Limits",
    "httpx2:Timeout",
    "httpx2:URL",
    "aiohttp:BasicAuth",
    "aiohttp:ClientTimeout",
    "anthropic._types:NotGiven",
    "anthropic._types:Omit",
    "requests.auth:HTTPBasicAuth",
    "openai:NotGiven",
    "openai._types:Omit",
    "datetime:date",
    "datetime:datetime",
    "datetime:timedelta",
    "pathlib:PosixPath",
    "pathlib:WindowsPath",
    "re:Pattern",
    "urllib3.util.retry:Retry",
    "urllib3.util.timeout:Timeout",
    "uuid:UUID",
    "yarl:URL",
)
"""Library values, exactly of these types, that the catalogued libraries take as arguments."""

_MODELS = {
    "anthropic": "anthropic:BaseModel",
    "google": "google.genai._common:BaseModel",
    "langchain_core": "langchain_core.messages.base:BaseMessage",
    "litellm": "litellm.types.utils:OpenAIObject",
    "ollama": "ollama._types:SubscriptableBaseModel",
    "openai": "openai:BaseModel",
}
"""Base classes of the SDKs' answers by top module.

An answer may stand in the next question; its fields are looked at like a dict.
"""

# By identity, since a metaclass may hash as it likes; the types are kept so that no id is reused.
_leaf_verdicts: dict[int, tuple[type, bool]] = {}
_model_verdicts: dict[int, tuple[type, bool]] = {}


def exact(value: Any, leaves: bool = False) -> bool:
    """Whether *value* is exact at every depth; with *leaves*, known library values count too."""
    kind = type(value)
    if kind in SCALARS:
        return True
    if kind in ORDERED or kind is dict or kind in SETS:
        return _exact_container(value, leaves)
    if kind is bytearray:
        return True
    return leaves and (is_leaf(kind) or (is_model(kind) and _exact_container([value], leaves)))


def exact_all(args: Iterable[Any], kwargs: dict[str, Any], leaves: bool = False) -> bool:
    """Whether every positional and keyword argument is exact."""
    for value in args:
        if type(value) not in SCALARS and not exact(value, leaves):
            return False
    for value in kwargs.values():
        if type(value) not in SCALARS and not exact(value, leaves):
            return False
    return True


def text_all(args: Iterable[Any], kwargs: dict[str, Any]) -> bool:
    """Whether builtin code alone makes a text of each: of stock exceptions and plain classes too."""
    return all(map(_makes_text, args)) and all(map(_makes_text, kwargs.values()))


def _makes_text(value: Any) -> bool:
    if type(value) in SCALARS or type(value) is type:
        return True
    told = told_by(value)
    return exact(value) if told is None else exact(told)


def shallow(value: Any) -> bool:
    """Whether ``len``, ``bool``, ``iter`` and ``list`` of *value* run builtin code only."""
    return type(value) in SHALLOW


def is_leaf(kind: type) -> bool:
    """Whether values of exactly this type may stand in the arguments of catalogued calls."""
    known = _leaf_verdicts.get(id(kind))
    if known is not None:
        return known[1]
    verdict = any(kind is _loaded(name) for name in _LEAVES)
    if len(_leaf_verdicts) > 1000:
        _leaf_verdicts.clear()
    _leaf_verdicts[id(kind)] = (kind, verdict)
    return verdict


def _loaded(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(sys.modules.get(module), "__dict__", {}).get(attribute, _loaded)


def _exact_container(value: Any, leaves: bool) -> bool:
    """Walk without recursion; a container met twice is looked at once, so cycles end."""
    pending = [value]
    seen: set[int] = set()
    budget = BUDGET
    try:
        while pending:
            container = pending.pop()
            if id(container) in seen:
                continue
            seen.add(id(container))
            budget -= len(container)
            if budget < 0:
                return False
            for element in _elements(container):
                kind = type(element)
                if kind in SCALARS:
                    continue
                if kind in ORDERED or kind is dict or kind in SETS:
                    pending.append(element)
                elif leaves and is_model(kind):
                    pending += (vars(element), element.__pydantic_extra__ or {})
                elif not (leaves and is_leaf(kind)):
                    return False
    except RuntimeError:
        # Another thread changes a dict or set while it is walked.
        return False
    return True


def _elements(container: Any) -> Iterable[Any]:
    return [*container, *container.values()] if type(container) is dict else container


def is_model(kind: type) -> bool:
    """Whether *kind* is one of an SDK's own answer classes, not a user's subclass of one."""
    known = _model_verdicts.get(id(kind))
    if known is not None:
        return known[1]
    home = type.__getattribute__(kind, "__module__")
    top = home.partition(".")[0] if type(home) is str else ""
    base = _loaded(_MODELS[top]) if top in _MODELS else None
    verdict = isinstance(base, type) and base in kind.__mro__
    if len(_model_verdicts) > 1000:
        _model_verdicts.clear()
    _model_verdicts[id(kind)] = (kind, verdict)
    return verdict
