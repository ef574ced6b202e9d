"""Programs on services that limit their callers or change their clients."""

from __future__ import annotations

from typing import Any


def pages(client: Any, url: str) -> Any:
    """Twelve pages with what the service was told."""
    return [client.get(f"{url}/{number}").json()[1] for number in range(12)]


def statuses(client: Any, url: str) -> Any:
    """What the service said, refusals included."""
    return [client.get(f"{url}/{number}").status_code for number in range(12)]


def _checked(client: Any, url: str) -> Any:
    answer = client.get(url)
    answer.raise_for_status()
    return answer.json()[0]


def checked(client: Any, url: str) -> Any:
    """A refusal is an exception."""
    return [_checked(client, f"{url}/{number}") for number in range(12)]


def separately(client: Any, url: str) -> Any:
    """Module functions: a session for each call."""
    out = []
    for number in range(12):
        out.append(client.get(f"{url}/{number}").status_code)
    return out


def many(client: Any, url: str) -> Any:
    """Hundreds."""
    return [client.get(f"{url}/{number}").status_code for number in range(700)]


def forty(client: Any, url: str) -> Any:
    """More calls than anyone should begin with at once."""
    out = []
    for number in range(40):
        out.append(client.get(f"{url}/{number}").status_code)
    return out


def decided(client: Any, url: str) -> Any:
    """What an answer says decides whom to ask next."""
    slow = client.get(f"{url}/slow")
    answer = client.get(f"{url}/crowded")
    if answer.status_code == 200:
        other = client.get(f"{url}/next")
    else:
        other = client.get(f"{url}/instead")
    return slow.status_code, answer.status_code, other.status_code


def derived(client: Any, url: str) -> Any:
    """What an answer says is part of the next question."""
    slow = client.get(f"{url}/slow")
    answer = client.get(f"{url}/crowded")
    other = client.get(f"{url}/after/{answer.status_code}")
    return slow.status_code, answer.status_code, other.status_code
