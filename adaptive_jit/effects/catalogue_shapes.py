"""What the answers of AWS operations hold, from the client's own service model.

An answer is a dict whose keys the model lists. Its values are made of builtin
types and, for times, ``datetime`` objects; a streamed body is read once, in
order. A proof can thus follow ``client.get_object(…)["Body"].read()`` before
there is an answer.
"""

from __future__ import annotations

from typing import Any

from adaptive_jit.effects.catalogue_load import shelf
from adaptive_jit.effects.catalogue_types import ATTRIBUTE, BUILTIN, Member, TypeRule

HOME = "botocore.shape"
BODY = "botocore.response:StreamingBody"
TIME = "datetime:datetime"


class ShapeRule(TypeRule):
    """A dict, fresh from the service, whose values are told by their keys: one is a stream."""

    def __init__(self, name: str, shape: Any) -> None:
        super().__init__(name, None, {}, shelf("boto3"))
        self._shape = shape

    def attribute(self, owner: object, name: str) -> bool:
        """Whether an exact dict has it."""
        return type(owner) is dict and hasattr(dict, name)

    def member(self, name: str) -> Member | None:
        """``get`` asks for a key; its result depends on which."""
        return Member("method", None, ATTRIBUTE) if name == "get" else None

    def element(self, key: object) -> str | None:
        """The type rule of the value under *key*, ``None`` if it is not known."""
        if key == "ResponseMetadata":
            return BUILTIN
        shape = self._shape.members.get(key)
        if shape is None:
            return None
        if shape.type_name == "timestamp":
            return TIME
        if _streams(shape):
            return BODY
        return BUILTIN if _is_plain(shape, set()) else None


def answer(service: str, shape: Any) -> dict[str, Any]:
    """What the entry of an operation says of its answer."""
    if shape is None or _is_plain(shape, set()):
        return {"result": BUILTIN}
    if not any(map(_streams, shape.members.values())):
        # Times are made by the library: harmless, and not builtin.
        return {"result": BUILTIN, "library_values": True}
    from adaptive_jit.effects.catalogue import known_types

    name = f"{HOME}:{service}.{shape.name}"
    known_types.setdefault(name, ShapeRule(name, shape))
    return {"result": name}


def _streams(shape: Any) -> bool:
    return shape.type_name == "blob" and bool(shape.serialization.get("streaming"))


def _is_plain(shape: Any, seen: set[str]) -> bool:
    """Whether values of *shape* are made of exact builtin types at every depth."""
    kind = shape.type_name
    if kind not in ("structure", "list", "map"):
        return kind != "timestamp" and not _streams(shape)
    if shape.name in seen:
        return True
    seen.add(shape.name)
    if kind == "structure":
        return all(_is_plain(part, seen) for part in shape.members.values())
    return _is_plain(shape.member if kind == "list" else shape.value, seen)
