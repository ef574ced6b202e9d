"""A loopback HTTP service that logs requests and proves overlap by a meeting."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

from world.loopback import Loopback, Quiet
from world.model import Meeting


class Service(Loopback):
    """An HTTP service on a free port of the loopback interface."""

    def __init__(self) -> None:
        self.meeting: Meeting | None = None
        self.requests: list[tuple[str, str, str]] = []
        self.version = 0
        self._lock = threading.Lock()
        service = self

        class Answering(Quiet):
            def do_GET(self) -> None:
                service.answer(self, "")

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                service.answer(self, self.rfile.read(size).decode())

        super().__init__(Answering)

    def reset(self, meeting: Meeting | None = None) -> None:
        """Forget what happened; let the next requests attend *meeting*."""
        self.meeting = meeting
        self.requests = []
        self.version = 0

    def writes(self) -> list[tuple[str, str, str]]:
        """Return the requests that change something, in order."""
        return [one for one in self.requests if one[0] == "POST" and "/v1/" not in one[1]]

    def all(self) -> Counter[tuple[str, str, str]]:
        """Return how often each request was made."""
        return Counter(self.requests)

    def answer(self, request: Any, body: str) -> None:
        """Answer one request."""
        with self._lock:
            self.requests.append((request.command, request.path, body))
            if request.command == "POST" and "/v1/" not in request.path:
                self.version += 1
            version = self.version
        if self.meeting is not None:
            self.meeting.attend(request.path)
        payload = self._payload(request, body, version)
        data = json.dumps(payload).encode()
        request.send_response(404 if "missing" in request.path else 200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        if "login" in request.path:
            request.send_header("Set-Cookie", "who=ada; Path=/")
        request.end_headers()
        request.wfile.write(data)

    @staticmethod
    def _payload(request: Any, body: str, version: int) -> dict[str, Any]:
        if "/chat/completions" in request.path:
            asked = json.loads(body)
            text = f"{asked['model']}: {len(asked['messages'])} {asked['messages'][-1]['content']}"
            return {
                "id": "c1",
                "object": "chat.completion",
                "created": 1,
                "model": asked["model"],
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": text},
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        return {
            "path": request.path,
            "version": version,
            "cookie": request.headers.get("Cookie") or "",
        }
