"""A loopback HTTP service that can hang up on all but the first of those that are there at once."""

from __future__ import annotations

import socket
import struct
import threading
from collections import Counter
from typing import Any

from world.loopback import Loopback, Quiet
from world.model import Meeting


class BreakingService(Loopback):
    """Serves everybody, and from `hang_up` on one at a time, with a reset for all others.

    ``bodies`` counts what has been asked since; the first requests wait for each
    other, so that there is a crowd for certain.
    """

    def __init__(self) -> None:
        self.bodies: Counter[bytes] = Counter()
        self.broken = self.present = 0
        self._lock = threading.Lock()
        self._meeting: Meeting | None = None
        service = self

        class Breaking(Quiet):
            def do_GET(self) -> None:
                service.answer(self, b"")

            def do_POST(self) -> None:
                service.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        super().__init__(Breaking)

    def hang_up(self) -> None:
        """Serve one at a time from now on."""
        self.bodies.clear()
        self._meeting = Meeting(2)

    def answer(self, request: Any, body: bytes) -> None:
        """Serve one request or hang up."""
        with self._lock:
            self.bodies[body] += 1
            self.present += 1
            breaks = self._meeting is not None and self.present > 1
            self.broken += breaks
        if self._meeting is not None:
            self._meeting.attend("")
        with self._lock:
            self.present -= 1
        if breaks:
            # Closing at once, without the usual farewell: the peer sees a reset.
            linger = struct.pack("ii", 1, 0)
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.close_connection = True
            request.connection.close()
            return
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()
