"""The warehouse, in PostgreSQL."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

DSN = "postgresql://localhost/warehouse"


def stock(item_id: int) -> dict | None:
    with psycopg.connect(DSN, row_factory=dict_row) as conn:
        return conn.execute("SELECT * FROM stock WHERE id = %s", (item_id,)).fetchone()


def stock_over(quantity: int, *, order: str = "id") -> list[int]:
    if order not in {"id", "quantity"}:
        raise ValueError(f"cannot order by {order}")
    with psycopg.connect(DSN) as conn, conn.cursor() as cur:
        cur.execute(f"SELECT id FROM stock WHERE quantity > %s ORDER BY {order}", [quantity])
        return [row[0] for row in cur]


def next_number(prefix: str) -> str:
    """A fresh invoice number."""
    with psycopg.connect(DSN) as conn:
        (number,) = conn.execute("SELECT nextval('invoice_numbers')").fetchone()
    return f"{prefix}-{number:05d}"


def reserve(item_id: int) -> int:
    with psycopg.connect(DSN) as conn:
        row = conn.execute(
            "SELECT quantity FROM stock WHERE id = %s FOR UPDATE", (item_id,)
        ).fetchone()
        conn.execute("UPDATE stock SET quantity = quantity - 1 WHERE id = %s", (item_id,))
    return row[0]


def in_transaction(conn: psycopg.Connection, item_id: int) -> int:
    """Sees what the caller's transaction has done so far."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (item_id,))
    return conn.execute("SELECT quantity FROM stock WHERE id = %s", (item_id,)).fetchone()[0]
