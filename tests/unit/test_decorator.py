"""What the decorator refuses, and the names that it gives."""

from __future__ import annotations

import linecache

import pytest

from adaptive_jit import adaptive, settings, stats
from adaptive_jit.errors import UnsupportedCallable

SOURCE = "def h(x):\n    return len(x)\n\n\nasync def waiting(x):\n    return x\n"


@pytest.mark.parametrize("wrong", [None, 3, "app.answer", len, ()])
def test_what_is_no_function_is_refused_at_once(wrong):
    """`None` too, which is no way to say that nothing was given."""
    with pytest.raises(UnsupportedCallable, match="@adaptive cannot adapt"):
        adaptive(wrong)
    with pytest.raises(UnsupportedCallable, match="@adaptive cannot adapt"):
        adaptive(window=3)(wrong)


@pytest.mark.parametrize("name", ["h", "waiting"])
@pytest.mark.parametrize("home", [None, "a_home"])
def test_a_function_of_a_namespace_without_a_name_is_called_by_its_own(name, home):
    """As after `exec`; adapted or left alone."""
    settings.refresh()
    file = f"<namespace {home} {name}>"
    linecache.cache[file] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), file)
    namespace = {} if home is None else {"__name__": home}
    exec(compile(SOURCE, file, "exec"), namespace)
    function = adaptive(namespace[name])
    assert stats(function).name == (name if home is None else f"{home}.{name}")
