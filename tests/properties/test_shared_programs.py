"""Generated programs over what a program shares with others do the same adaptive and plain."""

from __future__ import annotations

from pathlib import Path

import generators
import pytest
import wide_generators
from properties.test_generated_programs import difference

PROGRAMS = 200


@pytest.mark.filterwarnings("ignore:parallel")  # which the plain run calls
@pytest.mark.parametrize("number", range(PROGRAMS))
def test_programs_that_share_what_they_use_run_the_same(number: int, tmp_path: Path) -> None:
    """Globals, closures, iterators, log records: a difference is shrunk and printed."""
    program = wide_generators.generate(number)
    words = difference(program, tmp_path)
    if words is None:
        return
    least = generators.shrink(program, lambda one: difference(one, tmp_path) is not None)
    words = difference(least, tmp_path) or words
    body = least.source().removeprefix(wide_generators.HEADER)
    raise AssertionError(f"number {number}: {words}\n\n{body}")
