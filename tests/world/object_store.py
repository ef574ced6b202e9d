"""A loopback object store that speaks enough of S3 for a stock client, and logs what it is asked."""

from __future__ import annotations

import threading
import urllib.parse
from email.utils import formatdate
from typing import Any

from world.loopback import Loopback, Quiet
from world.model import Meeting

_LISTING = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>{bucket}</Name><Prefix>{prefix}</Prefix><KeyCount>{count}</KeyCount>
<MaxKeys>2</MaxKeys><IsTruncated>{more}</IsTruncated>{token}{contents}
</ListBucketResult>"""
_ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    "<ETag>&quot;e&quot;</ETag><Size>{size}</Size></Contents>"
)
_MISSING = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
)
PAGE = 2
"""Keys in one page of a listing."""


class ObjectStore(Loopback):
    """Buckets of objects on a free port of the loopback interface."""

    def __init__(self) -> None:
        self.meeting: Meeting | None = None
        self.requests: list[tuple[str, str, bytes]] = []
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()
        store = self

        class Answering(Quiet):
            def do_GET(self) -> None:
                store.get(self)

            def do_HEAD(self) -> None:
                store.get(self)

            def do_PUT(self) -> None:
                store.put(self)

        super().__init__(Answering)

    def reset(self, meeting: Meeting | None = None) -> None:
        """Five objects and no history; let the next reads attend *meeting*."""
        self.meeting = meeting
        self.requests = []
        self.objects = {f"/data/part-{n}": f"text of part {n}".encode() for n in range(5)}

    def client(self) -> Any:
        """A stock client of this store."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                max_pool_connections=20,
            ),
        )

    def writes(self) -> list[tuple[str, str, bytes]]:
        """Return the requests that change something, in order."""
        return [one for one in self.requests if one[0] == "PUT"]

    def get(self, request: Any) -> None:
        """Answer a request for an object or for a listing."""
        split = urllib.parse.urlsplit(request.path)
        with self._lock:
            self.requests.append((request.command, request.path, b""))
            found = self.objects.get(split.path)
            objects = dict(self.objects)
        if self.meeting is not None:
            self.meeting.attend(request.path)
        query = urllib.parse.parse_qs(split.query)
        if "list-type" in query:
            self._answer(request, 200, _listing(split.path, query, objects), "application/xml")
        elif found is None:
            self._answer(request, 404, _MISSING.encode(), "application/xml")
        else:
            self._answer(request, 200, found, "text/plain")

    def put(self, request: Any) -> None:
        """Store an object; the client may send it in chunks with checksums behind."""
        size = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(size)
        if "aws-chunked" in (request.headers.get("Content-Encoding") or ""):
            body = _unchunked(body)
        path = urllib.parse.urlsplit(request.path).path
        with self._lock:
            self.requests.append(("PUT", path, body))
            self.objects[path] = body
        self._answer(request, 200, b"", "text/plain")

    @staticmethod
    def _answer(request: Any, status: int, body: bytes, kind: str) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Last-Modified", formatdate(0, usegmt=True))
        request.send_header("ETag", '"e"')
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)


def _unchunked(body: bytes) -> bytes:
    found = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0] or b"0", 16)
        if not size:
            break
        found, body = found + body[:size], body[size + 2 :]
    return found


def _listing(path: str, query: dict[str, list[str]], objects: dict[str, bytes]) -> bytes:
    bucket = path.strip("/")
    prefix = query.get("prefix", [""])[0]
    start = int(query.get("continuation-token", ["0"])[0])
    names = sorted(name.removeprefix(f"/{bucket}/") for name in objects)
    keys = [name for name in names if name.startswith(prefix)]
    shown, rest = keys[start : start + PAGE], keys[start + PAGE :]
    token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if rest else ""
    contents = "".join(
        _ENTRY.format(key=key, size=len(objects[f"/{bucket}/{key}"])) for key in shown
    )
    text = _LISTING.format(
        bucket=bucket,
        prefix=prefix,
        count=len(shown),
        more="true" if rest else "false",
        token=token,
        contents=contents,
    )
    return text.encode()
