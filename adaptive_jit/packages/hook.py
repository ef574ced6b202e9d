"""Hears of each module of a package when it has been executed.

The finder stands in ``sys.meta_path`` and asks those behind it. The loader that
they name is put back before the module runs, so that nobody finds ours:
resources, sources, pickles and reloads work as before.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def belongs(module: object, package: str) -> bool:
    """Whether the name *module* is *package* or lies in it."""
    return isinstance(module, str) and f"{module}.".startswith(f"{package}.")


class PackageFinder:
    """A meta path finder that calls *executed* with each module of *package*, once it has run."""

    def __init__(self, package: str, executed: Callable[[ModuleType], None]) -> None:
        self.package = package
        self.executed = executed

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The specification that the finders behind this one give."""
        if not belongs(fullname, self.package):
            return None
        spec = self._asked(fullname, path, target)
        # A namespace package has no loader yet, and nothing to decorate.
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self.executed)  # type: ignore[assignment]
        return spec

    def _asked(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        finders = list(sys.meta_path)
        if self not in finders:
            return None  # taken away by another thread while the import system walks the list
        for finder in finders[finders.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(fullname, path, target)
            if spec is not None:
                return spec
        return None


class _Loader:
    """Stands for a module's own loader until the module is executed."""

    def __init__(self, own: Any, executed: Callable[[ModuleType], None]) -> None:
        self._own = own
        self._executed = executed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._own, "create_module", None)
        module: ModuleType | None = None if create is None else create(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        for owner, name in ((module.__spec__, "loader"), (module, "__loader__")):
            if getattr(owner, name, None) is self:
                setattr(owner, name, self._own)
        self._own.exec_module(module)
        self._executed(module)
