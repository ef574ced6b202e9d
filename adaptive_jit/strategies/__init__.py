"""Where operations run: ``strategy(name)`` returns the strategy of that name.

A strategy is one module of this package, named like the strategy, with a
function ``create()``; adding one touches no other file.
"""

from __future__ import annotations

from importlib import import_module

from adaptive_jit.errors import ConfigurationError, StrategyUnavailable
from adaptive_jit.settings import STRATEGIES
from adaptive_jit.strategies.base import Capabilities, Startable, Strategy

NAMES = tuple(name for name in STRATEGIES if name not in ("auto", "parallel"))
"""What can be asked for; ``auto`` and ``parallel`` leave the choice to the plan."""

_loaded: dict[str, Strategy] = {}


def strategy(name: str) -> Strategy:
    """Return the one strategy called *name* of this process.

    Raises ``StrategyUnavailable`` saying what to do if it cannot be used
    here, ``ConfigurationError`` if there is no such name.
    """
    try:
        return _loaded[name]
    except KeyError:
        # setdefault: two threads that ask first must get the same one.
        return _loaded.setdefault(name, _load(name))


def _load(name: str) -> Strategy:
    if name not in NAMES:
        raise ConfigurationError(f"strategy={name!r} is not allowed; give {', '.join(NAMES)}")
    module = f"{__name__}.{name}"
    try:
        created: Strategy = import_module(module).create()
    except ModuleNotFoundError as error:
        if error.name != module:
            raise StrategyUnavailable(
                f"strategy {name!r} needs the package {error.name!r}; "
                f"run: pip install 'adaptive-jit[{name}]'"
            ) from error
        raise StrategyUnavailable(
            f"strategy {name!r} comes with a later version of adaptive_jit; "
            "use 'thread' or 'direct', or leave the choice to 'auto'"
        ) from None
    return created


__all__ = ["NAMES", "Capabilities", "Startable", "Strategy", "strategy"]
