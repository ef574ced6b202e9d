"""Functions made of the standard library need no declaration; their writing twins are writes."""

from __future__ import annotations

import configparser
import csv
import glob
import gzip
import hashlib
import html
import io
import itertools
import json
import operator
import os
import pickle
import re
import shutil
import statistics
import subprocess
import tempfile
import textwrap
import tomllib
import urllib.error
import urllib.request
import uuid
import zipfile
from collections import Counter, defaultdict
from datetime import datetime
from functools import reduce
from operator import attrgetter, itemgetter
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlparse
from xml.etree import ElementTree as ET

import httpx
import pytest
import requests

from adaptive_jit.effects import effect_of
from adaptive_jit.records.effects import EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind


def number(text):
    found = re.search(r"(\d+)", text)
    return int(found.group(1)) if found else None


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def first_column(path):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        next(reader)
        return [row[0] for row in reader]


def packed_lines(path):
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def archived(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def folder(path):
    return [json.loads(one.read_text()) for one in Path(path).glob("*.json")]


def texts(path):
    found = {}
    for name in sorted(glob.glob(path + "/*.txt")):
        with open(name) as file:
            found[os.path.basename(name)] = file.read()
    return found


def size(path):
    total = 0
    for root, _, files in os.walk(path):
        for name in files:
            total += os.path.getsize(os.path.join(root, name))
    return total


def host(url):
    parts = urlparse(url)
    return parts.netloc or parts.path


def frequent(text):
    return Counter(text.split()).most_common(3)


def grouped(values):
    groups = defaultdict(list)
    for value in values:
        groups[value % 3].append(value)
    return sorted(groups.items(), key=itemgetter(0))


def counted(text):
    found = defaultdict(int)
    for word in text.split():
        found[word] += 1
    return dict(found)


def runs(text):
    return [(key, len(list(part))) for key, part in itertools.groupby(sorted(text))]


def merged(text):
    return list(itertools.islice(itertools.chain(text, itertools.repeat("x")), 3))


def multiplied(values):
    return reduce(operator.mul, values, 1) + reduce(lambda a, b: a + b, values)


def summary(values):
    return statistics.mean(values), statistics.stdev(values)


def letter(name):
    return textwrap.dedent(Template("  Dear $name").substitute(name=html.escape(name)))


def day(text):
    return datetime.strptime(text, "%Y-%m-%d").strftime("%d.%m.%Y")  # noqa: DTZ007


def identity(_):
    return uuid.uuid4().hex


def buffered(text):
    buffer = io.StringIO(text)
    return buffer.read().strip()


def items(text):
    found = []
    for item in ET.fromstring(text).iter("item"):
        title = item.find("title")
        if title is not None:
            found.append((title.text, item.get("id"), item.findtext("link")))
    return found


def feed(path):
    return [one.text for one in ET.parse(path).getroot().findall("title")]


def entries(path):
    return sorted(entry.name for entry in os.scandir(path) if entry.is_file())


def newest(path):
    return [one.name for one in sorted(Path(path).iterdir(), key=lambda one: -one.stat().st_size)]


def digest(path, size=4096):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(size):
            found.update(block)
    return found.hexdigest()


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {one.filename: one.file_size for one in archive.infolist()}


def section(path, name="main"):
    parser = configparser.ConfigParser()
    parser.read(path)
    return dict(parser[name])


def port(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser.getint("main", "port", fallback=80)


def settings(path):
    found = {"debug": False}
    found.update(tomllib.loads(Path(path).read_text()).get("default", {}))
    return found


def opened_settings(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


READING = [
    (newest, "p", READS, "files"),
    (digest, "p", READS, "files"),
    (members, "p", READS, "files"),
    (section, "p", READS, "files"),
    (port, "[main]", PURE, None),
    (settings, "p", READS, "files"),
    (opened_settings, "p", READS, "files"),
    (entries, "p", READS, "files"),
    (items, "<a><item id='1'><title>x</title></item></a>", PURE, None),
    (feed, "p", READS, "files"),
    (number, "a 1", PURE, None),
    (rows, "p", READS, "files"),
    (first_column, "p", READS, "files"),
    (packed_lines, "p", READS, "files"),
    (archived, "p", READS, "files"),
    (folder, "p", READS, "files"),
    (texts, "p", READS, "files"),
    (size, "p", READS, "files"),
    (host, "http://h/x", PURE, None),
    (frequent, "a b a", PURE, None),
    (grouped, [1, 2, 3], READS, "memory"),
    (counted, "a b", PURE, None),
    (runs, "aab", PURE, None),
    (merged, "ab", PURE, None),
    (multiplied, [1, 2], READS, "memory"),
    (summary, [1, 2], READS, "memory"),
    (letter, "A", PURE, None),
    (day, "2026-01-01", PURE, None),
    (identity, 1, UNORDERED, None),
    (buffered, "a", PURE, None),
]


@pytest.mark.parametrize(
    ("function", "argument", "expected", "resource"),
    READING,
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_helper_over_the_standard_library_is_proved(
    function: Any, argument: Any, expected: EffectKind, resource: str | None
) -> None:
    """The class of the whole is the highest of its parts."""
    found = effect_of(function, (argument,), {})
    assert (found.kind, found.resource) == (expected, resource), found.reason


def unmatched(text):
    found = re.match("a", text)
    if found:
        return 1
    os.remove(text)
    return 2


def taken_while(path):
    return list(itertools.takewhile(os.remove, [path]))


def made_when_missing(path):
    found = defaultdict(lambda: os.remove(path))
    return found["x"]


def folded(paths):
    return reduce(lambda _, path: os.remove(path), paths, None)


def sorted_by_removal(paths):
    return list(itertools.groupby(paths, key=os.remove))


def archive_written(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")


def packed(path):
    with gzip.open(path, "wt") as file:
        file.write("x")


def copied(path):
    shutil.copy(path, path + ".old")


def in_bytes(path):
    return [name.decode("a-codec-of-the-user") for name in os.listdir(path)]


def rows_written(path, rows=({"a": 1},)):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["a"])
        writer.writeheader()
        for row in rows:
            writer.writerow(row)


def test_settings_read_into_a_parser_that_others_hold_are_a_write():
    """Each file adds to what was read before."""
    found = effect_of(read_into_all, ("p",), {})
    assert found.kind >= WRITES, found.reason


def test_times_in_settings_are_not_promised_to_be_builtin():
    """A TOML file may hold dates."""
    found = effect_of(opened_settings, ("p",), {})
    assert not found.builtin_result


def test_rows_are_a_known_write():
    """It stays in its turn, and unordered operations may pass."""
    found = effect_of(rows_written, ("p",), {})
    assert (found.kind, found.resource) == (WRITES, "files"), found.reason


WRITING = [
    (rows_written, "p"),
    (unmatched, "p"),
    (taken_while, "p"),
    (made_when_missing, "p"),
    (folded, ["p"]),
    (sorted_by_removal, ["p"]),
    (archive_written, "p"),
    (packed, "p"),
    (copied, "p"),
    (in_bytes, b"p"),
]


@pytest.mark.parametrize(
    ("function", "argument"), WRITING, ids=lambda part: getattr(part, "__name__", "")
)
def test_a_helper_that_writes_on_one_of_its_ways_writes(function: Any, argument: Any) -> None:
    """Also where the write is in a function handed to a tool, or behind a match that fails."""
    found = effect_of(function, (argument,), {})
    assert found.kind >= WRITES, found.reason


def unpickled(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def revision(path):
    return subprocess.run(["git", "-C", path, "log"], capture_output=True).stdout


def of_a_file(file):
    return list(csv.reader(file))


def scratch(_):
    with tempfile.TemporaryDirectory() as path:
        return path


SUM = hashlib.sha256()
PARSER = configparser.ConfigParser()


def digest_of_all(text):
    SUM.update(text.encode())
    return SUM.hexdigest()


def read_into_all(path):
    return len(PARSER.read(path))


def converted(text):
    return tomllib.loads(text, parse_float=os.remove)


def interpolated(path):
    parser = configparser.ConfigParser(converters={"path": os.remove})
    parser.read(path)
    return parser


def of_a_device(_):
    parser = configparser.ConfigParser()
    parser.read("/dev/stdin")
    return parser.sections()


def getting(rows):
    return sorted(rows, key=attrgetter("__class__"))


def looked_at(text):
    found = defaultdict(list)
    return found.default_factory(text)


@pytest.mark.parametrize(
    "function",
    [
        *(unpickled, revision, of_a_file, scratch, getting, looked_at, digest_of_all),
        *(converted, interpolated, of_a_device),
    ],
)
def test_a_helper_that_may_do_anything_is_unknown(function: Any) -> None:
    """Programs, pickles, streams of others: the reason names what and where."""
    argument: Any = open(os.devnull) if function is of_a_file else "p"
    found = effect_of(function, (argument,), {})
    if function is of_a_file:
        argument.close()
    assert found.kind is UNKNOWN
    assert "line" in found.reason


@pytest.mark.parametrize(
    "callee", [subprocess.run, subprocess.check_output, subprocess.Popen, os.system, os.popen]
)
def test_starting_a_program_says_which_line_to_write(callee: Any) -> None:
    """Nobody but the user knows what it does."""
    found = effect_of(callee, (["ls"],), {})
    assert found.kind is UNKNOWN
    assert "@reads" in found.reason


def test_uuids_from_the_system_are_unordered_and_those_from_the_clock_ordered() -> None:
    """Nobody can see in which order the system's source was asked."""
    assert effect_of(uuid.uuid4, (), {}).kind is UNORDERED
    assert effect_of(uuid.uuid1, (), {}).kind is UNKNOWN
    assert effect_of(uuid.uuid5, (uuid.NAMESPACE_DNS, "h"), {}).kind is PURE


def test_elements_of_an_argument_are_not_taken_for_fresh() -> None:
    """What an iterator hands on belongs to the argument."""

    def first(lists):
        return next(itertools.chain(lists, []))

    def chosen(lists):
        return next(itertools.compress(lists, [1]))

    for function in (first, chosen):
        found = effect_of(function, ([[1]],), {})
        assert found.may_start_early, found.reason
        assert not found.leaves_arguments


def test_a_dict_with_a_factory_is_not_promised_to_be_a_dict() -> None:
    """It is returned as what it is."""

    def made(text):
        found = defaultdict(list)
        found[text].append(1)
        return found

    assert not effect_of(made, ("a",), {}).builtin_result


def status(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def status_of_either(url):
    try:
        return httpx.get(url).raise_for_status().json()
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 404:
            return None
        raise


def answered(url):
    try:
        requests.get(url).raise_for_status()
    except requests.HTTPError as error:
        return error.response.text if error.response is not None else ""


@pytest.mark.parametrize("function", [status, status_of_either, answered])
def test_what_an_error_of_a_library_holds_may_be_read(function: Any) -> None:
    """The answer that was refused, its status."""
    found = effect_of(function, ("http://127.0.0.1:9/",), {})
    assert (found.kind, found.resource) == (READS, "http"), found.reason


def of_several(url):
    try:
        return requests.get(url).json()
    except (requests.HTTPError, ValueError) as error:
        return error.response


def of_a_builtin(url):
    try:
        return requests.get(url).json()
    except ValueError as error:
        return error.response


def of_one_or_the_other(url):
    kept = None
    try:
        requests.get(url).raise_for_status()
    except requests.HTTPError as error:
        kept = error
    except ValueError as error:
        kept = error
    return kept.response.text


@pytest.mark.parametrize("function", [of_several, of_a_builtin, of_one_or_the_other])
def test_what_other_errors_hold_is_not_known(function: Any) -> None:
    """One that has no such attribute would raise, or run code of its own."""
    found = effect_of(function, ("http://127.0.0.1:9/",), {})
    assert found.kind is UNKNOWN
    assert "response" in found.reason


def configured(name):
    return int(os.environ[name]) if name in os.environ else 80


def same_settings(name):
    return os.environ == name


def configured_by(names, name):
    return name in names


class Names:
    """A container of the user's."""

    def __contains__(self, name):
        return bool(HOLDS)


HOLDS: list[str] = []


def test_whether_a_variable_is_set_is_read() -> None:
    """The program may set it before; other containers run their own code."""
    found = effect_of(configured, ("PORT",), {})
    assert (found.kind, found.resource) == (READS, "memory"), found.reason
    assert effect_of(configured_by, (Names(), "PORT"), {}).kind is UNKNOWN
    assert effect_of(same_settings, ("PORT",), {}).kind is UNKNOWN
