"""One function's record as the text of one row, without anyone's data in it.

An operation is stored with its source text, and source may hold prompts, SQL
and keys as literals. Only short words stay (``"small"``, ``"r"``); other
strings become ``"…"``.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from adaptive_jit.records.codec import FORMAT, FormatError, decode_function, encode_function

if TYPE_CHECKING:
    from adaptive_jit.records import FunctionStats

__all__ = ["FORMAT", "FormatError", "from_text", "to_text", "without_literals"]

LONGEST_WORD = 16
"""Characters; model names and modes are shorter, keys and addresses longer."""
HIDDEN = "…"


def to_text(stats: FunctionStats) -> str:
    """Return *stats* as JSON, its operations' string literals hidden."""
    operations = tuple(
        replace(operation, text=without_literals(operation.text)) for operation in stats.operations
    )
    plain = encode_function(replace(stats, operations=operations))
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_text(text: str) -> FunctionStats:
    """Return the record in *text*; raise ``FormatError`` if it is not one."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise FormatError(f"not JSON: {error}") from error
    return decode_function(data)


def without_literals(source: str) -> str:
    """Return *source* with all but short one-word string literals replaced by ``"…"``."""
    try:
        with warnings.catch_warnings():
            # The user's compiler has complained about odd escapes already.
            warnings.simplefilter("ignore")
            tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Shortened for display somewhere: nothing after the first quote is safe to keep.
        head, quote, _ = re.split(r"""(["'])""", source + "'", maxsplit=1)
        return source if len(head) == len(source) else f"{head}{quote}{HIDDEN}{quote}"
    hider = _Hider()
    hidden = hider.visit(tree)
    return ast.unparse(hidden) if hider.found else source


class _Hider(ast.NodeTransformer):
    def __init__(self) -> None:
        self.found = False

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if not isinstance(value, str | bytes) or _is_word(value):
            return node
        self.found = True
        return ast.copy_location(ast.Constant(HIDDEN), node)


def _is_word(value: str | bytes) -> bool:
    return len(value) <= LONGEST_WORD and len(value.split()) <= 1
