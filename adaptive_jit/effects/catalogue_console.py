"""What ``print`` and logging write to, and whether anyone else is listening.

Console and log output in its own order stops nothing, unless it goes into a
regular file, which the program may read. That holds for streams and handlers
which only pass text on; a stream, handler, filter, formatter or record
factory of the user's runs the user's code, and is unknown.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import lookup_is_transparent
from adaptive_jit.effects.catalogue_values import SCALARS, exact, text_all
from adaptive_jit.effects.elsewhere import note_file_write
from adaptive_jit.effects.printed import printed_plainly
from adaptive_jit.records.effects import LOG_FILES, REDIRECTED

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

_KNOWN_STREAMS = frozenset(
    {
        ("_pytest.capture", "EncodedFile"),
        ("_pytest.capture", "CaptureIO"),
        ("ipykernel.iostream", "OutStream"),
    }
)
_STOCK_HANDLERS = frozenset(
    {
        ("logging", name)
        for name in ("StreamHandler", "FileHandler", "NullHandler", "_StderrHandler")
    }
    | {("logging.handlers", f"{name}FileHandler") for name in ("Rotating", "TimedRotating")}
)
_HANDLER_PARTS = ("rotator", "namer")
"""What handlers of files may be given to call."""
_OWN_PARTS = ("_pytest.logging", "adaptive_jit.")
"""Homes of handlers, formatters and streams that keep the order of what they are given."""

_PROCESS_STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")
"""Where the process's own output may be found; any other file may be read by the program."""

_OF_OPEN = frozenset({"mode"})
"""What `open` itself stores in a stream; anything else replaces a method."""

_LOGGER_PARTS = ("handle", "_log", "makeRecord", "callHandlers", "isEnabledFor", "findCaller")


def prints(rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``print`` of exact builtin values to the process's own output, standard or error."""
    stream = kwargs.get("file")
    if stream is not None:
        if not any(stream is getattr(sys, name, None) for name in _PROCESS_STREAMS):
            return rule.unknown("it prints to a file= of its own")
        kwargs = {name: value for name, value in kwargs.items() if name != "file"}
    if not text_all([value for value in args if not tells(value)], kwargs):
        return rule.unknown("it prints what is not made of exact builtin types")
    shown = sys.stdout if stream is None else stream
    if not is_stock_stream(shown):
        return rule.unknown(f"sys.{_name_of(stream)} is not a stock stream")
    return _into(rule, "prints", file_behind(shown))


def logs(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A call of a stock logger whose handlers pass the text on and nothing else."""
    if not text_all(args, kwargs):
        return rule.unknown("it logs what is not made of exact builtin types")
    if kwargs.get("stack_info"):
        return rule.unknown("it prints the stack of the thread that it runs in")
    given = kwargs.get("exc_info")
    error = given if issubclass(type(given), BaseException) else sys.exception()
    if given and not (type(given) in (bool, int) or given is error):
        return rule.unknown("exc_info= is neither a flag nor an exception")
    if given and not printed_plainly(error):
        return rule.unknown("it prints an exception with a text of its own making")
    logging = sys.modules["logging"]
    factory = logging.getLogRecordFactory()
    if factory is not logging.LogRecord and not _is_of_ours(factory):
        return rule.unknown("a record factory of one's own is installed")
    logger = logging.root if receiver is None else receiver
    problem = _problem(logger, logging)
    if problem is not None:
        return rule.unknown(problem)
    given = args[0] if args else kwargs.get("level")
    name = rule.title.rpartition(".")[2].upper()
    level = logging.ERROR if name == "EXCEPTION" else getattr(logging, name, given)
    if type(level) is int and (
        logger.manager.disable >= level or logger.getEffectiveLevel() > level
    ):
        return rule.base
    return _into(rule, "logs", file_of_record(logger, level))


def _into(rule: Rule, verb: str, file: str | None) -> Effect:
    if file is None:
        return rule.base
    note_file_write()
    reason = f"it {verb} into a file, and what may read that file waits for it"
    return rule.of_resource(file, rule.base, reason)


def file_behind(stream: Any) -> str | None:
    """Which resource is written to through a stock stream; ``None`` if nobody can read it there.

    A file without a name, as pytest's capture has one, can be opened by nobody.
    """
    if type(stream) is not io.TextIOWrapper:
        return None
    try:
        number = stream.fileno()
        status = os.fstat(number)
    except (OSError, ValueError):  # closed, or not of the system
        return None
    if not stat.S_ISREG(status.st_mode) or not status.st_nlink:
        return None
    return REDIRECTED if number in (1, 2) else LOG_FILES


def file_of_record(logger: Any, level: Any) -> str | None:
    """Which resource a record of *level* ends in, by the handlers that it will come to now."""
    handlers = []
    while logger is not None:
        handlers += logger.handlers
        logger = logger.parent if logger.propagate else None
    last = sys.modules["logging"].lastResort
    files = [
        _file_of(handler)
        for handler in handlers or (() if last is None else (last,))
        if not _is_below(level, handler.__dict__.get("level"))
    ]
    return LOG_FILES if LOG_FILES in files else REDIRECTED if REDIRECTED in files else None


def _is_below(level: Any, least: Any) -> bool:
    return type(level) is int and type(least) is int and level < least


def _file_of(handler: Any) -> str | None:
    kind = type(handler)
    if _is_of_ours(kind) or kind.__name__ == "NullHandler":
        return None
    if kind.__name__ == "_StderrHandler":
        return file_behind(sys.stderr)
    stream = handler.__dict__.get("stream")
    if (kind.__module__, kind.__name__) not in _STOCK_HANDLERS or stream is None:
        return LOG_FILES  # one of the user's, which may write anywhere, or not opened yet
    return file_behind(stream)


def told(rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``str`` and ``repr`` of exact values, stock exceptions, and what a library tells of itself."""
    if not text_all([value for value in args if not tells(value)], kwargs):
        return rule.unknown("an argument is not made of exact builtin types")
    return rule.base


def tells(value: Any) -> bool:
    """Whether the text of *value* is made by a library's own code that is known: a path's."""
    return type(value) not in SCALARS and lookup_is_transparent(value, "__str__")


def logs_exception(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """``exception``, which logs what is being handled too."""
    return logs(rule, receiver, args, {"exc_info": True, **kwargs})


def is_stock_stream(stream: Any) -> bool:
    """Whether writing to the stream runs C code, a known capture, or this library only."""
    kind = type(stream)
    if kind is io.TextIOWrapper:
        if not _OF_OPEN.issuperset(stream.__dict__):
            return False
        # Unbuffered streams (python -u) have no buffer between the text and the file.
        buffer = stream.buffer
        raw = buffer.raw if type(buffer) is io.BufferedWriter else buffer
        return type(raw) is io.FileIO or type(raw).__name__ == "_WindowsConsoleIO"
    name = (kind.__module__, kind.__qualname__)
    return (name in _KNOWN_STREAMS and _is_genuine(kind)) or _is_of_ours(kind)


def _name_of(stream: Any) -> str:
    """Under which name of `sys` the stream stands; without one it is the standard output."""
    return next((name for name in _PROCESS_STREAMS if getattr(sys, name, None) is stream), "stdout")


def _problem(logger: Any, logging: Any) -> str | None:
    """The first part on the record's way that is not stock, in words."""
    first = logger
    if type(first) not in (logging.Logger, logging.RootLogger):
        return "the logger is of a class of its own"
    if first.filters:
        return "the logger has filters"
    for name in _LOGGER_PARTS:
        if name in first.__dict__:
            return f"{name} of the logger is replaced"
    found = False
    while logger is not None:
        for handler in logger.handlers:
            found = True
            if not _is_stock_handler(handler, logging):
                return f"the handler {type(handler).__name__} is not a stock one"
        logger = logger.parent if logger.propagate else None
    last = logging.lastResort
    if not found and last is not None and not _is_stock_handler(last, logging):
        return "the handler of last resort is not a stock one"
    return None


def _is_stock_handler(handler: Any, logging: Any) -> bool:
    kind = type(handler)
    if handler.filters or _is_altered(handler):
        return False
    if not _is_stock_formatter(handler.formatter, logging):
        return False
    if _is_of_ours(kind):
        return True
    if (kind.__module__, kind.__name__) not in _STOCK_HANDLERS or not _is_genuine(kind):
        return False
    if any(getattr(handler, part, None) is not None for part in _HANDLER_PARTS):
        return False
    if type(getattr(handler, "terminator", "")) is not str:
        return False
    state = handler.__dict__
    if state.get("_builtin_open", io.open) is not io.open:
        return False
    if kind.__name__ == "_StderrHandler":
        return is_stock_stream(handler.stream)
    stream = state.get("stream")
    return stream is None or is_stock_stream(stream)


def _is_altered(part: Any) -> bool:
    """Whether a method of the class is replaced on the very handler, formatter or style."""
    kind = type(part)
    return any(type(getattr(kind, name, None)) is FunctionType for name in part.__dict__)


def _is_stock_formatter(formatter: Any, logging: Any) -> bool:
    if formatter is None:
        formatter = logging._defaultFormatter
    kind = type(formatter)
    if kind is not logging.Formatter:
        return _is_of_ours(kind)
    # A subclass of the style may format as it likes, and so may a value that it puts in.
    style = formatter._style
    if type(style).__module__ != "logging" or _is_altered(style) or _is_altered(formatter):
        return False
    clock = getattr(formatter, "converter", None)
    return type(clock) is BuiltinFunctionType and exact(style.__dict__.get("_defaults"))


def _is_of_ours(kind: Any) -> bool:
    """A class of pytest's log capture or of this library, found where it says it is."""
    home = getattr(kind, "__module__", None)
    if type(home) is not str or not home.startswith(_OWN_PARTS):
        return False
    return not isinstance(kind, type) or _is_genuine(kind)


def _is_genuine(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return getattr(module, "__dict__", {}).get(kind.__name__) is kind
