"""No cache of this package is forgotten at interpreter exit."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import adaptive_jit.effects
from adaptive_jit.effects.leaving import CACHES, let_go

KEPT = {
    ("affinity_paths", "_known"),  # weak references to code
    ("catalogue", "_named"),
    ("catalogue", "_rules"),
    ("catalogue", "_types"),
    ("catalogue_boto", "_emitters"),
    ("catalogue_boto", "_rules"),
    ("catalogue_boto", "_services"),
    ("catalogue_databases", "_in_thread"),
    ("catalogue_load", "_lowerings"),
    ("catalogue_load", "_shelves"),
    ("catalogue_models", "_awaited"),
    ("elsewhere", "_known"),  # names of hosts
    ("elsewhere", "_running"),  # threads of this library
    ("plugins", "_entry_points"),
    ("plugins", "_shelves"),
    ("receivers_redis", "_verified"),
    ("vetting", "_vettings"),  # weak references to clients
}
"""Of the catalogue: libraries' objects, not the program's."""


def test_every_cache_is_emptied_or_holds_libraries_only() -> None:
    """A new one has to be thought about."""
    found = set()
    for info in pkgutil.iter_modules(adaptive_jit.effects.__path__):
        module = importlib.import_module(f"adaptive_jit.effects.{info.name}")
        for name, value in vars(module).items():
            private = name.startswith("_") and not name.startswith("__")
            if private and name == name.lower() and type(value) in (dict, list, set):
                found.add((info.name, name))
    emptied = {(module, name) for module, names in CACHES.items() for name in names}
    assert found - KEPT - emptied == set(), "empty it in effects/leaving.py, or say why not"
    assert emptied - found == set()


def test_what_is_the_programs_goes() -> None:
    """Declarations are the plainest case."""
    from adaptive_jit.effects import effect_of, reads

    def function() -> int:
        return 1

    reads(function)
    assert effect_of(function, (), {}).reason == "declared reads"
    saved = [(cache, cache.copy()) for cache in _caches()]
    try:
        let_go()
        assert effect_of(function, (), {}).reason != "declared reads"
    finally:
        for cache, content in saved:
            cache.update(content)


def _caches() -> list[Any]:
    return [
        getattr(importlib.import_module(f"adaptive_jit.effects.{module}"), name)
        for module, names in CACHES.items()
        for name in names
    ]
