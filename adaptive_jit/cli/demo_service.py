"""A small web service on loopback, in a process of its own, for the demo, tests and benchmarks.

::

    with demo_service.running() as base_url:
        httpx.get(f"{base_url}/api/users/7").json()

It speaks enough of the OpenAI protocol for the real client, serves JSON pages,
and one service that gets slower when it is called in parallel:

===================================  =============================================
``POST /v1/chat/completions``        an answer, after a latency that the model sets
``POST /v1/embeddings``              vectors of eight numbers
``GET /v1/models``                   the models
``GET /api/<collection>?page=<n>``   a page of twenty items
``GET /api/<collection>/<id>``       one item
``GET /slow/<id>``                   one at a time, each longer the more are waiting
``GET /delay/<milliseconds>``        exactly that latency
``GET /flights``                     most requests under way at once since the last look
===================================  =============================================

Latencies are log-normal around a base, and a function of the seed and the
request alone: the same request takes equally long each time, so that two ways
of calling the service can be compared.

The file is run as a script by :func:`running` and uses the standard library
only; the parent holds its standard input open, and the service ends with it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import random
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = {
    "atlas-large": 0.260,
    "atlas-small": 0.090,
    "borealis": 0.180,
    "cirrus": 0.140,
    "dune-mini": 0.045,
}
"""Each model's median latency in seconds; a tenth to a thirtieth of what hosted models take."""

PAGE_SECONDS = 0.045
EMBEDDING_SECONDS = 0.040
SLOW_SECONDS = 0.030
SPREAD = 0.18
"""Standard deviation of the logarithm of a latency: about ±18 %."""

CROWDING = 0.35
"""Share by which each further waiting request lengthens one of the slow service."""

START_SECONDS = 20.0
"""How long the service may take to start before :func:`running` gives up."""


@contextlib.contextmanager
def running(seed: int = 7) -> Iterator[str]:
    """Yield the base URL of a service that lives as long as the ``with`` block.

    *seed* decides all latencies and answers. Raises ``RuntimeError`` when the
    service does not start.
    """
    command = [sys.executable, "-I", __file__, "--seed", str(seed)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _announced_url(process)
        finally:
            _stop(process)


def _announced_url(process: subprocess.Popen[str]) -> str:
    """Return the address that the service prints once it listens."""
    overdue = threading.Timer(START_SECONDS, process.kill)
    overdue.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        overdue.cancel()
        overdue.join()
    if not line:
        raise RuntimeError(f"the demo service did not start (exit code {process.wait()})")
    return line.strip()


def _stop(process: subprocess.Popen[str]) -> None:
    """End the service: it stops when its standard input closes."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()


class Latency:
    """Seconds that a request takes, as a function of the seed and the request."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def seconds(self, base: float, *request: object) -> float:
        """Return a log-normal latency with median *base* for this *request*."""
        return base * math.exp(SPREAD * self._generator(*request).gauss(0.0, 1.0))

    def number(self, limit: int, *request: object) -> int:
        """Return a whole number below *limit* that belongs to this *request*."""
        return self._generator(*request).randrange(limit)

    def _generator(self, *request: object) -> random.Random:
        text = repr((self.seed, *request)).encode()
        return random.Random(hashlib.blake2b(text, digest_size=8).digest())  # noqa: S311


class Flights:
    """How many requests are under way, and the most there have been."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: dict[str, int] = {}
        self._most: dict[str, int] = {}

    @contextlib.contextmanager
    def one_more(self, kind: str) -> Iterator[int]:
        """Count a request of *kind*; yields how many of the kind are under way, itself included."""
        with self._lock:
            self._now[kind] = now = self._now.get(kind, 0) + 1
            self._most[kind] = max(now, self._most.get(kind, 0))
        try:
            yield now
        finally:
            with self._lock:
                self._now[kind] -= 1

    def take_most(self) -> dict[str, int]:
        """Return the most of each kind since the last call of this method."""
        with self._lock:
            most, self._most = self._most, {}
            return most


class Service(ThreadingHTTPServer):
    """The server with what all its requests share."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.latency = Latency(seed)
        self.flights = Flights()
        self.one_at_a_time = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}"


class Conversation(BaseHTTPRequestHandler):
    """One connection, kept alive over many requests."""

    server: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536  # head and body leave in one packet; flushed after each request

    def do_GET(self) -> None:
        """Answer a read."""
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        match address.path.strip("/").split("/"):
            case ["api", collection]:
                self._timed("api", PAGE_SECONDS, page(self.server.latency, collection, query))
            case ["api", collection, number]:
                self._timed("api", PAGE_SECONDS, item(self.server.latency, collection, number))
            case ["slow", account]:
                self._crowded(account)
            case ["delay", milliseconds] if milliseconds.replace(".", "", 1).isdigit():
                self._exactly(float(milliseconds) / 1e3)
            case ["v1", "models"]:
                self._send(200, {"object": "list", "data": [model(name) for name in MODELS]})
            case ["flights"]:
                self._send(200, self.server.flights.take_most())
            case _:
                self._send(404, failure(f"there is nothing at {address.path}"))

    def do_POST(self) -> None:
        """Answer a call of a model."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            self._send(400, failure("the body is not JSON"))
            return
        match urlsplit(self.path).path:
            case "/v1/chat/completions":
                self._chat(body)
            case "/v1/embeddings":
                self._embeddings(body)
            case path:
                self._send(404, failure(f"there is nothing at {path}"))

    def _chat(self, body: dict[str, Any]) -> None:
        name = body.get("model")
        if name not in MODELS:
            self._send(404, failure(f"the model {name!r} does not exist"))
        elif body.get("stream"):
            self._send(400, failure("this service does not stream"))
        else:
            self._timed("models", MODELS[name], completion(self.server.latency, body))

    def _embeddings(self, body: dict[str, Any]) -> None:
        texts = body.get("input", [])
        texts = [texts] if isinstance(texts, str) else texts
        self._timed("models", EMBEDDING_SECONDS, embeddings(self.server.latency, texts, body))

    def _timed(self, kind: str, base: float, answer: dict[str, Any]) -> None:
        """Answer after the latency of this request."""
        with self.server.flights.one_more(kind):
            time.sleep(self.server.latency.seconds(base, self.path, answer))
        self._send(200, answer)

    def _exactly(self, seconds: float) -> None:
        """Answer after *seconds*."""
        with self.server.flights.one_more("delay"):
            time.sleep(seconds)
        self._send(200, {"seconds": seconds})

    def _crowded(self, account: str) -> None:
        """Answer one at a time, each taking longer the more requests are under way.

        As behind one database lock with contention: n requests that arrive at
        once take n (1 + CROWDING (n - 1) / 2) times as long as one, but only n
        times when they come one after the other.
        """
        seconds = self.server.latency.seconds(SLOW_SECONDS, account)
        with self.server.flights.one_more("slow") as waiting, self.server.one_at_a_time:
            time.sleep(seconds * (1 + CROWDING * (waiting - 1)))
        balance = self.server.latency.number(10_000, "balance", account)
        self._send(200, {"account": account, "balance": balance})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def failure(message: str) -> dict[str, Any]:
    """An error in the form that the OpenAI client reads."""
    return {"error": {"message": message, "type": "invalid_request_error", "code": None}}


def model(name: str) -> dict[str, Any]:
    """One entry of the list of models."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "demo"}


def item(latency: Latency, collection: str, number: str) -> dict[str, Any]:
    """One item of a collection."""
    score = latency.number(1_000, collection, number)
    return {"id": number, "name": f"{collection[:-1] or collection} {number}", "score": score}


def page(latency: Latency, collection: str, query: dict[str, str]) -> dict[str, Any]:
    """One page of a collection of a hundred items; the last one has no ``next``."""
    number = int(query.get("page", "1")) if query.get("page", "1").isdigit() else 1
    items = [item(latency, collection, str(20 * (number - 1) + i)) for i in range(20)]
    return {"page": number, "items": items, "next": number + 1 if number < 5 else None}


def completion(latency: Latency, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that depends on the model and the messages only."""
    asked = json.dumps(body.get("messages", []), sort_keys=True)
    votes = ("approve", "reject", "revise")
    vote = votes[latency.number(len(votes), "vote", body["model"], asked)]
    words = len(asked.split())
    return {
        "id": f"chat-{latency.number(10**9, body['model'], asked)}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": f"{vote} ({words} words read)"},
            }
        ],
        "usage": {"prompt_tokens": words, "completion_tokens": 4, "total_tokens": words + 4},
    }


def embeddings(latency: Latency, texts: list[str], body: dict[str, Any]) -> dict[str, Any]:
    """Eight numbers in [0, 1) for each text."""

    def vector(text: str) -> list[float]:
        return [latency.number(1_000, "vector", text, axis) / 1_000 for axis in range(8)]

    data = [
        {"object": "embedding", "index": index, "embedding": vector(text)}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "model": body.get("model", ""), "data": data, "usage": usage}


def main(argv: list[str] | None = None) -> int:
    """Serve until standard input closes; the address is the only line printed."""
    parser = argparse.ArgumentParser(description="The service of the adaptive_jit demo.")
    parser.add_argument("--seed", type=int, default=7, help="decides latencies and answers")
    service = Service(parser.parse_args(argv).seed)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    print(service.url, flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
