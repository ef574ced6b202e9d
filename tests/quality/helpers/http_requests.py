"""The company's API, through requests."""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

import requests

API = "http://localhost:8000"
TIMEOUT = 10
log = logging.getLogger("api")


def get_user(user_id):
    r = requests.get(f"{API}/users/{user_id}", timeout=TIMEOUT)
    r.raise_for_status()
    return r.json()


@dataclass(frozen=True)
class User:
    """A user, cleaned."""

    id: int
    name: str
    email: str
    joined: date
    tags: tuple[str, ...] = ()


def load_user(user_id: int) -> User:
    raw = get_user(user_id)
    return User(
        id=int(raw["id"]),
        name=raw["name"].strip().title(),
        email=raw["email"].lower(),
        joined=date.fromisoformat(raw["joined"]),
        tags=tuple(raw.get("tags", [])),
    )


def weather(city, units="metric", lang=None):
    params = {"q": city, "units": units}
    if lang:
        params["lang"] = lang
    resp = requests.get(API + "/weather/" + str(city), params=params)
    data = resp.json()
    return {"city": data["city"], "temp": round(data["temp"], 1), "wind": data["wind"]["speed"]}


def price_in(currency: str, item: str, rates={"EUR": 1.0, "USD": 1.1}) -> float:
    answer = requests.get(f"{API}/prices/{item}", headers={"Accept": "application/json"})
    if answer.status_code != 200:
        raise LookupError(f"no price for {item}: HTTP {answer.status_code}")
    amount = float(answer.json()["amount"])
    return round(amount * rates[currency], 2)


def all_items(owner: str, session: requests.Session | None = None) -> list[dict]:
    """Follow the pages until there is no next one."""
    http = session or requests
    items, page = [], 1
    while page is not None:
        body = http.get(f"{API}/items/{owner}", params={"page": page}, timeout=TIMEOUT).json()
        items.extend(body["items"])
        page = body.get("next")
    return items


def exists(path: str) -> bool:
    """HEAD, because the body can be large."""
    try:
        return requests.head(f"{API}/{path}", timeout=TIMEOUT).ok
    except requests.ConnectionError:
        return False


def checksum(name):
    digest = hashlib.sha256()
    with requests.get(f"{API}/documents/{name}", stream=True) as r:
        r.raise_for_status()
        for chunk in r.iter_content(chunk_size=8192):
            digest.update(chunk)
    return digest.hexdigest()


def traced_get(path: str) -> dict:
    headers = {"X-Request-Id": uuid.uuid4().hex}
    response = requests.get(f"{API}{path}", headers=headers, timeout=TIMEOUT)
    response.raise_for_status()
    return response.json()


def fetch_with(session: requests.Session, path: str) -> dict:
    """The session keeps connections open."""
    log.debug("GET %s", path)
    response = session.get(f"{API}{path}", timeout=TIMEOUT)
    if response.status_code == 404:
        return {}
    response.raise_for_status()
    return response.json()


def graphql_user(user_id: int) -> dict:
    query = "query ($id: Int!) { user(id: $id) { id name } }"
    r = requests.post(f"{API}/graphql", json={"query": query, "variables": {"id": user_id}})
    payload = r.json()
    if "errors" in payload:
        raise RuntimeError(payload["errors"][0]["message"])
    return payload["data"]["user"]


def create_order(item: str, quantity: int = 1) -> int:
    r = requests.post(f"{API}/orders", json={"item": item, "quantity": quantity})
    r.raise_for_status()
    return r.json()["id"]


def call(method: str, path: str, **kwargs) -> dict:
    """One entry point for all calls."""
    kwargs.setdefault("timeout", TIMEOUT)
    response = requests.request(method, f"{API}{path}", **kwargs)
    response.raise_for_status()
    return response.json()


def get_and_touch(user_id: int) -> dict:
    """Fetch a user and note that somebody looked."""
    user = requests.get(f"{API}/users/{user_id}").json()
    requests.put(f"{API}/users/{user_id}/seen")
    return user


def visit(session: requests.Session, page: str) -> str:
    """Walk to the next page of the wizard."""
    return session.get(f"{API}/visit/{page}").json()["page"]


def stamped_user(user_id: int) -> dict:
    """A user with the time of the look-up."""
    user = get_user(user_id)
    user["fetched_at"] = datetime.now(UTC).isoformat()
    return user


def open_download(name: str):
    """Return the open response; the caller reads it as it likes."""
    return requests.get(f"{API}/documents/{name}", stream=True)


class SignedAuth(requests.auth.AuthBase):
    """Numbers the requests, as the partner's gateway demands."""

    def __init__(self) -> None:
        self.nonce = 0

    def __call__(self, request):
        self.nonce += 1
        request.headers["X-Nonce"] = str(self.nonce)
        return request


SIGNED = SignedAuth()


def partner_price(item: str) -> str:
    return requests.get(f"{API}/prices/{item}", auth=SIGNED, timeout=5).json()["amount"]
