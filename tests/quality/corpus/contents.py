"""What every run finds: the files of its folder, the shop's database, the warehouse."""

from __future__ import annotations

import contextlib
import csv
import functools
import gzip
import io
import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Any

NAMES = ("one", "two", "three", "four")


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
