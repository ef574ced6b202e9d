"""Source into regions and operations. Never runs user code."""

from adaptive_jit.analysis.program import Analysis, CallRole, CallSite, LoopSite, analyse
from adaptive_jit.analysis.source import FunctionSource, NotAnalysable, compile_function, locate

__all__ = [
    "Analysis",
    "CallRole",
    "CallSite",
    "FunctionSource",
    "LoopSite",
    "NotAnalysable",
    "analyse",
    "compile_function",
    "locate",
]
