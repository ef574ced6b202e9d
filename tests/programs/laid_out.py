"""Statements that reach over several lines, as formatters lay them out."""

from __future__ import annotations

from typing import Any

from world.objects import Client
from world.operations import ask, combine, fetch, flag, refuse, second
from world.registry import program


# fmt: off
@program(overlaps=2, meet=("get",))
def chains_of_methods() -> Any:
    """Each link on a line of its own: the call is on the line of its name."""
    client = Client()
    a = (client
         .get(1)
         .bit_length())
    b = (
        client
        .get(
            2
        )
        .bit_length(
        )
    )
    return a, b


@program()
def chain_that_raises() -> Any:
    """The traceback names the line of the link."""
    client = Client()
    a = (client
         .get(1))
    b = (str(a)
         .strip()
         .index(
             "x",
             refuse(2, False)))
    return a, b


@program(overlaps=2)
def arguments_line_by_line() -> Any:
    """Keywords, stars and nested calls, each on its line."""
    return combine(
        fetch(
            1,
        ),
        *[
            second(2),
            fetch(3),
        ],
        name=
        ask(
            "x"
            "y",
        ),
        **{
            "other":
            fetch(4),
        },
    )


@program(overlaps=2)
def begins_with_a_bracket() -> Any:
    """The first line that runs is not the one on which the statement begins."""
    (
        a,
        b,
    ) = (
        fetch(1),
        fetch(2),
    )
    return [
        a,
        b,
    ]


@program(overlaps=2)
def begins_with_a_decorator() -> Any:
    """A function that is defined first begins on the line of its decorator."""
    @staticmethod
    def one() -> int:
        return 1
    a = fetch(1)
    b = fetch(2)
    return a, b, one()


@program(overlaps=3)
def loops_that_begin_with_brackets() -> Any:
    """Loops in loops, and bodies whose first statement begins further up than it runs."""
    out = []
    for i in range(
        3
    ):
        for j in (
            0,
            i,
        ):
            (
                a
            ) = (
                fetch(i * 10 + j)
            )
            out.append(
                a
            )
    return out


@program()
def loops_without_a_round() -> Any:
    """Nothing of a body that does not run."""
    for i in range(0):
        a = fetch(i)
        if a:
            return [
                fetch(a),
                fetch(a + 1),
            ]
        b = second(a)
        combine(a, b)
    n = 0
    while n > 0:
        fetch(n)
        second(n)
        n -= 1
    return [
        fetch(i)
        for i in ()
        if flag(i, 1)
    ]


@program()
def one_line_rounds() -> Any:
    """Bodies on the line of their loop."""
    out = []
    for i in range(3): out.append(fetch(i))
    n = 0
    while n < 3: out.append(fetch(n)); n += 1
    n = 0
    while n < 3: n = n + flag(n, 1); out.append(second(n)); fetch(n)
    return out


@program()
def whiles() -> Any:
    """Counted rounds, and those that are not."""
    out = []
    n = 0
    while (
        n
        < 3
    ):
        out.append(
            fetch(n)
        )
        n += 1
    while n < 6:
        a = fetch(n)
        b = second(n)
        n = n + flag(a, 1)
        out.append((a, b))
    while True:
        if n > 8:
            break
        (
            a
        ) = fetch(n)
        b = second(a)
        n += 1
        if b == 4:
            continue
        out.append(b)
    else:
        out.append(-1)
    return out


@program()
def whiles_on_several_conditions() -> Any:
    """The jump behind the last condition is on no line of its own."""
    out = []
    n = 0
    while (
        n < 3
        and n
        != 2
    ):
        out.append(fetch(n))
        n += 1
    return out


@program(overlaps=2)
def callees_in_brackets() -> Any:
    """The callee is further down than the call begins."""
    a = (
        fetch
    )(1)
    b = (
        fetch
    )(
        2,
    )
    return a, b


@program()
def branches() -> Any:
    """Conditions, jumps and handlers over several lines."""
    out = []
    for i in range(4):
        if (
            flag(i, i % 2)
            and flag(
                i + 1, True
            )
        ):
            continue
        elif flag(i, i == 2): out.append(fetch(i))
        else:
            out.append(
                second(i)
                if i
                else fetch(
                    i
                )
            )
        try:
            a = refuse(
                i, i == 2
            )
        except (
            ValueError,
            Exception,
        ):
            out.append(i)
            continue
        else:
            out.append(a)
    assert (
        fetch(9)
        is not None
    ), "no"
    try:
        b = fetch(7)
        c = fetch(8)
    except ValueError:
        return None
    finally:
        out.append(
            1
        )
    return out, b, c


@program()
def comprehensions() -> Any:
    """Each clause on its line."""
    a = [
        combine(
            i,
            j,
        )
        for i in range(
            2
        )
        if flag(
            i, True
        )
        for j in (fetch(i), i)
    ]
    b = {
        i: (
            fetch(i)
        )
        for i in range(2)
    }
    c = sum(
        fetch(i)
        for i in range(2)
    )
    d = (
        sorted(
            second(i)
            for i in range(2)
        )[
            1
        ]
    )
    return a, b, c, d


@program()
def regions_one_after_another() -> Any:
    """Barriers between regions, whose ends are not lines."""
    a = fetch(1)
    b = fetch(2)
    import math
    c = fetch(3); d = fetch(math.floor(4.5))
    with_nothing: dict[str, int] = {}
    with_nothing["x"] = 1
    del with_nothing
    for i in range(2):
        import string
        e = fetch(i)
        f = second(i)
    match a:
        case int():
            g = fetch(5)
            h = fetch(6)
        case _:
            g = h = 0
    return (
        combine(a, b, c, d),
        combine(e, f, g, h, len(string.digits)),
    )
# fmt: on
