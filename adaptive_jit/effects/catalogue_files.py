"""How the arguments of file operations lower their effects."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import exact_all
from adaptive_jit.effects.elsewhere import note_file_write
from adaptive_jit.records.effects import EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

_WRITING = frozenset("wax+")
_DEVICES = ("/dev/", "\\\\.\\")
"""Opening a terminal or pipe device draws from a stream; both prefixes name such devices."""


def open_file(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``open(path, mode)`` and ``Path.open(mode)``: the mode tells reading from writing."""
    if not exact_all(args, kwargs, leaves=True):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    if rule.owner is None:
        target = args[0] if args else kwargs.get("file")
        mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    else:
        target = receiver
        mode = args[0] if args else kwargs.get("mode", "r")
    if type(target) is int:
        return rule.unknown("it opens a file descriptor")
    if is_device(target):
        return rule.unknown("it opens a device")
    if type(mode) is not str:
        return rule.unknown("its mode is not a str")
    if _WRITING.isdisjoint(mode):
        return rule.of_kind(EffectKind.READS)
    note_file_write()
    return rule.of_kind(EffectKind.WRITES)


def on_path(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A function on paths, or a method of a path, that is not a device."""
    if not exact_all(args, kwargs, leaves=True):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    if is_device(args[0] if receiver is None and args else receiver):
        return rule.unknown("it works on a device")
    if rule.base.kind is EffectKind.WRITES:
        note_file_write()
    return rule.base


def has_been_read(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """A method of an answer whose body has arrived, without callbacks for its parts."""
    if args or kwargs:
        return rule.unknown("it is given arguments")
    if type(receiver.__dict__.get("_content")) is not bytes:
        return rule.unknown("the body of the answer has not been read yet")
    return rule.base


def is_device(target: Any) -> bool:
    """Whether a path names, or leads to, a device: a terminal, a pipe, a disk."""
    if target is None or type(target) is int:
        return False
    path = os.fsdecode(target) if type(target) is bytes else str(target)
    if path.startswith(_DEVICES):
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # there is nothing yet
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
