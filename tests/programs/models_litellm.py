"""What users write with litellm, undeclared."""

from __future__ import annotations

from typing import Any

import litellm

QUESTIONS = ("why", "how", "when", "where", "who")


def ask_litellm(url: str) -> Any:
    """Five completions, the text of each."""
    out = []
    for question in QUESTIONS:
        answer = litellm.completion(
            model="openai/small",
            messages=[{"role": "user", "content": question}],
            api_base=f"{url}/v1",
            api_key="none",
        )
        out.append(answer.choices[0].message.content)
    return out


def embed_litellm(url: str) -> Any:
    """Five vectors."""
    out = []
    for question in QUESTIONS:
        answer = litellm.embedding(
            model="openai/small", input=[question], api_base=f"{url}/v1", api_key="none"
        )
        out.append(answer.data[0]["embedding"])
    return out


def stream_litellm(url: str) -> Any:
    """Answers that arrive in pieces."""
    out = []
    for question in QUESTIONS:
        pieces = litellm.completion(
            model="openai/small",
            messages=[{"role": "user", "content": question}],
            api_base=f"{url}/v1",
            api_key="none",
            stream=True,
        )
        out.append(len(list(pieces)))
    return out
