"""For tests of programs that use this library, and of libraries that say what their calls do."""

from adaptive_jit.testing.clock import FakeClock
from adaptive_jit.testing.effects_files import effect_word, effects_file_problems

__all__ = ["FakeClock", "effect_word", "effects_file_problems"]
