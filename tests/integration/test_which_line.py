"""The page "Which line do I write" has a section for every reason that the package can give."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from adaptive_jit.records import Verdict
from adaptive_jit.reporting.lines import ENTRIES
from adaptive_jit.reporting.which_line import PAGE, anchor, barrier_of, entry_of

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {
    heading.lower().replace(" ", "-"): body
    for heading, body in re.findall(
        r"^### (.+?)\n(.*?)(?=^#{2,3} |\Z)", (ROOT / PAGE).read_text(), re.MULTILINE | re.DOTALL
    )
}

spec = importlib.util.spec_from_file_location("reasons", ROOT / "tests" / "reasons.py")
assert spec is not None
assert spec.loader is not None
collected = importlib.util.module_from_spec(spec)
spec.loader.exec_module(collected)
REASONS = collected.reasons()

NO_REASONS = {
    "it is …": "completed by the kinds of functions above it, each of which is looked up",
    "Connection Cursor Blob": "names of classes",
    "RLock Condition": "names of classes",
    "scoped_session Session AsyncSession Query Connection Result CursorResult": "names of classes",
    "an instance of …": "the name of a callee",
    "an unnamed distribution": "who a catalogue file comes from",
    "… has no ……": "a declaration by a wrong name, which raises",
    "; did you mean …?": "the same",
    "“…” does something else when it runs ahead": "found by the self-check, which a warning tells",
    "nothing in “…” is started early": "the same",
    "“…” does not get its own code back": "the same",
    "it does not end within … s": "the same",
    "Connection pool is full, discarding connection": "a log record of another library",
}
"""Phrases that stand where reasons do and are none, and what they are."""


@pytest.mark.parametrize("reason", sorted(set(REASONS) - set(NO_REASONS)))
def test_every_reason_has_an_entry(reason: str) -> None:
    """A new one needs a pattern in ``reporting/lines.py``, or an entry with a section of its own."""
    assert entry_of(reason) is not None, (
        f"{REASONS[reason]} gives the reason {reason!r}: add a pattern for it to an entry of "
        f"adaptive_jit/reporting/lines.py, or an entry with a section in {PAGE}; if no report "
        f"shows it as a reason, add it to NO_REASONS in {Path(__file__).name}"
    )


def test_what_is_no_reason_is_still_there() -> None:
    """The list of exceptions does not outlive what it excepts."""
    assert set(NO_REASONS) <= set(REASONS)


def test_the_collector_finds_reasons_of_every_kind() -> None:
    """One of each place where reasons stand."""
    for reason in (
        "`with`: what its context manager does is not known",  # a table
        "stores the attribute `…`",  # returned
        "walked far without a start",  # raised
        "iterates over a value of unknown type",  # refused
        "it is neither declared nor known",  # keyword
        "stays in the calling thread",  # a constant
        "can do anything",  # data
        "it is a mock",  # an argument
        "…; the GIL was free meanwhile",  # the second of a pair
        "could run ahead, but line … …",
    ):
        assert any(reason in found for found in REASONS), reason
    assert len(REASONS) > 300


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_an_entry(verdict: Verdict) -> None:
    """An operation that is not worth starting early is told what it spends its time on."""
    assert entry_of(verdict.value) is not None


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_entry_has_a_section_with_its_line(entry) -> None:
    """Reports point there by this name."""
    assert entry.key in SECTIONS, f"{PAGE} has no section '### {entry.key}'"
    assert anchor(entry) == f"docs/which-line.md#{entry.key}"
    word = entry.line.partition("(")[0]
    if entry.declares:
        assert re.search(rf"\b{word}\b", SECTIONS[entry.key])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_entry_is_one_of_some_reason(entry) -> None:
    """Nothing is explained that cannot be met."""
    said = [*REASONS, *(verdict.value for verdict in Verdict), "forced", "declared reads"]
    assert any(entry_of(reason) is entry for reason in said)


def test_there_is_no_section_without_an_entry() -> None:
    """And none twice."""
    keys = [entry.key for entry in ENTRIES]
    assert sorted(SECTIONS) == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("line 3: calls `helper`: line 9: calls `get`: it has hooks", "client-of-your-own"),
        ("line 3: calls `clock.prints`, unknown", "not-followed"),
        ("proved: app.prints, reads (line 3)", "as-proved"),
        ("proved: httpx.post, writes (line 3)", "writes"),
        ("proved: app.mine (line 3): declared reads, but it prints: in its turn", "prints"),
        (
            (
                "declared reads, but it uses `self.db`, a connection of sqlite3, which belongs to its "
                "thread: in the calling thread, in its turn"
            ),
            "thread-bound",
        ),
        ("declared reads of 'orders'", "as-declared"),
        ("line 4: stores in `x.y`, not made here", "changes-what-others-see"),
        ("stores the attribute `y`", "shared-variable"),
        (
            (
                "could run ahead, but line 7 changes `found`, which other code may see: collect in a "
                "local list, and store that behind the loop"
            ),
            "shared-variable",
        ),
        ("line 8: a sleep beside other operations is pacing, kept in order", "pauses"),
        ("declared reads, but seen otherwise: changes files in 1 of 1 call", "seen-otherwise"),
    ],
)
def test_the_innermost_cause_decides(reason: str, key: str) -> None:
    """And names of the program do not."""
    found = entry_of(reason)
    assert found is not None
    assert found.key == key


def test_the_barrier_that_a_function_is_left_alone_for_has_its_entry() -> None:
    """The line that would let it overlap."""
    told = "nothing in it could overlap: fewer than two operations stand between barriers (line 3: "
    found = barrier_of(f"{told}`with`: what its context manager does is not known)")
    assert found is not None
    assert found.key == "with-block"
    assert barrier_of("nothing in it could overlap: it has fewer than two operations") is None


def test_what_is_no_reason_has_no_entry() -> None:
    """Reports then point nowhere."""
    assert entry_of("once upon a time") is None
    assert entry_of("") is None
