"""Properties of answers that speak up for some answers: those may not be read out of turn."""

from __future__ import annotations

from typing import Any

from adaptive_jit.effects.catalogue_values import is_model

_SILENT = frozenset({"text", "thought", "thought_signature"})
"""Fields of a part that ``GenerateContentResponse.text`` takes in without a warning."""


def is_text_only(answer: Any) -> bool:
    """Whether a ``google.genai`` answer has one candidate at most, made of text alone.

    Reading ``.text`` of any other logs a warning, the first time in a process.
    """
    candidates = vars(answer).get("candidates")
    if candidates is None:
        return True
    if type(candidates) is not list or len(candidates) > 1:
        return False
    for candidate in candidates:
        content = vars(candidate).get("content") if is_model(type(candidate)) else candidate
        if content is None:
            continue
        parts = vars(content).get("parts") if is_model(type(content)) else content
        if parts is not None and not (type(parts) is list and all(map(_is_text, parts))):
            return False
    return True


def _is_text(part: Any) -> bool:
    return is_model(type(part)) and all(
        value is None or name in _SILENT for name, value in vars(part).items()
    )
