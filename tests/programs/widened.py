"""Constructs beyond the first set: conditions with calls, stars, consumers, tries, withs."""

from __future__ import annotations

import types
from typing import Any

from world.objects import Countdown
from world.operations import (
    Refused,
    ask,
    combine,
    document,
    fetch,
    flag,
    mystery,
    numbers,
    refuse,
    second,
)
from world.registry import factory, program


@program(overlaps=3, meet=("flag",))
def call_in_an_if_test() -> Any:
    """Conditions of later rounds are asked while an earlier one is open."""
    out = []
    for i in range(4):
        if flag(i, i % 2):
            out.append(i)
    return out


@program(overlaps=2, meet=("second",))
def call_in_an_if_test_before_another() -> Any:
    """Each round goes on as soon as its condition has arrived."""
    out = []
    for i in range(4):
        if flag(i, i % 2 == 0):
            out.append(second(i))
        else:
            out.append(fetch(i))
    return out


@program(overlaps=3, meet=("flag",))
def call_in_a_condition_of_a_comparison() -> Any:
    """A comparison of a fetched value decides."""
    out = {}
    for i in range(4):
        if flag(i, i) > 1:
            out[i] = second(i)
    return out


@program(overlaps=0)
def break_on_a_fetched_value() -> Any:
    """What a fetched value may end is not started: no speculation."""
    out = []
    for i in range(4):
        r = flag(i, i == 2)
        if r:
            break
        out.append(i)
    return out


@program(overlaps=0)
def return_on_a_fetched_condition() -> Any:
    """Nor what it may leave the function before."""
    for i in range(4):
        if flag(i, i == 2):
            return i
    return None


@program(overlaps=0)
def raise_on_a_fetched_condition() -> Any:
    """Nor what it may raise before."""
    out = []
    for i in range(4):
        if flag(i, i == 2):
            raise ValueError(i)
        out.append(i)
    return out


@program(overlaps=0)
def barrier_behind_a_fetched_condition() -> Any:
    """An arm with an unknown call keeps later rounds behind it."""
    out = []
    for i in range(4):
        if flag(i, i % 2):
            out.append(mystery(i))
    return out


@program(overlaps=2)
def if_test_between_statements() -> Any:
    """A condition with a call does not hold up what follows its harmless arms."""
    out = []
    if flag(0, True):
        out.append(1)
    b = fetch(2)
    c = second(3)
    return out, b, c


@program(overlaps=3)
def if_test_before_independent_statements() -> Any:
    """The condition itself is in flight with what follows."""
    out = []
    if flag(0, True):
        out.append(fetch(1))
    b = fetch(2)
    c = second(3)
    return out, b, c


@program(overlaps=0)
def unknown_call_behind_a_condition_with_a_call() -> Any:
    """A condition whose arm holds an unknown call is waited for."""
    a = 0
    if flag(0, True):
        a = mystery(1)
    b = fetch(2)
    return a, b


@program(overlaps=2, meet=("second",))
def name_bound_behind_a_condition_with_a_call() -> Any:
    """What an arm binds is known to what follows."""
    x = 1
    if flag(0, True):
        x = 2
    b = second(x)
    c = second(x + 1)
    return b, c


@program(overlaps=0)
def assertion_behind_a_condition_with_a_call() -> Any:
    """An arm that may raise is waited for."""
    if flag(0, True):
        assert True
    return fetch(2)


@program(overlaps=0)
def return_behind_a_condition_with_a_call() -> Any:
    """An arm that may leave is waited for."""
    if flag(0, False):
        return 0
    return fetch(2)


@program(overlaps=0)
def return_behind_a_fetched_condition() -> Any:
    """The same with a name between."""
    go = flag(0, False)
    if go:
        return 0
    return fetch(2)


@program(overlaps=4, meet=("flag",))
def call_in_a_filter() -> Any:
    """The filter's calls of all elements overlap."""
    return [i for i in range(4) if flag(i, i % 2)], second(1)


@program(overlaps=2, meet=("second",))
def call_behind_a_filter() -> Any:
    """Each element goes on as soon as its filter has arrived."""
    found = [second(i) for i in range(5) if flag(i, i % 2 == 0) if i < 4]
    return found, [ask(f"{n}") for n in found]


@program(overlaps=3, meet=("second",))
def elements_of_elements() -> Any:
    """What was filtered is asked about."""
    found = [n for n in range(6) if flag(n, n % 2)]
    return [second(n) for n in found]


@program(overlaps=4, meet=("flag",))
def ternary_in_a_comprehension() -> Any:
    """Conditions of later elements are asked while an earlier one is open."""
    return [second(i) if flag(i, i % 2) else fetch(i) for i in range(4)]


@program(overlaps=4, meet=("flag",))
def ternary_in_a_sum() -> Any:
    """The same in a generator expression that is used up, and a set."""
    a = sum(second(i) if flag(i, i % 2) else fetch(i) for i in range(4))
    return a, {flag(i, i) or second(i) for i in range(4)}


@program(overlaps=0)
def unknown_call_behind_a_filter() -> Any:
    """An unknown call in an element keeps the later elements behind it."""
    return [mystery(i) for i in range(4) if flag(i, i % 2)]


@program(overlaps=0, arguments=lambda: ([Talking(i) for i in range(4)],))
def filter_on_unknown_values(xs: list[Talking]) -> Any:
    """A filter that may run the user's code is waited for."""
    return [i for i in range(4) if flag(i, xs[i])]


@program(settles=False)
def filter_that_raises() -> Any:
    """An error in a filter ends the comprehension where it does in the plain run."""
    return [second(i) for i in range(4) if refuse(i, i == 2)]


@program(overlaps=3, arguments=lambda: ([1, 2], {"x": 4}))
def star_arguments(xs: list[int], kw: dict[str, int]) -> Any:
    """Star-arguments that are exact containers."""
    a = combine(fetch(1), *xs, **kw)
    b = fetch(*[2])
    c = fetch(**{"key": 3})
    return a, b, c


class Score:
    """A value whose comparison is an unknown call."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __gt__(self, other: Any) -> bool:
        mystery(self.value)
        return self.value > other.value


class Talking:
    """A mapping, iterable and truth whose every look is an unknown call."""

    def __init__(self, value: int) -> None:
        self.value = value

    def keys(self) -> Any:
        mystery("keys")
        return ["k"]

    def __getitem__(self, key: str) -> int:
        mystery(key)
        return self.value

    def __iter__(self) -> Any:
        mystery("iter")
        return iter([self.value])

    def __bool__(self) -> bool:
        mystery("bool")
        return self.value % 2 == 1


@program(overlaps=0, arguments=lambda: (Countdown(3), {}))
def star_over_unknown_items(xs: Any, kw: Any) -> Any:
    """A star over an object of the user's runs its code."""
    a = fetch(1)
    b = combine(a, *xs, **kw)
    c = fetch(2)
    return a, b, c


@program(overlaps=0, arguments=lambda: ([1], Talking(2)))
def double_star_over_unknown_items(xs: Any, kw: Any) -> Any:
    """So do two stars."""
    a = fetch(1)
    b = combine(a, *xs, **kw)
    c = fetch(2)
    return a, b, c


@program(settles=False, arguments=lambda: (3, {}))
def star_over_a_number(xs: Any, kw: Any) -> Any:
    """The error names the user's callee."""
    return fetch(1), combine(*xs, **kw), fetch(2)


@program(settles=False, arguments=lambda: ([1], {"key": 2}))
def the_same_argument_twice(xs: Any, kw: Any) -> Any:
    """A keyword given twice."""
    return fetch(1), second(key=3, **kw), fetch(2)


@program(settles=False, arguments=lambda: ([1], {2: 2}))
def a_keyword_that_is_no_text(xs: Any, kw: Any) -> Any:
    """A keyword that is not a str."""
    return fetch(1), combine(**kw), fetch(2)


@program(overlaps=3, meet=("second",))
def stars_over_fetched_values() -> Any:
    """Fetched containers behind stars are waited for."""
    out = []
    for i in range(3):
        out.append(second(*numbers(1)) + i)
    return out


@program(overlaps=3, meet=("document",))
def double_stars_over_fetched_values() -> Any:
    """Fetched dicts behind two stars do not hold up the next round."""
    out = []
    for i in range(3):
        out.append(combine(i, **document(i)))
    return out


@factory(overlaps=0)
def a_global_that_is_called_super(adaptive: Any) -> Any:
    """A function of one's own in the place of `super`."""

    class Odd(_Base):
        def run(self) -> Any:
            a = super().find(1)
            b = super().find(2)
            return a, b

    def odd_super() -> Any:
        mystery("super")
        return _Base()

    run = Odd.run
    closure = run.__closure__
    odd = types.FunctionType(
        run.__code__.replace(), {**globals(), "super": odd_super}, "run", None, closure
    )
    odd.__qualname__ = run.__qualname__
    Odd.run = adaptive(odd)  # type: ignore[method-assign]
    return lambda: Odd().run()


@program(overlaps=0, arguments=lambda: ([1, 2],))
def keywords_of_a_change(xs: list[int]) -> Any:
    """An unknown call among the keywords of `update` is in its turn."""
    d: dict[str, int] = {}
    a = fetch(1)
    d.update(k=mystery(1))
    b = fetch(2)
    return a, b, d


@program(overlaps=2, meet=("second",), settles=False)
def walrus_read_afterwards() -> Any:
    """The name is read behind its assignment, and bound anew."""
    x = 1
    a = [(x := fetch(x)), second(x)]
    b = second(x + 1)
    x = 3
    return a, b, x


@program()
def walrus_that_is_read_before() -> Any:
    """The old value of the name is read first."""
    x = 1
    a = combine(x, (x := fetch(2)), x)
    b = combine(fetch(x), fetch(3))
    return a, b


@program()
def walrus_in_an_augmented_assignment() -> Any:
    """`+=` reads the old value first."""
    x = 1
    x += second((x := fetch(x)))
    a = fetch(x)
    return a, second(x)


@program()
def walrus_that_may_not_happen() -> Any:
    """An assignment in an arm that is not taken."""
    x = 1
    a = flag(0, 0) and (x := fetch(2))
    b = fetch(x)
    c = fetch(7) if flag(1, 1) else (x := 9)
    return a, b, c, x


@factory()
def walrus_that_was_never_made(adaptive: Any) -> Any:
    """A name that a skipped assignment leaves unbound."""

    @adaptive
    def run(skip: bool) -> Any:
        a = skip or (x := 3)
        import math

        b = fetch(1)
        c = [fetch(2), a, math.pi]
        if not skip:
            c.append(second(x))
        return b, c

    return lambda: (run(True), run(False))


@program(overlaps=2)
def walrus() -> Any:
    """An assignment inside an expression."""
    a = (x := fetch(1)) + 1
    b = fetch(2)
    return a, b, x


@program(overlaps=3, meet=("flag",))
def walrus_in_a_condition() -> Any:
    """A condition that keeps its value."""
    out = []
    for i in range(4):
        if (r := flag(i, i)) > 1:
            out.append(r)
    return out


@program(overlaps=3)
def ternary_on_a_fetched_value() -> Any:
    """An undecided conditional expression is waited for; what comes before it overlaps."""
    out = []
    for i in range(3):
        d = flag(i, i % 2)
        out.append(second(i) if d else fetch(i))
    return out


@program(overlaps=3)
def short_circuit_on_a_fetched_value() -> Any:
    """The first operands of and/or overlap."""
    out = []
    for i in range(3):
        out.append(flag(i, i % 2) or fetch(i))
    return out


@program(overlaps=4)
def consumers() -> Any:
    """Builtins that use a generator expression up."""
    return (
        max(fetch(i) for i in range(2)),
        sorted(second(i) for i in range(2)),
    )


@program(overlaps=4)
def dict_of_pairs() -> Any:
    """dict() over pairs."""
    return dict((i, fetch(i)) for i in range(4))


@program(overlaps=3)
def set_and_tuple() -> Any:
    """set() and tuple()."""
    return set(fetch(i) for i in range(3)), tuple(second(i) for i in range(3))


@program(overlaps=3)
def minimum_with_a_default() -> Any:
    """min() with a default; sorted() with a direction."""
    return min((fetch(i) for i in range(3)), default=0), sorted(
        (second(i) for i in range(3)), reverse=True
    )


@program(overlaps=0)
def any_of_calls() -> Any:
    """any() stops at the first true answer."""
    return any(flag(i, i == 1) for i in range(4))


@program(overlaps=0)
def all_of_calls() -> Any:
    """all() stops at the first false answer."""
    return all(flag(i, i < 1) for i in range(4))


@program(overlaps=3)
def any_beside_others() -> Any:
    """How far it walks is not known, but what follows is evaluated anyway."""
    a = fetch(1)
    b = any(flag(i, i == 0) for i in range(4))
    c = fetch(2)
    return a, b, c


@program(overlaps=4)
def nested_list_comprehensions() -> Any:
    """A comprehension over known rows."""
    return [[second(j) for j in row] for row in [[1, 2], [3, 4]]]


@program(overlaps=3, meet=("second",))
def nested_loop_over_fetched() -> Any:
    """Inner loops over what the outer one has fetched."""
    out = []
    for i in range(2):
        for n in numbers(2):
            out.append(second(n + i))
    return out


@program(overlaps=3)
def try_around_each_call() -> Any:
    """try/except around each call of a loop."""
    out = []
    for i in range(3):
        try:
            out.append(fetch(i))
        except ValueError:
            out.append(None)
    return out


@program(overlaps=3, meet=("document",))
def try_around_a_chain() -> Any:
    """Chained calls inside a try, with an else."""
    out = []
    for i in range(3):
        try:
            d = document(i)
            text = ask(d["text"])
        except ValueError:
            out.append("")
        else:
            out.append(text)
    return out


@program(overlaps=3, meet=("refuse",), settles=False)
def try_that_catches() -> Any:
    """Calls that raise, beside others: each error is handled in its turn."""
    out = []
    failed = 0
    for i in range(4):
        try:
            out.append(refuse(i, i % 2 == 1))
        except (ValueError, Refused):
            failed += 1
            out.append(None)
            continue
        out.append(second(i))
    return out, failed


@program(overlaps=2, meet=("fetch",), settles=False)
def try_that_keeps_the_old_value() -> Any:
    """What a name holds after an error is what it held before."""
    out = []
    for i in range(3):
        x = 5
        try:
            y = fetch(i)
            x = refuse(i, i == 1)
        except Refused:
            y = -1
            out.append(y)
        out.append((second(x), y))
    return out


@program(overlaps=2, meet=("refuse",), settles=False)
def try_that_lets_through() -> Any:
    """An error of another type leaves the loop where it does in the plain run."""
    out = []
    for i in range(4):
        try:
            out.append(refuse(i, i == 2))
        except KeyError:
            out.append(None)
    return out


@program(overlaps=0, settles=False)
def try_with_an_unknown_call_in_its_except() -> Any:
    """An `except` that calls something keeps the rounds in order."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused:
            out.append(mystery(i))
    return out


@program(settles=False)
def try_that_looks_at_the_error() -> Any:
    """What an `except` reads of an error may run the user's code."""
    out = []
    for i in range(4):
        try:
            out.append(refuse(i, i == 1))
        except Refused as error:
            out.append(error.args)
            out.append(f"{error}")
    return out


@program(overlaps=0, settles=False)
def try_that_leaves_the_loop() -> Any:
    """An `except` that breaks: later rounds might not be reached."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused:
            break
    return out


@program(overlaps=0, settles=False)
def try_that_returns() -> Any:
    """Or one that returns."""
    for i in range(3):
        try:
            x = refuse(i, i == 1)
        except Refused:
            return i
    return x


@program(overlaps=3)
def try_with_a_finally() -> Any:
    """Later rounds start before the `finally` of an earlier one has run."""
    out = []
    for i in range(3):
        try:
            out.append(fetch(i))
        finally:
            out.append(-1)
    return out


@program(overlaps=0)
def retries() -> Any:
    """Attempts are made one after the other."""
    for attempt in range(3):
        try:
            return refuse(attempt, attempt < 2)
        except Refused:
            continue
    return None


@program(overlaps=2)
def match_on_a_known_value() -> Any:
    """A `match` on a known value is followed."""
    kind = "x"
    a = fetch(1)
    match kind:
        case "x":
            b = fetch(2)
        case _:
            b = 0
    return a, b


@program(overlaps=3, meet=("second",))
def while_over_a_chain() -> Any:
    """Chains in the rounds of a `while`, with jumps on known values."""
    out = []
    n = 0
    while n < 9:
        n = n + 1
        if n == 2:
            continue
        if n > 5:
            break
        out.append(second(fetch(n)))
    return out, n


@program(overlaps=4)
def while_in_a_loop() -> Any:
    """The rounds are counted anew for each round of the loop around."""
    out = []
    for i in range(2):
        k = 0
        while k < 2:
            out.append(fetch(10 * i + k))
            k += 1
    return out


@program(overlaps=2, meet=("second",))
def while_up_to_a_fetched_bound() -> Any:
    """A bound that has been fetched."""
    last = flag(0, 3)
    n = 0
    out = []
    while n < last:
        out.append(second(n))
        n += 1
    return out


@program(overlaps=0)
def while_on_a_fetched_value() -> Any:
    """Each round decides whether there is another: no speculation."""
    n = 0
    while n < 3:
        n = flag(n, n + 1)
    return n


@program(overlaps=0)
def while_with_an_unknown_call() -> Any:
    """An unknown call in a round keeps the next one behind it."""
    n = 0
    out = []
    while n < 3:
        out.append(fetch(n))
        mystery(n)
        n += 1
    return out


@program(overlaps=0, arguments=lambda: (Score(2), [Score(i) for i in range(4)]))
def while_on_unknown_values(limit: Score, steps: list[Score]) -> Any:
    """A comparison of the user's runs before each round."""
    n = 0
    out = []
    while limit > steps[n]:
        out.append(fetch(n))
        n += 1
    return out


@program(overlaps=0)
def while_with_a_call_in_its_condition() -> Any:
    """A condition that is asked each round keeps the rounds in order."""
    n = 0
    out = []
    while flag(n, n < 3):
        out.append(n)
        n += 1
    return out


@program(settles=False)
def while_that_counts_by_calls() -> Any:
    """A count that is fetched, and an error in the middle."""
    n = 0
    out = []
    while n < 4:
        out.append(refuse(n, n == 2))
        n = n + flag(0, 1)
    return out


@program(overlaps=3)
def while_with_a_known_bound() -> Any:
    """A `while` that locals count."""
    n = 0
    out = []
    while n < 3:
        out.append(fetch(n))
        n += 1
    return out


@program(overlaps=4)
def running_best() -> Any:
    """The best so far, and where it was."""
    best, where = -1, None
    for i in range(4):
        score = flag(i, (i * 7) % 4)
        if score > best:
            best, where = score, i
    return best, where


@program(overlaps=0, arguments=lambda: ([Score(i) for i in (2, 1, 3, 0)],))
def running_best_of_unknown_values(xs: list[Score]) -> Any:
    """A comparison that may run the user's code is waited for."""
    best = xs[0]
    for i in range(4):
        score = flag(i, xs[i])
        if score > best:
            best = score
    return best.value


@program(overlaps=0, arguments=lambda: ([Talking(i) for i in range(4)],))
def truth_of_unknown_values(xs: list[Talking]) -> Any:
    """A truth test that may run the user's code is waited for."""
    count = 0
    for i in range(4):
        if flag(i, xs[i]):
            count += 1
    return count


@program(overlaps=0, arguments=lambda: ([Talking(i) for i in range(4)],))
def unknown_mappings_behind_two_stars(xs: list[Talking]) -> Any:
    """A fetched mapping that runs the user's code keeps the next round behind it."""
    out = []
    for i in range(3):
        out.append(combine(i, **flag(i, xs[i])))
        out.append(second(i))
    return out


@program(overlaps=0, arguments=lambda: ([Talking(i) for i in range(4)],))
def unknown_items_behind_a_star(xs: list[Talking]) -> Any:
    """So does a fetched iterable."""
    out = []
    for i in range(3):
        out.append(combine(i, *flag(i, xs[i])))
        out.append(second(i))
    return out


@program(overlaps=2, meet=("second",))
def best_that_is_asked_about() -> Any:
    """What the best one decides is waited for; what follows from it overlaps."""
    best = -1
    for i in range(3):
        score = flag(i, i)
        if score > best:
            best = score
    return second(best), second(best + 1)


@program(overlaps=4)
def running_flags() -> Any:
    """Flags and counters."""
    seen = False
    count = 0
    for i in range(4):
        r = flag(i, i % 2)
        if r:
            seen = True
            count += 1
    return seen, count


@program(overlaps=5)
def regions_of_different_shape() -> Any:
    """A loop, a comprehension, a statement."""
    out = []
    for i in range(2):
        out.append(fetch(i))
    b = [second(i) for i in range(2)]
    c = ask("x")
    return out, b, c


def fetch_for(self: Any, key: int) -> int:
    """A function in the place of a method."""
    return fetch(key)


class _Twice:
    """A method that adds something of its own."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        mystery("got")
        return self.inner.__get__(owner, kind)


class _Base:
    def find(self, key: int) -> int:
        return fetch(key)


@factory(overlaps=2)
def methods_of_super(adaptive: Any) -> Any:
    """super().method()."""

    class Child(_Base):
        @adaptive
        def run(self) -> Any:
            a = super().find(1)
            b = super().find(2)
            return a, b

        def find(self, key: int) -> int:
            return -1

    return lambda: Child().run()


@factory(overlaps=0)
def descriptors_of_super(adaptive: Any) -> Any:
    """What the parent holds may be more than a function."""

    class Parent:
        find = _Twice(fetch_for)

    class Child(Parent):
        @adaptive
        def run(self) -> Any:
            a = super().find(1)
            b = super().find(2)
            return a, b

    return lambda: Child().run()


@factory(overlaps=2)
def methods_between_classes(adaptive: Any) -> Any:
    """super() goes by the class of the object, not by that of the function."""

    class Left(_Base):
        @adaptive
        def run(self, key: int) -> Any:
            a = super().find(key)
            b = super().find(key + 1)
            return a, b

    class Right(_Base):
        def find(self, key: int) -> int:
            return second(key)

    class Both(Left, Right):
        pass

    return lambda: (Both().run(1), Left().run(1), Both().run(3))


@factory()
def super_of_another_name(adaptive: Any) -> Any:
    """A `super` of one's own, and a first parameter that is bound anew."""

    class Child(_Base):
        def find(self, key: int) -> int:
            return -1

        @adaptive
        def run(self) -> Any:
            a = super().find(1)
            self = Child()
            b = super().find(2)
            return a, b

    return lambda: Child().run()
