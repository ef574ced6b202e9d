"""A small search client, as libraries write them."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

__all__ = ["Client", "Hits", "normalise"]


class Hits:
    """The documents that a search has found."""

    def __init__(self, documents: list[Any]) -> None:
        self.documents = documents

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.documents)


class Client:
    """Asks a search service; may be used from several threads at once."""

    def __init__(self, url: str) -> None:
        self._opener = urllib.request.build_opener()
        self._url = url

    def search(self, query: str, *, limit: int = 10) -> Hits:
        """The documents for *query*."""
        asked = urllib.parse.urlencode({"q": query, "limit": limit})
        return Hits([self._send("GET", f"/search?{asked}", None)])

    def add(self, document: dict[str, Any]) -> None:
        """Put one document into the index."""
        self._send("POST", "/documents", json.dumps(document).encode())

    def follow(self) -> Any:
        """The next document that anyone adds."""
        return self._send("GET", "/next", None)

    def _send(self, verb: str, path: str, body: bytes | None) -> Any:
        request = urllib.request.Request(self._url + path, body, method=verb)
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)


def normalise(query: str) -> str:
    """The query as the service understands it."""
    return " ".join(query.lower().split())
