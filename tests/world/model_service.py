"""The loopback service as the endpoints of language models: Anthropic, Gemini, Ollama, OpenAI."""

from __future__ import annotations

import json
from typing import Any

from world.service import Service

_MODEL_PATHS = ("/v1/", "/openai/", "/api/chat", "/api/generate", "/api/embed", "/v1beta/")
_DATE = "2026-01-01T00:00:00Z"


class ModelService(Service):
    """Answers as model services do: what was asked, by whom, and how long the history was."""

    def writes(self) -> list[tuple[str, str, str]]:
        """Return the requests that are not for models, in order."""
        return [
            one
            for one in self.requests
            if one[0] == "POST" and not any(path in one[1] for path in _MODEL_PATHS)
        ]

    @staticmethod
    def _payload(request: Any, body: str, version: int) -> dict[str, Any]:
        path = request.path.partition("?")[0]
        asked = json.loads(body) if body else {}
        for ending, answer in _ANSWERS.items():
            if path.endswith(ending):
                return answer(asked, path)
        return Service._payload(request, body, version)


def _told(asked: dict[str, Any]) -> str:
    messages = asked["messages"]
    return f"{asked['model']}: {len(messages)} {messages[-1]['content']}"


def _anthropic(asked: dict[str, Any], _path: str) -> dict[str, Any]:
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": _told(asked)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _ollama_chat(asked: dict[str, Any], _path: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": _told(asked)}
    return {"model": asked["model"], "created_at": _DATE, "message": message, "done": True}


def _ollama_generate(asked: dict[str, Any], _path: str) -> dict[str, Any]:
    text = f"{asked['model']}: {asked['prompt']}"
    return {"model": asked["model"], "created_at": _DATE, "response": text, "done": True}


def _gemini(asked: dict[str, Any], path: str) -> dict[str, Any]:
    text = f"{path.rpartition('/')[2]}: {asked['contents'][-1]['parts'][0]['text']}"
    parts = [{"text": text}]
    if "speak up" in text:
        parts.append({"functionCall": {"name": "look", "args": {}}})  # type: ignore[dict-item]
    content = {"role": "model", "parts": parts}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}


def _gemini_vectors(asked: dict[str, Any], _path: str) -> dict[str, Any]:
    vectors = [
        [float(len(one["content"]["parts"][0]["text"])), 1.0] for one in asked.get("requests", ())
    ]
    return {"embeddings": [{"values": vector} for vector in vectors]}


def _openai_vectors(asked: dict[str, Any], _path: str) -> dict[str, Any]:
    given = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = [
        {"object": "embedding", "index": number, "embedding": [float(len(text)), 1.0]}
        for number, text in enumerate(given)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}


_ANSWERS = {
    "/v1/messages": _anthropic,
    "/v1/messages/count_tokens": lambda asked, _: {"input_tokens": len(asked["messages"])},
    "/v1/embeddings": _openai_vectors,
    "/deployments/small/embeddings": _openai_vectors,
    "/api/chat": _ollama_chat,
    "/api/generate": _ollama_generate,
    "/api/embed": lambda asked, _: {"model": asked["model"], "embeddings": [[1.0, 2.0]]},
    ":generateContent": _gemini,
    ":batchEmbedContents": _gemini_vectors,
}
