"""Follows a declared function's code to the objects that it uses, once for each kind of call.

Functions of the user's own code, and of the package that the declared one is
from, are followed; what other installed packages do inside is theirs to keep
safe. Only what is at hand is found: objects that a call makes or returns are
not there yet, which is why a lock that the function makes for itself is none.
"""

from __future__ import annotations

import functools
import os
import sys
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptive_jit.effects import affinity_types as types
from adaptive_jit.effects.affinity_contents import filled, is_code, reader_of
from adaptive_jit.effects.affinity_paths import (
    CAPTURED,
    GLOBAL,
    LOCAL,
    MODULE,
    SUPER,
    TRIED,
    NamePath,
    paths_of,
)
from adaptive_jit.effects.affinity_scan import (
    ARGUMENT,
    CELL,
    ENTRY,
    FIXED,
    SLOT,
    STATE,
    Scan,
    Step,
    is_harmless,
)
from adaptive_jit.effects.attributes import (
    MISSING,
    class_member,
    instance_values,
    is_class,
    is_data_descriptor,
    searches_plainly,
)
from adaptive_jit.effects.catalogue_values import SCALARS
from adaptive_jit.effects.proof_checks import content
from adaptive_jit.effects.source import original_code

if TYPE_CHECKING:
    from types import CodeType

DEPTH = 6
MOST_FUNCTIONS = 40
MOST_STEPS = 100
"""Bounds of one scan; what lies beyond is not found. A scan to the full takes about 2 ms."""

_UNNAMED = ("__call__", "__getitem__", "__enter__")
_NEVER_POSITIONAL = sys.maxsize

_namespace = type.__dict__["__dict__"].__get__
_installed = ("site-packages", "dist-packages")
_standard = os.path.dirname(os.__file__) + os.sep


class Place(NamedTuple):
    """An object that was met, and the number of its step (-1: code, kept by identity)."""

    value: Any
    step: int = -1


class Found(Exception):
    """Something bound to the calling thread; the text says what."""


class Enough(Exception):
    """More has been met than could be checked at each start."""


def scan(function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Scan:
    """What calls of *function* like this one use that belongs to a thread."""
    walk = Walk(function)
    said = None
    try:
        walk.begin(args, kwargs)
    except Found as found:
        said = str(found)
    except Enough:
        said = None
    return walk.result(said)


class Walk:
    """One walk from a declared function through what it names."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.package = (function.__module__ or "").partition(".")[0]
        self.same: dict[tuple[int, Any], tuple[Any, Any, object]] = {}
        self.steps: list[Step] = []
        self.index: dict[tuple[Any, ...], int] = {}
        self.codes: dict[int, tuple[FunctionType, CodeType]] = {}
        self.locks: dict[int, str] = {}
        self.containers: dict[int, str] = {}
        self.roots: list[Place] = []
        self.visited: set[tuple[int, int]] = set()

    def result(self, said: str | None) -> Scan:
        """Everything that was met, in the form that is quick to check."""
        codes = list(self.codes.values())
        same = list(self.same.values())
        return Scan(
            original_code(self.function), same, self.steps, codes, self.locks, self.containers, said
        )

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Follow the function with these arguments. Raises `Found`."""
        code = original_code(self.function)
        count = code.co_argcount + code.co_kwonlyargcount
        defaults = _defaults(self.function, code)
        bound: dict[str, Place] = {}
        asked = {path.name for path in paths_of(code) if path.kind == LOCAL and path.attributes}
        for number, name in enumerate(code.co_varnames[:count]):
            position = number if number < code.co_argcount else _NEVER_POSITIONAL
            source = (name, defaults.get(name, MISSING))
            value = args[position] if position < len(args) else kwargs.get(*source)
            if type(value) not in SCALARS or name in asked:
                bound[name] = Place(value, self._step(ARGUMENT, source, position, value))
        self.roots = list(bound.values())
        self._follow(self.function, bound, "", 0)

    # Functions --------------------------------------------------------------

    def _follow(
        self, function: FunctionType, bound: dict[str, Place], via: str, depth: int
    ) -> None:
        for path in paths_of(original_code(function)):
            for root in self._roots(function, path, bound):
                self._along(path, root, via, depth)

    def _roots(
        self, function: FunctionType, path: NamePath, bound: dict[str, Place]
    ) -> list[Place]:
        if path.kind == LOCAL:
            if path.name in bound:
                return [bound[path.name]]
            # Handed on from an argument of the declared function, if it has what is asked for.
            return [root for root in self.roots if _holds(root.value, path.attributes)]
        found = self._outside(function, path)
        return [] if found is None or found.value is MISSING else [found]

    def _outside(self, function: FunctionType, path: NamePath) -> Place | None:
        if path.kind == GLOBAL:
            return self._entry(function.__globals__, path.name)
        if path.kind == MODULE:
            return self._module(path.name)
        names = original_code(function).co_freevars
        if path.kind != CAPTURED or path.name not in names or not function.__closure__:
            return None
        number = names.index(path.name)
        cell = function.__closure__[number]
        value = content(cell)
        is_own = function is self.function
        return self._placed(CELL, None if is_own else cell, number if is_own else id(cell), value)

    def _module(self, name: str) -> Place | None:
        return self._entry(sys.modules, name) if name in sys.modules else None

    def _along(self, path: NamePath, place: Place, via: str, depth: int) -> None:
        shown = NamePath(path.kind, path.name)
        self._look(place, shown, via, depth, None)
        for attribute in path.attributes:
            if attribute.startswith(TRIED) and types.is_plain_lock(place.value):
                raise Found(f"`{shown}`{via}, a lock that it takes only if nobody holds it")
            receiver = place
            self._fix_type(place)
            found = self._attribute(place, attribute.removeprefix(TRIED), via, depth)
            if found is None or found.value is MISSING:
                return
            place, shown = found, shown.then(attribute)
            self._look(place, shown, via, depth, receiver)

    def _look(
        self, place: Place, path: NamePath, via: str, depth: int, receiver: Place | None
    ) -> None:
        """Raise `Found` if the object belongs to a thread; go into it if it is code."""
        value = place.value
        said = types.binding(value)
        if said is not None:
            raise Found(f"`{path}`{via}, {said}")
        if types.lock_of(value) is not None:
            self.locks[place.step] = f"{path}`{via}"
        elif reader_of(type(value)) is not None:
            if self.steps[place.step][0] == ARGUMENT:
                return  # looked at in each call
            self._fix_type(place)
            self.containers[place.step] = f"{path}`{via}"
        elif is_code(value):
            self._go_into(value, path, receiver, depth)
        else:
            self._go_into_methods(place, path, depth)

    def _go_into_methods(self, place: Place, path: NamePath, depth: int) -> None:
        """Follow what an object may be asked without a name."""
        for name in _UNNAMED:
            method = class_member(type(place.value), name)
            if type(method) is FunctionType:
                self._call(method, place, f" (in `{path}`)", depth)

    def _go_into(self, value: Any, path: NamePath, receiver: Place | None, depth: int) -> None:
        via = f" (in `{path}`)"
        if type(value) is FunctionType:
            is_method = receiver is not None and not is_code(receiver.value)
            self._call(value, receiver if is_method else None, via, depth)
        elif type(value) is MethodType and type(value.__func__) is FunctionType:
            self._call(value.__func__, self._fixed(value.__self__), via, depth)
        elif type(value) is functools.partial:
            self._look(self._fixed(value.func), path, via, depth, None)
            for given in (*value.args, *value.keywords.values()):
                self._look(self._fixed(given), path, via, depth, None)
        elif type(value) is type and not _is_installed_module(value, self.package):
            for member in list(_namespace(value).values()):
                if type(member) is FunctionType:
                    self._call(member, None, via, depth)

    def _call(self, function: FunctionType, receiver: Place | None, via: str, depth: int) -> None:
        """Go on in a function that is called, or at least named."""
        code = original_code(function)
        key = (id(code), receiver.step if receiver is not None else -1)
        if key in self.visited or depth >= DEPTH or len(self.visited) >= MOST_FUNCTIONS:
            return
        self.visited.add(key)
        if _is_installed(code.co_filename) and _package(function) != self.package:
            return
        self.codes[id(function)] = (function, code)
        bound: dict[str, Place] = {}
        if receiver is not None and code.co_varnames and code.co_argcount:
            bound[code.co_varnames[0]] = receiver
        self._follow(function, bound, via, depth + 1)

    # Objects ----------------------------------------------------------------

    def _attribute(self, place: Place, name: str, via: str, depth: int) -> Place | None:
        value = place.value
        if type(value) is ModuleType:
            return self._entry(value.__dict__, name)
        if is_class(value):
            return self._of_class(value, value, name) if type(value) is type else None
        if is_code(value):
            return None
        kind = type(value)
        if not searches_plainly(kind):
            return None
        if name.startswith(SUPER):
            self._of_bases(kind, name.removeprefix(SUPER), place, via, depth)
            return None
        return self._of_instance(place, kind, name, via, depth)

    def _of_instance(
        self, place: Place, kind: type, name: str, via: str, depth: int
    ) -> Place | None:
        member = class_member(kind, name)
        if type(member) is MemberDescriptorType:
            value = filled(member, place.value)
            return self._placed(SLOT, (place.step, member), name, value)
        getter = _getter(member)
        if type(getter) is FunctionType:
            self._call(getter, place, via, depth)
        state = instance_values(place.value) or {}
        is_missing = member is MISSING and instance_values(place.value) is not None
        if is_missing or (name in state and not is_data_descriptor(member)):
            read: Any = class_member(kind, "__dict__")
            return self._placed(STATE, (place.step, read.__get__), name, state.get(name, MISSING))
        return self._of_class(kind, None, name)

    def _of_class(self, owner: type, through: type | None, name: str) -> Place | None:
        """What a class, or the class of an instance, holds, each class before it included."""
        for base in owner.__mro__:
            found = self._entry(_namespace(base), name)
            if found.value is MISSING:
                continue
            value = found.value
            if type(value) in (staticmethod, classmethod):
                return Place(value.__func__)
            return None if type(value) is property and through is None else found
        return None

    def _of_bases(self, kind: type, name: str, place: Place, via: str, depth: int) -> None:
        for base in kind.__mro__:
            member = _namespace(base).get(name)
            if type(member) is FunctionType:
                self._call(member, place, via, depth)

    # Steps ------------------------------------------------------------------

    def _entry(self, mapping: Any, key: str) -> Place:
        value = mapping.get(key, MISSING)
        if value is MISSING or is_code(value):
            self.same.setdefault((id(mapping), key), (mapping, key, value))
            return Place(value)
        return self._placed(ENTRY, mapping, key, value)

    def _fixed(self, value: Any) -> Place:
        """An object that code kept by identity holds."""
        return Place(value) if is_code(value) else self._placed(FIXED, value, None, value)

    def _placed(self, kind: int, source: Any, key: Any, value: Any) -> Place:
        return Place(value, self._step(kind, source, key, value))

    def _step(self, kind: int, source: Any, key: Any, value: Any) -> int:
        name = (kind, source[0] if type(source) is tuple else id(source), key)
        known = self.index.get(name)
        if known is not None:
            return known
        if len(self.steps) >= MOST_STEPS:
            raise Enough
        pinned = value if is_code(value) else MISSING
        exact = None if is_harmless(value) else type(value)
        self.steps.append((kind, source, key, exact, pinned))
        self.index[name] = len(self.steps) - 1
        return len(self.steps) - 1

    def _fix_type(self, place: Place) -> None:
        """What is read from the object depends on its class."""
        if place.step < 0:
            return
        kind, source, key, _, pinned = self.steps[place.step]
        self.steps[place.step] = (kind, source, key, type(place.value), pinned)


def _defaults(function: FunctionType, code: CodeType) -> dict[str, Any]:
    names = code.co_varnames[: code.co_argcount]
    given = function.__defaults__ or ()
    found = dict(zip(names[len(names) - len(given) :], given, strict=True))
    return {**found, **(function.__kwdefaults__ or {})}


def _getter(member: Any) -> object:
    """The function behind a property, also one whose value is kept."""
    if type(member) is property:
        return member.fget
    return member.func if type(member) is functools.cached_property else None


def _holds(value: Any, attributes: tuple[str, ...]) -> bool:
    if not attributes or is_code(value):
        return False
    return attributes[0] in (instance_values(value) or {}) and searches_plainly(type(value))


def _package(function: FunctionType) -> str:
    return (function.__module__ or "").partition(".")[0]


def _is_installed_module(kind: type, package: str) -> bool:
    home = kind.__module__
    if home.partition(".")[0] == package:
        return False
    file = getattr(sys.modules.get(home), "__file__", None)
    return file is None or _is_installed(file)


@functools.lru_cache(4096)
def _is_installed(file: str) -> bool:
    """Whether code belongs to the standard library, to an installed package, or to nobody."""
    if any(part in file for part in _installed) or file.startswith("<frozen"):
        return True
    return file.startswith(_standard)
