"""What a call does to the world outside: declared, catalogued or proved, found at run time."""

from adaptive_jit.effects.attributes import attribute_is_transparent, lookup_is_transparent
from adaptive_jit.effects.declared import pure, reads, unordered, writes
from adaptive_jit.effects.describe import describe
from adaptive_jit.effects.resolve import effect_of

__all__ = [
    "attribute_is_transparent",
    "describe",
    "effect_of",
    "lookup_is_transparent",
    "pure",
    "reads",
    "unordered",
    "writes",
]
