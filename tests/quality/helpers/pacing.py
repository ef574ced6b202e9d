"""Be polite, or be thrown out."""

from __future__ import annotations

import time

import requests

SHOP = "http://localhost:8000"
PAUSE = 0.002


def polite_get(path: str) -> dict:
    time.sleep(PAUSE)
    return requests.get(SHOP + path).json()


def then_rest(number: int) -> int:
    value = requests.get(f"{SHOP}/things/{number}").json()["number"]
    time.sleep(PAUSE)
    return value


class RateLimiter:
    """At most one call per interval."""

    def __init__(self, interval: float = 0.002) -> None:
        self.interval = interval
        self._next = 0.0

    def wait(self) -> None:
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = time.monotonic() + self.interval


LIMIT = RateLimiter()


def limited(path: str) -> int:
    LIMIT.wait()
    return requests.get(SHOP + path).json()["number"]


def wait_until_ready(number: int, polls: int = 5) -> bool:
    """Poll until it is there."""
    for _ in range(polls):
        r = requests.get(f"{SHOP}/flaky/{number}")
        if r.ok:
            return True
        time.sleep(PAUSE)
    return False
