"""Patterns of ``match`` on values made of exact builtin types."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.effects.proof_calls import Caller
from adaptive_jit.effects.proof_state import Names, join_names
from adaptive_jit.effects.proof_values import Plain, join

if TYPE_CHECKING:
    from adaptive_jit.effects.proof_state import Frame
    from adaptive_jit.effects.proof_values import Value


class Patterns(Caller):
    """Which patterns run no code of the user, and what they bind."""

    def match(self, frame: Frame, node: ast.Match) -> None:
        """Follow each case that may be the one."""
        self.need_plain(node.subject, subject := self.evaluate(frame, node.subject))
        before: Names = dict(frame.names or {})
        after: Names | None = None
        for case in node.cases:
            frame.names = dict(before)
            self.pattern(frame, case.pattern, join(subject, Plain(None, alias=True)))
            if case.guard is not None:
                self.truth(case.guard, self.evaluate(frame, case.guard))
            self.block(frame, case.body)
            after = join_names(after, frame.names)
        frame.names = join_names(after, before)

    def block(self, frame: Frame, body: list[ast.stmt]) -> None:
        """Follow statements until one leaves the block."""
        raise NotImplementedError

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
