"""What generated code calls: windows, strands, and the entries between them."""

from adaptive_jit.runtime.function import FunctionState, Host, Site
from adaptive_jit.runtime.window import Window

__all__ = ["FunctionState", "Host", "Site", "Window"]
