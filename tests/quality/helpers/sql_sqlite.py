"""The shop's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

DB = "shop.db"


def orders_of(customer_id: int, db_path: str | None = None) -> list[tuple]:
    with closing(sqlite3.connect(db_path or DB)) as conn:
        cur = conn.execute(
            "SELECT id, amount FROM orders WHERE customer_id = ? ORDER BY id", (customer_id,)
        )
        return cur.fetchall()


def total_spent(customer_id):
    conn = sqlite3.connect(DB)
    try:
        cursor = conn.cursor()
        cursor.execute("SELECT SUM(amount) FROM orders WHERE customer_id=?", (customer_id,))
        row = cursor.fetchone()
        return row[0] or 0
    finally:
        conn.close()


def customer(customer_id: int) -> dict[str, Any]:
    """A customer as a dict; LookupError if there is none."""
    con = sqlite3.connect(f"file:{DB}?mode=ro", uri=True)
    con.row_factory = sqlite3.Row
    try:
        row = con.execute("SELECT * FROM customers WHERE id = :id", {"id": customer_id}).fetchone()
    finally:
        con.close()
    if row is None:
        raise LookupError(f"no customer {customer_id}")
    return dict(row)


def find_article(conn: sqlite3.Connection, slug: str) -> str | None:
    """The connection was opened by the caller."""
    row = conn.execute("SELECT body FROM articles WHERE slug = ?", (slug,)).fetchone()
    return row[0] if row else None


def read_article(slug: str) -> str:
    """Return the text for the page."""
    with closing(sqlite3.connect(DB)) as conn:
        conn.execute("UPDATE articles SET views = views + 1 WHERE slug = ?", (slug,))
        body = conn.execute("SELECT body FROM articles WHERE slug = ?", (slug,)).fetchone()[0]
        conn.commit()
    return body


def get_or_create_tag(name: str) -> int:
    with closing(sqlite3.connect(DB)) as conn, conn:
        row = conn.execute("SELECT id FROM tags WHERE name = ?", (name,)).fetchone()
        if row:
            return row[0]
        return conn.execute("INSERT INTO tags(name) VALUES (?)", (name,)).lastrowid


class Shop:
    """Opens the database once."""

    def __init__(self, path: str) -> None:
        self.conn = sqlite3.connect(path, check_same_thread=False)

    def amount(self, order_id: int) -> int:
        found = self.conn.execute("SELECT amount FROM orders WHERE id = ?", (order_id,))
        (amount,) = found.fetchone()
        return amount
