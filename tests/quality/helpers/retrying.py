"""Calls that fail now and then."""

from __future__ import annotations

import functools
import logging
import random
import time

import backoff
import requests
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

URL = "http://localhost:8000"
DELAY = 0.001
log = logging.getLogger("retry")


class Busy(Exception):
    """Try again."""


def _get(path: str) -> dict:
    r = requests.get(URL + path, timeout=5)
    if r.status_code == 503:
        raise Busy(path)
    r.raise_for_status()
    return r.json()


def stubborn(path, tries=3):
    for attempt in range(tries):
        try:
            return _get(path)
        except Busy:
            if attempt == tries - 1:
                raise
            time.sleep(DELAY * 2**attempt)


def patient(number: int, attempts: int = 4) -> int:
    """Log each failure, then give up with the last one."""
    last = None
    for n in range(1, attempts + 1):
        try:
            return _get(f"/flaky/{number}")["number"]
        except (Busy, requests.ConnectionError) as exc:
            log.warning("attempt %d of %d failed: %s", n, attempts, exc)
            last = exc
            time.sleep(DELAY)
    raise RuntimeError(f"gave up after {attempts} attempts") from last


@retry(stop=stop_after_attempt(3), wait=wait_fixed(0.001), reraise=True)
def with_tenacity(number: int) -> int:
    return _get(f"/flaky/{number}")["number"]


@retry(retry=retry_if_exception_type(Busy), stop=stop_after_attempt(5), reraise=True)
def tenacity_typed(number: int, *, field: str = "path") -> str:
    answer = requests.get(f"{URL}/flaky/{number}", timeout=5)
    if answer.status_code >= 500:
        raise Busy(str(answer.status_code))
    return answer.json()[field]


@backoff.on_exception(backoff.constant, Busy, max_tries=3, jitter=None, interval=0.001)
def with_backoff(number: int) -> int:
    return _get(f"/flaky/{number}")["number"]


def retrying(times: int):
    """A decorator of our own."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for left in reversed(range(times)):
                try:
                    return function(*args, **kwargs)
                except Busy:
                    if not left:
                        raise
            raise AssertionError

        return wrapper

    return decorate


@retrying(times=3)
def with_own_decorator(number: int) -> int:
    return _get(f"/flaky/{number}")["number"]


def jittered(number: int) -> int:
    """Spread the load: wait a random moment first."""
    time.sleep(random.random() * DELAY)
    return _get(f"/users/{number}")["id"]


class CircuitBreaker:
    """Stops calling after so many failures."""

    def __init__(self, limit: int = 2) -> None:
        self.failures = 0
        self.limit = limit

    def call(self, number: int) -> int | None:
        if self.failures >= self.limit:
            return None
        try:
            return _get(f"/flaky/{number}")["number"]
        except Busy:
            self.failures += 1
            return -1
