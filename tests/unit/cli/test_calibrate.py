"""``adaptive-jit calibrate``: this machine's costs, shown and left to later runs."""

import json
import warnings

import pytest

from adaptive_jit import settings
from adaptive_jit.cli import calibrate, calibration
from adaptive_jit.cli.calibration import Cost, cost_of, measure
from adaptive_jit.decision import Decider
from adaptive_jit.engine import machine
from adaptive_jit.errors import StoreWarning
from adaptive_jit.records.memory import Calibration
from adaptive_jit.reporting.display import Display
from adaptive_jit.settings import Settings
from adaptive_jit.store import Store
from adaptive_jit.store.memory import as_record
from adaptive_jit.strategies.thread import ThreadStrategy

COSTS = tuple(
    Cost(name, 1e-5 * number, 0.5e-5 * number, 2e-5 * number, 30)
    for number, name in enumerate(calibration._MEASURES, 1)
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where this test's calibration is kept; nothing is measured."""
    monkeypatch.setenv("ADAPTIVE_JIT_CACHE_DIR", str(tmp_path))
    settings.refresh()
    monkeypatch.setattr(calibrate, "measure", lambda: iter(COSTS))
    yield tmp_path
    monkeypatch.undo()
    settings.refresh()


def known(folder):
    return as_record(Calibration, Store(str(folder)).recall((machine.KEY,)).get(machine.KEY))


def test_the_median_and_the_quartiles_are_told_without_the_first_round():
    """It loads what the others find loaded."""
    assert cost_of("x", [99.0, 5.0, 1.0, 4.0, 2.0, 3.0]) == Cost("x", 3.0, 2.0, 4.0, 5)
    assert cost_of("x", [99.0]) is None
    assert cost_of("x", []) is None


def test_every_cost_is_measured():
    """In some rounds each; how long they take is this machine's affair."""
    costs = tuple(measure())
    assert [cost.name for cost in costs] == list(calibration._MEASURES)
    assert all(0.0 <= cost.low <= cost.seconds <= cost.high for cost in costs)
    assert all(cost.rounds > 0 for cost in costs)


def test_a_round_that_is_given_up_ends_the_rounds():
    """What took longer than could be borne is no cost but a failure."""
    answers = iter([1.0, 2.0, None, 3.0])
    assert calibration._rounds(lambda: next(answers), 9) == [1.0, 2.0]


def test_every_cost_has_a_meaning():
    assert set(calibrate._MEANINGS) == set(calibration._MEASURES)


def test_what_decisions_reckon_with_is_kept(folder, capsys):
    """In place of what was known; what programs measure later weighs less."""
    machine.keep(str(folder), Calibration(0.5, 3, 0.25))
    assert calibrate.main([]) == 0
    assert known(folder) == Calibration(1e-5, 16, 2e-5)
    shown = " ".join(capsys.readouterr().out.split())
    assert "hand-over 10 µs 5 µs to 20 µs" in shown
    assert "each operation that runs ahead pays this" in shown
    assert "remembered in" in shown
    later = Calibration(4e-5, 1).after(known(folder))
    assert later.dispatch_seconds == pytest.approx((16 * 1e-5 + 4e-5) / 17)
    assert later.startup_seconds == 2e-5


def test_json_says_the_same(folder, capsys):
    assert calibrate.main(["--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["kept"] == str(folder)
    assert data["costs"][0] == COSTS[0]._asdict()
    assert len(data["costs"]) == len(COSTS)


def test_a_dry_run_keeps_nothing(folder, capsys):
    assert calibrate.main(["--dry-run"]) == 0
    assert known(folder) is None
    assert "not remembered" in capsys.readouterr().out


def test_what_cannot_be_kept_is_named_with_exit_code_1(folder, capsys):
    """And shown all the same."""
    (folder / "functions.sqlite3").write_text("something else " * 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert calibrate.main([]) == 1
    out, err = capsys.readouterr()
    assert "hand-over" in out
    assert "remembered in" not in out
    assert err.startswith("adaptive-jit: not remembered: ")
    assert len(err.splitlines()) == 1


def test_a_file_that_has_been_given_up_is_a_failure_too(folder):
    """The store tells of it once only."""
    (folder / "functions.sqlite3").write_text("something else " * 100)
    with pytest.warns(StoreWarning):
        Store(str(folder)).load()
    with pytest.raises(StoreWarning, match="cannot be used"):
        machine.keep(str(folder), Calibration(1e-5, 1))


def test_without_a_folder_or_a_measure_the_reason_is_named():
    assert "ADAPTIVE_JIT_CACHE_DIR" in (calibrate.not_kept(COSTS, None) or "")
    assert "could not be measured" in (calibrate.not_kept((), "/somewhere") or "")


class _Shown(Display):
    __slots__ = ("busy",)

    def __init__(self, busy):
        self.busy = busy

    def _document(self, *, brief):
        return calibrate.document(COSTS, None, self.busy)


def test_a_busy_machine_is_to_be_measured_again():
    """Its costs are those of whatever else it does."""
    assert "measure again" in _Shown(3.0).text(width=120)
    assert "measure again" not in _Shown(0.5).text(width=120)
    assert calibrate.load() >= 0.0


def test_wrong_usage_is_refused():
    with pytest.raises(SystemExit) as caught:
        calibrate.main(["--nope"])
    assert caught.value.code == 2


def test_a_program_reckons_with_what_was_kept(folder, monkeypatch):
    """With the first function that looks: what a hand-over costs, and the first of all."""
    machine.keep(str(folder), Calibration(3e-5, 1, 7e-4))
    pool, memory = ThreadStrategy(lambda: 4), machine.MachineMemory()
    monkeypatch.setattr(machine, "strategy", lambda _: pool)
    assert memory.startup_seconds == machine.STARTUP_SECONDS
    assert memory.recall(str(folder), "absent") is None
    assert pool.dispatch_seconds() == 3e-5
    assert memory.startup_seconds == 7e-4


def test_what_was_not_measured_stays_as_it_was(folder, monkeypatch):
    """Programs leave what a hand-over costs, and know nothing of the first one."""
    machine.keep(str(folder), Calibration(3e-5, 1))
    memory = machine.MachineMemory()
    monkeypatch.setattr(machine, "strategy", lambda _: ThreadStrategy(lambda: 4))
    memory.recall(str(folder), "absent")
    assert memory.startup_seconds == machine.STARTUP_SECONDS


@pytest.mark.parametrize("startup", [0.0, 1.0, -1e-5])
def test_an_absurd_start_up_is_no_calibration(startup):
    with pytest.raises(ValueError, match="calibration"):
        Calibration(1e-5, 1, startup)


def test_a_decision_waits_until_the_start_up_has_been_paid():
    """Ski rental: a trial begins once waiting has cost as much as starting workers."""
    phases = []
    for startup in (0.005, 0.5):
        decider = Decider(Settings(profile_calls=2), 2.0, 0.005)
        decider.expect_startup(startup)
        for _ in range(3):
            decider.observe(decider.choose(), 0.02)
        phases.append(decider.phase.value)
    assert phases == ["trial", "profiling"]
