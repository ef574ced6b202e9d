"""The register behind the four declarations: which object carries which effect.

Objects are known by identity. They are held weakly where their type allows
it, so that declaring a short-lived callable does not keep it alive.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import warnings
import weakref
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, NamedTuple

from adaptive_jit.effects.describe import describe
from adaptive_jit.effects.targets import is_being_imported, missing, named, unwrapped
from adaptive_jit.errors import DeclarationError, DeclarationWarning
from adaptive_jit.records.effects import Effect, EffectKind, Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*\Z")

Key = tuple[int, ...]


class _Pending(NamedTuple):
    """A declaration by name whose module is not there yet, and where it was made."""

    word: str
    kind: EffectKind
    resource: str | None
    file: str
    line: int


class _Declaration:
    """One declared object (with its receiver, for a bound method) and its effect."""

    __slots__ = ("_effect", "_examined", "function", "receiver")

    def __init__(self, effect: Effect, key: Key, parts: tuple[object, ...]) -> None:
        def forget(_: object) -> None:
            _declarations.pop(key, None)

        self._effect = effect
        self._examined = False
        self.function = _reference(parts[0], forget)
        self.receiver = _reference(parts[1], forget) if len(parts) > 1 else None

    @property
    def effect(self) -> Effect:
        """The declared effect; whether arguments are left alone is read from source once."""
        if not self._examined:
            if _leaves_arguments(self.function()):
                self._effect = dataclasses.replace(self._effect, leaves_arguments=True)
            if _prints(self.function()):
                self._effect = dataclasses.replace(
                    self._effect,
                    caller_thread=True,
                    reason=f"{self._effect.reason}, but it prints: in its turn",
                )
            self._examined = True
        return self._effect

    def is_for(self, parts: tuple[object, ...]) -> bool:
        """Whether the identifiers still stand for the objects that were declared."""
        if self.function() is not parts[0]:
            return False
        return self.receiver is None or self.receiver() is parts[1]


_declarations: dict[Key, _Declaration] = {}
_pending: dict[str, _Pending] = {}
_modules_seen = 0
version = 0
"""Grows with each declaration, so that what was found earlier can be looked up anew."""


def check(word: str, target: object) -> None:
    """Raise `DeclarationError` unless *target* can carry a declaration."""
    if isinstance(target, str):
        if not _TARGET.match(target):
            raise DeclarationError(
                f"{word}({target!r}): name a callable as 'package.module:name' or "
                "'package.module:Class.method'; a resource comes first, before the callables"
            )
        said = missing(target)
        if said is not None:
            raise DeclarationError(f"{word}({target!r}): {said}")
        return
    plain = unwrapped(target)
    if isinstance(plain, (property, ModuleType)) or not callable(plain):
        raise DeclarationError(
            f"{word}({target!r}): {type(target).__name__!r} objects cannot be called; declare "
            "the function, method or class that is called"
        )


def add(word: str, kind: EffectKind, resource: str | None, target: object) -> None:
    """Declare *target*, or warn why its code forbids it."""
    global version
    if isinstance(target, str):
        _pending[target] = _Pending(word, kind, resource, *_declared_at())
        _resolve_pending(force=True)
        return
    plain = unwrapped(target)
    refusal = _contradiction(kind, plain)
    if refusal is not None:
        warnings.warn(
            f"{word}({describe(plain)}) is refused: {refusal}. If the order of its calls does "
            "not matter, declare it `unordered` instead",
            DeclarationWarning,
            stacklevel=_caller_level(),
        )
        return
    reason = f"declared {word}" + (f" of {resource!r}" if resource else "")
    effect = Effect(kind, resource, Source.DECLARED, reason)
    parts = _parts(plain)
    key = tuple(map(id, parts))
    _declarations[key] = _Declaration(effect, key, parts)
    version += 1


def find(callee: object) -> Effect | None:
    """The declared effect of *callee*, or ``None``. A wrapper does not inherit one."""
    if _pending and len(sys.modules) != _modules_seen:
        _resolve_pending()
    if not _declarations:
        return None
    parts = _parts(callee)
    found = _declarations.get(tuple(map(id, parts)))
    if found is not None and found.is_for(parts):
        return found.effect
    if type(callee) is MethodType:
        return find(callee.__func__)
    if type(callee) is BuiltinMethodType:
        return _find_in_class(callee)
    return None


def forget_all() -> None:
    """Forget every declaration (for tests)."""
    global version
    _declarations.clear()
    _pending.clear()
    version += 1


def _find_in_class(callee: BuiltinMethodType) -> Effect | None:
    """A method of a C type declared through its class: ``reads(sqlite3.Cursor.fetchall)``."""
    if isinstance(callee.__self__, (ModuleType, type(None))):
        return None
    for owner in type(callee.__self__).__mro__:
        if callee.__name__ in owner.__dict__:
            member = owner.__dict__[callee.__name__]
            found = _declarations.get((id(member),))
            return found.effect if found is not None and found.is_for((member,)) else None
    return None


def _parts(callee: object) -> tuple[object, ...]:
    """What makes *callee* the same callable again: bound methods are made anew at each access."""
    if type(callee) is MethodType:
        return callee.__func__, callee.__self__
    if type(callee) is BuiltinMethodType and not isinstance(
        callee.__self__, (ModuleType, type(None))
    ):
        return sys.intern(callee.__name__), callee.__self__
    return (callee,)


def _reference(value: object, forget: Callable[[object], None]) -> Callable[[], object]:
    try:
        return weakref.ref(value, forget)
    except TypeError:
        return lambda: value


def _resolve_pending(*, force: bool = False) -> None:
    """Declare the named callables whose modules have been imported meanwhile."""
    global _modules_seen
    if not force and len(sys.modules) == _modules_seen:
        return
    _modules_seen = len(sys.modules)
    for target, declared in list(_pending.items()):
        found = named(target)
        if found is not None:
            _pending.pop(target, None)
            try:
                check(declared.word, found)
            except DeclarationError as error:
                _tell(declared, str(error))
            else:
                add(declared.word, declared.kind, declared.resource, found)
        elif (said := missing(target)) is not None:
            _pending.pop(target, None)
            _tell(declared, f"{declared.word}({target!r}): {said}")
        elif is_being_imported(target):
            _modules_seen = -1


def _tell(declared: _Pending, text: str) -> None:
    """Warn at the declaration; never raises, since a call of the program may have led here."""
    try:
        warnings.warn_explicit(text, DeclarationWarning, declared.file, declared.line)
    except DeclarationWarning:
        import logging

        logging.getLogger("adaptive_jit").warning(text)


def _contradiction(kind: EffectKind, target: object) -> str | None:
    if kind > EffectKind.READS:
        return None
    function = target.__func__ if type(target) is MethodType else target
    if type(function) is not FunctionType:
        return None
    from adaptive_jit.effects.escape import contradiction

    return contradiction(function)


def _prints(target: object) -> bool:
    function = getattr(target, "__func__", target)
    if not isinstance(function, FunctionType):
        return False
    from adaptive_jit.effects.escape import prints

    return prints(function)


def _leaves_arguments(target: object) -> bool:
    function = target.__func__ if type(target) is MethodType else target
    if type(function) is not FunctionType:
        return False
    from adaptive_jit.effects.escape import leaves_arguments

    return leaves_arguments(function)


def _caller_level() -> int:
    """How many frames above the caller of this function user code begins (for ``warn``)."""
    return _outside(sys._getframe(1))[1]


def _declared_at() -> tuple[str, int]:
    """The file and line of user code that declares."""
    frame, _ = _outside(sys._getframe(1))
    return frame.f_code.co_filename, frame.f_lineno


def _outside(frame: FrameType) -> tuple[FrameType, int]:
    level = 1
    package = __name__.partition(".")[0]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(package):
        frame, level = frame.f_back, level + 1
    return frame, level
