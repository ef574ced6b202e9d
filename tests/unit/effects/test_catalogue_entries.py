"""Each entry of the catalogue against the installed library: the name is there, the effect right."""

from __future__ import annotations

import datetime as dt
import email.message
import hashlib
import http.client
import importlib
import io
import json
import logging
import os
import pathlib
import random
import re
import sys
from importlib.util import find_spec
from types import BuiltinMethodType, MethodType
from typing import Any

import httpx
import openai
import pytest
import requests
from data_receivers import data_arguments, data_receiver
from database_receivers import database_arguments, database_receiver
from sdk_receivers import sdk_arguments, sdk_receiver, skip_if_absent

from adaptive_jit.effects.catalogue import lookup, type_named, type_rule
from adaptive_jit.effects.catalogue_load import FILES, FOLDER, _expanded, read, shelf
from adaptive_jit.effects.catalogue_names import Guard, resolve
from adaptive_jit.records.effects import EffectKind

URL = "http://127.0.0.1:9/items"
CLIENT = openai.OpenAI(api_key="none")
NAMES = sorted(set(FILES.values()))


def _entries() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (file, name, entry)
        for file in NAMES
        for entry in read(file).get("calls", ())
        for name in _expanded(entry["names"])
        if not _is_elsewhere(name)
    ]


def _is_elsewhere(name: str) -> bool:
    """Names of other systems and versions: shown by the test of modules instead."""
    return name in {"pathlib:WindowsPath", "math:cbrt", "math:exp2"} and not _exists(name)


def _exists(name: str) -> bool:
    module, _, path = name.partition(":")
    return hasattr(importlib.import_module(module), path.partition(".")[0])


def _answer(library: Any) -> Any:
    request = library.Request("GET", URL)
    return library.Response(200, json={"a": 1}, request=request)


def _requests_answer() -> requests.Response:
    answer = requests.Response()
    answer.status_code = 200
    answer._content = b'{"a": 1}'
    return answer


def _http_response() -> http.client.HTTPResponse:
    class Socket:
        def makefile(self, mode: str) -> io.BytesIO:
            return io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    response = http.client.HTTPResponse(Socket())  # type: ignore[arg-type]
    response.begin()
    assert isinstance(response.headers, email.message.Message)
    return response


def _receiver(owner: type) -> Any:
    stored = data_receiver(owner)
    if stored is None:
        stored = database_receiver(owner)
    if stored is None:
        stored = sdk_receiver(owner)
    if stored is not None:
        return stored
    httpx2 = sys.modules.get("httpx2")
    makers: dict[type, Any] = {
        httpx.Client: httpx.Client,
        httpx.Response: lambda: _answer(httpx),
        httpx.Headers: httpx.Headers,
        requests.Session: requests.Session,
        requests.Response: _requests_answer,
        openai.OpenAI: lambda: CLIENT,
        http.client.HTTPResponse: _http_response,
        io.TextIOWrapper: lambda: io.TextIOWrapper(io.BytesIO()),
        io.BufferedReader: lambda: io.BufferedReader(io.BytesIO()),
        io.BufferedWriter: lambda: io.BufferedWriter(io.BytesIO()),
        logging.Logger: lambda: logging.getLogger("adaptive_jit.test"),
        pathlib.Path: lambda: pathlib.Path("some/file"),
        random.Random: random.Random,
        dt.datetime: lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.date: lambda: dt.date(2026, 1, 1),
        dt.timedelta: dt.timedelta,
        re.Pattern: lambda: re.compile("a"),
        re.Match: lambda: re.match("a", "a"),
        type(hashlib.sha256()): hashlib.sha256,
        type(os.environ): lambda: os.environ,
        requests.structures.CaseInsensitiveDict: requests.structures.CaseInsensitiveDict,
        range: lambda: range(3),
    }
    if httpx2 is not None:
        makers[httpx2.Client] = httpx2.Client
        makers[httpx2.Response] = lambda: _answer(httpx2)
        makers[httpx2.Headers] = httpx2.Headers
    if owner.__module__.startswith("openai.resources"):
        return owner(CLIENT)
    return makers.get(owner, owner)()


def _benign(name: str, entry: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    lower = entry.get("lower", "any")
    given = sdk_arguments(name, lower)
    if given is not None:
        return given
    stored = data_arguments(name, lower)
    if stored is None:
        stored = database_arguments(name, lower)
    if stored is not None:
        return stored, {}
    if name.endswith(("isinstance", "issubclass")):
        return (int, int), {}
    if name == "pathlib:Path.open":
        return ("rb",), {}
    if lower in ("print", "type", "open", "path", "log", "log_exception"):
        return ("text",), {}
    if lower == "http":
        return ((URL,), {}) if "verb" in entry else (("PUT", URL), {})
    if lower == "urlopen":
        return (URL,), {}
    if lower == "sdk":
        return (), {"model": "small", "messages": [{"role": "user", "content": "hello"}]}
    return (), {}


@pytest.fixture(autouse=True)
def _everything_is_imported() -> None:
    importlib.import_module("urllib.parse")
    importlib.import_module("copy")
    for lazy in ("responses", "completions", "embeddings", "models", "moderations"):
        getattr(CLIENT, lazy)
    assert CLIENT.chat.completions is not None


@pytest.mark.parametrize(("file", "name", "entry"), _entries(), ids=lambda part: str(part)[:60])
def test_an_entry_is_found_from_its_object_and_has_its_effect(
    file: str, name: str, entry: dict[str, Any]
) -> None:
    """The name exists, its object leads back to the rule, a plain call has the stated effect."""
    skip_if_absent(file)
    importlib.import_module(name.partition(":")[0])
    found = resolve(name)
    receiver = None
    callee = found.value
    if found.owner is not None and not found.is_static:
        receiver = _receiver(found.owner)
        callee = getattr(receiver, found.name)
        assert isinstance(callee, (MethodType, BuiltinMethodType))
    rule = lookup(callee)
    assert rule is not None
    assert rule.value is found.value or rule.value == found.value
    args, kwargs = _benign(name, entry)
    effect = rule.effect(callee, args, kwargs)
    assert effect.kind.name.lower() == entry["effect"], effect.reason
    assert effect.resource == (entry.get("resource") if effect.kind < EffectKind.UNKNOWN else None)
    assert effect.kind is not EffectKind.UNKNOWN or effect.reason


@pytest.mark.parametrize("file", NAMES)
def test_the_inner_functions_that_a_file_relies_on_are_the_library_s_own(file: str) -> None:
    """Each internal name is there and unpatched in the installed versions."""
    skip_if_absent(file)
    data = read(file)
    for name in _expanded(data.get("internals", ())):
        importlib.import_module(name.partition(":")[0])
        resolve(name)
    guard = Guard(_expanded(data.get("internals", ())))
    assert guard.intact(), guard.patched


@pytest.mark.parametrize("file", NAMES)
def test_types_and_their_attributes_exist(file: str) -> None:
    """Each type of a file is a class, each attribute is in the class or set by its instances."""
    data = read(file)
    for name in data.get("types", {}):
        importlib.import_module(name.partition(":")[0])
        rule = type_named(name)
        assert rule is not None, name
        assert rule.kind is not None
        assert type_rule(rule.kind) is rule
        entry = data["types"][name]
        for attribute in {**entry.get("attributes", {}), **entry.get("lazy", {})}:
            assert hasattr(rule.kind, attribute) or attribute in _instance(rule.kind), attribute


def _instance(kind: type) -> dict[str, Any]:
    return getattr(_receiver(kind), "__dict__", {})


def test_named_results_lead_to_type_rules() -> None:
    """Every result that an entry names is a type rule of the catalogue."""
    for file, name, entry in _entries():
        if "result" in entry and (file != "litellm" or find_spec(file) is not None):
            home = entry["result"].partition(":")[0].rpartition("[")[2].rstrip("]")
            importlib.import_module("io" if home == "builtin" else home)
            assert type_named(entry["result"]) is not None, name


def test_each_file_of_the_folder_is_reachable_and_each_reachable_file_exists() -> None:
    """No data file is dead, none is missing from the package."""
    assert {path.stem for path in pathlib.Path(FOLDER).glob("*.toml")} == set(NAMES)


def test_no_library_is_imported_by_the_catalogue() -> None:
    """A shelf of a library that is not imported has rules for nothing."""
    made = shelf("json")
    before = set(sys.modules)
    made.refresh()
    assert set(sys.modules) == before
    assert json.loads is made.by_name["json:loads"].value
