"""What users write: known clients, undeclared, on a service."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import httpx
import requests


def with_requests(url: str) -> Any:
    """requests.get three times."""
    a = requests.get(f"{url}/a")
    b = requests.get(f"{url}/b")
    c = requests.get(f"{url}/c")
    return a.json(), b.json(), c.status_code


def with_httpx(url: str) -> Any:
    """httpx.get three times."""
    a = httpx.get(f"{url}/a").json()
    b = httpx.get(f"{url}/b").json()
    c = httpx.get(f"{url}/c", params={"q": "1"}).json()
    return a, b, c


def _load(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def with_urllib(url: str) -> Any:
    """A helper around urlopen."""
    a = _load(f"{url}/a")
    b = _load(f"{url}/b")
    c = _load(f"{url}/c")
    return a, b, c


def in_a_loop(url: str) -> Any:
    """A loop over pages."""
    out = []
    for number in range(4):
        answer = requests.get(f"{url}/page/{number}")
        out.append(answer.json()["path"])
    return out


def with_headers(url: str) -> Any:
    """Fresh dictionaries as arguments."""
    a = requests.get(f"{url}/a", headers={"X-A": "1"}, params={"k": "v"}, timeout=5)
    b = requests.get(f"{url}/b", headers={"X-A": "2"}, params={"k": "w"}, timeout=5)
    return a.json(), b.json()


def post_between(url: str) -> Any:
    """A POST that changes what the next GET answers."""
    a = requests.get(f"{url}/a").json()
    b = requests.post(f"{url}/change", json={"n": 1}).json()
    c = requests.get(f"{url}/c").json()
    d = requests.post(f"{url}/change", json={"n": 2}).json()
    return a, b, c, d


def raising_status(url: str) -> Any:
    """raise_for_status between."""
    a = requests.get(f"{url}/a")
    b = requests.get(f"{url}/missing")
    b.raise_for_status()
    c = requests.post(f"{url}/launch")
    return a.json(), c.json()


def with_a_client(client: httpx.Client, url: str) -> Any:
    """One client that stays as it is."""
    a = client.get(f"{url}/a")
    b = client.get(f"{url}/b")
    c = client.get(f"{url}/c")
    return a.json(), b.json(), c.json()


def with_a_session(session: requests.Session, url: str) -> Any:
    """One session that stays as it is."""
    a = session.get(f"{url}/a")
    b = session.get(f"{url}/b")
    c = session.get(f"{url}/c")
    return a.json(), b.json(), c.json()


def with_cookies(client: Any, url: str) -> Any:
    """An answer changes the client's cookies."""
    a = client.get(f"{url}/who").json()
    b = client.get(f"{url}/login").json()
    c = client.get(f"{url}/who/again").json()
    d = client.get(f"{url}/who/still").json()
    return a, b, c, d


def ensemble(client: Any, question: str) -> Any:
    """Several models, fresh message lists."""
    out = []
    for model in ("small", "medium", "large"):
        answer = client.chat.completions.create(
            model=model,
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": f"{question}?"},
            ],
        )
        out.append(answer.choices[0].message.content)
    return "\n".join(out)


def conversation(client: Any) -> Any:
    """A history that grows."""
    history = [{"role": "user", "content": "hello"}]
    for turn in range(3):
        answer = client.chat.completions.create(model="m", messages=history)
        text = answer.choices[0].message.content
        history.append({"role": "assistant", "content": text})
        history.append({"role": "user", "content": f"and {turn}"})
    return history


def draft_and_judge(client: Any) -> Any:
    """Two chains beside each other."""
    first = client.chat.completions.create(
        model="a", messages=[{"role": "user", "content": "draft"}]
    )
    second = client.chat.completions.create(
        model="b", messages=[{"role": "user", "content": "draft"}]
    )
    judged = client.chat.completions.create(
        model="judge",
        messages=[
            {
                "role": "user",
                "content": first.choices[0].message.content + second.choices[0].message.content,
            }
        ],
    )
    return judged.choices[0].message.content
