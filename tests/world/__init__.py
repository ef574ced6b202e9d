"""A small outside world: operations that log what they do, and programs that use them.

Ordinary modules, not rewritten by pytest, so that the programs are what users write.
"""

from world.model import Event, Meeting, World, current, use
from world.registry import Program, factory, program, programs_of

__all__ = [
    "Event",
    "Meeting",
    "Program",
    "World",
    "current",
    "factory",
    "program",
    "programs_of",
    "use",
]
