"""The settings of an environment that has wrong values, each with what is wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from adaptive_jit.errors import ConfigurationError, StrategyUnavailable
from adaptive_jit.settings.record import read_environ
from adaptive_jit.settings.rules import PREFIX, RULES, THRESHOLDS, check_strategy, checked
from adaptive_jit.settings.scopes import Description

if TYPE_CHECKING:
    from collections.abc import Mapping


def examine(
    environ: Mapping[str, str] = os.environ,
) -> tuple[tuple[Description, ...], dict[str, str]]:
    """Return the rows of ``describe_all`` and, by the name of the setting, what is wrong.

    A wrong value is shown as it was given; the others are what they are once
    the wrong ones are taken away.
    """
    errors: dict[str, str] = {}
    sound = {key: value for key, value in environ.items() if value.strip()}
    for name in RULES:
        said = _wrong(name, sound)
        if said is not None:
            errors[name] = said
            del sound[_variable(name)]
    try:
        settings, given = read_environ(sound)
    except ConfigurationError as error:
        for name in THRESHOLDS:
            if sound.pop(_variable(name), None) is not None:
                errors[name] = str(error)
        settings, given = read_environ(sound)
    rows = tuple(
        Description(
            name,
            environ[_variable(name)] if name in errors else getattr(settings, name),
            "environment" if name in given or name in errors else "default",
            rule.allowed,
        )
        for name, rule in RULES.items()
    )
    return rows, errors


def _wrong(name: str, environ: Mapping[str, str]) -> str | None:
    variable = _variable(name)
    if variable not in environ:
        return None
    try:
        value = checked(name, environ[variable], written=variable)
        if name == "strategy":
            check_strategy(value, variable)
    except (ConfigurationError, StrategyUnavailable) as error:
        return str(error)
    return None


def _variable(name: str) -> str:
    return PREFIX + name.upper()
