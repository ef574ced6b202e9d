"""A loopback HTTP service that limits its callers, and one whose answers set a cookie."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from world.loopback import Loopback, Quiet
from world.model import Meeting

SERVED_SECONDS = 0.02
"""How long a limited service takes: long enough for callers to meet there."""


class LimitedService(Loopback):
    """Serves at most *limit* requests at a time and refuses the others with *status*.

    ``cookie_at`` is the path whose answer sets a cookie; every answer tells
    the path and the cookie that came with the request. ``retry_after`` is
    what a refusal asks for in seconds, and for how long the next are refused.
    The first request of the path ``refuse_once`` is refused in any case.
    """

    def __init__(self) -> None:
        self.present = 0
        self.reset()
        self._lock = threading.Lock()
        service = self

        class Answering(Quiet):
            wbufsize = -1

            def do_GET(self) -> None:
                service.answer(self)

        super().__init__(Answering)

    def reset(
        self,
        *,
        limit: int | None = None,
        status: int = 429,
        retry_after: float | None = None,
        cookie_at: str = "",
        cookie: str = "who",
        meeting: Meeting | None = None,
        refuse_once: str = "",
    ) -> None:
        """Forget what happened, and behave as told from now on."""
        self.limit, self.status, self.retry_after = limit, status, retry_after
        self.cookie_at, self.cookie, self.meeting = cookie_at, cookie, meeting
        self.most = self.refused = self.served = 0
        self.paths: list[str] = []
        self.refuse_once = refuse_once
        self.closed_until = 0.0

    def answer(self, request: Any) -> None:
        """Serve or refuse one request."""
        with self._lock:
            self.present += 1
            self.most = max(self.most, self.present)
            now = time.monotonic()
            refuse = now < self.closed_until
            if self.limit is not None and self.present > self.limit:
                refuse = True
            if refuse and self.retry_after and not self.closed_until:
                self.closed_until = now + self.retry_after
            self.paths.append(request.path)
            if request.path == self.refuse_once:
                refuse, self.refuse_once = True, ""
            self.refused += refuse
            self.served += not refuse
        if self.meeting is not None:
            self.meeting.attend(request.path)
        if self.limit is not None:
            time.sleep(SERVED_SECONDS)
        with self._lock:
            self.present -= 1
        self._reply(request, self.status if refuse else 200)

    def _reply(self, request: Any, status: int) -> None:
        data = json.dumps([request.path, request.headers.get("Cookie")]).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        if status != 200 and self.retry_after is not None:
            request.send_header("Retry-After", str(self.retry_after))
        if request.path == self.cookie_at:
            request.send_header("Set-Cookie", f"{self.cookie}=ada; Path=/")
        request.end_headers()
        request.wfile.write(data)
