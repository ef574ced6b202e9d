"""The source of a function, its names, and the numbered program that the stages share."""

from adaptive_jit.syntax.program import Analysis, CallRole, CallSite, LoopSite, RegionSource
from adaptive_jit.syntax.scope import Scope, scope_of
from adaptive_jit.syntax.source import FunctionSource, NotAnalysable, compile_function, locate

__all__ = [
    "Analysis",
    "CallRole",
    "CallSite",
    "FunctionSource",
    "LoopSite",
    "NotAnalysable",
    "RegionSource",
    "Scope",
    "compile_function",
    "locate",
    "scope_of",
]
