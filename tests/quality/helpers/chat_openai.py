"""Questions to OpenAI, as they pile up in a project."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field
from typing import Any

from openai import APIError, OpenAI

logger = logging.getLogger(__name__)

MODEL = "small"
SYSTEM = "You are a concise assistant."
TOTAL_TOKENS = 0
PRICES = {"small": (0.15, 0.60), "large": (2.50, 10.00)}


def ask(client, prompt):
    resp = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": prompt}]
    )
    return resp.choices[0].message.content


def summarise(client: OpenAI, text: str, *, max_words: int = 50, language: str = "English") -> str:
    """Summarise a text."""
    text = re.sub(r"\s+", " ", text).strip()
    if not text:
        raise ValueError("nothing to summarise")
    messages = [
        {"role": "system", "content": SYSTEM},
        {
            "role": "user",
            "content": f"Summarise in {language}, at most {max_words} words:\n\n{text}",
        },
    ]
    completion = client.chat.completions.create(
        model=MODEL, messages=messages, temperature=0, max_tokens=max_words * 3
    )
    summary = completion.choices[0].message.content or ""
    return summary.strip()


def extract_json(client: OpenAI, text: str) -> dict[str, Any]:
    """Ask for JSON and parse it; models sometimes wrap it in a code fence."""
    response = client.chat.completions.create(
        model="large",
        messages=[
            {"role": "system", "content": "Answer in JSON only."},
            {"role": "user", "content": f"Give title and score as JSON: {text}"},
        ],
        response_format={"type": "json_object"},
    )
    raw = response.choices[0].message.content.strip()
    if raw.startswith("```"):
        raw = raw.strip("`").removeprefix("json").strip()
    try:
        return json.loads(raw)
    except json.JSONDecodeError as exc:
        raise ValueError(f"model did not return JSON: {raw[:80]!r}") from exc


@dataclass
class Answer:
    """An answer and what it cost."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    warnings: list[str] = field(default_factory=list)

    @property
    def cost(self) -> float:
        rate_in, rate_out = PRICES[self.model]
        return (self.prompt_tokens * rate_in + self.completion_tokens * rate_out) / 1_000_000


def ask_with_cost(client: OpenAI, question: str, model: str = "small") -> Answer:
    logger.info("asking %s", model)
    r = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}]
    )
    usage = r.usage
    answer = Answer(
        text=r.choices[0].message.content,
        model=model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
    if r.choices[0].finish_reason == "length":
        answer.warnings.append("truncated")
    return answer


def embed(client: OpenAI, texts: list[str], model: str = "text-embedding-3-small"):
    cleaned = [t.replace("\n", " ") for t in texts]
    data = client.embeddings.create(input=cleaned, model=model).data
    return [d.embedding for d in sorted(data, key=lambda d: d.index)]


def is_flagged(client, text) -> bool:
    result = client.moderations.create(input=text)
    return any(r.flagged for r in result.results)


def respond(client: OpenAI, question: str) -> str:
    """The newer responses API."""
    response = client.responses.create(model=MODEL, input=question, instructions=SYSTEM)
    return response.output_text


def safe_ask(client: OpenAI, prompt: str, default: str = "(no answer)") -> str:
    """Like ask, but never fails."""
    try:
        return ask(client, prompt) or default
    except APIError as e:
        logger.warning("model failed: %s", e)
        return default


def grade(client: OpenAI, question: str, answer: str) -> int:
    reply = ask(client, f"Score this answer from 0 to 9.\nQ: {question}\nA: {answer}")
    match = re.search(r"\d+", reply)
    if match is None:
        raise ValueError(f"no score in {reply!r}")
    return min(9, int(match.group()))


def ask_counting(client: OpenAI, prompt: str) -> str:
    """Ask, and keep the running total for the bill."""
    global TOTAL_TOKENS
    r = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}])
    TOTAL_TOKENS += r.usage.total_tokens
    return r.choices[0].message.content


def chat(client: OpenAI, question: str, history: list = []) -> str:
    """Ask with what was said so far."""
    history.append({"role": "user", "content": question})
    r = client.chat.completions.create(model=MODEL, messages=history)
    history.append({"role": "assistant", "content": r.choices[0].message.content})
    return history[-1]["content"]


def ask_streaming(client: OpenAI, prompt: str):
    """Return the stream, so that the caller can show it as it comes."""
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": prompt}], stream=True
    )


def upload(client: OpenAI, name: str) -> str:
    """Hand a batch file to the vendor; returns its id."""
    lines = json.dumps({"custom_id": name, "method": "POST"})
    return client.files.create(file=(f"{name}.jsonl", lines.encode()), purpose="batch").id


class Conversation:
    """A talk with memory."""

    def __init__(self, client: OpenAI, system: str = SYSTEM) -> None:
        self.client = client
        self.messages = [{"role": "system", "content": system}]

    def say(self, text: str) -> str:
        self.messages.append({"role": "user", "content": text})
        answer = self.client.chat.completions.create(model=MODEL, messages=self.messages)
        reply = answer.choices[0].message.content
        self.messages.append({"role": "assistant", "content": reply})
        return reply


class Assistant:
    """A question answered from scratch each time."""

    def __init__(self, client: OpenAI, model: str = MODEL, temperature: float = 0.2) -> None:
        self.client = client
        self.model = model
        self.temperature = temperature

    def _messages(self, question: str, context: str | None) -> list[dict[str, str]]:
        messages = [{"role": "system", "content": SYSTEM}]
        if context:
            messages.append({"role": "user", "content": f"Context:\n{context}"})
        messages.append({"role": "user", "content": question})
        return messages

    def answer(self, question: str, context: str | None = None) -> str:
        response = self.client.chat.completions.create(
            model=self.model,
            messages=self._messages(question, context),
            temperature=self.temperature,
        )
        return response.choices[0].message.content.strip()
