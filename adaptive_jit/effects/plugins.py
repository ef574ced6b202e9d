"""Catalogue files that other distributions ship, through the entry points ``adaptive_jit.effects``.

The name of an entry point is the top module that the file speaks for, its
value says where the file lies: ``acme = "acme:effects"`` is ``effects.toml`` in
the folder of the package ``acme``. Nothing of the distribution is imported:
the file is data, found beside the package and checked before it is used. The
entry points are listed at the first question about a module that nobody else
speaks for, a file is read at the first question about its own module.

A file that is wrong is ignored as a whole, with one `CatalogueWarning` that
names the distribution and the lines. Nothing here raises.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_load import Shelf
from adaptive_jit.effects.plugin_rules import prepared, unchanged
from adaptive_jit.effects.receivers import CHECKS
from adaptive_jit.errors import CatalogueWarning

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "adaptive_jit.effects"

_OWN = frozenset({"adaptive_jit", "__main__", "__mp_main__", "builtins"})

_entry_points: dict[str, EntryPoint] | None = None
_shelves: dict[str, Shelf | None] = {}
strangers: set[str] = set()
"""Modules for which nobody speaks, so that the question is asked once; kept by `catalogue`."""


def plugin_shelf(module: str) -> Shelf | None:
    """The rules that some distribution ships for the top module *module*, if any does."""
    if module in _shelves:
        return _shelves[module]
    if module in _OWN or module in sys.stdlib_module_names:
        return None
    entry = _listed().get(module)
    found = None if entry is None else _load(module, entry)
    _shelves[module] = found
    return found


def _listed() -> dict[str, EntryPoint]:
    """The entry points by module, listed once; of two for one module neither counts."""
    global _entry_points
    if _entry_points is None:
        try:
            _entry_points = _list()
        except Exception as error:
            _entry_points = {}
            _tell(f"the entry points of {GROUP} cannot be listed ({error}); they are ignored")
    return _entry_points


def _list() -> dict[str, EntryPoint]:
    # Importing importlib.metadata and listing all entry points costs 60 ms at worst, inside
    # somebody's call; looking whether there is any of this group costs 3 ms.
    if not any(map(_may_hold_one, dict.fromkeys(sys.path))):
        return {}
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    twice: set[str] = set()
    for entry in entry_points(group=GROUP):
        other = found.get(entry.name)
        if other is None:
            found[entry.name] = entry
        # The same distribution may be found on two entries of the path.
        elif (_distribution(other), other.value) != (_distribution(entry), entry.value):
            twice.add(entry.name)
            _tell(
                f"{_distribution(other)} and {_distribution(entry)} both ship a catalogue file "
                f"for {entry.name!r}; both are ignored. Uninstall one of them"
            )
    return {name: entry for name, entry in found.items() if name not in twice}


def _may_hold_one(folder: str) -> bool:
    """Whether a distribution in this entry of the path may have an entry point of the group."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return False
    return any(
        _names_group(os.path.join(folder, name, "entry_points.txt"))
        for name in names
        if name.endswith((".dist-info", ".egg-info"))
    )


def _names_group(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return GROUP.encode() in file.read()
    except OSError:
        return False


def _load(module: str, entry: EntryPoint) -> Shelf | None:
    who = _distribution(entry)
    try:
        path = file_of(entry.value)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        data, problems = prepared(text, module)
    except Exception as error:
        _tell(
            f"the catalogue file of {who} ({entry.value}) cannot be read, and is ignored: {error}"
        )
        return None
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:5])
        more = f"\n  and {len(problems) - 5} more" if len(problems) > 5 else ""
        _tell(f"the catalogue file of {who} ({path}) is wrong, and is ignored:\n{shown}{more}")
        return None
    return Shelf(f"{GROUP}:{module}", data)


def file_of(value: str) -> str:
    """The path of the file that the value of an entry point stands for, without importing it.

    ``"package.part:name"`` is ``name.toml`` in the folder of ``package.part``;
    without a name it is ``adaptive_jit.toml``. Raises `LookupError` where there
    is no such package.
    """
    package, _, name = value.partition(":")
    folder = _folder(package.strip())
    return os.path.join(folder, f"{name.strip() or 'adaptive_jit'}.toml")


def _folder(package: str) -> str:
    loaded = getattr(sys.modules.get(package), "__path__", None)
    if loaded:
        return str(next(iter(loaded)))
    from importlib.util import find_spec

    top, *rest = package.split(".")
    # Finding a top module imports nothing; finding one inside a package imports the package.
    spec = find_spec(top)
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise LookupError(f"there is no package {package!r}")
    return os.path.join(next(iter(places)), *rest)


def _distribution(entry: EntryPoint) -> str:
    dist = entry.dist
    return "an unnamed distribution" if dist is None else f"{dist.name} {dist.version}"


def _tell(text: str) -> None:
    """Warn; where warnings are errors, show it instead: this runs inside a user's call."""
    try:
        warnings.warn(text, CatalogueWarning, stacklevel=2)
    except CatalogueWarning:
        warnings.showwarning(text, CatalogueWarning, __file__, 0)


def forget() -> None:
    """List the entry points anew at the next question (for tests)."""
    global _entry_points
    _entry_points = None
    _shelves.clear()
    strangers.clear()


def known_modules() -> dict[str, Any]:
    """The modules that distributions speak for, with their entry points."""
    return dict(_listed())


CHECKS["stock"] = lambda _library: unchanged
