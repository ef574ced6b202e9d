"""Lets go of all that is the user's, at interpreter exit.

Caches hold classes and functions of the program. Daemon threads keep this
library alive to the end, so that what it still led to would not be collected:
no finaliser of a module's globals would run, no buffered file be flushed.
"""

from __future__ import annotations

import sys
from typing import Final

CACHES: Final = {
    "affinity": ("_scans", "_by_code", "_made"),
    "affinity_contents": ("_kinds",),
    "affinity_scan": ("_harmless",),
    "affinity_types": ("_verdicts",),
    "attributes": ("_cache", "_getters"),
    "catalogue_values": ("_leaf_verdicts", "_model_verdicts"),
    "observed": ("_disproved",),
    "receivers_subclasses": ("_subclasses",),
    "register": ("_declarations", "_pending"),
    "resolve": ("_proofs", "_by_code"),
    "source": ("_known",),
}
"""By module of this package: the caches that may hold the program's objects."""


def let_go() -> None:
    """Empty every cache that may hold objects of the program."""
    for name, caches in CACHES.items():
        module = sys.modules.get(f"{__package__}.{name}")
        if module is not None:
            for cache in caches:
                getattr(module, cache).clear()
