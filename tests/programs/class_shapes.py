"""Classes of every shape: each adapted as a class or by a method, over operations on the world."""

from __future__ import annotations

import copy
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from world.objects import Client
from world.operations import ask, fetch
from world.registry import factory

T = TypeVar("T")


@factory(overlaps=3)
def torch_like(adaptive: Any) -> Any:
    """A base whose `__call__` runs hooks around `forward`; the subclass is adapted."""

    class Module:
        def __init__(self) -> None:
            self.hooks: list[Callable[[Any], Any]] = []

        def __call__(self, *args: Any) -> Any:
            found = self.forward(*args)
            for hook in self.hooks:
                found = hook(found)
            return found

        def forward(self, *args: Any) -> Any:
            raise NotImplementedError

    class Sum(Module):
        @adaptive
        def forward(self, key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            c = fetch(key + 2)
            return a + b + c

    def run() -> Any:
        module = Sum()
        module.hooks.append(lambda found: -found)
        return module(4)

    return run


@factory(overlaps=3)
def ensemble_of_clients(adaptive: Any) -> Any:
    """Clients in a list that the object holds."""

    class Ensemble:
        def __init__(self) -> None:
            self.clients = [Client(1), Client(2), Client(3)]

        @adaptive
        def forward(self, prompt: str) -> Any:
            return [client.complete(prompt) for client in self.clients]

    return lambda: Ensemble().forward("why")


@factory(overlaps=3)
def chain_of_attributes(adaptive: Any) -> Any:
    """`self.pipeline.model.complete()`."""

    class Pipeline:
        def __init__(self) -> None:
            self.model = Client(5)

    class Application:
        def __init__(self) -> None:
            self.pipeline = Pipeline()

        @adaptive
        def forward(self, prompt: str) -> Any:
            first = self.pipeline.model.complete(prompt)
            second = self.pipeline.model.complete(prompt + "?")
            third = self.pipeline.model.get(3)
            return first, second, third

    return lambda: Application().forward("why")


@factory(overlaps=2)
def abstract_base(adaptive: Any) -> Any:
    """The adapted method of an abstract base calls what subclasses define."""

    class Base(ABC):
        @abstractmethod
        def name(self) -> str: ...

        @adaptive
        def forward(self, key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            return self.name(), a, b

    class Known(Base):
        def name(self) -> str:
            return "known"

    def run() -> Any:
        refused = False
        try:
            Base()  # type: ignore[abstract]
        except TypeError:
            refused = True
        return refused, Known().forward(2)

    return run


@factory(overlaps=2)
def protocol_and_generic(adaptive: Any) -> Any:
    """A generic class that implements a protocol."""

    class Fetching(Protocol):
        def forward(self, key: Any) -> Any: ...

    class Pair(Generic[T]):
        def __init__(self, start: T) -> None:
            self.start = start

        @adaptive
        def forward(self, key: Any) -> Any:
            a = fetch(key)
            b = ask(f"{self.start}")
            return a, b

    def use(one: Fetching) -> Any:
        return one.forward(3)

    return lambda: (use(Pair[int](4)), Pair.__parameters__ == (T,))  # type: ignore[attr-defined]


@factory(overlaps=4, meet=("fetch",))
def diamond(adaptive: Any) -> Any:
    """`super()` along the method resolution order, each method adapted."""

    class Root:
        @adaptive
        def forward(self, key: int) -> Any:
            return [fetch(key) for key in (key, key + 1, key + 2, key + 3)]

    class Left(Root):
        @adaptive
        def forward(self, key: int) -> Any:
            own = ask(key + 10)
            return [own, *super().forward(key)]

    class Right(Root):
        @adaptive
        def forward(self, key: int) -> Any:
            own = ask(key + 20)
            return [own, *super().forward(key)]

    class Bottom(Left, Right):
        pass

    return lambda: (Bottom().forward(1), [one.__name__ for one in Bottom.__mro__])


@factory(overlaps=3)
def base_and_override_adapted(adaptive: Any) -> Any:
    """Both are adapted; the base's results are arguments of the override's operations."""

    class Base:
        @adaptive
        def forward(self, key: int) -> Any:
            return [fetch(one) for one in (key, key + 1, key + 2)]

    class Override(Base):
        @adaptive
        def forward(self, key: int) -> Any:
            found = super().forward(key)
            more = [fetch(one) for one in found]
            return found, more

    return lambda: (Override().forward(1), Base().forward(7))


@factory(overlaps=2)
def frozen_dataclass_with_slots(adaptive: Any) -> Any:
    """Equality, hash and copies are those of the dataclass."""

    @dataclass(frozen=True, slots=True)
    class Query:
        key: int
        tags: tuple[str, ...] = field(default=("a",))

        @adaptive
        def forward(self) -> Any:
            a = fetch(self.key)
            b = ask(self.tags[0])
            return a, b

    def run() -> Any:
        query = Query(3)
        other = copy.deepcopy(query)
        return query.forward(), other.forward(), query == other, len({query, other})

    return run


@factory(overlaps=2)
def metaclass(adaptive: Any) -> Any:
    """A metaclass that registers classes and renames nothing."""
    registered: list[str] = []

    class Registering(type):
        def __new__(mcs, name: str, bases: Any, space: Any) -> Any:
            if name not in registered:
                registered.append(name)
            return super().__new__(mcs, name, bases, space)

        def __call__(cls, *args: Any) -> Any:
            made = super().__call__(*args)
            made.stamp = cls.__name__
            return made

    class Stamped(metaclass=Registering):
        stamp = ""

        @adaptive
        def forward(self, key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            return self.stamp, a, b

    return lambda: (Stamped().forward(1), list(registered))


@factory(overlaps=2)
def init_subclass_and_set_name(adaptive: Any) -> Any:
    """What classes do when they are made sees plain functions."""
    seen: list[str] = []

    class Named:
        def __set_name__(self, owner: type, name: str) -> None:
            seen.append(name)

    class Base:
        def __init_subclass__(cls, **kwargs: Any) -> None:
            seen.append(type(cls.__dict__["forward"]).__name__)
            super().__init_subclass__(**kwargs)

    class Made(Base):
        mark = Named()

        @adaptive
        def forward(self, key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            return a, b

    return lambda: (Made().forward(5), list(seen))


@factory(overlaps=2)
def property_that_reads(adaptive: Any) -> Any:
    """An adapted getter; the setter stays what it is."""

    class Account:
        def __init__(self) -> None:
            self.limit = 1

        @property
        @adaptive
        def balance(self) -> Any:
            a = fetch(1)
            b = fetch(2)
            return self.limit + a + b

        @balance.setter
        def balance(self, value: int) -> None:
            self.limit = value

    def run() -> Any:
        account = Account()
        first = account.balance
        account.balance = 10
        return first, account.balance

    return run


@factory(overlaps=0)
def property_that_counts(adaptive: Any) -> Any:
    """A property that changes its object is read in its turn, between the operations."""

    class Account:
        def __init__(self) -> None:
            self.reads = 0

        @property
        def number(self) -> int:
            self.reads += 1
            return fetch(self.reads)

        @adaptive
        def forward(self) -> Any:
            a = self.number
            b = self.number
            return a, b, self.reads

    return lambda: Account().forward()


@factory(overlaps=2, threads=False, settles=False)  # a shared list; every other call in order
def cached_property_between(adaptive: Any) -> Any:
    """A cached property is made at its first use, in its turn; a made one stops nothing."""
    made: list[str] = []

    class Lazy:
        @functools.cached_property
        def prefix(self) -> str:
            made.append("made")
            return "p"

        @adaptive
        def forward(self) -> Any:
            prefix = self.prefix
            a = ask(prefix)
            b = ask(prefix + "q")
            return a, b

    def run() -> Any:
        del made[:]
        used, fresh = Lazy(), Lazy()
        used.prefix  # noqa: B018
        return used.forward(), list(made), fresh.forward(), list(made)

    return run


@factory(overlaps=0)
def state_between_calls(adaptive: Any) -> Any:
    """A conversation: each question goes with the answers before it."""

    class Conversation:
        def __init__(self) -> None:
            self.history: list[str] = []

        def ask(self, question: str) -> str:
            self.history.append(question)
            answer = ask("\n".join(self.history))
            self.history.append(str(answer))
            return str(answer)

        @adaptive
        def forward(self) -> Any:
            first = self.ask("one")
            second = self.ask("two")
            return first, second, self.history

    return lambda: Conversation().forward()


@factory(overlaps=None)
def generator_method(adaptive: Any) -> Any:
    """A generator method is left alone: items come one by one."""

    class Pages:
        @adaptive
        def forward(self) -> Iterator[Any]:
            yield fetch(1)
            yield fetch(2)

    return lambda: list(Pages().forward())
