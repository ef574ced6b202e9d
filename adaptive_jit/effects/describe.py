"""Names of callables as people write them, for reports and messages."""

from __future__ import annotations

import functools
from types import BuiltinMethodType, MethodType, ModuleType

from adaptive_jit.effects.attributes import is_class


def describe(callee: object) -> str:
    """The dotted name of *callee*: ``httpx.Client.get``, ``json.loads``, ``len``, ``app.search``.

    A module path is shortened to its package where the package exports the
    very same object under the same name. Runs no code of the user.
    """
    if type(callee) is functools.partial:
        return f"functools.partial of {describe(callee.func)}"
    if type(callee) is MethodType:
        return _method(type(callee.__self__), callee.__self__, _name(callee.__func__))
    if type(callee) is BuiltinMethodType and not isinstance(
        callee.__self__, (ModuleType, type(None))
    ):
        return _method(type(callee.__self__), callee.__self__, callee.__name__)
    if is_class(callee):
        return _joined(callee.__module__, callee.__qualname__)
    name = _name(callee)
    if name is not None:
        return _joined(_text(callee, "__module__"), name)
    return f"an instance of {describe(type(callee))}"


def _method(owner: type, receiver: object, name: str | None) -> str:
    if is_class(receiver):
        owner = receiver
    return f"{describe(owner)}.{(name or '?').rpartition('.')[2]}"


def _name(callee: object) -> str | None:
    return _text(callee, "__qualname__") or _text(callee, "__name__")


def _text(callee: object, attribute: str) -> str | None:
    """The attribute of a function-like object if it is a plain string, read without user code."""
    if type(callee).__module__ not in ("builtins", "functools"):
        return None
    value = getattr(callee, attribute, None)
    return value if type(value) is str else None


def _joined(module: str | None, qualified: str) -> str:
    qualified = qualified.replace("<locals>.", "")
    if not isinstance(module, str) or module in ("builtins", "__main__"):
        return qualified
    return f"{_public_home(module, qualified)}.{qualified}"


def _public_home(module: str, qualified: str) -> str:
    """``httpx._client`` → ``httpx`` if ``httpx.Client`` is the class that ``_client`` defines."""
    import sys

    first = qualified.partition(".")[0]
    origin = getattr(sys.modules.get(module), "__dict__", {}).get(first)
    parts = module.split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        exported = getattr(sys.modules.get(package), "__dict__", {}).get(first)
        if origin is not None and exported is origin:
            return package
    return module
