"""What the service answers: entities, listings, pages, model vendors, bucket listings."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

TEXTS = {
    "1": "Rivers carry water from the hills to the sea.",
    "2": "A harbour shelters ships from wind and waves.",
    "3": "Bridges let people cross rivers without boats.",
    "4": "Lighthouses warn ships of rocks at night.",
}


def entity(path: str, asked: dict[str, str]) -> Any:
    """Return the thing that *path* names."""
    last = path.rpartition("/")[2]
    number = int(last) if last.isdigit() else len(last)
    if path.startswith("/users/"):
        return {
            "id": number,
            "name": f"  User {last} ",
            "email": f"user{last}@Example.org",
            "joined": f"2024-01-{number % 28 + 1:02d}",
            "tags": ["a", "b"],
        }
    if path.startswith("/prices/"):
        return {"item": last, "amount": f"{number * 7 % 50}.{number % 10}5", "currency": "EUR"}
    if path.startswith("/weather/"):
        return {"city": last, "temp": number * 1.5, "wind": {"speed": number, "deg": 90}}
    if path.startswith("/documents/"):
        return {"id": last, "text": TEXTS.get(last, f"Nothing is known about {last}.")}
    if path.startswith("/health/"):
        return {"status": "ok" if number % 3 else "degraded", "region": last}
    return {"path": path, "query": asked, "number": number}


def listing(path: str, asked: dict[str, str], size: int) -> Any:
    """Return one page of a listing of eight things."""
    page = int(asked.get("page") or asked.get("cursor") or 1)
    owner = asked.get("owner") or path.rpartition("/")[2]
    first = (page - 1) * size
    items = [{"id": n, "owner": owner, "value": n * n} for n in range(first, min(first + size, 8))]
    more = first + size < 8
    return {"items": items, "next": page + 1 if more else None, "total": 8}


def page(name: str) -> str:
    """Return a small web page."""
    number = int(name) if name.isdigit() else len(name)
    links = "".join(f'<li><a href="/pages/{n}">p{n}</a></li>' for n in (number + 1, number + 2))
    return (
        f"<html><head><title>Page {name}</title>"
        f'<meta name="description" content="About {name}"></head><body>'
        f'<h1> Page <b>{name}</b> </h1><span class="price">€ {number * 3}.50</span>'
        f"<table><tr><th>k</th><th>v</th></tr><tr><td>n</td><td>{number}</td></tr></table>"
        f"<ul>{links}</ul></body></html>"
    )


def model(path: str, body: bytes) -> tuple[str, bytes] | None:
    """Return a vendor's answer: its type and its bytes."""
    asked = json.loads(body) if body.startswith(b"{") else {}
    anthropic = path.startswith("/anthropic/")
    makers = _ANTHROPIC if anthropic else _OPENAI
    maker = makers.get(path.rpartition("/v1/")[2])
    if maker is None:
        return None
    if asked.get("stream"):
        return "text/event-stream", _stream(asked)
    return "application/json", json.dumps(maker(asked)).encode()


def said(asked: dict[str, Any]) -> str:
    """Return what the model says: a function of the question alone."""
    last = asked["messages"][-1]["content"]
    text = last if isinstance(last, str) else last[0]["text"]
    if "JSON" in text:
        return json.dumps({"title": text[:12], "score": len(text) % 7})
    if "score" in text.lower():
        return str(len(text) % 10)
    return f"{asked['model']}: {text[:60].strip()} ({len(asked['messages'])})"


def _usage(asked: dict[str, Any]) -> int:
    return len(json.dumps(asked)) % 97


def _completion(asked: dict[str, Any]) -> Any:
    message = {"role": "assistant", "content": said(asked)}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {
            "prompt_tokens": _usage(asked),
            "completion_tokens": 5,
            "total_tokens": _usage(asked) + 5,
        },
    }


def _response(asked: dict[str, Any]) -> Any:
    text = asked["input"] if isinstance(asked["input"], str) else asked["input"][-1]["content"]
    part = {"type": "output_text", "text": f"re: {text[:40]}", "annotations": []}
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    return {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": asked["model"],
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _vector(text: str) -> list[float]:
    return [len(text) / 10, text.count("e") / 10, sum(map(ord, text)) % 100 / 100]


def _embeddings(asked: dict[str, Any]) -> Any:
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = [
        {"object": "embedding", "index": n, "embedding": _vector(t)} for n, t in enumerate(texts)
    ]
    return {
        "object": "list",
        "model": asked["model"],
        "data": data,
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }


def _moderations(asked: dict[str, Any]) -> Any:
    flagged = "rude" in str(asked["input"])
    result = {"flagged": flagged, "categories": {}, "category_scores": {}}
    return {"id": "m1", "model": "moderation", "results": [result]}


def _models(_: dict[str, Any]) -> Any:
    data = [{"id": n, "object": "model", "created": 1, "owned_by": "x"} for n in ("small", "large")]
    return {"object": "list", "data": data}


def _file(_: dict[str, Any]) -> Any:
    return {
        "id": "f1",
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "filename": "x",
        "purpose": "batch",
        "status": "processed",
    }


def _message(asked: dict[str, Any]) -> Any:
    return {
        "id": "msg1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": said(asked)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": _usage(asked), "output_tokens": 5},
    }


def _message_batch(_: dict[str, Any]) -> Any:
    counts = {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    return {
        "id": "b1",
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": counts,
        "created_at": "2024-01-01T00:00:00Z",
        "expires_at": "2024-01-02T00:00:00Z",
    }


_OPENAI = {
    "chat/completions": _completion,
    "responses": _response,
    "embeddings": _embeddings,
    "moderations": _moderations,
    "models": _models,
    "files": _file,
}
_ANTHROPIC = {
    "messages": _message,
    "messages/count_tokens": lambda asked: {"input_tokens": _usage(asked)},
    "messages/batches": _message_batch,
}


def _stream(asked: dict[str, Any]) -> bytes:
    parts = []
    for word in said(asked).split():
        choice = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
        chunk = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": asked["model"],
            "choices": [choice],
        }
        parts.append(f"data: {json.dumps(chunk)}\n\n")
    return "".join([*parts, "data: [DONE]\n\n"]).encode()


def bucket(name: str, asked: dict[str, str], held: dict[str, bytes]) -> str:
    """Return one page of a bucket's listing, two keys each."""
    prefix = f"{name}/{asked.get('prefix', '')}"
    keys = sorted(key.partition("/")[2] for key in held if key.startswith(prefix))
    first = int(asked.get("continuation-token") or 0)
    shown, more = keys[first : first + 2], first + 2 < len(keys)
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(held[f'{name}/{key}'])}</Size>"
        f"<LastModified>2024-01-01T00:00:00Z</LastModified></Contents>"
        for key in shown
    )
    token = f"<NextContinuationToken>{first + 2}</NextContinuationToken>" if more else ""
    return (
        f"<?xml version='1.0'?><ListBucketResult><Name>{name}</Name><KeyCount>{len(shown)}"
        f"</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}"
        "</ListBucketResult>"
    )


def no_such_key(key: str) -> str:
    """Return the object store's refusal."""
    return f"<Error><Code>NoSuchKey</Code><Message>no {escape(key)}</Message></Error>"
