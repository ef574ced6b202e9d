"""``decorate_package``: what it did, and how to take it back."""

from __future__ import annotations

import contextlib
import gc
import re
import sys
import weakref
from collections import Counter
from dataclasses import fields
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Self

from adaptive_jit import clock
from adaptive_jit.decorator import adapt, checked
from adaptive_jit.engine import registry
from adaptive_jit.errors import ConfigurationError
from adaptive_jit.packages.hook import PackageFinder, belongs
from adaptive_jit.packages.members import functions_of
from adaptive_jit.records import RunAheadCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALREADY = "it was adaptive before"
_PLACE = re.compile(r" at \S+:\d+")
"""Where in a file something stands: left out where reasons are counted."""


def decorate_package(name: str, *, forced: bool = False, **settings: object) -> Decoration:
    """Make every function and method of the package *name* adaptive, as it is imported.

    Modules that are imported already are decorated at once, the others when
    they have been executed, sub-packages included; *name* may be a single
    module. *forced* runs ahead from the first call (``strategy="parallel"``),
    else the functions learn; *settings* are those of the decorator. What the
    decorator leaves alone, and functions that were adaptive before, stay as
    they are. Raises ``ConfigurationError`` for a wrong name or setting.

    The `Decoration` says what was done, and takes it back: by ``undo()``, or
    at the end of a ``with``.
    """
    if not all(map(str.isidentifier, str(name).split("."))):
        raise ConfigurationError(f"decorate_package({name!r}): give the full name of a package")
    if forced:
        settings = {"strategy": "parallel", **settings}
    decoration = Decoration(name, checked(settings))
    decoration.begin()
    return decoration


class Decoration:
    """What became of the functions of one package. A context manager that takes it back."""

    def __init__(self, package: str, settings: dict[str, object]) -> None:
        self.package = package
        self.modules: dict[str, None] = {}
        """Names of the modules that were decorated, in this order."""
        self._settings = settings
        self._finder = PackageFinder(package, self._executed)
        # Weak: a module that is loaded anew does not keep its former functions.
        self._decorated: weakref.WeakSet[FunctionType] = weakref.WeakSet()
        self._reasons: weakref.WeakKeyDictionary[FunctionType, str] = weakref.WeakKeyDictionary()
        self._gone, self._handed = RunAheadCounts(), 0
        self.seconds = 0.0
        """What finding and decorating the functions has taken."""

    def begin(self) -> None:
        """Decorate what is there and wait for the rest."""
        sys.meta_path.insert(0, self._finder)
        for name, module in list(sys.modules.items()):
            if belongs(name, self.package) and issubclass(type(module), ModuleType):
                self._executed(module)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.undo()

    def __str__(self) -> str:
        done = f"{self.decorated} functions decorated in {len(self.modules)} modules"
        early = f"{self.counts().started} operations started early, {self.handed} in other threads"
        lines = [f"{self.package}: {done}, {len(self._reasons)} left alone; {early}"]
        lines += [f"  {number:5}  {why}" for why, number in self.reasons().most_common()]
        return "\n".join(lines)

    @property
    def decorated(self) -> int:
        """How many functions were made adaptive."""
        return len(self._decorated)

    @property
    def left_alone(self) -> dict[str, str]:
        """The functions that were not touched, by full name, and why not."""
        found = dict(self._reasons.items())
        return {f"{f.__module__}.{f.__qualname__}": why for f, why in found.items()}

    def reasons(self) -> Counter[str]:
        """How many functions were left alone for which reason, without its details."""
        return Counter(_short(why) for why in self._reasons.values())

    def counts(self) -> RunAheadCounts:
        """How the early starts of all these functions ended, in operations."""
        now, _ = registry.counts_of(list(self._decorated))
        names = [field.name for field in fields(RunAheadCounts)]
        return RunAheadCounts(*(getattr(self._gone, n) + getattr(now, n) for n in names))

    @property
    def handed(self) -> int:
        """Operations that were started early in another thread.

        The rest of those that `counts` calls started was pure and so quick
        that the calling thread computed them itself, ahead of their turn.
        """
        return self._handed + registry.counts_of(list(self._decorated))[1]

    def undo(self) -> None:
        """Put every function's own code back, and hear of no further import. Counts are kept."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._gone, self._handed = self.counts(), self.handed
        for function in [*self._decorated, *self._reasons]:
            if self._reasons.get(function) != ALREADY:
                registry.release(function)

    def _executed(self, module: ModuleType) -> None:
        began = clock.SYSTEM.seconds()
        namespace = vars(module)
        self.modules[str(namespace.get("__name__"))] = None
        with _without_collections():
            for function in list(functions_of(namespace, self._owns(namespace))):
                self._adapt(function)
        self.seconds += clock.SYSTEM.seconds() - began

    def _owns(self, namespace: dict[str, object]) -> Callable[[FunctionType], bool]:
        """Functions of this module, or of one that was executed before and whose wrapper is here."""

        def owns(function: FunctionType) -> bool:
            home = function.__globals__
            return home is namespace or home.get("__name__") in self.modules

        return owns

    def _adapt(self, function: FunctionType) -> None:
        if function in self._decorated or function in self._reasons:
            return
        if registry.controller_of(function) is not None:
            self._reasons[function] = ALREADY
            return
        adapt(function, self._settings)
        why = registry.why_left_alone(function)
        if why is None:
            self._decorated.add(function)
        else:
            self._reasons[function] = why


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Syntax trees are many objects and no garbage: looking through them takes a quarter longer."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _short(why: str) -> str:
    return _PLACE.sub("", why).partition(" (")[0].partition(": ")[0]
