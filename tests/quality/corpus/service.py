"""One loopback service for the whole corpus: an API, pages, two model vendors, an object store.

It notes every request, answers from its state, and can keep requests in flight until several
have met. Nothing depends on the clock or on chance.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
import urllib.parse
from collections import Counter
from typing import Any

from quality.corpus import answers
from world.model import Meeting

MODEL_PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/messages",
    "/v1/messages/count_tokens",
)
READING_POSTS = (*MODEL_PATHS, "/graphql", "/oauth/introspect")
PAGE_SIZE = 3


class Service:
    """Serves until `close`; ``latency`` seconds per request that changes nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.latency = 0.0
        self.reset()
        service = self

        class Answering(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                service.serve(self, self.rfile.read(size))

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve

            def log_message(self, *_: Any) -> None:
                """Keep the test's output clean."""

        class Listening(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self._server = Listening(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reset(self, meeting: Meeting | None = None) -> None:
        """Forget what happened; let reads attend *meeting* from now on."""
        self.meeting = meeting
        self.requests: list[tuple[str, str, str]] = []
        self.writes: list[tuple[str, str, str]] = []
        self.objects = {
            f"archive/{name}": f"contents of {name}\n".encode()
            for name in ("a.txt", "b.txt", "c.txt", "d.txt", "logs/1.json", "logs/2.json")
        }
        self.visits: Counter[str] = Counter()
        self.numbers = 0
        self.flying = self.peak = 0

    def all(self) -> Counter[tuple[str, str, str]]:
        """Return how often each request was made."""
        return Counter(self.requests)

    def serve(self, request: Any, body: bytes) -> None:
        """Answer one request."""
        path, _, query = request.path.partition("?")
        reading = request.command in ("GET", "HEAD") or path.endswith(READING_POSTS)
        streaming = b'"stream":true' in body.replace(b" ", b"")
        shown = body.decode("latin-1")
        _, _, boundary = (request.headers.get("Content-Type") or "").partition("boundary=")
        if boundary:
            shown = shown.replace(boundary, "boundary")
        seen = (request.command, request.path, shown)
        cookie = request.headers.get("Cookie") or request.headers.get("X-Nonce") or ""
        if cookie:
            seen = (seen[0], f"{seen[1]} [{cookie}]", seen[2])
        with self._lock:
            self.requests.append(seen)
            if not reading or streaming:
                self.writes.append(seen)
            self.visits[request.path] += 1
            self.flying += 1
            self.peak = max(self.peak, self.flying)
        try:
            if reading and self.meeting is not None:
                self.meeting.attend(path)
            if reading and self.latency:
                time.sleep(self.latency)
            status, kind, data, headers = self._answer(request, path, query, body)
        finally:
            with self._lock:
                self.flying -= 1
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)

    def _answer(
        self, request: Any, path: str, query: str, body: bytes
    ) -> tuple[int, str, bytes, dict[str, str]]:
        asked = dict(urllib.parse.parse_qsl(query))
        if path.startswith("/s3/"):
            return self._store(request.command, path[4:], asked, body)
        if path.startswith("/pages/"):
            return 200, "text/html", answers.page(path.rpartition("/")[2]).encode(), {}
        if "/v1/" in path and (vendor := answers.model(path, body)) is not None:
            return (200, *vendor, {})
        status, found, headers = self._api(request, path, asked, body)
        return status, "application/json", json.dumps(found).encode(), headers

    def _api(
        self, request: Any, path: str, asked: dict[str, str], body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        last = path.rpartition("/")[2]
        if "missing" in path:
            return 404, {"error": f"no {last}"}, {}
        if path.startswith("/flaky/") and self.visits[request.path] % 3 != 0:
            return 503, {"error": "busy"}, {"Retry-After": "0"}
        if path == "/graphql":
            wanted = json.loads(body)["variables"]
            return 200, {"data": {"user": {"id": wanted["id"], "name": f"user{wanted['id']}"}}}, {}
        if path.startswith("/visit/"):
            with self._lock:
                self.numbers += 1
                return 200, {"page": last}, {"Set-Cookie": f"step={self.numbers}; Path=/"}
        if request.command == "POST":
            with self._lock:
                self.numbers += 1
                return 201, {"id": self.numbers, "token": f"t{self.numbers}"}, {}
        if "page" in asked or "cursor" in asked or path.startswith("/items"):
            return 200, answers.listing(path, asked, PAGE_SIZE), {}
        return 200, answers.entity(path, asked), {"ETag": f'"{last}"'}

    def _store(
        self, verb: str, name: str, asked: dict[str, str], body: bytes
    ) -> tuple[int, str, bytes, dict[str, str]]:
        bucket, _, key = name.partition("/")
        with self._lock:
            if verb == "PUT":
                self.objects[name] = body
                return 200, "application/xml", b"", {"ETag": '"new"'}
            if verb == "DELETE":
                self.objects.pop(name, None)
                return 204, "application/xml", b"", {}
            if verb == "POST":
                return 200, "application/xml", b"<Result/>", {}
            held = dict(self.objects)
        if not key:
            return 200, "application/xml", answers.bucket(bucket, asked, held).encode(), {}
        if name not in held:
            return 404, "application/xml", answers.no_such_key(key).encode(), {}
        return 200, "text/plain", held[name], {"ETag": f'"{key}"', "x-amz-meta-owner": "ada"}
