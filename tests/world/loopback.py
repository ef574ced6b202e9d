"""An HTTP server on a free port of the loopback interface, in a thread of its own."""

from __future__ import annotations

import http.server
import threading
from typing import Any


class Quiet(http.server.BaseHTTPRequestHandler):
    """Keeps connections open, and the test's output clean."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Listening(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Loopback:
    """Serves requests with *handler* at ``url`` until it is closed."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self._server = _Listening(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
