"""The objects that users get from ``explain`` and ``report``."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from scipy.stats import ttest_ind

from adaptive_jit.records import FunctionStats
from adaptive_jit.records.codec import decode
from adaptive_jit.reporting import Explanation, Report, familiar
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, GAINED, REVERTED


class AsciiOutput(io.TextIOWrapper):
    def __init__(self):
        super().__init__(io.BytesIO(), encoding="ascii")

    def content(self):
        self.flush()
        return self.buffer.getvalue().decode("ascii")


def test_printing_shows_the_text(monkeypatch):
    """``print(explain(f))`` and the prompt's echo are the same plain text."""
    monkeypatch.setenv("COLUMNS", "60")
    shown = Explanation(CPU_LOOP)
    assert str(shown) == repr(shown) == shown.text(width=60)
    assert "\x1b" not in str(shown)


def test_printing_to_an_ascii_terminal_works(monkeypatch):
    """A report must not end in `UnicodeEncodeError`."""
    output = AsciiOutput()
    monkeypatch.setattr("sys.stdout", output)
    print(Explanation(ANSWER))
    Report((ANSWER, REVERTED)).show()
    assert "2.9x faster" in output.content()


def test_colours_appear_on_terminals_only(monkeypatch):
    """A pipe gets plain text; NO_COLOR keeps colours, and only colours, from a terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = Explanation(REVERTED)

    def drawn(**console):
        file = io.StringIO()
        Console(file=file, width=80, **console).print(shown)
        return file.getvalue()

    assert "\x1b" not in drawn()
    assert "\x1b[33m" in drawn(force_terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33m" not in drawn(force_terminal=True)


def test_show_writes_to_the_given_file(monkeypatch):
    """A pipe has no width: 88 columns are used."""
    monkeypatch.delenv("COLUMNS", raising=False)
    file = io.StringIO()
    Explanation(CPU_LOOP).show(file)
    assert file.getvalue() == Explanation(CPU_LOOP).text(width=88) + "\n"


def test_json_holds_all_records_and_the_verdict():
    """What a person sees, a program can read; and it can be rendered again."""
    data = json.loads(Report((ANSWER, REVERTED)).to_json())
    assert decode(data) == (ANSWER, REVERTED)
    assert data["functions"][0]["verdict"].startswith("runs ahead: 2.9×")
    assert Explanation(ANSWER).as_dict()["functions"] == data["functions"][:1]


def test_the_familiar_p_value_is_welch_s():
    """The same as testing the log seconds themselves."""
    direct = [1.0, 1.2, 1.1, 1.3]
    parallel = [1.05, 0.8, 0.9]
    decision = replace(
        GAINED, direct_calls=4, parallel_calls=3, p_inputs=(*moments(direct), *moments(parallel))
    )
    expected = ttest_ind(direct, parallel, equal_var=False).pvalue
    assert familiar.p_value(decision) == pytest.approx(expected, rel=1e-12)
    assert f"p = {expected:.2g}" in Explanation(replace(ANSWER, decision=decision)).text(width=88)


def test_regret_is_told_with_the_calls_it_comes_from():
    """Only where some ran the slower way."""
    lost = replace(ANSWER, decision=replace(GAINED, slower_calls=6, regret_seconds=11.9))
    told = Explanation(lost).text(width=88)
    assert "regret so far: about 11.9 s in 6 calls that ran the slower way" in told
    assert "regret" not in Explanation(ANSWER).text(width=88)


def moments(values):
    mean = sum(values) / len(values)
    return mean, (sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5


@pytest.mark.parametrize(
    "changes",
    [
        {"p_inputs": None},
        {"direct_calls": 1, "p_inputs": (1.0, 0.0, 0.5, 0.1)},
        {"parallel_calls": 1, "p_inputs": (1.0, 0.1, 0.5, 0.0)},
        {"direct_calls": 0},
        {"p_inputs": (1.0, 0.0, 0.5, 0.0)},
    ],
)
def test_no_p_value_without_spread_and_calls(changes):
    """Two calls of each kind and some spread are needed; no warning otherwise."""
    assert familiar.p_value(replace(GAINED, **changes)) is None


def test_without_scipy_the_p_value_is_left_out(monkeypatch):
    """A report is worth more than its least important line."""
    monkeypatch.setitem(__import__("sys").modules, "scipy.stats", None)
    assert familiar.p_value(GAINED) is None
    assert "Welch" not in Explanation(ANSWER).text(width=88)


def test_stats_with_figures_that_are_not_finite_can_be_shown_and_saved():
    """A Bayes factor may overflow, a rate may be undefined."""
    decision = replace(GAINED, evidence=float("inf"), high=float("inf"), p_inputs=None)
    stats = replace(ANSWER, decision=decision)
    assert "over 1,000,000" in Explanation(stats).text(width=88)
    assert decode(json.loads(Report((stats,)).to_json())) == (stats,)
    assert isinstance(stats, FunctionStats)


@pytest.mark.parametrize(("asked", "width"), [("60", 60), ("140", 140), ("wide", 88), ("0", 88)])
def test_columns_sets_the_width_of_what_goes_to_a_file(asked, width, monkeypatch):
    """A pipe has no width, but the user may ask for one."""
    monkeypatch.setenv("COLUMNS", asked)
    file = io.StringIO()
    Explanation(CPU_LOOP).show(file)
    assert file.getvalue() == Explanation(CPU_LOOP).text(width=width) + "\n"
