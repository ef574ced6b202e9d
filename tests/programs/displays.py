"""Loops under a progress display, and what only looks like one."""

from __future__ import annotations

import sys
from typing import Any

import rich.progress
import tqdm as package
import tqdm.auto as automatic
from rich.progress import track
from tqdm import tqdm, trange
from world.model import current
from world.objects import Countdown
from world.operations import ask, document, fetch, mystery, note, pair
from world.registry import factory, program

tqdm.monitor_interval = 0  # its thread would be counted by tests of threads


@program(overlaps=3, threads=False)
def loop_under_rich() -> Any:
    """A loop under `rich.progress.track` runs ahead as its argument."""
    out = []
    for i in track([1, 2, 3], disable=True):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def loop_under_rich_with_settings() -> Any:
    """With a description and a total, through the module."""
    out = []
    for i in rich.progress.track([1, 2, 3], "reading", total=3, disable=True):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def loop_under_tqdm() -> Any:
    """A loop under `tqdm` runs ahead, and the display shows what it shows in the plain run."""
    out = []
    for i in tqdm([1, 2, 3], desc="reading ", total=3, file=sys.stdout, bar_format="{desc}{n_fmt}"):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def output_beside_a_display() -> Any:
    """What the loop prints stays between the steps of the display."""
    out = []
    for i in tqdm(
        (1, 2, 3),
        file=sys.stdout,
        bar_format="{n_fmt}/{total_fmt}\n",
        mininterval=0,
        miniters=1,
    ):
        value = fetch(i)
        print(f"[{value}]")
        out.append(value)
    return out


@program(overlaps=3, threads=False)
def loop_under_trange() -> Any:
    """`trange` iterates as `range`."""
    out = []
    for i in trange(2, 8, 2, disable=True):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def loop_under_the_package() -> Any:
    """`tqdm.tqdm` through its module."""
    out = []
    for i in package.tqdm(range(3), leave=False, file=sys.stdout, bar_format="{n_fmt}"):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def loop_under_the_automatic_one() -> Any:
    """`tqdm.auto.tqdm`, outside notebooks."""
    out = []
    for i in automatic.tqdm(range(3), disable=True):
        out.append(fetch(i))
    return out


@program(overlaps=3, threads=False)
def loop_under_the_automatic_trange() -> Any:
    """`tqdm.auto.trange`, outside notebooks."""
    return [fetch(i) for i in automatic.trange(3, disable=True)]


@program(overlaps=3, threads=False, arguments=lambda: (["a", "b", "c"],))
def comprehension_under_a_display(names: list[str]) -> Any:
    """A comprehension under a display, with numbers."""
    return {name: fetch(i) for i, name in tqdm(enumerate(names), disable=True)}


@program(overlaps=3, threads=False)
def numbered_display() -> Any:
    """`enumerate` around a display, with a start."""
    out = []
    for i, x in enumerate(tqdm([7, 8, 9], file=sys.stdout, bar_format="{n_fmt}", mininterval=0), 1):
        out.append(fetch(i * x))
        print(i)
    return out, [fetch(i) for i, _ in enumerate(track("ab", disable=True))]


@program(overlaps=0, threads=False)
def numbered_lookalike() -> Any:
    """`enumerate` around what only looks like a display."""
    tqdm = _Lookalike
    out = []
    for i, x in enumerate(tqdm([7, 8, 9])):
        out.append(fetch(i * x))
    return out


@factory(overlaps=0, threads=False)
def numbered_by_a_function_of_ones_own(adaptive: Any) -> Any:
    """An `enumerate` of the user's around a display."""

    def enumerate(items: Any) -> Any:  # noqa: A001  # what is tested
        for item in items:
            mystery(item)
            yield item, item

    @adaptive
    def run() -> Any:
        return [fetch(i) for i, _ in enumerate(tqdm([1, 2, 3], disable=True))]

    return run


@program(overlaps=3, meet=("ask",), threads=False, arguments=lambda: (["a", "b", "c"], [1, 2, 3]))
def pairs_under_a_display(names: list[str], keys: list[int]) -> Any:
    """`zip` under a display; the steps of one round depend on each other."""
    out = []
    for name, key in tqdm(zip(names, keys), disable=True):
        found = document(key)
        out.append(ask(f"{name}: {found['text']}"))
    return out


@program(overlaps=3, meet=("fetch",), threads=False)
def fetched_items_under_a_display() -> Any:
    """A fetched tuple under a display, after what came before has arrived."""
    out = []
    for i in tqdm([*pair(4), 3], disable=True):
        out.append(fetch(i))
    return out


@program(overlaps=2, threads=False)
def display_left_early() -> Any:
    """`break` closes the display where it does in the plain run."""
    out = []
    for i in tqdm(range(9), file=sys.stdout, bar_format="{n_fmt}", mininterval=0):
        if i == 2:
            break
        out.append(fetch(i))
    print("after")
    return out


@program(overlaps=2, threads=False)
def display_inside_a_display() -> Any:
    """A display for each round of an outer loop."""
    out = []
    for i in tqdm([1, 2], disable=True):
        for j in tqdm([3, 4], disable=True):
            out.append(fetch(i * 10 + j))
    return out


@program(overlaps=3, threads=False, settles=False)
def display_that_raises_in_the_middle() -> Any:
    """An exception of the body leaves the display as it does in the plain run."""
    out = []
    for i in tqdm([1, 2, 3, 0], file=sys.stdout, bar_format="{n_fmt}", mininterval=0):
        out.append(12 // i + fetch(i))
    return out


class _Lookalike:
    """Walks over something, and does more."""

    def __init__(self, items: Any, **_settings: Any) -> None:
        self.items = items

    def __iter__(self) -> Any:
        for item in self.items:
            mystery(item)
            yield item


@factory(overlaps=0)
def a_class_that_is_called_tqdm(adaptive: Any) -> Any:
    """A class of one's own that is called `tqdm` is unknown."""
    tqdm = _Lookalike

    @adaptive
    def run() -> Any:
        out = []
        for i in tqdm([1, 2, 3], desc="reading"):
            out.append(fetch(i))
        return out

    return run


class _Talking(tqdm):  # type: ignore[type-arg]
    """A subclass that does more."""

    def __iter__(self) -> Any:
        for item in super().__iter__():
            mystery(item)
            yield item


@factory(overlaps=0, threads=False)
def a_subclass_of_tqdm(adaptive: Any) -> Any:
    """A subclass may do anything."""
    tqdm = _Talking

    @adaptive
    def run() -> Any:
        out = []
        for i in tqdm([1, 2, 3], disable=True):
            out.append(fetch(i))
        return out

    return run


@factory(overlaps=0, threads=False)
def a_patched_display(adaptive: Any) -> Any:
    """A method of tqdm that someone has replaced is the user's code."""

    @adaptive
    def run() -> Any:
        out = []
        for i in tqdm([1, 2, 3], file=sys.stdout, bar_format="{n_fmt}"):
            out.append(fetch(i))
        return out

    def patched() -> Any:
        plain = tqdm.close

        def close(self: Any) -> None:
            mystery("closed")
            plain(self)

        tqdm.close = close  # type: ignore[method-assign]
        try:
            return run()
        finally:
            tqdm.close = plain  # type: ignore[method-assign]

    return patched


class _Telling:
    """A stream that does more than write."""

    def write(self, text: str) -> int:
        current().state.setdefault("told", []).append(text)
        mystery("told")
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@program(overlaps=0, threads=False)
def a_display_on_a_stream_of_ones_own() -> Any:
    """A stream of the user's runs the user's code at every step."""
    out = []
    for i in tqdm([1, 2, 3], file=_Telling(), bar_format="{n_fmt}", mininterval=0, miniters=1):
        out.append(fetch(i))
    return out


@program(overlaps=0, threads=False)
def a_display_over_unknown_items() -> Any:
    """What the display walks over is not of a builtin type."""
    out = []
    for i in tqdm(Countdown(3), disable=True):
        out.append(fetch(i))
    return out


@factory(overlaps=0, threads=False)
def a_patched_display_of_rich(adaptive: Any) -> Any:
    """A method of rich's display that someone has replaced."""

    @adaptive
    def run() -> Any:
        out = []
        for i in track([1, 2, 3], disable=True):
            out.append(fetch(i))
        return out

    def patched() -> Any:
        plain = rich.progress.Progress.track

        def talking(self: Any, *args: Any, **kwargs: Any) -> Any:
            for item in plain(self, *args, **kwargs):
                mystery("shown")
                yield item

        rich.progress.Progress.track = talking  # type: ignore[method-assign]
        try:
            return run()
        finally:
            rich.progress.Progress.track = plain  # type: ignore[method-assign]

    return patched


@factory(overlaps=0, threads=False)
def a_function_that_is_called_track(adaptive: Any) -> Any:
    """A function of one's own in the place of rich's."""

    def track(items: Any) -> Any:
        for item in items:
            mystery(item)
            yield item

    @adaptive
    def run() -> Any:
        return [fetch(i) for i in track([1, 2, 3])]

    return run


def _talking_items() -> Any:
    for i in (1, 2, 3):
        note("item", i)
        yield i


@program(overlaps=0, threads=False)
def a_display_over_a_generator() -> Any:
    """A generator runs the user's code at every step."""
    out = []
    for i in tqdm(_talking_items(), disable=True):
        out.append(fetch(i))
    return out


def _clock() -> float:
    note("clock")
    return 0.0


@program(overlaps=0, threads=False)
def a_display_with_a_callback() -> Any:
    """A function among the settings is called by the display."""
    out = []
    for i in track([1, 2, 3], get_time=_clock, disable=True):
        out.append(fetch(i))
    return out


@program(arguments=lambda: (zip([1, 2, 3], [4, 5, 6]),), threads=False)
def an_iterator_of_the_callers(pairs: Any) -> Any:
    """An iterator that the caller gave is walked by the program alone."""
    out = []
    for a, b in pairs:
        out.append((fetch(a), fetch(b)))
    return out


@program(arguments=lambda: (enumerate([7, 8]),), threads=False)
def an_iterator_of_the_callers_under_a_display(numbered: Any) -> Any:
    """Under a display as well."""
    return [fetch(a + b) for a, b in tqdm(numbered, disable=True)]


@program(arguments=lambda: ({"rest": reversed([1, 2])},), threads=False)
def an_iterator_in_a_container(table: dict[str, Any]) -> Any:
    """And where a container holds it."""
    return [fetch(a) for a in table["rest"]], fetch(0), [*table["rest"]]


@program(arguments=lambda: (zip([1, 2], [3, 4]),), threads=False)
def an_iterator_that_is_unpacked(pairs: Any) -> Any:
    """A star uses the iterator up: the slice leaves that to the program."""
    return [fetch(a + b) for a, b in [*pairs]]


@program(overlaps=2, arguments=lambda: ([1, 2], [4, 5]))
def an_iterator_of_ones_own(left: list[int], right: list[int]) -> Any:
    """The twin: an iterator that the function has made of lists is walked twice."""
    return [fetch(a + b) for a, b in zip(left, right)]
