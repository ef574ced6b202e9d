"""Every function of a package made adaptive, without a change of its source."""

from adaptive_jit.packages.decoration import Decoration, decorate_package

__all__ = ["Decoration", "decorate_package"]
