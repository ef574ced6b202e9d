"""What a function's code names: ``self.lock``, ``module.get_ident``, ``captured``.

Read from the byte code, which every function has, also where its source is
gone. A *path* is a root, a parameter, a captured variable, a global or a
module imported inside the function, followed by attribute names. Paths are
followed through local names that are bound to them; what comes out of a call
or a container is not.

Reads opcodes of CPython 3.11 to 3.13 by name; names that are new are passed
over, so that a later version finds less and breaks nothing.
"""

from __future__ import annotations

import dis
import weakref
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

GLOBAL: Final = "global"
CAPTURED: Final = "captured"
LOCAL: Final = "local"
MODULE: Final = "module"

SUPER: Final = "super "
"""Before an attribute that is looked for in the base classes."""

TRIED: Final = "tried "
"""Before ``acquire`` when it is given arguments: the lock may be refused."""


class NamePath(NamedTuple):
    """One access: the kind of its root, the root's name, the attributes from there."""

    kind: str
    name: str
    attributes: tuple[str, ...] = ()

    def then(self, attribute: str) -> NamePath:
        """The path one attribute further."""
        return NamePath(self.kind, self.name, (*self.attributes, attribute))

    def __str__(self) -> str:
        names = (self.name, *self.attributes)
        return ".".join(name.removeprefix(SUPER).removeprefix(TRIED) for name in names)


_UNSEEN = frozenset({"CACHE", "EXTENDED_ARG", "PRECALL", "PUSH_NULL", "NOP", "RESUME"})
_LOCALS = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_CLASSDEREF",
                     "LOAD_CLOSURE", "LOAD_FROM_DICT_OR_DEREF"})  # fmt: skip
_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})

_known: dict[int, tuple[weakref.ref[CodeType], tuple[NamePath, ...]]] = {}


def paths_of(code: CodeType) -> tuple[NamePath, ...]:
    """The longest paths that *code*, and the functions made in it, name; found once."""
    known = _known.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    found = dict.fromkeys(_Reader(code).read())
    longest = tuple(path for path in found if not _is_begun(path, found))
    key = id(code)
    _known[key] = (weakref.ref(code, lambda _: _known.pop(key, None)), longest)
    return longest


def _is_begun(path: NamePath, found: dict[NamePath, None]) -> bool:
    size = len(path.attributes)
    return any(
        other.name == path.name
        and other.kind == path.kind
        and len(other.attributes) > size
        and other.attributes[:size] == path.attributes
        for other in found
    )


class _Reader:
    """Goes once through one code object."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.aliases: dict[str, NamePath] = {}
        self.current: NamePath | None = None
        self.module: str | None = None
        self.is_super = False

    def read(self) -> Iterator[NamePath]:
        """Every path, its beginnings included."""
        shown = [one for one in dis.get_instructions(self.code) if one.opname not in _UNSEEN]
        for number, instruction in enumerate(shown):
            following = shown[number + 1] if number + 1 < len(shown) else instruction
            yield from self._step(instruction, following)
        for constant in self.code.co_consts:
            if isinstance(constant, CodeType):
                for path in _Reader(constant).read():
                    yield from self._from_inside(path)

    def _step(self, instruction: dis.Instruction, following: dis.Instruction) -> Iterator[NamePath]:
        name, value = instruction.opname, instruction.argval
        if name in _LOCALS:
            yield self._loaded(value)
        elif name == "LOAD_FAST_LOAD_FAST":
            yield self._loaded(value[0])
            yield self._loaded(value[1])
        elif name == "STORE_FAST_LOAD_FAST":
            self._store(value[0])
            yield self._loaded(value[1])
        elif name in _GLOBALS:
            self.current = NamePath(GLOBAL, value)
            yield self.current
        elif name in ("LOAD_ATTR", "LOAD_METHOD"):
            if self.current is not None:
                self.current = self.current.then(self._marked(value, following))
                yield self.current
        else:
            yield from self._other(name, value)

    def _other(self, name: str, value: Any) -> Iterator[NamePath]:
        if name == "LOAD_SUPER_ATTR":
            self.current = self._receiver().then(SUPER + value)
            yield self.current
        elif name == "CALL" and value == 0 and self.current == NamePath(GLOBAL, "super"):
            # CPython 3.11 calls `super` before it looks the attribute up.
            self.current, self.is_super = self._receiver(), True
        elif name == "IMPORT_NAME":
            self.module, self.current = value, NamePath(MODULE, value.partition(".")[0])
            yield self.current
        elif name == "IMPORT_FROM" and self.module is not None:
            self.current = NamePath(MODULE, self.module, (value,))
            yield self.current
        elif name in ("STORE_FAST", "STORE_DEREF"):
            self._store(value)
        else:
            self.current = None

    def _marked(self, attribute: str, following: dis.Instruction) -> str:
        if self.is_super:
            self.is_super = False
            return SUPER + attribute
        is_tried = attribute == "acquire" and not _is_plain_call(following)
        return TRIED + attribute if is_tried else attribute

    def _receiver(self) -> NamePath:
        return NamePath(LOCAL, self.code.co_varnames[0] if self.code.co_varnames else "")

    def _loaded(self, name: str) -> NamePath:
        kind = CAPTURED if name in self.code.co_freevars else LOCAL
        self.current = self.aliases.get(name) or NamePath(kind, name)
        return self.current

    def _store(self, name: str) -> None:
        if self.current is not None and self.current.name != name:
            self.aliases[name] = self.current
        self.current = None

    def _from_inside(self, path: NamePath) -> Iterator[NamePath]:
        """A path of a function made here, as it looks from here."""
        if path.kind == CAPTURED:
            if path.name in self.code.co_freevars:
                yield path
            else:
                root = self.aliases.get(path.name) or NamePath(LOCAL, path.name)
                yield NamePath(root.kind, root.name, root.attributes + path.attributes)
        elif path.kind != LOCAL:
            yield path


def _is_plain_call(following: dis.Instruction) -> bool:
    return following.opname == "CALL" and following.argval == 0
