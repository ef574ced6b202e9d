"""What users write with model SDKs, undeclared: five questions, and what must stay in order."""

from __future__ import annotations

from typing import Any

import anthropic
import ollama
import openai
import urllib3
from google import genai
from google.genai import types

QUESTIONS = ("why", "how", "when", "where", "who")


def ask_anthropic(client: anthropic.Anthropic) -> Any:
    """Five messages with fresh lists, the text of each."""
    out = []
    for question in QUESTIONS:
        message = client.messages.create(
            model="small",
            max_tokens=16,
            system="Be brief.",
            messages=[{"role": "user", "content": f"{question}?"}],
        )
        out.append(message.content[0].text)
    return out


def _text(client: anthropic.Anthropic, question: str) -> str:
    answer = client.messages.create(
        model="small", max_tokens=16, messages=[{"role": "user", "content": question}]
    )
    return answer.content[0].text.strip()


def ask_anthropic_in_a_helper(client: anthropic.Anthropic) -> Any:
    """The SDK's call stands in a helper."""
    return [_text(client, question) for question in QUESTIONS]


def count_anthropic(client: anthropic.Anthropic) -> Any:
    """Five counts of tokens."""
    total = 0
    for question in QUESTIONS:
        counted = client.messages.count_tokens(
            model="small", messages=[{"role": "user", "content": question}]
        )
        total += counted.input_tokens
    return total


def talk_anthropic(client: anthropic.Anthropic) -> Any:
    """A history that grows."""
    history: list[Any] = [{"role": "user", "content": "hello"}]
    for question in QUESTIONS[:3]:
        answer = client.messages.create(model="small", max_tokens=16, messages=history)
        history.append({"role": "assistant", "content": answer.content[0].text})
        history.append({"role": "user", "content": question})
    return history


def stream_anthropic(client: anthropic.Anthropic) -> Any:
    """Answers that arrive in pieces."""
    out = []
    for question in QUESTIONS:
        pieces = client.messages.create(
            model="small",
            max_tokens=16,
            messages=[{"role": "user", "content": question}],
            stream=True,
        )
        out.append(len(list(pieces)))
    return out


def ask_ollama(client: ollama.Client) -> Any:
    """Five chats."""
    out = []
    for question in QUESTIONS:
        answer = client.chat(model="small", messages=[{"role": "user", "content": question}])
        out.append(answer.message.content)
    return out


def ask_ollama_module() -> Any:
    """The functions of the module share a client."""
    out = []
    for question in QUESTIONS:
        answer = ollama.generate(model="small", prompt=f"{question}?")
        out.append(answer.response)
    return out


def embed_ollama(client: ollama.Client) -> Any:
    """Five vectors."""
    return [client.embed(model="small", input=question).embeddings for question in QUESTIONS]


def stream_ollama(client: ollama.Client) -> Any:
    """Answers that arrive in pieces."""
    out = []
    for question in QUESTIONS:
        pieces = client.chat(
            model="small", messages=[{"role": "user", "content": question}], stream=True
        )
        out.append([piece.message.content for piece in pieces])
    return out


def show_ollama(client: ollama.Client, path: str) -> Any:
    """Each picture is written just before it is shown."""
    out = []
    for question in QUESTIONS[:3]:
        with open(path, "w") as file:
            file.write(question)
        answer = client.generate(model="small", prompt=question, images=[path])
        out.append(answer.response)
    return out


def ask_gemini(client: genai.Client) -> Any:
    """Five contents with a configuration, the text of each."""
    out = []
    for question in QUESTIONS:
        answer = client.models.generate_content(
            model="small", contents=question, config=types.GenerateContentConfig(temperature=0.1)
        )
        out.append(answer.text)
    return out


def ask_gemini_plainly(client: genai.Client) -> Any:
    """Five contents, the text of each."""
    out = []
    for question in QUESTIONS:
        answer = client.models.generate_content(model="small", contents=f"{question}?")
        out.append(answer.text)
    return out


def embed_gemini(client: genai.Client) -> Any:
    """Five vectors."""
    out = []
    for question in QUESTIONS:
        answer = client.models.embed_content(model="small", contents=question)
        out.append(answer.embeddings[0].values)
    return out


def stream_gemini(client: genai.Client) -> Any:
    """Answers that arrive in pieces."""
    out = []
    for question in QUESTIONS:
        pieces = client.models.generate_content_stream(model="small", contents=question)
        out.append(len(list(pieces)))
    return out


def chain_gemini(client: genai.Client) -> Any:
    """The text of one answer, which the SDK warns about, is part of the next question."""
    first = client.models.generate_content(model="small", contents="speak up")
    second = client.models.generate_content(model="large", contents=f"judge {first.text}")
    return second.text


def fetch_urllib3(pools: urllib3.PoolManager, url: str) -> Any:
    """Five pages."""
    out = []
    for question in QUESTIONS:
        answer = pools.request("GET", f"{url}/{question}")
        out.append((answer.status, answer.json()["path"]))
    return out


def stream_urllib3(pools: urllib3.PoolManager, url: str) -> Any:
    """Bodies that are drawn from the connection."""
    out = []
    for question in QUESTIONS:
        answer = pools.request("GET", f"{url}/{question}", preload_content=False)
        out.append(len(answer.read()))
    return out


def embed_openai(client: openai.OpenAI) -> Any:
    """Five vectors."""
    out = []
    for question in QUESTIONS:
        answer = client.embeddings.create(model="small", input=question, encoding_format="float")
        out.append(answer.data[0].embedding)
    return out


def _told(client: ollama.Client, question: str) -> str:
    answer = client.chat(model="small", messages=[{"role": "user", "content": question}])
    return answer["message"]["content"].strip()


def ask_ollama_by_keys(client: ollama.Client) -> Any:
    """A helper reads answers as if they were dicts."""
    return [_told(client, question) for question in QUESTIONS]
