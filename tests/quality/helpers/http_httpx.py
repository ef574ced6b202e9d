"""The same kind of API, through httpx."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import httpx

BASE_URL = "http://localhost:8000"


class ApiError(Exception):
    """The API said no."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


class Price(NamedTuple):
    """A price in a currency."""

    item: str
    amount: Decimal
    currency: str


def fetch_json(path: str, **params) -> dict:
    r = httpx.get(f"{BASE_URL}{path}", params=params, timeout=10.0)
    if r.is_error:
        raise ApiError(r.status_code, r.json().get("error", "unknown"))
    return r.json()


def get_price(client: httpx.Client, item: str) -> Price:
    data = client.get(f"/prices/{item}").raise_for_status().json()
    amount = Decimal(data["amount"]).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Price(data["item"], amount, data["currency"])


def document_text(client: httpx.Client, doc_id: int | str) -> str:
    with client.stream("GET", f"/documents/{doc_id}") as response:
        body = b"".join(response.iter_bytes())
    import json

    return json.loads(body)["text"]


def short_lived(path):
    with httpx.Client(base_url=BASE_URL, headers={"User-Agent": "report/1.0"}) as c:
        res = c.get(path)
        res.raise_for_status()
        return res.json()


def health(region: str, *, timeout: float = 2.0) -> str:
    """'up', 'degraded' or 'down'."""
    try:
        answer = httpx.get(f"{BASE_URL}/health/{region}", timeout=timeout)
        answer.raise_for_status()
    except httpx.HTTPError:
        return "down"
    return "up" if answer.json()["status"] == "ok" else "degraded"


def cursor_walk(client: httpx.Client, owner: str, limit: int = 10) -> list[int]:
    """Ids of all items, at most so many pages."""
    ids: list[int] = []
    cursor = "1"
    for _ in range(limit):
        page = client.get(f"/items/{owner}", params={"cursor": cursor}).json()
        ids += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        cursor = str(page["next"])
    return ids


def profile_and_price(key: int) -> dict:
    """Two calls at once, since they are slow."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        user = pool.submit(fetch_json, f"/users/{key}")
        price = pool.submit(fetch_json, f"/prices/{key}")
        return {"user": user.result()["id"], "price": price.result()["amount"]}


def hooked_get(client: httpx.Client, path: str) -> int:
    """The client reports each response to whoever hooked in."""
    return client.get(path).json()["number"]


def delete_item(client: httpx.Client, item: int) -> int:
    return client.delete(f"/items/{item}").status_code


def replace_price(client: httpx.Client, item: str, amount: str) -> bool:
    r = client.put(f"/prices/{item}", json={"amount": amount})
    return r.is_success


class LoginClient:
    """Logs in when it is first needed."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url)
        self._token: str | None = None

    def _headers(self) -> dict[str, str]:
        if self._token is None:
            self._token = self.http.post("/login", json={"user": "ada"}).json()["token"]
        return {"Authorization": f"Bearer {self._token}"}

    def account(self, number: int) -> dict:
        return self.http.get(f"/accounts/{number}", headers=self._headers()).json()


class WeatherClient:
    """Weather for cities."""

    def __init__(self, base_url: str, key: str = "demo", timeout: float = 5.0) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout)
        self._key = key

    def _get(self, path: str, **params) -> dict:
        response = self._http.get(path, params={"key": self._key, **params})
        response.raise_for_status()
        return response.json()

    def temperature(self, city: str) -> float:
        return float(self._get(f"/weather/{city}", units="metric")["temp"])
