"""The hot path: what the prologue of an instrumented function calls."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from adaptive_jit.engine.fallback import failed
from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.runtime.closed import ClosedWindow

if TYPE_CHECKING:
    from adaptive_jit.engine.controller import Controller

SILENT = ClosedWindow()
"""The window of an invocation in which nothing is to be observed."""


class Dispatcher:
    """Stands among the constants of an instrumented code object.

    Equal only to itself; pickled and copied as an inert stub, so that code
    that travels to another process runs its plain statements there.

    It does not keep its controller: references from a code object's constants
    are invisible to the garbage collector, which takes them for roots.
    """

    __slots__ = ("__weakref__", "_controller")

    def __init__(self, controller: Controller | None) -> None:
        self._controller = None if controller is None else weakref.ref(controller)

    def enter(self) -> Any:
        """The window for one invocation; never raises."""
        reference = self._controller
        controller = None if reference is None else reference()
        if controller is None:
            return SILENT
        try:
            return controller.enter()
        except Exception as error:
            if is_the_programs(error):
                raise
            failed(f"preparing a call of {controller.name}", error)
            return SILENT

    def __reduce__(self) -> tuple[Any, ...]:
        return (Dispatcher, (None,))

    def __copy__(self) -> Dispatcher:
        return self

    def __deepcopy__(self, _memo: Any) -> Dispatcher:
        return self
