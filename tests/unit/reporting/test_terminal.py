"""Exact lines at a fixed width, from records made by hand.

A change of layout shows here as a difference to be looked at, not to be copied.
"""

from dataclasses import replace

import pytest

from adaptive_jit.records import EffectKind, Phase, RunAheadCounts, Source
from adaptive_jit.reporting import Explanation, Report
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, GAINED, REVERTED, operation

WITHOUT_P = replace(ANSWER, decision=replace(GAINED, p_inputs=None))
"""The p-value needs SciPy, which has its own test."""

WIDE = """\
app.answer ───────────────────────────────────────────────────────── /home/ada/app.py:12
runs ahead: 2.9× faster, 95 % interval 2.7–3.1, 14 parallel against 6 direct calls

  direct    ████████████████████████████████████████  3.02 s  6 calls
  parallel  ██████████████                            1.04 s  14 calls

Write this line to gain more
  line 17  pure(merge)  predicted to save 310 ms per call
    no write was seen in 3 calls

Operations
  line  operation                  wall      CPU  CPU/wall  verdict        runs
    14  search(question)         812 ms   3.1 ms      0.00  waits outside  ahead, thread
        app.search · reads (declared) · waits outside and depends on nothing before it
        3 calls · CPU/wall 0.00–0.02 · 98 % sleeping, 2 % running · ratio below 0.3
    15  requests.get(HISTORY)   1.21 s    3.1 ms      0.00  waits outside  ahead, thread
        reads http (catalogue: GET) · waits outside and depends on nothing before it
        3 calls · CPU/wall 0.00–0.02 · 98 % sleeping, 2 % running · ratio below 0.3
    16  client.chat.completio…   998 ms  12.1 ms      0.00  waits outside  ahead, thread
        openai.Completions.create · unordered http (catalogue: model call) · waits
          outside and depends on nothing before it
        3 calls · CPU/wall 0.00–0.02 · 98 % sleeping, 2 % running · ratio below 0.3
    17  merge(documents, hist…  41.5 µs  41.2 µs      1.00  too small      in order
        app.merge · unknown effect (calls numpy.linalg.svd) · an unknown call is a
          barrier
        3 calls · CPU/wall 0.90–1.00 · below 50 µs

Regions
  lines 14–17: 4 operations
    stops at line 17: merge: unknown effect

Started early
  42 operations: 41 used, 12 of them still running at their turn, 3 run by the caller
  itself
  1 dropped without being used (1 because the function raised)

Decision
  predicted 3.1× · measured 2.9× · evidence 412 to 1, needed 20 to 1

History
  0 s, call 1: cold → profiling  first call
  6.1 s, call 3: profiling → trial  predicted 3.1x
  14 s, call 9: trial → settled parallel  evidence 412 to 1

Cost of the library itself
  204 ms in all: analysis 3.1 ms, profiling 120 µs, bookkeeping 420 µs, slower calls of
  trials 200 ms
"""

NARROW = """\
app.answer ───────── /home/ada/app.py:12
runs ahead: 2.9× faster, 95 % interval
2.7–3.1, 14 parallel against 6 direct
calls

  direct    ████████  3.02 s  6 calls
  parallel  ███       1.04 s  14 calls

Write this line to gain more
  line 17  pure(merge)  predicted to
    save 310 ms per call
    no write was seen in 3 calls

Operations
  14  search(question)
    wall 812 ms, CPU 3.1 ms, CPU/wall
    0.00, waits outside, ahead, thread
    app.search · reads (declared) ·
      waits outside and depends on
      nothing before it
    3 calls · CPU/wall 0.00–0.02 · 98
      % sleeping, 2 % running · ratio
      below 0.3
  15  requests.get(HISTORY)
    wall 1.21 s, CPU 3.1 ms, CPU/wall
    0.00, waits outside, ahead, thread
    reads http (catalogue: GET) ·
      waits outside and depends on
      nothing before it
    3 calls · CPU/wall 0.00–0.02 · 98
      % sleeping, 2 % running · ratio
      below 0.3
  16
    client.chat.completions.create(model
    ='small',
    messages=[prompt(question)])
    wall 998 ms, CPU 12.1 ms, CPU/wall
    0.00, waits outside, ahead, thread
    openai.Completions.create ·
      unordered http (catalogue: model
      call) · waits outside and depends
      on nothing before it
    3 calls · CPU/wall 0.00–0.02 · 98
      % sleeping, 2 % running · ratio
      below 0.3
  17  merge(documents, history)
    wall 41.5 µs, CPU 41.2 µs, CPU/wall
    1.00, too small, in order
    app.merge · unknown effect (calls
      numpy.linalg.svd) · an unknown
      call is a barrier
    3 calls · CPU/wall 0.90–1.00 ·
      below 50 µs

Regions
  lines 14–17: 4 operations
    stops at line 17: merge: unknown
      effect

Started early
  42 operations: 41 used, 12 of them
  still running at their turn, 3 run by
  the caller itself
  1 dropped without being used (1
  because the function raised)

Decision
  predicted 3.1× · measured 2.9× ·
  evidence 412 to 1, needed 20 to 1

History
  0 s, call 1: cold → profiling  first
    call
  6.1 s, call 3: profiling → trial
    predicted 3.1x
  14 s, call 9: trial → settled
    parallel  evidence 412 to 1

Cost of the library itself
  204 ms in all: analysis 3.1 ms,
  profiling 120 µs, bookkeeping 420 µs,
  slower calls of trials 200 ms
"""

OVERVIEW = """\
adaptive_jit ─────────────────────────────────────────────────────────────── 3 functions
1 runs ahead, 1 stays direct, 1 back to direct
about 27.1 s saved; the library itself cost 204 ms

  function     verdict         speed-up       95 %   direct  parallel  calls
  app.answer   runs ahead          2.9×    2.7–3.1  3.02 s    1.04 s      22
  app.crunch   stays direct                                              310
    nothing to gain, because its operations compute and hold the GIL
  app.limited  back to direct     0.62×  0.55–0.71   250 ms    400 ms     64

app.answer ───────────────────────────────────────────────────────── /home/ada/app.py:12
runs ahead: 2.9× faster, 95 % interval 2.7–3.1, 14 parallel against 6 direct calls

  direct    ████████████████████████████████████████  3.02 s  6 calls
  parallel  ██████████████                            1.04 s  14 calls

Operations
  line  operation                  wall      CPU  CPU/wall  verdict        runs
    14  search(question)         812 ms   3.1 ms      0.00  waits outside  ahead, thread
        app.search · reads (declared) · waits outside and depends on nothing before it
    15  requests.get(HISTORY)   1.21 s    3.1 ms      0.00  waits outside  ahead, thread
        reads http (catalogue: GET) · waits outside and depends on nothing before it
    16  client.chat.completio…   998 ms  12.1 ms      0.00  waits outside  ahead, thread
        openai.Completions.create · unordered http (catalogue: model call) · waits
          outside and depends on nothing before it
    17  merge(documents, hist…  41.5 µs  41.2 µs      1.00  too small      in order
        app.merge · unknown effect (calls numpy.linalg.svd) · an unknown call is a
          barrier

What blocks more
  lines 14–17: 4 operations
    stops at line 17: merge: unknown effect

app.limited ──────────────────────────────────────────────────────── /home/ada/app.py:60
back to direct: running ahead was 1.60× slower, 95 % interval 1.41–1.82, 4 parallel
against 5 direct calls
slower in parallel

  direct    █████████████████████████                 250 ms  5 calls
  parallel  ████████████████████████████████████████  400 ms  4 calls
"""

ASCII = """\
adaptive_jit --------------- 2 functions
1 stays direct, 1 back to direct

  app.crunch  stays direct
    calls 310
    nothing to gain, because its
      operations compute and hold the
      GIL
  app.limited  back to direct
    speed-up 0.62x, 95 % 0.55-0.71,
    direct 250 ms, parallel 400 ms,
    calls 64

app.limited -------- /home/ada/app.py:60
back to direct: running ahead was 1.60x
slower, 95 % interval 1.41-1.82, 4
parallel against 5 direct calls
slower in parallel

  direct    ######     250 ms  5 calls
  parallel  #########  400 ms  4 calls
"""


def test_an_explanation_opens_with_the_verdict():
    """Verdict, bars, what to write; then the evidence."""
    assert Explanation(WITHOUT_P).text(width=88) + "\n" == WIDE


def test_forty_columns_stay_readable():
    """Grids become lists, nothing is cut off, no line is too long."""
    assert Explanation(WITHOUT_P).text(width=40) + "\n" == NARROW


def test_an_overview_lists_all_and_details_the_interesting():
    """What runs ahead comes first; a function with nothing to gain is one line and its reason."""
    plain = replace(WITHOUT_P, advice=(), counts=RunAheadCounts())
    assert Report((CPU_LOOP, REVERTED, plain)).text(width=88) + "\n" == OVERVIEW


def test_ascii_terminals_get_ascii():
    """Signs are replaced before widths are computed, so columns still align."""
    text = Report((CPU_LOOP, REVERTED)).text(width=40, encoding="ascii")
    assert text.isascii()
    assert text + "\n" == ASCII


@pytest.mark.parametrize("width", [20, 27, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_terminal(width, encoding):
    """Wide characters count twice."""
    from rich.cells import cell_len

    wide = replace(
        ANSWER,
        name="应用.回答",
        operations=(*ANSWER.operations, operation(9, 20, "翻译('你好，世界' * 20)", "app.翻译")),
    )
    for text in (
        Explanation(wide).text(width=width, encoding=encoding),
        Report((wide, CPU_LOOP, REVERTED)).text(width=width, encoding=encoding),
    ):
        assert max(map(cell_len, text.splitlines())) <= width


def test_no_line_ends_with_spaces():
    """Reports are pasted into issues and diffs."""
    text = Report((ANSWER, CPU_LOOP, REVERTED)).text(width=88)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_nothing_known_is_said_in_one_line():
    """No headings over nothing."""
    assert Report(()).text(width=88).splitlines() == [
        "adaptive_jit",
        "no adaptive function yet: decorate one with @adaptive and call it",
    ]


def test_a_function_that_was_never_called_has_only_its_verdict():
    """Sections without data are left out."""
    assert len(Explanation(replace(CPU_LOOP, calls=0)).text(width=88).splitlines()) == 5


def _details(**changes):
    """The line below the row of one operation."""
    made = operation(0, 14, "search(q)", changes.pop("callee", "app.search"), **changes)
    one = replace(ANSWER, operations=(made,))
    lines = Explanation(one).text(width=100).split("\n")
    return lines[next(i for i, line in enumerate(lines) if "search(q)" in line) + 1].strip()


def test_a_reason_is_not_given_twice():
    """Why an operation is in order is often why its effect is what it is, or its verdict."""
    unknown = {"effect": EffectKind.UNKNOWN, "effect_source": Source.PROVED, "resource": None}
    assert _details(
        **unknown, effect_reason="line 3: calls `open`", why="line 3: calls `open`"
    ) == ("app.search · unknown effect (line 3: calls `open`)")
    assert _details(why="waits outside") == "app.search · reads http (catalogue: GET)"
    assert _details(why="it waits") == "app.search · reads http (catalogue: GET) · it waits"


def test_an_operation_that_was_never_called_says_only_that():
    assert (
        _details(
            callee="", effect=EffectKind.UNKNOWN, effect_reason="not called yet", profiled_calls=0
        )
        == "not called yet"
    )


def test_a_declaration_is_told_in_one_word():
    """The kind of effect stands before it."""
    declared = {"effect_source": Source.DECLARED, "why": ""}
    told = _details(**declared, effect_reason="declared reads", resource=None)
    assert told == "app.search · reads (declared)"
    told = _details(**declared, effect_reason="declared reads of 'orders'", resource="orders")
    assert told == "app.search · reads orders (declared)"


def test_calls_of_a_function_that_is_left_alone_are_not_said_to_be_none():
    """Nobody counts them."""
    alone = replace(CPU_LOOP, phase=Phase.LEFT_ALONE, reason="no source", calls=0)
    (row,) = [line for line in Report((alone,)).text(width=88).split("\n") if "app.crunch" in line]
    assert row.split() == ["app.crunch", "left", "alone"]
    direct = [line for line in Report((CPU_LOOP,)).text(width=88).split("\n") if "stays" in line]
    assert direct[-1].split()[-1] == "310"


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_stacked_row_without_numbers_has_no_empty_line(width):
    """The reason follows the name of what is left alone."""
    alone = replace(CPU_LOOP, phase=Phase.LEFT_ALONE, reason="no source", calls=0)
    lines = Report((alone, ANSWER)).text(width=width).splitlines()
    name = next(number for number, line in enumerate(lines) if alone.name in line)
    assert all(line.strip() for line in lines[name : lines.index("    no source", name)])
