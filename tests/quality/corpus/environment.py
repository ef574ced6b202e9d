"""Everything that helpers act on, made anew for each run, and what a run left of it."""

from __future__ import annotations

import contextlib
import csv
import functools
import gzip
import importlib
import importlib.util
import io
import json
import logging
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import types
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

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
NAMES = ("one", "two", "three", "four")
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
        printed, logged = self._outputs()
        try:
            with printed, logged, contextlib.redirect_stdout(printed), logging_to(logged):
                seen.value = freeze(function(*arguments))
        except Exception as error:
            seen.exception = (type(error).__name__, str(error))
        seen.printed = Path(printed.name).read_text(encoding="utf-8")
        lines = Path(logged.name).read_text(encoding="utf-8").splitlines()
        seen.logged = [line for line in lines if not line.startswith("INFO adaptive_jit ")]
        seen.writes = list(self.service.writes)
        seen.requests = self.service.all()
        seen.peak = self.service.peak
        seen.state = self._state()
        return seen

    def _outputs(self) -> tuple[IO[str], IO[str]]:
        """Open two files that stand for the console, beside the folder that is compared."""
        beside = self.folder.parent
        opened = [open(beside / name, "w", encoding="utf-8") for name in ("printed", "logged")]
        return opened[0], opened[1]

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


@functools.cache
def contents_of_folder() -> dict[str, bytes]:
    """Return what every run finds in its folder, made once."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as made:
        folder = Path(made)
        write_files(folder)
        write_database(folder / "shop.db")
        found = [one for one in folder.rglob("*") if one.is_file()]
        return {str(one.relative_to(folder)): one.read_bytes() for one in found}


def write_files(folder: Path) -> None:
    """Write the files that helpers read."""
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "inner.txt").write_text("inner\n")
    for number, name in enumerate(NAMES, 1):
        lines = "".join(f"{name} line {n}\n" for n in range(6 + number * 5))
        (folder / f"{name}.txt").write_text(lines)
        (folder / f"{name}.json").write_text(json.dumps({"city": str(number), "units": "metric"}))
        (folder / f"{name}.toml").write_text(
            f"[default]\ndebug = true\n[prod]\nport = {number}000\n"
        )
        (folder / f"{name}.ini").write_text(f"[main]\nname = {name}\nsize = {number}\n")
        with open(folder / f"{name}.csv", "w", newline="") as f:
            csv.writer(f).writerows([["id", "amount", "paid"], [number, f"{number}.5", "Yes"]])
        log = "".join(f"12:00 {('INFO', 'ERROR')[n % 2]} m{n}\n" for n in range(number + 3))
        with open(folder / f"{name}.log.gz", "wb") as raw:
            raw.write(gzip.compress(log.encode(), mtime=0))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), lines)
        (folder / f"{name}.zip").write_bytes(packed.getvalue())


def write_database(path: Path) -> None:
    """Make the shop's database."""
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.executescript(
            """
            CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount INTEGER);
            CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE articles (slug TEXT PRIMARY KEY, body TEXT, views INTEGER);
            CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
            """
        )
        orders = [(n, n % 6, n * 3 % 17) for n in range(1, 40)]
        conn.executemany("INSERT INTO orders VALUES (?, ?, ?)", orders)
        conn.executemany("INSERT INTO customers VALUES (?, ?)", [(n, f"c{n}") for n in range(1, 7)])
        articles = [(name, f"body of {name}", 0) for name in NAMES]
        conn.executemany("INSERT INTO articles VALUES (?, ?, ?)", articles)


def dump(path: Path) -> list[str]:
    """Return a database's contents."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


def write_warehouse(dsn: str) -> None:
    """Make the warehouse's tables."""
    import psycopg

    with psycopg.connect(dsn) as conn:
        conn.execute("DROP TABLE IF EXISTS stock")
        conn.execute("DROP SEQUENCE IF EXISTS invoice_numbers")
        conn.execute("CREATE TABLE stock (id int primary key, quantity int)")
        conn.execute("CREATE SEQUENCE invoice_numbers")
        conn.execute("INSERT INTO stock SELECT n, n * 3 FROM generate_series(1, 8) AS n")


def dump_warehouse(dsn: str) -> Any:
    """Return the warehouse's contents."""
    import psycopg

    with psycopg.connect(dsn) as conn:
        rows = conn.execute("SELECT * FROM stock ORDER BY id").fetchall()
        return rows, conn.execute("SELECT last_value FROM invoice_numbers").fetchone()
