"""Numbers and texts as people read them: three digits, a unit, and no more."""

from __future__ import annotations

TIMES = "\N{MULTIPLICATION SIGN}"
DASH = "\N{EN DASH}"
MINUTE = 60.0
HOUR = 3600.0


def seconds(value: float) -> str:
    """Return a duration with its unit, at most three significant digits: ``812 ms``."""
    size = abs(value)
    if size >= 2 * MINUTE:
        return _long(value)
    if size == 0:
        return "0 s"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        # 0.9995 ms reads better as 1 ms than as 1000 µs.
        if size >= 0.9995 * scale:
            return f"{significant(value / scale)} {unit}"
    return f"{value * 1e9:.0f} ns"


def _long(value: float) -> str:
    """Return a duration of two minutes or more in minutes, or hours from two hours on."""
    whole = round(abs(value))
    sign = "-" if value < 0 else ""
    if whole >= 2 * HOUR:
        hours, rest = divmod(whole, int(HOUR))
        return f"{sign}{hours} h {rest // 60} min"
    minutes, rest = divmod(whole, int(MINUTE))
    return f"{sign}{minutes} min {rest} s"


def significant(value: float, digits: int = 3) -> str:
    """Return *value* with *digits* significant digits, never in scientific notation."""
    size = abs(value)
    before = 1
    while size >= 10**before - 0.5 * 10 ** (before - digits) and before < digits:
        before += 1
    text = f"{value:.{digits - before}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(value: float) -> str:
    """Return a speed-up without its sign: two decimals below 2, one below 10, then none."""
    if value < 1.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def speed(value: float) -> str:
    """Return a speed-up in words: "2.9x faster", "1.60x slower" or "no faster"."""
    if value >= 1.005:
        return f"{ratio(value)}{TIMES} faster"
    return f"{ratio(1 / value)}{TIMES} slower" if 0 < value < 0.995 else "no faster"


def interval(low: float, high: float) -> str:
    """Return two bounds of a speed-up: "2.7-3.1"."""
    return f"{ratio(low)}{DASH}{ratio(high)}"


def share(value: float) -> str:
    """Return a share (0 to 1) as a percentage; one decimal below one per cent."""
    percent = 100 * value
    if 0 < percent < 0.05:
        return "< 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 1 else f"{percent:.0f} %"


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the right number: ``1 call``, ``1,200 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def evidence(value: float) -> str:
    """Return a Bayes factor: three digits, and ``over 1,000,000`` beyond."""
    if value > 1e6:
        return "over 1,000,000"
    return f"{value:,.0f}" if value >= 100 else significant(value)


def p_value(value: float) -> str:
    """Return a p-value as it is customarily printed: ``p = 0.012``, ``p < 0.0001``."""
    return "p < 0.0001" if value < 1e-4 else f"p = {value:.2g}"


def one_line(text: str) -> str:
    """Return *text* on one line without control characters: it may come from anyone's source."""
    flat = " ".join(text.split())
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in flat)


# What a terminal without UTF-8 shows instead of our own signs.
_ASCII = str.maketrans(
    {TIMES: "x", DASH: "-", "µ": "u", "…": "...", "→": "->", "·": "|", "█": "#", "─": "-", "▌": "#"}
)


def encodable(text: str, encoding: str) -> str:
    """Return *text* so that *encoding* can express it; unchanged for any UTF encoding."""
    if encoding.lower().startswith("utf"):
        return text
    plain = text.translate(_ASCII)
    try:
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return plain.encode("ascii", "backslashreplace").decode("ascii")
