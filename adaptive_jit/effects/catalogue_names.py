"""From names such as ``httpx:Client.get`` to the very objects, without importing anything.

A name counts as found only if it leads to the library's own object: what a
test put in its place (``mock.patch``), or an instrumentation wrapped around
it, is somebody else's code, and the catalogue says nothing about that.
"""

from __future__ import annotations

import contextlib
import os
import sys
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Absent(LookupError):
    """The module is not imported yet; the name may be found later."""


class Missing(LookupError):
    """This version of the library has no such name."""


class Foreign(LookupError):
    """Something that is not the library's own stands under the name."""


class Named(NamedTuple):
    """What a name leads to: the object, the class that it was found in, and its own name."""

    value: Any
    owner: type | None
    name: str
    is_static: bool = False


def resolve(name: str) -> Named:
    """Find ``module:attribute`` or ``module:Class.method``; raises `Absent`, `Missing`, `Foreign`.

    A class method gives its plain function.
    """
    module_name, _, path = name.partition(":")
    module = sys.modules.get(module_name)
    if module is None:
        raise Absent(name)
    first, _, rest = path.partition(".")
    value = module.__dict__.get(first, Missing)
    if value is Missing:
        raise Missing(name)
    if not rest:
        return _own(Named(value, None, first), module_name, path)
    owner = value
    if type(owner) is not type and not _is_class(owner):
        raise Foreign(name)
    raw = _in_mro(owner, rest)
    if raw is Missing:
        raise Missing(name)
    value = getattr(owner, rest)
    if type(value) is MethodType:
        value = value.__func__
    return _own(Named(value, owner, rest, type(raw) is staticmethod), module_name, path)


def _is_class(value: object) -> bool:
    return issubclass(type(value), type)


def _in_mro(owner: type, name: str) -> object:
    for base in owner.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return Missing


def _own(found: Named, module_name: str, path: str) -> Named:
    """*found*, if it is code of the library itself."""
    if not is_own(found.value, module_name):
        raise Foreign(f"{module_name}:{path}")
    return found


def is_own(value: object, module_name: str) -> bool:
    """Whether *value* is the library's own code, not somebody's replacement or wrapper.

    C code cannot be made from Python, so builtin functions always count. A
    class must name the library as its home; so must a Python function, and
    its code must lie in the library's files too, since `functools.wraps`
    copies the name of the home. What this package itself puts around a
    function (held-back log records) is no replacement either.
    """
    kind = type(value)
    if kind is property:
        return is_own(value.fget, module_name)  # type: ignore[attr-defined]
    if kind in (BuiltinFunctionType, MethodDescriptorType):
        return True
    if kind is not FunctionType and not _is_class(value):
        return False
    home = getattr(value, "__module__", None)
    if type(home) is not str or not _same_package(home, module_name):
        return False
    return kind is not FunctionType or _is_code_of(value, home) or _is_manager_of(value, home)


def _is_code_of(function: Any, home: str) -> bool:
    file = function.__code__.co_filename
    if file.startswith(("<frozen ", _HERE)):
        return True
    root, package = None, ""
    for part in home.split("."):
        # The first package with a file: a namespace that several libraries share has none.
        package = f"{package}.{part}" if package else part
        root = getattr(sys.modules.get(package), "__file__", None)
        if root is not None:
            break
    if type(root) is not str:
        return False
    folder = root.rpartition("__init__.py")[0] if root.endswith("__init__.py") else root
    return bool(folder) and file.startswith(folder)


def _is_manager_of(function: Any, home: str) -> bool:
    """Whether it is a function of the library's own under ``contextlib.contextmanager``."""
    inner = getattr(function, "__wrapped__", None)
    return (
        function.__code__ is _MANAGER_CODE
        and type(inner) is FunctionType
        and function.__closure__[0].cell_contents is inner
        and _is_code_of(inner, home)
    )


def _same_package(home: str, module_name: str) -> bool:
    """``_socket`` is of ``socket``, ``posixpath`` of ``os.path``, ``httpx._client`` of ``httpx``.

    The mixins of ``collections.abc`` are anybody's.
    """
    top = home.partition(".")[0].lstrip("_")
    wanted = module_name.partition(".")[0].lstrip("_")
    if top in (wanted, MIXINS):
        return True
    return wanted in _ALIASES and top in _ALIASES[wanted]


_MANAGER_CODE = contextlib.contextmanager(lambda: iter(())).__code__
"""What ``contextlib.contextmanager`` puts around each generator function: always the same code."""

_HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
"""The folder of this package."""

MIXINS = "collections"
"""Home of methods that many classes share: these are known by class and name together."""

_ALIASES = {
    "hashlib": frozenset({"blake2", "sha3"}),
    "os": frozenset({"posixpath", "ntpath", "genericpath", "posix", "nt"}),
    "posixpath": frozenset({"genericpath"}),
    "ntpath": frozenset({"genericpath"}),
}


class Guard:
    """Whether the inner functions that a library's entries rely on are still its own.

    The objects are remembered when they are first seen (each checked to be
    the library's own); asking again compares identities only, about 0.5 µs
    for twenty names.
    """

    __slots__ = ("_groups", "_modules_seen", "_waiting", "patched")

    def __init__(self, names: Iterable[str]) -> None:
        self.patched: str | None = None
        """The first name under which something foreign stood at the last check."""
        self._waiting = tuple(names)
        self._modules_seen = -1
        self._groups: tuple[_Group, ...] = ()

    def intact(self) -> bool:
        """Whether nothing has been put in the place of any of the names."""
        if self._waiting and len(sys.modules) != self._modules_seen and not self._gather():
            return False
        try:
            for holder, getter, seen, _ in self._groups:
                # Tuples compare their elements by identity first; a replacement that calls
                # itself equal to a function of the library would have to be made on purpose.
                if getter(holder) != seen:
                    return self._renew()
        except AttributeError:
            self.patched = "something that was deleted"
            return False
        return True

    def _renew(self) -> bool:
        """Whether what has changed is still the library's own; then remember it."""
        groups = []
        for group in self._groups:
            now = group.getter(group.holder)
            for name, value in zip(group.names, now, strict=True):
                if not is_own(value, name.partition(":")[0]):
                    self.patched = name
                    return False
            groups.append(group._replace(seen=now))
        self._groups = tuple(groups)
        return True

    def _gather(self) -> bool:
        """Take in names whose modules have been imported since; false if one is foreign."""
        modules_seen = len(sys.modules)
        waiting: list[str] = []
        found: dict[int, tuple[Any, list[str], list[str], list[Any]]] = {}
        for name in self._waiting:
            try:
                value, owner, attribute, _ = resolve(name)
            except Absent:
                waiting.append(name)
                continue
            except Missing:
                continue
            except Foreign:
                self.patched = name
                return False
            holder: Any = owner if owner is not None else sys.modules[name.partition(":")[0]]
            if type(getattr(holder, attribute)) is MethodType:
                # A class method is bound anew at each reading.
                attribute += ".__func__"
            _, names, attributes, values = found.setdefault(id(holder), (holder, [], [], []))
            names.append(name)
            attributes.append(attribute)
            values.append(value)
        self._groups += tuple(_group(*parts) for parts in found.values())
        self._waiting = tuple(waiting)
        self._modules_seen = modules_seen
        return True


class _Group(NamedTuple):
    """Names in one class or module, read all at once."""

    holder: Any
    getter: attrgetter[Any]
    seen: tuple[Any, ...]
    names: tuple[str, ...]


def _group(holder: Any, names: list[str], attributes: list[str], values: list[Any]) -> _Group:
    """*attrgetter* gives a tuple only for two names or more: one alone is read twice."""
    repeat = 2 if len(names) == 1 else 1
    return _Group(
        holder, attrgetter(*attributes * repeat), tuple(values * repeat), tuple(names * repeat)
    )
