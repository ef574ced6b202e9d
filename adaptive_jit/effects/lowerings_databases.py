"""The lowerings of database libraries, by the names that their catalogue files use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.effects import catalogue_databases as databases
from adaptive_jit.effects import catalogue_psycopg as psycopg
from adaptive_jit.effects import catalogue_redis as redis
from adaptive_jit.effects import catalogue_sqlalchemy as sqlalchemy

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Lowering

LOWERINGS: dict[str, Lowering] = {
    "sql": databases.sql,
    "in_thread": databases.in_thread,
    "in_thread_plain": databases.in_thread_plain,
    "psycopg_connect": psycopg.connect,
    "psycopg_cursor": psycopg.cursor,
    "psycopg_pool": psycopg.pool,
    "redis": redis.command,
    "redis_awaited": redis.awaited,
    "sa_connect": sqlalchemy.connect,
    "sa_execute": sqlalchemy.execute,
    "sa_get": sqlalchemy.get,
    "sqlite_connect": databases.sqlite_connect,
}
