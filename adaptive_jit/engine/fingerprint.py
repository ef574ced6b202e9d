"""What must be unchanged for a memory to be of use: a function's code and all that it leads to.

A memory is found again only by a key in which everything stands that could
make it wrong: the function's name and code, the code of the functions and
classes that it names (and of those that they name), the interpreter's and the
library's version, and the settings. Who edits any of these finds nothing.
"""

from __future__ import annotations

import abc
import hashlib
import os
import sys
from dataclasses import fields
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.effects.source import original_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adaptive_jit.settings import Settings

MOST_CODES: Final = 256
"""Functions that are followed, nearest first: some milliseconds at most."""

IRRELEVANT: Final = frozenset({"enabled", "strategy", "persist", "cache_dir", "log", "report"})
"""Settings that change neither what is measured nor what follows from it."""

_OUTSIDE: Final = (
    os.path.dirname(os.path.abspath(os.__file__)),
    os.sep + "site-packages" + os.sep,
    os.sep + "dist-packages" + os.sep,
)
"""Where code that is not the program's own lies: it is taken in, but not followed further."""

_PLAIN: Final = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))


def key_of(name: str, function: FunctionType, code: CodeType, settings: Settings) -> str:
    """The key under which *function*, whose own code is *code*, is remembered."""
    digest = hashlib.blake2b(digest_size=16)

    def feed(*parts: object) -> None:
        for part in parts:
            digest.update(part if isinstance(part, bytes) else repr(part).encode())
            digest.update(b"\0")

    # By name, since the package itself stands above the engine.
    version = getattr(sys.modules[__name__.partition(".")[0]], "__version__", "")
    feed(name, version, sys.version, sys.implementation.cache_tag)
    if function.__module__ == "__main__":
        feed(code.co_filename)  # every script is called that
    for field in fields(settings):
        if field.name not in IRRELEVANT:
            feed(field.name, getattr(settings, field.name))
    for one in _reached(function, code):
        for part in _parts(one):
            feed(part)
    return digest.hexdigest()


def _reached(function: FunctionType, code: CodeType) -> Iterator[CodeType]:
    """The codes of *function* and of what it names, each once, in an order that never changes."""
    waiting: list[tuple[FunctionType, CodeType]] = [(function, code)]
    seen = {id(code)}
    for one, its_code in waiting:
        yield its_code
        if one is not function and _is_outside(its_code):
            continue
        for other in _named(one, its_code):
            code = original_code(other)
            if id(code) not in seen and len(seen) < MOST_CODES:
                seen.add(id(code))
                waiting.append((other, code))


def _is_outside(code: CodeType) -> bool:
    stdlib, *packages = _OUTSIDE
    return code.co_filename.startswith(stdlib) or any(p in code.co_filename for p in packages)


def _named(function: FunctionType, code: CodeType) -> Iterator[FunctionType]:
    """The functions that *function* may call by a name of its code, its cells or its wrapper."""
    names = sorted(_names(code))
    for name in names:
        value = function.__globals__.get(name)
        yield from _functions_of(value)
        if type(value) is ModuleType:
            for attribute in names:
                yield from _functions_of(vars(value).get(attribute))
    for cell in function.__closure__ or ():
        try:
            yield from _functions_of(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    yield from _functions_of(vars(function).get("__wrapped__"))


def _names(code: CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


def _functions_of(value: Any) -> Iterator[FunctionType]:
    """*value* if it is a function, the methods if it is a class; found without running code."""
    if type(value) is MethodType:
        value = value.__func__
    if type(value) is FunctionType:
        yield value
    elif type(value) in (type, abc.ABCMeta):
        for base in value.__mro__[:-1]:
            for _, member in sorted(vars(base).items(), key=lambda item: item[0]):
                function = getattr(member, "__func__", None) if _is_bound(member) else member
                if type(function) is FunctionType:
                    yield function


def _is_bound(member: object) -> bool:
    return type(member) in (staticmethod, classmethod)


def _parts(value: Any) -> Iterator[bytes | str]:
    """What tells one code, or one constant, from another; the same in every process."""
    if isinstance(value, CodeType):
        yield value.co_code
        yield value.co_qualname
        yield repr((value.co_flags, value.co_names, value.co_varnames, value.co_freevars))
        for constant in value.co_consts:
            yield from _parts(constant)
    elif type(value) is tuple:
        yield f"tuple of {len(value)}"
        for item in value:
            yield from _parts(item)
    elif type(value) is frozenset:
        # The order of a set of strings differs from process to process.
        yield repr(sorted(map(repr, value)))
    elif type(value) in _PLAIN:
        yield f"{type(value).__name__} {value!r}"
    else:
        yield type(value).__name__
