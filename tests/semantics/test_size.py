"""``size=``: what the decision is told of how much a call does, and what it must not change."""

from __future__ import annotations

import gc
import weakref

import pytest

from adaptive_jit import adaptive, reads, reset
from adaptive_jit.decorator import checked
from adaptive_jit.engine import controller, registry
from adaptive_jit.errors import ConfigurationError, FallbackWarning
from adaptive_jit.records import Arm, Phase


@reads
def lookup(key):
    """Read something."""
    return key


@pytest.fixture
def told(monkeypatch):
    """The sizes that were taken, one for each measured call."""
    sizes = []
    real = controller.size_of

    def size_of(*arguments):
        sizes.append(real(*arguments))
        return sizes[-1]

    monkeypatch.setattr(controller, "size_of", size_of)
    return sizes


def test_size_is_called_as_the_function_was(told):
    """Positional, keyword, variable and default arguments, a method's self, captured ones."""

    @adaptive(size=lambda a, b=2, *rest, c, **more: a + b + sum(rest) + c + sum(more.values()))
    def run(a, b=2, *rest, c, **more):
        x = lookup(a)
        y = lookup(b)
        return x, y, [a for _ in rest], rest, c, more

    assert run(1, c=4) == (1, 2, [], (), 4, {})
    reset(run)  # a slow machine may have settled it by now
    assert run(1, 3, 10, 20, c=100, d=1000) == (1, 3, [1, 1], (10, 20), 100, {"d": 1000})
    assert told == [7.0, 1134.0]


def test_without_size_none_is_taken(told):
    """The twin."""

    @adaptive
    def run(a):
        x = lookup(a)
        y = lookup(a)
        return x, y

    run([1, 2, 3])
    assert told == []


@pytest.mark.parametrize("value", [0, -3, float("nan"), float("inf")])
def test_a_size_that_is_no_positive_number_counts_as_one(told, value):
    """An empty list is a call like another."""

    @adaptive(size=lambda a: value)
    def run(a):
        x = lookup(a)
        y = lookup(a)
        return x, y

    assert run(1) == (1, 1)
    assert told == [1.0]


def test_a_size_that_fails_costs_a_warning_and_no_call(told):
    """What the function returns is what counts."""

    @adaptive(size=lambda a: len(a))
    def run(a):
        x = lookup(a)
        y = lookup(a)
        return x, y

    with pytest.warns(FallbackWarning, match=r"size= of .*run failed \(TypeError"):
        assert run(1) == (1, 1)
    reset(run)
    assert run("ab") == ("ab", "ab")
    assert told == [1.0, 2.0]


def test_a_size_that_cannot_be_called_is_refused_at_decoration():
    """Not on the thousandth call."""
    with pytest.raises(ConfigurationError, match=r"size=3.*give a function"):
        adaptive(size=3)


def test_a_size_is_not_for_several_functions_at_once():
    """It takes the arguments of one."""
    with pytest.raises(ConfigurationError, match="arguments of one function"):
        checked({"size": len})


class Thing:
    """Something whose end can be seen."""


def test_asking_for_the_size_does_not_keep_arguments_alive():
    """After ``del`` an argument is gone, as it would be without the library."""
    gone = []

    @adaptive(size=lambda thing: 1)
    def run(thing):
        thing_is = weakref.ref(thing)
        del thing
        gone.append(thing_is() is None)
        x = lookup(1)
        y = lookup(2)
        return x, y

    gc.disable()
    try:
        run(Thing())  # no assertion: that would hold the argument itself
    finally:
        gc.enable()
    assert gone == [True]


def test_closures_with_different_sizes_do_not_learn_together():
    """Each by its own measure; also where only a captured value differs."""

    def make(size):
        @adaptive(size=size)
        def run(a):
            x = lookup(a)
            y = lookup(a)
            return x, y

        return run

    def scaled(by):
        return lambda a: a * by

    def plain():
        return lambda a: a

    sizes = [scaled(1), scaled(2), plain(), plain()]
    made = [make(size) for size in sizes]
    first, second, third, fourth = map(registry.controller_of, made)
    assert first is not second
    assert second is not third
    assert third is fourth


def test_calls_with_few_items_run_as_written_while_those_with_many_run_ahead():
    """The number of items tells them apart where no ``size=`` is given."""

    @adaptive
    def run(items):
        return [lookup(item) for item in items]

    few, many = [1], list(range(20))
    for _ in range(2):
        assert (run(few), run(many)) == (few, many)  # what its guards meet is known now
    its = registry.controller_of(run)
    reset(run)
    its.state.guards[:] = bytes([1]) * len(its.state.guards)
    numbers = its.sizes.number(1.0), its.sizes.number(20.0)
    for number, predicted, seconds in zip(numbers, (1.0, 8.0), (0.02, 0.4), strict=True):
        its.sizes.of(number).revise_prediction(predicted)
        for _ in range(2):
            its._observe(Arm.DIRECT, seconds, False, 1.0, number)
    phases = [its.sizes.of(number).phase for number in numbers]
    assert phases == [Phase.DIRECT, Phase.TRIAL]
    before = its.state.handed
    assert run(few) == few
    assert its.state.handed == before
    assert run(many) == many
    assert its.state.handed > before


def test_the_lengths_of_texts_and_numbers_are_no_sizes():
    """The twin: one class for all of them."""

    @adaptive
    def run(text, number):
        x = lookup(text)
        y = lookup(number)
        return x, y

    for number in range(1, 9):
        run("x" * 10**number, 10**number)
    assert len(registry.controller_of(run).sizes.all) == 1
