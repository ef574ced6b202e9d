"""What each setting may be, and the errors for what it may not be."""

from __future__ import annotations

import math
import operator
import os
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from adaptive_jit.errors import ConfigurationError, StrategyUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "ADAPTIVE_JIT_"

THRESHOLDS = ("io_threshold", "cpu_threshold")
"""The lower one and the upper one."""

STRATEGIES = ("auto", "direct", "parallel", "thread", "process", "asyncio", "dask")
"""The names that ``strategy`` accepts; a strategy may still be unavailable."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number from *low* to *high*; environment text is converted, other text refused."""

    low: float
    high: float
    unit: str
    whole: bool = False

    @property
    def allowed(self) -> str:
        """What to give instead of a wrong value, in words."""
        kind = "a whole number" if self.whole else "a number"
        bounds = (
            f"of at least {self.low:g}"
            if math.isinf(self.high)
            else f"from {self.low:g} to {self.high:g}"
        )
        return f"{kind} {bounds} ({self.unit})"

    def parse(self, text: str) -> Any:
        """Return the value that environment *text* stands for; any exception if none."""
        return self.check(int(text) if self.whole else float(text))

    def check(self, value: Any) -> Any:
        """Return *value* in its proper type; any exception if it is not allowed."""
        if isinstance(value, (bool, str)):
            raise TypeError(value)
        number = operator.index(value) if self.whole else float(value)
        if not (self.low <= number <= self.high and math.isfinite(number)):
            raise ValueError(value)
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    """On or off."""

    allowed: str = "0 or 1"

    def parse(self, text: str) -> bool:
        """Return the value that environment *text* stands for; any exception if none."""
        return {"0": False, "1": True}[text]

    def check(self, value: Any) -> bool:
        """Return *value* in its proper type; any exception if it is not allowed."""
        if value not in (0, 1):
            raise ValueError(value)
        return bool(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words, in any case."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What to give instead of a wrong value, in words."""
        return ", ".join(self.words[:-1]) + " or " + self.words[-1]

    def parse(self, text: str) -> str:
        """Return the value that environment *text* stands for; any exception if none."""
        return self.check(text)

    def check(self, value: Any) -> str:
        """Return *value* in its proper type; any exception if it is not allowed."""
        if not isinstance(value, str) or value.lower() not in self.words:
            raise ValueError(value)
        return value.lower()


@dataclass(frozen=True, slots=True)
class Path:
    """A path, with ``~`` expanded, with one of *endings* if there are any; ``None`` for none."""

    allowed: str
    endings: tuple[str, ...] = ()

    def parse(self, text: str) -> str | None:
        """Return the value that environment *text* stands for; any exception if none."""
        return self.check(text)

    def check(self, value: Any) -> str | None:
        """Return *value* in its proper type; any exception if it is not allowed."""
        if value is None:
            return None
        path = os.fspath(value)
        if not isinstance(path, str) or not path or "\0" in path:
            raise ValueError(value)
        if self.endings and not path.lower().endswith(self.endings):
            raise ValueError(value)
        return os.path.expanduser(path)


Rule = Number | Flag | Choice | Path

RULES: Mapping[str, Rule] = {
    "enabled": Flag(),
    "strategy": Choice(STRATEGIES),
    "io_threshold": Number(0, 1, "CPU time / wall time; below = I/O"),
    "cpu_threshold": Number(0, 1, "CPU time / wall time; above = CPU"),
    "min_predicted_speedup": Number(1, math.inf, "ratio; to try"),
    "min_speedup": Number(1, math.inf, "ratio; to keep"),
    "evidence": Number(1, math.inf, "odds"),
    "profile_calls": Number(1, math.inf, "calls", whole=True),
    "trial_budget": Number(0, 1, "share of running time"),
    "probe_budget": Number(0, 1, "share of running time"),
    "max_workers": Number(1, math.inf, "threads of the process", whole=True),
    "window": Number(1, math.inf, "operations ahead", whole=True),
    "effects": Choice(("declared", "proved", "observed")),
    "persist": Flag(),
    "cache_dir": Path("a path of a folder"),
    "log": Choice(("debug", "info", "warning", "error", "critical")),
    "report": Path(
        "a path of a file that ends in .txt, .html or .json", (".txt", ".html", ".json")
    ),
}


def checked(name: str, value: object, *, written: str | None = None) -> Any:
    """Return *value* in its proper type; *written* is the variable that it was read from."""
    rule = RULES[name]
    try:
        if written is not None and isinstance(value, str):
            return rule.parse(value.strip())
        return rule.check(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise ConfigurationError(
            f"{written or name}={value!r} is not allowed; give {rule.allowed}"
        ) from None


def check_thresholds(
    given: Mapping[str, Any], weaker: Mapping[str, Any], prefix: str = "", source: str = ""
) -> None:
    """Raise ``ConfigurationError`` if the thresholds cross once *given* is in force.

    *weaker* has the values of what is not given, and *source* says in words
    where these come from; *prefix* is that of the environment's variables.
    """
    low, high = (given.get(name, weaker[name]) for name in THRESHOLDS)
    if low <= high:
        return
    low_name, high_name = (prefix + (name.upper() if prefix else name) for name in THRESHOLDS)
    where = f" ({source})" if source and not given.keys() >= set(THRESHOLDS) else ""
    if "io_threshold" in given:
        wrong, allowed = f"{low_name}={low:g}", f"at most {high_name}, which is {high:g}{where}"
    else:
        wrong, allowed = f"{high_name}={high:g}", f"at least {low_name}, which is {low:g}{where}"
    raise ConfigurationError(f"{wrong} is not allowed; give {allowed}, or set both")


def check_strategy(name: str, written: str = "strategy") -> None:
    """Raise ``StrategyUnavailable`` if the strategy *name* cannot be used here.

    *written* is the variable or argument that names it; the message says what to do.
    """
    if name in ("auto", "parallel"):
        return
    # By name, since the stage above is asked only where one of its strategies is.
    strategies = import_module("adaptive_jit.strategies")
    try:
        strategies.strategy(name)
    except StrategyUnavailable as error:
        raise StrategyUnavailable(
            f"{written}={name!r} cannot be used: {error}"
        ) from error.__cause__


def validated(settings: Mapping[str, object]) -> dict[str, Any]:
    """Return *settings* in their proper types, or raise ``ConfigurationError``.

    Unknown names are refused with the nearest known one, and with
    ``StrategyUnavailable`` a strategy that cannot be used here.
    """
    for name in settings:
        if name not in RULES:
            raise ConfigurationError(
                f"{name}={settings[name]!r}: there is no setting of that name; "
                f"{nearest(name, tuple(RULES))}"
            )
    values = {name: checked(name, value) for name, value in settings.items()}
    check_thresholds(values, {"io_threshold": 0, "cpu_threshold": 1})
    check_strategy(values.get("strategy", "auto"))
    return values


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return a hint at what *name* was meant to be, out of *known*."""
    from difflib import get_close_matches  # only needed for mistakes

    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "there are " + ", ".join(known)
