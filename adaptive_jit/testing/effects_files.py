"""Checks for those who ship a catalogue file of their own with their library."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects import effect_of
from adaptive_jit.effects.catalogue_load import names_in
from adaptive_jit.effects.catalogue_names import Absent, Foreign, Missing, resolve
from adaptive_jit.effects.plugin_rules import prepared

if TYPE_CHECKING:
    import os


def effects_file_problems(path: str | os.PathLike[str], module: str) -> list[str]:
    """What is wrong with the catalogue file at *path*, as texts; empty if nothing is.

    *module* is the top module that it speaks for: the name of its entry point.
    Each name in the file is looked up in the installed libraries, which are
    imported for it.
    """
    with open(path, encoding="utf-8") as file:
        data, problems = prepared(file.read(), module)
    if problems:
        return problems
    return [why for name in names_in(data) if (why := _not_found(name)) is not None]


def effect_word(callee: Any, /, *args: Any, **kwargs: Any) -> str:
    """What calling *callee* with these arguments would be taken for; it is not called.

    One of ``"pure"``, ``"reads"``, ``"unordered"``, ``"writes"``, ``"unknown"``.
    """
    return effect_of(callee, args, kwargs).kind.name.lower()


def _not_found(name: str) -> str | None:
    try:
        importlib.import_module(name.partition(":")[0])
        resolve(name)
    except Foreign:
        return f"{name!r} is not the library's own code"
    except (Absent, Missing):
        return f"{name!r} is not in the installed library"
    except ImportError as error:
        return f"{name!r}: its module cannot be imported ({error})"
    return None
