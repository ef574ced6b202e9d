"""Objects with behaviour: clients, context managers, and values whose every operator is seen."""

from __future__ import annotations

from typing import Any

from adaptive_jit import reads, unordered
from world.model import current


class Client:
    """A client object with declared methods."""

    base = 100

    def __init__(self, base: int = 0) -> None:
        self.offset = base
        self.cached: dict[str, int] = {}

    @reads
    def get(self, key: int) -> int:
        """Return a number."""
        return current().perform("get", "reads", key, lambda v: 1000 * v + key + self.offset)

    @unordered
    def complete(self, prompt: str) -> str:
        """Return a text."""
        return current().perform("complete", "unordered", prompt, lambda _: f"[{prompt}]")

    def bump(self) -> int:
        """Change the client, undeclared."""

        def answer(_: int) -> int:
            self.offset += 1
            return self.offset

        return current().perform("bump", "unknown", None, answer)


class Sdk:
    """An object tree as SDKs have it: ``sdk.api.items.get(k)``."""

    def __init__(self) -> None:
        self.api = Api()


class Api:
    """The middle of the tree."""

    def __init__(self) -> None:
        self.items = Client()


class Guarded:
    """A context manager that logs its entry and exit and what was in flight."""

    def __init__(self, name: str, suppress: bool = False) -> None:
        self.name = name
        self.suppress = suppress

    def __enter__(self) -> Guarded:
        current().perform("enter", "unknown", self.name, lambda _: None)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        named = None if kind is None else kind.__name__
        current().perform("exit", "unknown", (self.name, named), lambda _: None)
        return self.suppress


def _seen(name: str, result: Any) -> Any:
    def method(self: Loud, *arguments: Any) -> Any:
        current().perform(name, "unknown", None, lambda _: None)
        return result(self, *arguments) if callable(result) else result

    method.__name__ = name
    return method


class Loud:
    """A value whose every special method is an unknown operation on the world."""

    def __init__(self, value: int = 3) -> None:
        self.value = value

    @property
    def prop(self) -> int:
        """Return the value, seen."""
        current().perform("prop", "unknown", None, lambda _: None)
        return self.value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        current().perform("getattr", "unknown", name, lambda _: None)
        return 5

    def __format__(self, spec: str) -> str:
        current().perform("format", "unknown", spec, lambda _: None)
        return "loud"

    __add__ = _seen("add", 1)
    __radd__ = _seen("radd", 2)
    __iadd__ = _seen("iadd", lambda self, other: self)
    __sub__ = _seen("sub", 1)
    __mul__ = _seen("mul", 1)
    __rmul__ = _seen("rmul", 1)
    __mod__ = _seen("mod", 1)
    __rmod__ = _seen("rmod", "r")
    __truediv__ = _seen("truediv", 1)
    __rtruediv__ = _seen("rtruediv", 1)
    __matmul__ = _seen("matmul", 1)
    __neg__ = _seen("neg", -3)
    __invert__ = _seen("invert", 3)
    __abs__ = _seen("abs", 3)
    __int__ = _seen("int", 3)
    __float__ = _seen("float", 3.0)
    __index__ = _seen("index", 1)
    __round__ = _seen("round", 3)
    __eq__ = _seen("eq", True)
    __ne__ = _seen("ne", True)
    __lt__ = _seen("lt", True)
    __gt__ = _seen("gt", True)
    __hash__ = _seen("hash", 7)
    __bool__ = _seen("bool", True)
    __len__ = _seen("len", 3)
    __contains__ = _seen("contains", True)
    __iter__ = _seen("iter", lambda self: iter((1, 2, 3)))
    __reversed__ = _seen("reversed", lambda self: iter((3, 2, 1)))
    __getitem__ = _seen("getitem", 4)
    __call__ = _seen("call", 9)
    __str__ = _seen("str", "loud")
    __repr__ = _seen("repr", "Loud()")


class Descriptor:
    """A descriptor whose reading is seen."""

    def __get__(self, owner: Any, kind: Any = None) -> int:
        current().perform("descriptor", "unknown", None, lambda _: None)
        return 11


class Held:
    """An object with a descriptor and a lazily intercepted attribute."""

    field = Descriptor()

    def __init__(self) -> None:
        self.plain = 1


class Intercepting:
    """An object whose attribute reads all go through ``__getattribute__``."""

    def __init__(self) -> None:
        self.plain = 1

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("__"):
            current().perform("getattribute", "unknown", name, lambda _: None)
        return object.__getattribute__(self, name)


class Countdown:
    """An iterable that is seen at each step."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Any:
        for number in range(self.count):
            current().perform("step", "unknown", number, lambda _: None)
            yield number
