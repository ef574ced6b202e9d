"""The arithmetic behind the reports."""

from __future__ import annotations

import json
import statistics

import pytest

from benchmarks import harness


def test_pairs_alternate_their_order_and_keep_their_columns():
    """Whichever way runs first, the candidate's figure comes first in the pair."""
    order: list[str] = []

    def measure(action):
        order.append(action())
        return {"new": 1.0, "old": 2.0}[order[-1]]

    pairs = harness.paired(lambda: "new", lambda: "old", pairs=4, warm_up=0, measure=measure)
    assert pairs == ((1.0, 2.0),) * 4
    assert order == ["new", "old", "old", "new", "new", "old", "old", "new"]


def test_the_bound_lies_between_the_median_and_the_largest_value():
    """It is an upper bound of the median, and repeatable."""
    values = [1 + 0.01 * ((7 * i) % 30) for i in range(30)]
    bound = harness.upper_bound(values)
    assert statistics.median(values) <= bound <= max(values)
    assert bound == harness.upper_bound(values)
    assert harness.upper_bound([1.0] * 30) == 1.0


@pytest.mark.parametrize(
    ("bound", "goal", "verdict"), [(1.01, 1.02, "met"), (1.03, 1.02, "missed"), (9.0, None, "–")]
)
def test_the_bound_is_held_against_the_goal(bound, goal, verdict):
    """Not the median: a goal is met when the upper bound meets it."""
    assert harness.Row("x", 1.0, bound, "ratio", goal).verdict == verdict


def test_noise_is_reported_as_such():
    """A bound far above the median makes a fine comparison impossible."""
    assert harness.Row("x", 1.0, 1.2, "ratio").unstable
    assert not harness.Row("x", 1.0, 1.01, "ratio").unstable


def test_a_report_is_written_twice_with_machine_and_command(tmp_path, capsys):
    """Markdown for people, JSON with all pairs for programs."""
    report = harness.Report("demo", "Is it so?")
    report.add(harness.ratio_row("row", ((0.1, 0.2), (0.1, 0.2)), 1.0))
    harness.write(report, harness.Options(2, tmp_path), harness.machine())
    (page,), (data,) = tmp_path.glob("*-demo.md"), tmp_path.glob("*-demo.json")
    assert "| row | 0.5 | 0.5 | ratio | 1 | met | 100 against 200 ms |" in page.read_text()
    assert "python -m benchmarks demo --pairs 2" in page.read_text()
    found = json.loads(data.read_text())
    assert found["rows"][0]["pairs"] == [[0.1, 0.2], [0.1, 0.2]]
    assert found["machine"]["python"]
    assert "met" in capsys.readouterr().out


def test_settling_that_never_comes_ends_the_benchmark():
    """A figure taken in another state than the one asked for would be wrong."""
    assert harness.settle(lambda: None, lambda: True) == 1
    with pytest.raises(SystemExit, match="did not settle within 3 calls"):
        harness.settle(lambda: None, lambda: False, limit=3)
