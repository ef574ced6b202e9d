"""Helpers over helpers: what the pages of the shop are made of."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from quality.helpers import files, http_requests, text, tracking


@dataclass
class Card:
    """A user's card on the page."""

    title: str
    slug: str
    prices: list[float]


def card(user_id: int) -> Card:
    """A user, the prices that belong to it, and a slug for the link."""
    user = http_requests.load_user(user_id)
    prices = [http_requests.price_in("EUR", str(user.id + step)) for step in range(2)]
    return Card(user.name, text.slugify(user.name), sorted(prices))


def average_price(first: int, *, count: int = 3) -> float:
    found = []
    for item in range(first, first + count):
        try:
            found.append(http_requests.price_in("EUR", str(item)))
        except LookupError:
            continue
    if not found:
        raise LookupError("no prices at all")
    return round(statistics.mean(found), 2)


def configured_weather(name: str) -> dict:
    config = files.load_config(name)
    return http_requests.weather(config["city"], units=config.get("units", "metric"))


def audited_user(user_id: int) -> str:
    """A user's name; the look-up shows in the history."""
    tracking.remembered(user_id)
    return http_requests.load_user(user_id).name


def order_cheapest(first: int) -> int:
    prices = {str(item): http_requests.price_in("EUR", str(item)) for item in (first, first + 1)}
    return http_requests.create_order(min(prices, key=prices.get))
