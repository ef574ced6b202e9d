"""Everything that helpers act on, made anew for each run, and what a run left of it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from quality.corpus.contents import contents_of_folder, dump, dump_warehouse, write_warehouse
from quality.corpus.service import Service
from world.freezing import freeze

PACKAGE = "quality.helpers"
PROGRAMS = "quality.programs"
ADDRESSES = {
    "http_requests": "API",
    "http_httpx": "BASE_URL",
    "http_urllib": "ROOT",
    "scraping": "SITE",
    "retrying": "URL",
    "caching": "HOST",
    "tracking": "WEB",
    "pacing": "SHOP",
}
LIBRARIES = {
    "chat_openai": ("openai",),
    "chat_anthropic": ("anthropic",),
    "http_requests": ("requests",),
    "http_httpx": ("httpx",),
    "sql_alchemy": ("sqlalchemy",),
    "sql_postgres": ("psycopg",),
    "s3_store": ("boto3",),
    "scraping": ("requests", "bs4"),
    "retrying": ("requests", "tenacity", "backoff"),
    "caching": ("requests",),
    "tracking": ("requests",),
    "pacing": ("requests",),
    "shopping": ("requests",),
}


def missing(module: str) -> str | None:
    """Return a library that *module* needs and that is not installed."""
    for name in LIBRARIES.get(module, ()):
        if importlib.util.find_spec(name) is None:
            return name
    return None


@dataclass
class Seen:
    """What one call showed and left."""

    value: Any = None
    exception: Any = None
    printed: str = ""
    logged: list[str] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    requests: Any = None
    peak: int = 0


@contextlib.contextmanager
def logging_to(stream: IO[str]) -> Iterator[None]:
    """Log as a program does that has called ``basicConfig``: by one stock stream handler."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [logging.StreamHandler(stream)]
    root.handlers[0].setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


class Console:
    """What stands for the console: a text stream over a file that nobody can open, and its text."""

    def __init__(self) -> None:
        number, path = tempfile.mkstemp()
        os.unlink(path)
        self.stream: IO[str] = open(number, "w", encoding="utf-8")
        self._reading = open(os.dup(number), encoding="utf-8")

    def text(self) -> str:
        """Return all that was written; the end of it."""
        with self._reading, self.stream:
            self.stream.flush()
            self._reading.seek(0)
            return self._reading.read()


class Environment:
    """A folder, databases, clients and fresh modules; `close` gives everything back."""

    def __init__(self, service: Service, folder: Path, dsn: str | None = None) -> None:
        self.service = service
        self.folder = folder
        self.dsn = dsn
        self.closing = contextlib.ExitStack()
        self._given: dict[str, Any] = {}
        self._prepare()

    def close(self) -> None:
        """Close clients and files."""
        self.closing.close()

    def _prepare(self) -> None:
        self.service.reset()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name, contents in contents_of_folder().items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(contents)
        if self.dsn:
            write_warehouse(self.dsn)
        for name in [one for one in sys.modules if one.startswith((PACKAGE + ".", PROGRAMS + "."))]:
            package, _, last = name.rpartition(".")
            del sys.modules[name]
            vars(sys.modules[package]).pop(
                last, None
            )  # `from package import last` looks here first
        random.seed(20)

    def module(self, name: str, package: str = PACKAGE) -> types.ModuleType:
        """Return a fresh module of helpers or programs, pointed at this environment."""
        module = sys.modules.get(f"{package}.{name}")
        if module is None:
            module = importlib.import_module(f"{package}.{name}")
            for one, found in list(sys.modules.items()):
                if one.startswith(PACKAGE + "."):
                    self._point(one.rpartition(".")[2], found)
        return module

    def _point(self, name: str, module: types.ModuleType) -> None:
        if constant := ADDRESSES.get(name):
            setattr(module, constant, self.service.url)
        values = {
            "sql_sqlite": {"DB": str(self.folder / "shop.db")},
            "sql_postgres": {"DSN": self.dsn},
            "files": {"ROOT": str(self.folder)},
            "caching": {"FOLDER": str(self.folder)},
            "s3_store": {"ENDPOINT": f"{self.service.url}/s3"},
        }
        for constant, value in values.get(name, {}).items():
            setattr(module, constant, value)

    def given(self, name: str) -> Any:
        """Return the client, connection or object called *name*, made when first asked for."""
        if name not in self._given:
            self._given[name] = getattr(self, f"_make_{name}")()
        return self._given[name]

    def _open(self, thing: Any) -> Any:
        self.closing.callback(thing.close)
        return thing

    def _make_oai(self) -> Any:
        import openai

        url = f"{self.service.url}/v1"
        return self._open(openai.OpenAI(base_url=url, api_key="none", max_retries=0))

    def _make_claude(self) -> Any:
        import anthropic

        url = f"{self.service.url}/anthropic"
        return self._open(anthropic.Anthropic(base_url=url, api_key="none", max_retries=0))

    def _make_assistant(self) -> Any:
        return self.module("chat_openai").Assistant(self.given("oai"))

    def _make_conversation(self) -> Any:
        return self.module("chat_openai").Conversation(self.given("oai"))

    def _make_budget(self) -> Any:
        return self.module("chat_anthropic").Budget(self.given("claude"), 500)

    def _make_session(self) -> Any:
        import requests

        return self._open(requests.Session())

    def _make_web(self) -> Any:
        import httpx

        return self._open(httpx.Client(base_url=self.service.url))

    def _make_seen(self) -> Any:
        return []

    def _make_hooked(self) -> Any:
        import httpx

        seen = self.given("seen")
        hooks = {"response": [lambda response: seen.append(response.url.path)]}
        return self._open(httpx.Client(base_url=self.service.url, event_hooks=hooks))

    def _make_forecast(self) -> Any:
        made = self.module("http_httpx").WeatherClient(self.service.url)
        self._open(made._http)
        return made

    def _make_login(self) -> Any:
        made = self.module("http_httpx").LoginClient(self.service.url)
        self._open(made.http)
        return made

    def _make_folder(self) -> Any:
        return str(self.folder)

    def _make_conn(self) -> Any:
        return self._open(sqlite3.connect(self.folder / "shop.db"))

    def _make_shop(self) -> Any:
        made = self.module("sql_sqlite").Shop(str(self.folder / "shop.db"))
        self._open(made.conn)
        return made

    def _make_engine(self) -> Any:
        import sqlalchemy

        engine = sqlalchemy.create_engine(f"sqlite:///{self.folder}/shop.db")
        self.closing.callback(engine.dispose)
        return engine

    def _make_unit(self) -> Any:
        from sqlalchemy.orm import Session

        return self._open(Session(self.given("engine")))

    def _make_memory(self) -> Any:
        engine = self.module("sql_alchemy").memory_engine()
        self.closing.callback(engine.dispose)
        return engine

    def _make_warehouse(self) -> Any:
        import psycopg

        return self._open(psycopg.connect(self.dsn))

    def _make_handle(self) -> Any:
        return self._open(open(self.folder / "one.txt", encoding="utf-8"))

    def _make_s3(self) -> Any:
        import boto3
        from botocore.config import Config

        return self._open(
            boto3.session.Session().client(
                "s3",
                endpoint_url=f"{self.service.url}/s3",
                region_name="eu-west-1",
                aws_access_key_id="a",
                aws_secret_access_key="b",
                config=Config(
                    s3={"addressing_style": "path"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        )

    def _make_bucket(self) -> Any:
        return self.module("s3_store").Bucket(self.given("s3"))

    def _make_breaker(self) -> Any:
        return self.module("retrying").CircuitBreaker()

    def _make_values(self) -> Any:
        return list(range(30))

    def _make_options(self) -> Any:
        return {"verbose": True}

    def _make_metrics(self) -> Any:
        return self.module("tracking").Metrics()

    # ------------------------------------------------------------------ observation

    def observe(self, function: Any, *arguments: Any) -> Seen:
        """Call *function* and return what it showed, and what it left behind."""
        seen = Seen()
        self.service.requests, self.service.writes = [], []
        self.service.visits.clear()
        self.service.peak = 0
        printed, logged = Console(), Console()
        try:
            with contextlib.redirect_stdout(printed.stream), logging_to(logged.stream):
                seen.value = freeze(function(*arguments))
        except Exception as error:
            seen.exception = (type(error).__name__, str(error))
        seen.printed = printed.text()
        lines = logged.text().splitlines()
        seen.logged = [line for line in lines if not line.startswith("INFO adaptive_jit ")]
        seen.writes = list(self.service.writes)
        seen.requests = self.service.all()
        seen.peak = self.service.peak
        seen.state = self._state()
        return seen

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "files": {
                str(one.relative_to(self.folder)): one.read_bytes() if one.is_file() else None
                for one in sorted(self.folder.rglob("*"))
                if one.suffix != ".db"
            },
            "database": dump(self.folder / "shop.db"),
            "objects": dict(self.service.objects),
            "random": hash(random.getstate()),
            "folder": os.getcwd(),
        }
        if self.dsn:
            state["warehouse"] = dump_warehouse(self.dsn)
        for name, module in list(sys.modules.items()):
            if name.startswith(PACKAGE + "."):
                state[name] = {key: _shown(value) for key, value in vars(module).items()}
        state["given"] = {key: _shown(value) for key, value in self._given.items()}
        return state


_KEPT = (int, str, list, dict, set, tuple, float)


def _shown(value: Any) -> Any:
    """Return the plain state of a helper's module, function or object; times are left out."""
    if isinstance(value, types.FunctionType) and value.__module__.startswith(PACKAGE):
        kept = {k: v for k, v in vars(value).items() if isinstance(v, int)}
        return _frozen((kept, value.__defaults__))
    if type(value).__module__.startswith(PACKAGE):
        return _frozen({k: v for k, v in vars(value).items() if isinstance(v, _KEPT)})
    return _frozen(value) if type(value) in _KEPT and not hasattr(value, "__loader__") else None


def _frozen(value: Any) -> str:
    frozen = repr(freeze(value, 5))
    return re.sub(r"\('float', '[^']*'\)| at 0x[0-9a-f]+", "", frozen)
