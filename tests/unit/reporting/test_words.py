"""Numbers and texts for people."""

import pytest

from adaptive_jit.reporting import words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0 s"),
        (4e-10, "0 ns"),
        (37e-9, "37 ns"),
        (4.15e-6, "4.15 µs"),
        (41.5e-6, "41.5 µs"),
        (999.4e-6, "999 µs"),
        (999.9e-6, "1 ms"),
        (0.0031, "3.1 ms"),
        (0.812, "812 ms"),
        (0.9996, "1 s"),
        (3.02, "3.02 s"),
        (-0.25, "-250 ms"),
        (119.4, "119 s"),
        (125.0, "2 min 5 s"),
        (7260.0, "2 h 1 min"),
        (-7260.0, "-2 h 1 min"),
    ],
)
def test_durations_have_three_digits_and_a_unit(value, expected):
    """A reader compares magnitudes, not digits."""
    assert words.seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.625, "0.62"), (1.05, "1.05"), (1.996, "2.0"), (2.94, "2.9"), (9.96, "10"), (43.2, "43")],
)
def test_speedups_have_the_digits_that_decide(value, expected):
    """Near 1 the second decimal matters; at 43 none does."""
    assert words.ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.9, "2.9× faster"),
        (1.006, "1.01× faster"),
        (1.0049, "no faster"),
        (0.9951, "no faster"),
        (0.625, "1.60× slower"),
        (0.0, "no faster"),
    ],
)
def test_a_slowdown_is_told_as_one(value, expected):
    """A ratio below 1 is turned round: people read "slower", not "0.62 times"."""
    assert words.speed(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "0 %"), (0.0004, "< 0.1 %"), (0.004, "0.4 %"), (0.98, "98 %"), (1.0, "100 %")],
)
def test_small_shares_are_not_rounded_to_nothing(value, expected):
    """0 % means none at all."""
    assert words.share(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(4.126, "4.13"), (412.3, "412"), (12345.0, "12,345"), (float("inf"), "over 1,000,000")],
)
def test_evidence_is_readable_up_to_infinity(value, expected):
    """A Bayes factor may overflow."""
    assert words.evidence(value) == expected


def test_source_text_cannot_drive_the_terminal():
    """Control characters in anyone's source are shown, not sent."""
    assert words.one_line("f('\x1b[2J',\n    x)") == "f('\\x1b[2J', x)"


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1", "no-such-encoding"])
def test_text_outside_utf_8_can_always_be_encoded(encoding):
    """Our signs get ASCII forms; others are escaped where the encoding lacks them."""
    text = words.encodable("2.9× 2.7–3.1 41 µs → …█ naïve 你好", encoding)
    assert text.startswith("2.9x 2.7-3.1 41 us -> ...# na")
    text.encode("ascii" if encoding.startswith("no") else encoding)


def test_utf_8_keeps_every_sign():
    """Nothing is lost where nothing needs to be."""
    assert words.encodable("2.9× µs", "UTF-8") == "2.9× µs"


def test_one_thing_is_singular():
    """Counts agree with their noun."""
    assert words.count(1, "call") == "1 call"
    assert words.count(1200, "call") == "1,200 calls"
