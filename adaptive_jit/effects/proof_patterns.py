"""Patterns of ``match`` on values made of exact builtin types."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.effects.proof_calls import Caller

if TYPE_CHECKING:
    from adaptive_jit.effects.proof_state import Frame
    from adaptive_jit.effects.proof_values import Value


class Patterns(Caller):
    """Which patterns run no code of the user, and what they bind."""

    def pattern(self, frame: Frame, pattern: ast.pattern, inside: Value) -> None:
        """Bind the names in *pattern* to what stands for any part of the subject."""
        for part in ast.walk(pattern):
            if isinstance(part, ast.MatchClass):
                raise self.refusal(part, "a class pattern may run code")
            if isinstance(part, ast.MatchValue):
                self.need_plain(part.value, self.evaluate(frame, part.value))
            elif isinstance(part, ast.MatchMapping):
                keys = [self.evaluate(frame, key) for key in part.keys]
                self.need_plain(part, *keys)
                if part.rest is not None:
                    frame.bind(part.rest, inside)
            elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name is not None:
                frame.bind(part.name, inside)
