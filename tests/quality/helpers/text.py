"""Text in, data out; nothing leaves the process."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import date

STOP = frozenset({"the", "a", "of", "and", "to"})


def slugify(title: str, max_length: int = 40) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug[:max_length]


def keywords(text, n=3):
    words = [w for w in re.findall(r"[a-z]+", text.lower()) if w not in STOP]
    return [w for w, _ in Counter(words).most_common(n)]


@dataclass(slots=True)
class Invoice:
    """A parsed invoice line."""

    number: str
    day: date
    amount: float


def parse_invoice(line: str) -> Invoice:
    match = re.fullmatch(r"(\w+-\d+)\s+(\d{4}-\d\d-\d\d)\s+([\d.]+)", line.strip())
    if not match:
        raise ValueError(f"not an invoice: {line!r}")
    number, day, amount = match.groups()
    return Invoice(number, date.fromisoformat(day), float(amount))


def chunk(text: str, size: int = 20, overlap: int = 5) -> list[str]:
    if overlap >= size:
        raise ValueError("overlap must be smaller than size")
    parts, start = [], 0
    while start < len(text):
        parts.append(text[start : start + size])
        start += size - overlap
    return parts


def cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b))
    norm = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b))
    return dot / norm if norm else 0.0


def fingerprint(record: dict) -> str:
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.md5(canonical).digest()).decode().rstrip("=")


def derive_key(password: str, rounds: int = 20_000) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", rounds).hex()


def sample_words(text: str, k: int = 2) -> list[str]:
    return random.sample(text.split(), k)


def bootstrap_mean(values: list[int], seed: int = 7) -> float:
    rng = random.Random(seed)
    means = [sum(rng.choices(values, k=len(values))) / len(values) for _ in range(50)]
    return round(sum(means) / len(means), 6)


def pop_largest(values: list[int]) -> int:
    values.sort()
    return values.pop()


def with_defaults(options: dict) -> dict:
    """Fill in what is missing."""
    options.setdefault("retries", 3)
    options["seen"] = options.get("seen", 0) + 1
    return dict(options)
