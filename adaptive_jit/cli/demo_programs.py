"""The programs of the demo: what a user writes, with real clients and nothing adaptive in it.

Each takes its clients and its input, and returns a value that can be compared.
The ``PROGRAMS`` table at the end says what each shows and how it is called.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    import openai


def ask(client: openai.OpenAI, model: str, question: str) -> str:
    """One question to one model; returns its answer's text."""
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content or ""


def ensemble(client: openai.OpenAI, question: str) -> str:
    """Five models answer, the majority decides."""
    answers = [
        ask(client, "atlas-large", question),
        ask(client, "atlas-small", question),
        ask(client, "borealis", question),
        ask(client, "cirrus", question),
        ask(client, "dune-mini", question),
    ]
    return majority(answers)


def majority(answers: list[str]) -> str:
    """The vote that most answers begin with."""
    votes = Counter(answer.split()[0] for answer in answers)
    return votes.most_common(1)[0][0]


def dashboard(api: httpx.Client, folder: str, user: int) -> dict[str, Any]:
    """Six pages of an API, with two files read between them."""
    person = api.get(f"/api/users/{user}").json()
    orders = api.get(f"/api/orders?page={user % 5 + 1}").json()
    template = Path(folder + "/template.txt").read_text(encoding="utf-8")
    tickets = api.get(f"/api/tickets/{user}").json()
    invoices = api.get("/api/invoices", params={"page": "1"}).json()
    limits = json.loads(Path(folder + "/limits.json").read_text(encoding="utf-8"))
    news = api.get("/api/news/1").json()
    weather = api.get("/api/weather/2").json()
    return {
        "title": template.strip().replace("NAME", person["name"]),
        "orders": len(orders["items"]) + len(invoices["items"]),
        "over": tickets["score"] > limits["tickets"],
        "footer": news["name"] + weather["name"],
    }


def digest_documents(client: openai.OpenAI, documents: list[str]) -> list[str]:
    """An ordinary loop over documents, one model call each."""
    summaries = []
    for number, document in enumerate(documents):
        summaries.append(ask(client, "dune-mini", f"Summarise document {number}: {document}"))
    return summaries


def refine(client: openai.OpenAI, topic: str) -> str:
    """A chain: each step needs the answer of the step before."""
    draft = ask(client, "atlas-small", f"Write about {topic}")
    critique = ask(client, "cirrus", f"Criticise: {draft}")
    return ask(client, "atlas-small", f"Improve {draft} by {critique}")


def checksum(text: str) -> int:
    """Pure computing, no waiting."""
    total = 1
    for _ in range(2_000):
        for letter in text:
            total = (total * 31 + ord(letter)) % 1_000_003
    return total


def fingerprints(texts: list[str]) -> list[int]:
    """A loop that computes: threads cannot make it faster."""
    found = []
    for text in texts:
        found.append(checksum(text))
    return found


def balances(api: httpx.Client, accounts: list[str]) -> dict[str, int]:
    """A service behind a lock: the more ask at once, the longer everyone waits."""
    found = {}
    for account in accounts:
        found[account] = api.get(f"/slow/{account}").json()["balance"]
    return found


@dataclass(frozen=True, slots=True)
class World:
    """What the programs run on: clients, a folder with two files, and documents."""

    models: openai.OpenAI
    api: httpx.Client
    folder: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the demo.

    ``arguments`` makes the arguments of a round; it is run in rounds until it
    has settled, at most ``most_rounds``; ``outcome`` says what is expected.
    """

    name: str
    title: str
    function: Callable[..., Any]
    arguments: Callable[[World, int], tuple[Any, ...]]
    most_rounds: int
    outcome: str


def write_files(folder: str) -> None:
    """Write the two files that ``dashboard`` reads."""
    Path(folder, "template.txt").write_text("Good morning, NAME\n", encoding="utf-8")
    Path(folder, "limits.json").write_text(json.dumps({"tickets": 500}), encoding="utf-8")


def make_documents(count: int) -> tuple[str, ...]:
    """*count* documents of different lengths."""
    return tuple("lorem ipsum dolor sit amet " * (1 + i % 5) + str(i) for i in range(count))


PROGRAMS = (
    Program(
        "ensemble",
        "five models, vote",
        ensemble,
        lambda world, turn: (world.models, f"Is proposal {turn} sound?"),
        14,
        "faster: the five answers do not depend on each other",
    ),
    Program(
        "dashboard",
        "API and files",
        dashboard,
        lambda world, turn: (world.api, world.folder, turn),
        18,
        "faster: file reads do not stop HTTP reads",
    ),
    Program(
        "digest_documents",
        "20 documents",
        digest_documents,
        lambda world, turn: (world.models, [f"{turn}: {text}" for text in world.documents]),
        12,
        "faster: each iteration is on its own",
    ),
    Program(
        "refine",
        "chain A → B → C",
        refine,
        lambda world, turn: (world.models, f"topic {turn}"),
        8,
        "direct: each step needs the one before",
    ),
    Program(
        "fingerprints",
        "CPU-bound loop",
        fingerprints,
        lambda world, turn: ([f"{turn} {text}" for text in world.documents[:12]],),
        16,
        "direct: it computes, it does not wait",
    ),
    Program(
        "balances",
        "slower in parallel",
        balances,
        lambda world, turn: (world.api, [f"{turn}-{number}" for number in range(6)]),
        20,
        "tried, measured to be slower, reverted",
    ),
)
