"""Programs that read what libraries answer by keys, between operations."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import bs4
import httpx
import ollama
import requests
from requests.structures import CaseInsensitiveDict
from world.model import current
from world.operations import ask, fetch, second
from world.registry import program


class CountingHeaders(CaseInsensitiveDict):  # type: ignore[type-arg]
    """Headers of the user's own, whose reads others see."""

    def __getitem__(self, key: str) -> Any:
        return current().perform("read", "unknown", key, lambda _: super(type(self), self)[key])


class CountingHttpx(httpx.Headers):
    """The same for httpx."""

    def __contains__(self, key: Any) -> bool:
        return current().perform("read", "unknown", key, lambda _: True)


class CountingMessage(ollama.Message):
    """A message of the user's own, whose reads others see."""

    def __getitem__(self, key: str) -> Any:
        return current().perform("read", "unknown", key, lambda _: getattr(self, key))


class CountingDict(dict):  # type: ignore[type-arg]
    """What somebody put below a stock class."""

    def __getitem__(self, key: str) -> Any:
        return current().perform("read", "unknown", key, lambda _: dict.__getitem__(self, key))


def counting_tag() -> bs4.Tag:
    """Return a stock tag over attributes that count their reads."""
    tag = bs4.BeautifulSoup("<a>x</a>", "html.parser").a
    tag.attrs = CountingDict(href="y")
    return tag


def _row() -> sqlite3.Row:
    with sqlite3.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        row: sqlite3.Row = connection.execute("select 'a' as name").fetchone()
    connection.close()
    return row


@program(overlaps=3, settles=False, arguments=lambda: (CaseInsensitiveDict({"X": "1"}),))
def headers_of_requests(answer: Any) -> Any:
    """Stock headers are read by the library's own code."""
    a = fetch(1)
    b = answer["x"]
    c = fetch(2)
    return a, b, c, ask(answer["x"])


@program(overlaps=0, arguments=lambda: (CountingHeaders({"X": "1"}),))
def headers_of_one_s_own(answer: Any) -> Any:
    """The twin: a subclass may do anything."""
    a = fetch(1)
    b = answer["x"]
    c = fetch(2)
    return a, b, c, ask(answer["x"])


@program(overlaps=3, settles=False, arguments=lambda: (httpx.Headers({"X": "1"}),))
def headers_of_httpx(answer: Any) -> Any:
    """Stock headers, also asked whether they hold a name."""
    a = fetch(1)
    b = answer["x"] if "x" in answer else None
    c = fetch(2)
    return a, b, c, ask("y" in answer)


@program(overlaps=0, arguments=lambda: (CountingHttpx({"X": "1"}),))
def headers_that_are_asked(answer: Any) -> Any:
    """The twin: a subclass that is asked whether it holds a name."""
    a = fetch(1)
    b = "x" in answer
    c = fetch(2)
    return a, b, c, ask("y" in answer)


@program(
    overlaps=3, settles=False, arguments=lambda: (ollama.Message(role="user", content="hello"),)
)
def message_by_keys(answer: Any) -> Any:
    """An answer of ollama."""
    a = fetch(1)
    b = answer["content"]
    c = fetch(2)
    return a, b, c, ask(answer["role"])


@program(overlaps=0, arguments=lambda: (CountingMessage(role="user", content="hello"),))
def message_of_one_s_own(answer: Any) -> Any:
    """The twin: a subclass may do anything."""
    a = fetch(1)
    b = answer["content"]
    c = fetch(2)
    return a, b, c, ask(answer["role"])


@program(
    overlaps=3,
    settles=False,
    arguments=lambda: (bs4.BeautifulSoup("<a href='y'>x</a>", "html.parser"),),
)
def attribute_of_a_tag(answer: Any) -> Any:
    """A link of a page."""
    tag = answer.a
    a = fetch(1)
    b = tag["href"]
    c = fetch(2)
    return a, b, c, ask(tag["href"])


@program(overlaps=0, arguments=lambda: (counting_tag(),))
def attributes_that_somebody_exchanged(tag: Any) -> Any:
    """The twin: the class is stock, what it looks in is not."""
    a = fetch(1)
    b = tag["href"]
    c = fetch(2)
    return a, b, c, ask(tag["href"])


@program(overlaps=3, settles=False, arguments=lambda: (re.match("(?P<x>a)", "a"), _row()))
def groups_and_columns(match: Any, row: Any) -> Any:
    """Groups of a match, columns of a row: C code."""
    a = fetch(1)
    b = match["x"], match[0], row["name"], row[0]
    c = fetch(2)
    return a, b, c, ask(match["x"] + row["name"])


@program(settles=False, arguments=lambda: (CaseInsensitiveDict({"X": "1"}),))
def header_that_is_not_there(answer: Any) -> Any:
    """The error comes where the program reads."""
    a = fetch(1)
    b = answer["absent"]
    return a, b, second(2)


@program(overlaps=0, arguments=lambda: (CaseInsensitiveDict({"X": "1"}),))
def headers_that_change(answer: Any) -> Any:
    """A store into them keeps what follows in order."""
    a = fetch(1)
    answer["x"] = str(a)
    b = ask(answer["x"])
    answer["x"] = b
    return a, fetch(2)


def read_requests(url: str) -> Any:
    """Everything that is read of an answer, also as arguments of the next request."""
    found = []
    for name in "abc":
        first = requests.get(f"{url}/{name}")
        kind = first.headers["content-type"] if "content-type" in first.headers else ""
        again = f"{first.json()['path'][1:]}/{first.status_code}/{kind[:4]}"
        second_answer = requests.get(f"{url}/{again}", headers={"X": first.reason})
        second_answer.raise_for_status()
        found.append((second_answer.json()["path"], second_answer.headers["Content-Type"]))
    return found


def read_httpx(url: str) -> Any:
    """Everything that is read of an answer, also as arguments of the next request."""
    found = []
    for name in "abc":
        first = httpx.get(f"{url}/{name}")
        kind = first.headers["content-type"] if "content-type" in first.headers else ""
        again = f"{first.json()['path'][1:]}/{first.status_code}/{kind[:4]}"
        second_answer = httpx.get(f"{url}/{again}", headers={"X": first.reason_phrase})
        found.append((second_answer.json()["path"], second_answer.headers["Content-Type"]))
    return found


def chat_by_keys(client: ollama.Client) -> Any:
    """Answers read by keys; each is part of the next question."""
    found = []
    for name in "abc":
        first = client.chat(model="small", messages=[{"role": "user", "content": name}])
        text = first["message"]["content"]
        answer = client.chat(model="small", messages=[{"role": "user", "content": text}])
        found.append(answer["message"]["content"].strip())
    return found


def chat_by_attributes(client: Any) -> Any:
    """The same with anthropic."""
    found = []
    for name in "abc":
        first = client.messages.create(
            model="small", max_tokens=16, messages=[{"role": "user", "content": name}]
        )
        text = first.content[0].text
        answer = client.messages.create(
            model="small", max_tokens=16, messages=[{"role": "user", "content": text}]
        )
        found.append(answer.content[0].text.strip())
    return found


def chat_with_openai(client: Any) -> Any:
    """The same with openai."""
    found = []
    for name in "abc":
        first = client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": name}]
        )
        text = first.choices[0].message.content
        answer = client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": f"judge {text}"}]
        )
        found.append(answer.choices[0].message.content.strip())
    return found


def ask_gemini_twice(client: Any) -> Any:
    """The same with Gemini."""
    found = []
    for name in "abc":
        first = client.models.generate_content(model="small", contents=name)
        answer = client.models.generate_content(model="small", contents=first.text)
        found.append(answer.candidates[0].content.parts[0].text)
    return found
