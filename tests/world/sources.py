"""Programs written as text: each becomes a module in a file of its own."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

_NUMBERS = itertools.count()


def load(folder: Path, text: str, name: str = "program") -> ModuleType:
    """Write *text* to a new file in *folder* and return the module that it makes."""
    unique = f"{name}_{next(_NUMBERS)}"
    path = folder / f"{unique}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(unique, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    spec.loader.exec_module(module)
    return module
