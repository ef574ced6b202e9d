"""For tests of programs that use this library, and of libraries that say what their calls do."""

from adaptive_jit.packages import Decoration, decorate_package
from adaptive_jit.testing.clock import FakeClock
from adaptive_jit.testing.effects_files import effect_word, effects_file_problems

__all__ = ["Decoration", "FakeClock", "decorate_package", "effect_word", "effects_file_problems"]
