"""Questions to Claude."""

from __future__ import annotations

import logging
import time

import anthropic

log = logging.getLogger("claude")
DEFAULT_MODEL = "claude-small"


def ask_claude(client: anthropic.Anthropic, prompt: str, max_tokens: int = 512) -> str:
    message = client.messages.create(
        model=DEFAULT_MODEL,
        max_tokens=max_tokens,
        messages=[{"role": "user", "content": prompt}],
    )
    return "".join(block.text for block in message.content if block.type == "text")


def translate(client, text, target="German"):
    if not isinstance(text, str):
        raise TypeError("text must be a string, not " + type(text).__name__)
    reply = client.messages.create(
        model=DEFAULT_MODEL,
        max_tokens=2 * len(text) + 100,
        system="You translate. Reply with the translation only.",
        messages=[{"role": "user", "content": "Translate to %s: %s" % (target, text)}],
    )
    return reply.content[0].text.strip().strip('"')


def count_tokens(client, text: str) -> int:
    counted = client.messages.count_tokens(
        model=DEFAULT_MODEL, messages=[{"role": "user", "content": text}]
    )
    return counted.input_tokens


def classify(client: anthropic.Anthropic, text: str, labels: tuple[str, ...]) -> str:
    """Pick one of the labels; the first if the model does not name any."""
    prompt = f"Which of {', '.join(labels)} fits best?\n<text>{text}</text>"
    started = time.perf_counter()
    answer = ask_claude(client, prompt, max_tokens=10).lower()
    if time.perf_counter() - started > 30:
        log.warning("classification was slow")
    for label in labels:
        if label in answer:
            return label
    return labels[0]


def submit_batch(client: anthropic.Anthropic, prompt: str) -> str:
    request = {
        "custom_id": "one",
        "params": {
            "model": DEFAULT_MODEL,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": prompt}],
        },
    }
    batch = client.messages.batches.create(requests=[request])
    return batch.processing_status


class Budget:
    """Stops asking when the tokens are spent."""

    def __init__(self, client: anthropic.Anthropic, limit: int) -> None:
        self.client = client
        self.left = limit

    def ask(self, prompt: str) -> str | None:
        if self.left <= 0:
            return None
        message = self.client.messages.create(
            model=DEFAULT_MODEL, max_tokens=100, messages=[{"role": "user", "content": prompt}]
        )
        self.left -= message.usage.input_tokens + message.usage.output_tokens
        return message.content[0].text
