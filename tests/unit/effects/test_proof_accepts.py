"""Helpers that need no declaration: their own source shows what they do."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import os
import time
import urllib.request
from pathlib import Path

import httpx
import openai
import pytest

from adaptive_jit.effects import effect_of, reads, unordered
from adaptive_jit.effects.register import forget_all
from adaptive_jit.effects.resolve import forget_proofs
from adaptive_jit.records.effects import EffectKind, Source

BASE = "http://service/"
FOLDER = Path("/data")
LIMITS = {"small": 10, "large": [20, 30]}
client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
web = httpx.Client()
log = logging.getLogger("proofs")


@pytest.fixture(autouse=True)
def _forget():
    forget_proofs()
    yield
    forget_proofs()
    forget_all()


def ask(model, question):
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content


def ask_with_history(model, messages):
    answer = client.chat.completions.create(model=model, messages=messages)
    return answer.choices[0].message.content


def ask_and_strip(question):
    """Through two functions to the SDK."""
    return _stripped(ask("small", question))


def _stripped(text):
    return text.strip() if text else ""


def embed(texts):
    found = client.embeddings.create(model="e", input=texts)
    return [entry.embedding for entry in found.data]


def fetch(url):
    return httpx.get(url).json()["x"]


def fetch_checked(path, retries=3):
    response = web.get(BASE + path, timeout=5.0)
    response.raise_for_status()
    return response.json()


def fetch_with_retry(url):
    for attempt in range(3):
        try:
            return httpx.get(url).text
        except httpx.HTTPError as error:
            log.warning("attempt %d failed: %s", attempt, error)
            time.sleep(2**attempt)
    raise ValueError(f"no answer from {url}")


def fetch_all(urls):
    found = {}
    for number, url in enumerate(urls):
        response = httpx.get(url)
        if response.status_code == 404:
            continue
        found[url] = {"n": number, "text": response.text}
    return found


def with_client(url):
    with httpx.Client() as session:
        return session.get(url).text


def complete_over_http(host, prompt):
    payload = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    response = httpx.post(f"{host}/v1/chat/completions", json=payload, timeout=60)
    return response.json()["choices"][0]["message"]["content"]


def load(path):
    return json.loads(Path(path).read_text())


def load_named(name):
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def read_open(path):
    with open(path) as file:
        return file.read()


def load_open(path):
    with open(path) as file:
        return json.load(file)


def load_answer(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def lines(path):
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                found.append(line.rstrip())
    return found


def wait_and_return(value):
    time.sleep(0.2)
    return value


def wait_in_branches(value):
    if value > 3:
        time.sleep(0.1)
    else:
        time.sleep(0.2)
    return value * 2


def compute(rows, key="k"):
    groups = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row["v"])
    return {name: sum(values) / len(values) for name, values in groups.items()}


def words(text, limit=None):
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return top[:limit]


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def is_even(n):
    return n == 0 or is_odd(n - 1)


def is_odd(n):
    return n != 0 and is_even(n - 1)


def closures(values, factor):
    def scale(value, by=2):
        return value * factor * by

    return [scale(value) for value in values]


def formatted(name, amount):
    return f"{name!r:>10} owes {amount:.2f}" + " and %s" % name + " {}".format(amount)


def matched_plainly(value):
    match value:
        case {"kind": "a", "x": x}:
            return x
        case [first, *_]:
            return first
        case _:
            return None


def parse_and_add(text, extra):
    data = json.loads(text)
    data["extra"] = extra
    data["list"].append(extra)
    return data


def guarded(items):
    if not isinstance(items, list):
        raise TypeError(f"a list, not {items}")
    if not items:
        raise LookupError("empty")
    first, *rest = items
    total = 0
    while rest:
        total += len(rest)
        rest = rest[1:]
    try:
        return first[0] + total
    except (KeyError, IndexError, TypeError) as error:
        return f"no: {error}"
    finally:
        del total


def limits(name):
    return LIMITS[name]


def environment(name):
    return os.environ[name]


@dataclasses.dataclass
class Answer:
    text: str
    tags: list = dataclasses.field(default_factory=list)


def make_answer(url):
    return Answer(httpx.get(url).text)


class Agent:
    retries = 2

    def __init__(self, base):
        self.client = httpx.Client()
        self.base = base
        self.__secret = "s"

    @property
    def root(self):
        return self.base + "/api"

    @staticmethod
    def _clean(text):
        return text.strip()

    @classmethod
    def _suffix(cls, number):
        return f"?n={number}"

    def text(self, path):
        return self._clean(self.client.get(self.root + path + self._suffix(1)).text)

    def private(self):
        return self.client.get(self.__secret).text


class Page:
    __slots__ = ("url",)

    def __init__(self, url):
        self.url = url


def of_page(page):
    return httpx.get(page.url).text


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        log.info("calling")
        return function(*args, **kwargs)

    return wrapper


@traced
def traced_fetch(url, *, timeout=3.0):
    return httpx.get(url, timeout=timeout).text


partial_fetch = functools.partial(traced_fetch, timeout=9.0)


def apply(function, value):
    return function(value)


READS, UNORDERED, PURE, WRITES = (
    EffectKind.READS, EffectKind.UNORDERED, EffectKind.PURE, EffectKind.WRITES,
)  # fmt: skip

CASES = [
    (ask, ("m", "q"), UNORDERED, "http"),
    (ask_with_history, ("m", [{"role": "user", "content": "q"}]), UNORDERED, "http"),
    (ask_and_strip, ("q",), UNORDERED, "http"),
    (embed, (["a", "b"],), UNORDERED, "http"),
    (fetch, ("http://h/",), READS, "http"),
    (fetch_checked, ("p",), READS, "http"),
    (fetch_with_retry, ("http://h/",), READS, "http"),
    (fetch_all, (["http://h/"],), READS, "http"),
    (with_client, ("http://h/",), READS, None),
    (complete_over_http, ("http://h", "q"), UNORDERED, "http"),
    (load, ("p.json",), READS, "files"),
    (load, (Path("p.json"),), READS, "files"),
    (load_named, ("n",), READS, "files"),
    (read_open, ("p",), READS, "files"),
    (load_open, ("p",), READS, "files"),
    (load_answer, ("http://h/",), READS, "http"),
    (lines, ("p",), READS, "files"),
    (wait_and_return, (1,), UNORDERED, None),
    (wait_in_branches, (1,), UNORDERED, None),
    (compute, ([{"k": 1, "v": 2}],), READS, "memory"),
    (words, ("a b a",), PURE, None),
    (factorial, (5,), PURE, None),
    (is_even, (5,), PURE, None),
    (closures, ([1, 2], 3), READS, "memory"),
    (formatted, ("n", 1.5), PURE, None),
    (matched_plainly, ({"kind": "a", "x": 1},), READS, "memory"),
    (parse_and_add, ("{}", "e"), PURE, None),
    (guarded, ([[1], 2],), READS, "memory"),
    (limits, ("small",), READS, "memory"),
    (environment, ("HOME",), READS, "memory"),
    (make_answer, ("http://h/",), READS, "http"),
    (Agent("http://h").text, ("/p",), READS, "http"),
    (Agent("http://h").private, (), READS, "http"),
    (of_page, (Page("http://h"),), READS, "http"),
    (traced_fetch, ("http://h/",), READS, "http"),
    (partial_fetch, ("http://h/",), READS, "http"),
    (apply, (fetch, "http://h/"), READS, "http"),
]


@pytest.mark.parametrize(
    ("helper", "args", "kind", "resource"),
    CASES,
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_helper_made_of_known_parts_is_proved(helper, args, kind, resource):
    """The class of the whole is the highest of its parts."""
    effect = effect_of(helper, args, {})
    assert (effect.kind, effect.resource) == (kind, resource), effect.reason
    assert effect.source is Source.PROVED
    assert effect.reason.startswith("proved: ")


def test_a_helper_over_declared_functions_is_proved():
    """What the user vouches for counts inside other functions too."""

    @reads("orders")
    def search(query):
        return unknown_to_us(query)

    def first(query):
        return search(query + "!")

    effect = effect_of(first, ("q",), {})
    assert (effect.kind, effect.resource) == (EffectKind.READS, "orders")


def test_what_depends_on_a_list_is_not_pure():
    """Code that is not known may change the list before the call's turn comes."""

    def total(values):
        return sum(values)

    assert effect_of(total, (frozenset({1}),), {}).kind is EffectKind.PURE
    assert effect_of(total, ([1, 2],), {}).kind is EffectKind.READS
    assert effect_of(total, ((1, 2),), {}).kind is EffectKind.READS


def test_the_highest_part_decides():
    """A helper that reads and asks a model is unordered, and says which call made it so."""

    def both(url):
        return ask("m", httpx.get(url).text)

    effect = effect_of(both, ("http://h/",), {})
    assert effect.kind is EffectKind.UNORDERED
    assert "completions" in effect.reason.lower()


def test_a_file_writer_is_a_known_write():
    """It stays in its turn, but stops only what does not commute with files."""

    def save(path, text):
        Path(path).write_text(text)

    effect = effect_of(save, ("p", "t"), {})
    assert (effect.kind, effect.resource) == (EffectKind.WRITES, "files")


def test_a_json_file_that_is_written_is_a_known_write():
    """Through `json.dump`, on a file that the helper opened."""

    def save(path, value):
        with open(path, "w") as file:
            json.dump(value, file)

    effect = effect_of(save, ("p", {"a": 1}), {})
    assert (effect.kind, effect.resource) == (EffectKind.WRITES, "files"), effect.reason


def test_a_helper_that_reads_and_prints_is_a_console_write():
    """Nothing of it may start early."""

    def shout(url):
        print(httpx.get(url).text)

    effect = effect_of(shout, ("http://h/",), {})
    assert (effect.kind, effect.resource) == (EffectKind.WRITES, "console")
    assert not effect.may_start_early


def test_receivers_pass_on_lane_and_watch():
    """A proof over a client runs in the client's lane and is watched as the client is."""
    direct = effect_of(web.get, ("http://h/",), {})
    proved = effect_of(fetch_checked, ("p",), {})
    assert proved.lane is direct.lane is not None
    assert proved.watch is direct.watch is not None


def test_two_receivers_are_watched_as_one():
    """Both clients have to be left unchanged, and neither may be used at the same time."""
    first, second = httpx.Client(), httpx.Client()

    def both(url):
        return first.get(url).text + second.get(url).text

    effect = effect_of(both, ("http://h/",), {})
    assert isinstance(effect.lane, tuple)
    token = effect.watch.before()
    assert not effect.watch.changed(token)
    second.cookies.set("a", "b")
    assert effect.watch.changed(token)


def test_proofs_follow_the_receiver():
    """One proof serves agents with clients of their own; each brings its own lane."""
    one, two = Agent("http://one"), Agent("http://two")
    first, second = effect_of(one.text, ("/",), {}), effect_of(two.text, ("/",), {})
    assert first.kind is second.kind is EffectKind.READS
    assert first.lane is not second.lane
    assert effect_of(one.text, ("/",), {}).lane is first.lane


def test_arguments_that_are_only_read_are_left():
    """A list of messages sent to the SDK comes back unchanged and is not kept."""
    assert effect_of(ask_with_history, ("m", [{"role": "user"}]), {}).leaves_arguments


def test_arguments_that_are_returned_are_not_left():
    """Their identity could be seen."""

    def last(messages):
        return messages[-1]

    assert not effect_of(last, ([{"a": 1}],), {}).leaves_arguments
    assert effect_of(last, ("text",), {}).leaves_arguments


def test_arguments_handed_to_keepers_are_not_left():
    """A declared function that may keep them; an exception and a record that hold them."""

    @reads
    def keeps(messages):
        unknown_to_us(messages)

    def hands_on(messages):
        return keeps(messages) is None

    def complains(messages):
        if not messages:
            raise ValueError(messages)
        return 1

    def records(messages):
        return Answer("a", messages) is None

    for helper in (hands_on, complains, records):
        effect = effect_of(helper, ([{"a": 1}],), {})
        assert effect.may_start_early, effect.reason
        assert not effect.leaves_arguments, helper.__name__


def test_plain_results_are_promised():
    """JSON is made of exact builtins; an object of the user is not."""
    assert effect_of(fetch, ("http://h/",), {}).builtin_result
    assert not effect_of(make_answer, ("http://h/",), {}).builtin_result


def test_defaults_and_keywords_bind_as_python_binds_them():
    """The default of `retries`, a keyword for `path`."""
    assert effect_of(fetch_checked, (), {"path": "p"}).kind is EffectKind.READS


def test_closures_share_the_proof_of_their_code():
    """Each call of a factory makes a new function; none is proved twice."""
    from adaptive_jit.effects import resolve

    def factory():
        def inner(url):
            return httpx.get(url).text

        return inner

    functions = [factory() for _ in range(5)]
    for function in functions:
        assert effect_of(function, ("http://h/",), {}).kind is EffectKind.READS
    found = [resolve._proofs[id(function)].found for function in functions]
    assert all(proofs == found[0] for proofs in found)


def test_unordered_functions_may_be_called_with_anything_plain():
    """A declared callee's result may be moved about."""

    @unordered
    def complete(prompt):
        return unknown_to_us(prompt)

    def ensemble(prompt):
        return [complete(prompt) for _ in range(3)]

    assert effect_of(ensemble, ("p",), {}).kind is EffectKind.UNORDERED


def unknown_to_us(value):
    raise NotImplementedError(value)
