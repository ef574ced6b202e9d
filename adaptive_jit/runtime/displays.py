"""Loops under a progress display: ``for x in tqdm(xs)`` runs ahead as ``for x in xs``.

The program makes, advances and closes its own display, in its turn; only the slice walks
over what the display was given. That holds for the displays of the installed libraries as
they came, looked up among the modules that are loaded; a class that is merely called
``tqdm``, a patched one, one that writes to a stream of the user's, or one over anything
but a builtin container is a call like any other.
"""

from __future__ import annotations

import sys
from functools import partial
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.records import Effect, EffectKind, Source
from adaptive_jit.runtime.exact import ITERABLES, SCALARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adaptive_jit.runtime.function import FunctionState

NOTHING: Final = object()

SHOWS: Final = Effect(EffectKind.WRITES, "console", Source.CATALOGUE, "a progress display")


def walked(
    callee: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    is_stock: Callable[[Any], bool],
) -> Any:
    """What the display ``callee(*args, **kwargs)`` iterates over; `NOTHING` if that is not known.

    *is_stock* tells whether writing to a stream runs no code of the user's.
    """
    if not args:
        return NOTHING
    for find in (_under_tqdm, _under_track):
        found = find(callee, args)
        if found is NOTHING:
            continue
        rest = dict(kwargs)
        stream = rest.pop("file", None) if find is _under_tqdm else None
        if any(id(type(value)) not in SCALARS for value in rest.values()):
            return NOTHING
        if stream is None:
            stream = sys.stderr if find is _under_tqdm else _stream_of_rich()
        return found if stream is not None and is_stock(stream) else NOTHING
    return NOTHING


def _under_tqdm(callee: Any, args: tuple[Any, ...]) -> Any:
    classes = list(_tqdm_classes())
    if any(callee is known for known in classes):
        return _items(args) if _is_as_installed(callee) else NOTHING
    for name in ("tqdm.std", "tqdm.auto"):
        module = _module(name)
        if module is None or callee is not module.__dict__.get("trange"):
            continue
        made = module.__dict__.get("tqdm")
        genuine = any(made is known for known in classes) and _is_as_installed(made)
        if genuine and _is_of(callee, module) and all(type(value) is int for value in args):
            return range(*args)
    return NOTHING


def _tqdm_classes() -> Iterator[type]:
    for module, name in (("tqdm.std", "tqdm"), ("tqdm.asyncio", "tqdm_asyncio")):
        found = getattr(_module(module), "__dict__", {}).get(name)
        if isinstance(found, type):
            yield found


def _under_track(callee: Any, args: tuple[Any, ...]) -> Any:
    module = _module("rich.progress")
    if module is None or callee is not module.__dict__.get("track"):
        return NOTHING
    if not _is_of(callee, module) or not _is_as_installed(module.__dict__.get("Progress")):
        return NOTHING
    return _items(args)


def _items(args: tuple[Any, ...]) -> Any:
    if id(type(args[0])) not in ITERABLES or any(
        id(type(value)) not in SCALARS for value in args[1:]
    ):
        return NOTHING
    return args[0]


def _stream_of_rich() -> Any:
    """Where a display without a console of its own writes; ``None`` if that is not plain."""
    console = getattr(_module("rich"), "__dict__", {}).get("_console")
    if console is None:
        return sys.stdout
    kind = getattr(_module("rich.console"), "__dict__", {}).get("Console")
    if type(console) is not kind or not _is_as_installed(kind):
        return None
    return console.file


def _module(name: str) -> ModuleType | None:
    found = sys.modules.get(name)
    return found if type(found) is ModuleType else None


def _is_of(function: Any, module: ModuleType) -> bool:
    return type(function) is FunctionType and function.__code__.co_filename == module.__file__


def _is_as_installed(kind: Any) -> bool:
    """Whether every method of the class, inherited ones too, comes from its own package."""
    if not isinstance(kind, type):
        return False
    for owner in kind.__mro__[:-1]:
        if owner.__module__.startswith(("tqdm.", "rich.")):
            module = _module(owner.__module__)
            if module is None or not _methods_are_of(owner, module):
                return False
    return True


def _methods_are_of(owner: type, module: ModuleType) -> bool:
    for value in owner.__dict__.values():
        plain: Any = value
        for part in ("__func__", "func", "fget", "__wrapped__"):
            plain = getattr(plain, part, None) or plain
        if callable(plain) and not isinstance(plain, type) and not _is_of(plain, module):
            return False
    return True


class DisplayLoops:
    """The replay's side: the program's own display runs in its turn and stops nothing."""

    __slots__ = ()

    function: FunctionState
    paths: list[tuple[int, ...]]
    displays: set[tuple[int, tuple[int, ...]]]
    take: Callable[..., Callable[[], Any]]
    done: Callable[[int, Any], Any]
    guard: Callable[[int, bool], None]
    loop: Callable[[int, int, Any, bool], Any]
    counted: Callable[[int, int, Any, bool], Any]

    def shown(self, index: int, callee: Any, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """What to call to make the display."""
        site = self.function.sites[index]
        key = (index, self.paths[site.loop])
        self.displays.discard(key)
        if walked(callee, args, kwargs, self.function.host.is_stock_stream) is NOTHING:
            return self.take(index, callee, *args, **kwargs)
        site.note(SHOWS)
        self.displays.add(key)
        return partial(callee, *args, **kwargs)

    def display(self, index: int, made: Any) -> Any:
        """A display, or what looks like one, that is about to be numbered."""
        site = self.function.sites[index]
        known = (index, self.paths[site.loop]) in self.displays
        return made if known else self.done(index, made)

    def displayed(self, index: int, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items of a loop under a display, counted as those of other loops."""
        site = self.function.sites[index]
        key = (index, self.paths[site.loop])
        if key not in self.displays:
            items = self.done(index, items)
            if type(items) is enumerate:
                # Over what is no known display: its steps may run anything.
                self.guard(guard, False)
                return items
            return self.loop(guard, loop, items, unpacks)
        self.displays.remove(key)
        self.guard(guard, True)
        return self.counted(guard, loop, items, unpacks)
