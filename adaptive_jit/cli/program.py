"""Runs someone's program as ``python SCRIPT`` or ``python -m MODULE`` would.

The program gets its own ``__main__`` module, which stays in place until the
interpreter ends: threads and exit functions of the program still need it.
`runpy` takes it away too early, and is used only for folders and archives.
"""

from __future__ import annotations

import os
import sys
from types import CodeType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec

    Compiler = Callable[[bytes, str], CodeType]

OURS = frozenset({__file__, "<frozen runpy>", "<frozen importlib._bootstrap>"})


class NoProgramError(Exception):
    """There is no such program; ``code`` is the exit code that Python gives for it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run_script(path: str, arguments: Sequence[str], compiler: Compiler | None = None) -> int:
    """Run the file, folder or archive at *path*; return the exit code, 0 or 1.

    *compiler* makes the code of a file from its source and path, in place of `compile`.
    `SystemExit` passes. Raises `NoProgramError` if *path* cannot be read.
    """
    if os.path.isdir(path) or _is_archive(path):
        import runpy

        sys.argv = [path, *arguments]
        return _guarded(lambda: runpy.run_path(path, run_name="__main__"))
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise NoProgramError(f"can't open {path!r}: {error.strerror}", 2) from error
    full = os.path.abspath(path)
    sys.argv = [path, *arguments]
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    module = _new_main(__file__=full, __cached__=None)
    made = compiler or _compiled
    return _guarded(lambda: exec(made(source, full), vars(module)))


def _compiled(source: bytes, path: str) -> CodeType:
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def run_module(name: str, arguments: Sequence[str]) -> int:
    """Run the module (or the package's ``__main__``) called *name*; return the exit code, 0 or 1.

    `SystemExit` passes. Raises `NoProgramError` if there is no such module.
    """
    _set_first_path(os.getcwd())
    sys.argv = ["-m", *arguments]  # what a parent package sees while it is imported
    found: list[tuple[ModuleSpec, Any]] = []
    code = _guarded(lambda: found.append(_find(name)))
    if not found:
        return code
    spec, program = found[0]
    sys.argv = [spec.origin or name, *arguments]
    module = _new_main(
        __file__=spec.origin,
        __cached__=spec.cached,
        __spec__=spec,
        __loader__=spec.loader,
        __package__=spec.parent,
    )
    return _guarded(lambda: exec(program, vars(module)))


def _find(name: str) -> tuple[ModuleSpec, Any]:
    """Return the specification and code of what ``-m name`` runs."""
    from importlib.util import find_spec

    if name.startswith("."):
        raise NoProgramError(f"no module named {name}: relative names are not supported", 1)
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name = f"{name}.__main__"
            spec = find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the program's own import fails
        spec = None
    except ValueError:  # a module in sys.modules without a specification
        spec = None
    code = getattr(spec and spec.loader, "get_code", lambda _: None)(name)
    if spec is None or code is None:
        raise NoProgramError(f"no module named {name}", 1)
    return spec, code


def _guarded(program: Any) -> int:
    """Run *program*; print an exception as the interpreter does, without frames of ours."""
    try:
        program()
    except (SystemExit, NoProgramError):
        raise
    except BaseException as error:
        trace = _theirs(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename in OURS:
        trace = trace.tb_next
    return trace


def _new_main(**attributes: object) -> ModuleType:
    module = ModuleType("__main__")
    vars(module).update(__builtins__=sys.modules["builtins"], **attributes)
    sys.modules["__main__"] = module
    return module


def _set_first_path(folder: str) -> None:
    if not sys.flags.safe_path and sys.path:
        sys.path[0] = folder


def _is_archive(path: str) -> bool:
    from zipfile import is_zipfile

    return is_zipfile(path)
