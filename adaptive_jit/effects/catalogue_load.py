"""Reading the catalogue's files, one per library, when the library is first met.

A file is read only for a library that the program has imported itself;
nothing here imports one. Names of parts that the program has not imported yet
stay waiting.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_names import (
    MIXINS,
    Absent,
    Foreign,
    Guard,
    Missing,
    Named,
    resolve,
)
from adaptive_jit.effects.catalogue_rules import Lowering, Rule
from adaptive_jit.effects.receivers import CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "catalogue")

FILES = {
    "_blake2": "hashing",
    "_csv": "storage",
    "_hashlib": "hashing",
    "_io": "files",
    "_operator": "collections",
    "_pickle": "storage",
    "_socket": "processes",
    "_sqlite3": "sqlite3",
    "_statistics": "collections",
    "_struct": "collections",
    "aiohttp": "aiohttp",
    "anthropic": "anthropic",
    "ast": "collections",
    "base64": "stdlib",
    "binascii": "collections",
    "boto3": "boto3",
    "botocore": "boto3",
    "bs4": "bs4",
    "builtins": "builtins",
    "bz2": "storage",
    "collections": "collections",
    "configparser": "config",
    "copy": "stdlib",
    "csv": "storage",
    "datetime": "stdlib",
    "difflib": "collections",
    "fnmatch": "storage",
    "genericpath": "files",
    "glob": "storage",
    "google": "google_genai",
    "gzip": "storage",
    "hashlib": "hashing",
    "html": "collections",
    "http": "urllib",
    "httpx": "httpx",
    "httpx2": "httpx2",
    "io": "files",
    "itertools": "collections",
    "json": "json",
    "langchain_core": "langchain_core",
    "litellm": "litellm",
    "logging": "logging",
    "lzma": "storage",
    "math": "stdlib",
    "ntpath": "files",
    "ollama": "ollama",
    "openai": "openai",
    "operator": "collections",
    "os": "files",
    "pandas": "pandas",
    "pathlib": "files",
    "pickle": "storage",
    "posix": "files",
    "posixpath": "files",
    "psycopg": "psycopg",
    "psycopg_pool": "psycopg",
    "random": "random",
    "re": "stdlib",
    "redis": "redis",
    "requests": "requests",
    "secrets": "collections",
    "shutil": "storage",
    "socket": "processes",
    "sqlalchemy": "sqlalchemy",
    "sqlite3": "sqlite3",
    "statistics": "collections",
    "string": "collections",
    "subprocess": "processes",
    "tempfile": "storage",
    "textwrap": "collections",
    "time": "time",
    "tomllib": "config",
    "unicodedata": "collections",
    "urllib": "urllib",
    "urllib3": "urllib3",
    "uuid": "stdlib",
    "xml": "xml",
    "zipfile": "storage",
    "zlib": "collections",
}
"""Which file speaks for objects whose home is this top module."""

Key = int | tuple[int, str]


class Shelf:
    """The rules and type entries of one catalogue file, filled as their modules appear."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.rules: dict[Key, Rule] = {}
        self.by_name: dict[str, Rule] = {}
        self.types: dict[str, dict[str, Any]] = data.get("types", {})
        self._library: str = data["library"]
        self._guard = Guard(_internals(data))
        self._checks: dict[str, Callable[[Any], Any]] = {}
        self._has_foreign = False
        self._modules_seen = -1
        self._waiting = [
            (name, entry) for entry in data.get("calls", ()) for name in _expanded(entry["names"])
        ]

    @property
    def guard(self) -> Guard:
        """Whether the library's inner functions are its own."""
        return self._guard

    def refresh(self) -> bool:
        """Take in what has become known since the last time; false if nothing could have."""
        if not self._waiting or (len(sys.modules) == self._modules_seen and not self._has_foreign):
            return False
        # Noted at the end only: another thread that asks meanwhile does the same work again
        # instead of finding half of it done.
        modules_seen = len(sys.modules)
        has_foreign = False
        waiting: list[tuple[str, dict[str, Any]]] = []
        for name, entry in self._waiting:
            try:
                found = resolve(name)
            except Missing:
                continue
            except (Absent, Foreign) as reason:
                has_foreign |= isinstance(reason, Foreign)
                waiting.append((name, entry))
                continue
            self._add(name, found, entry)
        self._waiting = waiting
        self._has_foreign = has_foreign
        self._modules_seen = modules_seen
        return True

    def _add(self, name: str, found: Named, entry: dict[str, Any]) -> None:
        owner = None if found.is_static else found.owner
        rule = Rule(
            name,
            found.value,
            owner,
            entry,
            self._guard,
            self._check(entry.get("receiver")),
            lowering(entry.get("lower", "any")),
        )
        self.by_name[name] = rule
        if getattr(found.value, "__module__", None) != f"{MIXINS}.abc":
            self.rules[id(found.value)] = rule
        if owner is not None:
            self.rules[id(owner), found.name] = rule

    def _check(self, name: str | None) -> Callable[[Any], Any] | None:
        if name is None:
            return None
        if name not in self._checks:
            make = CHECKS.get(name)
            if make is None:
                from adaptive_jit.effects.receivers_sdk import SDK_CHECKS

                make = SDK_CHECKS[name]
            self._checks[name] = make(self._library)
        return self._checks[name]


def shelf(name: str) -> Shelf:
    """The file *name*, read once per process."""
    known = _shelves.get(name)
    if known is None:
        known = Shelf(name, read(name))
        _shelves[name] = known
    return known


def read(name: str) -> dict[str, Any]:
    """The data of one file of the catalogue."""
    import tomllib

    with open(os.path.join(FOLDER, f"{name}.toml"), "rb") as file:
        return tomllib.load(file)


def lowering(name: str) -> Lowering:
    """The function behind a lowering's name in the files."""
    if not _lowerings:
        from adaptive_jit.effects import catalogue_console, catalogue_files, catalogue_http
        from adaptive_jit.effects import catalogue_models as models
        from adaptive_jit.effects import catalogue_rules as rules
        from adaptive_jit.effects.lowerings_data import LOWERINGS as DATA
        from adaptive_jit.effects.lowerings_databases import LOWERINGS as DATABASES

        _lowerings.update(
            any=rules.whatever,
            shallow=rules.shallow_arguments,
            exact=rules.exact_arguments,
            plain=rules.plain_arguments,
            checked=rules.checked_receiver,
            isinstance=rules.instance_test,
            type=rules.one_argument,
            open=catalogue_files.open_file,
            path=catalogue_files.on_path,
            read=catalogue_files.has_been_read,
            http=catalogue_http.http,
            sdk=catalogue_http.sdk,
            urlopen=catalogue_http.urlopen,
            print=catalogue_console.prints,
            told=catalogue_console.told,
            log=catalogue_console.logs,
            log_exception=catalogue_console.logs_exception,
            **DATABASES,
            **DATA,
            **models.LOWERINGS,
            **models.RECEIVING,
        )
    return _lowerings[name]


def names_in(data: dict[str, Any]) -> list[str]:
    """All names that the data of a file speak of, one by one."""
    entries = [entry["names"] for entry in data.get("calls", ())]
    return [
        *_expanded(data.get("internals", ())),
        *(name for names in entries for name in _expanded(names)),
        *data.get("types", {}),
    ]


def _internals(data: dict[str, Any]) -> list[str]:
    names: list[str] = list(_expanded(data.get("internals", ())))
    for other in data.get("include", ()):
        names += _internals(read(other))
    return list(dict.fromkeys(names))


def _expanded(names: Any) -> list[str]:
    """``"str:{lower,upper}"``: the names in braces share what stands before them."""
    found: list[str] = []
    for name in names:
        head, brace, tail = name.partition("{")
        if brace:
            found += [head + part.strip() for part in tail.rstrip("}").split(",")]
        else:
            found.append(name)
    return found


_shelves: dict[str, Shelf] = {}
_lowerings: dict[str, Lowering] = {}
