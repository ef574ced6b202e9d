"""Calls with star-arguments: errors in unpacking name the user's callee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class StarredCall:
    """Stands for the callee while ``*`` and ``**`` are unpacked.

    CPython detail: "f() argument after * must be an iterable" is written with the
    ``__qualname__`` and ``__module__`` of what is called, else with its ``str``
    (Objects/object.c, ``_PyObject_FunctionStr``; 3.11 to 3.13). Elsewhere only the
    text of that error could differ.
    """

    __slots__ = ("callee", "index", "take")

    def __init__(self, take: Callable[..., Callable[[], Any]], index: int, callee: Any) -> None:
        self.take = take
        self.index = index
        self.callee = callee

    def __call__(self, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """What to call."""
        return self.take(self.index, self.callee, *args, **kwargs)

    def __getattribute__(self, name: str) -> Any:
        if name in ("__qualname__", "__module__"):
            return getattr(self.callee, name)
        return object.__getattribute__(self, name)

    def __str__(self) -> str:
        return str(self.callee)
