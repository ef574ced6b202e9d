"""What several effects ask for together: no merged effect may ask for less than its parts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adaptive_jit.records.effects import (
    FILES,
    HTTP_ELSEWHERE,
    LOG_FILES,
    REDIRECTED,
    Effect,
    EffectKind,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


_OURS = (FILES, HTTP_ELSEWHERE, LOG_FILES, REDIRECTED)


def together(first: Effect | None, second: Effect | None) -> Effect | None:
    """Two readings as one: of anything, unless both read the same."""
    if first is None or second is None:
        return first if second is None else second
    if first.resource == second.resource:
        return first
    return dataclasses.replace(first, resource=None)


def reading_of(effects: Iterable[Effect]) -> Effect | None:
    """What they read, where the merged effect is unordered and would not say so."""
    every = list(effects)
    if max(one.kind for one in every) is not EffectKind.UNORDERED:
        return None
    reading: Effect | None = None
    for one in every:
        reading = together(reading, one.reading)
        if one.kind is EffectKind.READS:
            # Found by a proof: names that the user gave count only for what was declared itself.
            plain = Effect(EffectKind.READS, one.resource, Source.PROVED, one.reason)
            if is_declared_like_ours(one):
                plain = dataclasses.replace(plain, resource=None)
            reading = together(reading, plain)
    return reading


def is_declared_like_ours(effect: Effect) -> bool:
    """A resource of the user's that has the name of one that has a meaning here."""
    return effect.source is Source.DECLARED and effect.resource in _OURS


def worse(first: Effect, second: Effect) -> Effect:
    """The effect of a call that may do either."""
    worst = first if first.kind >= second.kind else second
    if first.kind == second.kind and first.resource != second.resource:
        worst = dataclasses.replace(worst, resource=None)
    reading = reading_of((first, second))
    return worst if reading == worst.reading else dataclasses.replace(worst, reading=reading)
