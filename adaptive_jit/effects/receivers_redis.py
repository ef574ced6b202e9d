"""Redis clients: the library's own, unchanged, and how many connections they may use at once."""

from __future__ import annotations

import sys
from typing import Any

from adaptive_jit.effects.receivers_databases import Shared, Standing, lane_of

PLENTY = 80
"""Connections that a pool may have without being asked for: more than threads that run ahead (64)
and the program's own few. A pool of fewer that refuses instead of waiting stays with the caller."""

_OWN_METHODS = ("execute_command", "_execute_command", "parse_response")
_CALLBACKS = ("credential_provider", "redis_connect_func", "encoder_class", "parser_class")

_BUILTIN_READERS = (bool, int, float, str, list, set, dict)

_verified: list[tuple[Any, ...]] = []
"""Tables of answers' readers that are all the library's own, as they were."""


def is_asynchronous(client: Any) -> bool:
    """Whether its commands make awaitables."""
    module = sys.modules.get("redis.asyncio")
    return module is not None and isinstance(client, module.Redis)


def client_standing(client: Any) -> Standing | None:
    """A reason against it, `Shared.CALLER`, a lane, or ``None`` if nothing limits it."""
    state = client.__dict__
    for name in _OWN_METHODS:
        if name in state:
            return f"{name} of this client is replaced"
    readers = tuple(state["response_callbacks"].values())
    if readers not in _verified and not _verify(readers):
        return "its answers are read by functions of one's own"
    pool = state["connection_pool"]
    reason = _pool_objection(pool)
    if reason is not None:
        return reason
    if state.get("connection") is not None or state.get("_single_connection_client"):
        return lane_of(client)
    if pool.max_connections >= PLENTY:
        return None
    if type(pool).__name__ != "BlockingConnectionPool":
        return Shared.CALLER
    return lane_of(pool, pool.max_connections)


def _verify(readers: tuple[Any, ...]) -> bool:
    if not all(reader in _BUILTIN_READERS or _is_own(reader) for reader in readers):
        return False
    if len(_verified) > 8:
        _verified.clear()
    _verified.append(readers)
    return True


def _is_own(value: Any) -> bool:
    return f"{getattr(value, '__module__', None)}.".startswith("redis.")


def _pool_objection(pool: Any) -> str | None:
    if type(pool).__module__ not in ("redis.connection", "redis.asyncio.connection"):
        return "its pool is of a kind of its own"
    if not _is_own(pool.connection_class):
        return "its connections are of a kind of their own"
    if getattr(pool, "cache", None) is not None:
        return "it keeps answers in a cache"
    options = pool.connection_kwargs
    for name in _CALLBACKS:
        value = options.get(name)
        if value is not None and not _is_own(value):
            return f"it has a {name} of one's own"
    retry = options.get("retry")
    if retry is not None and not _is_own(type(retry)):
        return "it has a retry of one's own"
    return None
