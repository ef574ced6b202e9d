"""Measures a program as it is: its own functions are profiled, and nothing is started early.

Functions of its modules, and methods of their classes, get one more decorator,
the innermost, while their module is compiled; a function's own code is that of
its source all the same. Loops outside any function are timed. Only source
files below the program's folder count; no byte code is read or written for
them.
"""

from __future__ import annotations

import ast
import builtins
import os
import sys
import sysconfig
import time
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.cli.suggest_samples import Samples
from adaptive_jit.decorator import adaptive
from adaptive_jit.engine import registry
from adaptive_jit.errors import AdaptiveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

NAME: Final = "__adaptive_jit_suggest__"
"""How the program's modules reach `Measured`: among the builtins, not in their own names."""

CALLS: Final = 5
"""Profiled calls of a function: as many as its unknown calls are observed in."""

NEVER: Final = 1e9
"""A predicted speed-up that nothing has: the function is measured, and nothing is tried."""

_COMPILERS: Final = frozenset(
    "adaptive compile cuda function guvectorize jit kernel njit script stencil trace vectorize".split()
)
"""Decorators that adapt the function already, or make other code of it."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop outside any function: where it is, and how many seconds it took in all."""

    file: str
    line: int
    seconds: float


class Measured:
    """What the run of one program is measured by; *root* is the folder of its modules."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.functions: list[FunctionType] = []
        self._loops: dict[tuple[str, int], float] = {}
        self._began: dict[tuple[str, int], float] = {}
        self._finder = _Finder(self)
        self._samples = Samples()

    def install(self) -> None:
        """Measure all that is compiled or imported from now on."""
        setattr(builtins, NAME, self)
        place = next((i for i, one in enumerate(sys.meta_path) if one is PathFinder), 0)
        sys.meta_path.insert(place, self._finder)
        self._samples.begin()

    def remove(self) -> None:
        """Measure nothing more; modules that are compiled already keep what they have."""
        self._samples.end()
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)

    def compile(self, source: bytes, path: str) -> CodeType:
        """The code of a module, its functions and loops measured."""
        tree = ast.parse(source, path)
        tree.body = list(_measured(tree.body, path, _given_to_compilers(tree)))
        ast.fix_missing_locations(tree)
        code: CodeType = compile(tree, path, "exec", dont_inherit=True)
        return code

    def is_own(self, path: str) -> bool:
        """Whether the file at *path* is one of the program's own."""
        path = os.path.realpath(path)
        return path.startswith(self.root + os.sep) and not path.startswith(_installed())

    def __call__(self, function: Any) -> Any:
        """Decorate: profile *function*; it is returned as it is."""
        if type(function) is FunctionType:
            try:
                adaptive(
                    enabled=True, strategy="auto", effects="observed", persist=False,
                    profile_calls=CALLS, min_predicted_speedup=NEVER,
                )(function)  # fmt: skip
            except AdaptiveError:
                return function  # not one that could be adapted: it is not measured
            self.functions.append(function)
            if registry.controller_of(function) is None:
                self._samples.watch(function)
        return function

    def stopped(self) -> tuple[tuple[FunctionType, float], ...]:
        """The functions that cannot be profiled, with about how many seconds were spent in them."""
        return self._samples.found()

    def begins(self, file: str, line: int) -> None:
        """The loop at *line* of *file* begins."""
        self._began[file, line] = time.perf_counter()

    def ends(self, file: str, line: int) -> None:
        """The loop has ended."""
        began = self._began.pop((file, line), None)
        if began is not None:
            taken = time.perf_counter() - began
            self._loops[file, line] = self._loops.get((file, line), 0.0) + taken

    def loops(self) -> tuple[Loop, ...]:
        """The loops outside functions; one that never ended took until now."""
        for file, line in list(self._began):
            self.ends(file, line)
        return tuple(Loop(file, line, taken) for (file, line), taken in self._loops.items())


def _installed() -> tuple[str, ...]:
    """Folders of installed packages, of the standard library and of this library."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return tuple(os.path.realpath(path) + os.sep for path in (*paths, own) if path)


class _Finder(MetaPathFinder):
    """Finds modules like the path finder; own ones get a loader that measures."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of one of the program's own modules."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return None
        if not self._measured.is_own(spec.origin):
            return None
        spec.loader = _Loader(self._measured, name, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    """Loads one module from its source, never from byte code."""

    def __init__(self, measured: Measured, name: str, path: str) -> None:
        super().__init__(name, path)
        self._measured = measured

    def get_code(self, fullname: str) -> CodeType:
        """The measured code."""
        path = self.get_filename(fullname)
        return self._measured.compile(self.get_data(path), path)


def _measured(body: list[ast.stmt], path: str, compiled: set[str]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            _decorate(statement, compiled)
        elif isinstance(statement, ast.ClassDef) and not _is_compiled(statement):
            for member in statement.body:
                if isinstance(member, ast.FunctionDef):
                    _decorate(member, compiled)
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(statement, name, None)
                if inner:
                    setattr(statement, name, list(_measured(inner, path, compiled)))
        if isinstance(statement, ast.For | ast.While) and _calls(statement):
            yield _note("begins", path, statement)
            yield statement
            yield _note("ends", path, statement)
        else:
            yield statement


def _decorate(function: ast.FunctionDef, compiled: set[str]) -> None:
    """Add the innermost decorator, on the line of the ``def``: the first line stays what it was."""
    if function.name in compiled or _is_compiled(function):
        return
    name = ast.Name(NAME, ast.Load())
    function.decorator_list.append(ast.copy_location(name, function))


def _given_to_compilers(tree: ast.Module) -> set[str]:
    """Names of functions that a call compiles: ``fast = numba.njit(slow)``."""
    return {
        _last_name(given)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last_name(node.func) in _COMPILERS
        for given in node.args
    }


def _is_compiled(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any(
        _last_name(inner) in _COMPILERS for part in node.decorator_list for inner in ast.walk(part)
    )


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _calls(loop: ast.For | ast.While) -> bool:
    return any(isinstance(node, ast.Call) for part in loop.body for node in ast.walk(part))


def _note(word: str, path: str, loop: ast.stmt) -> ast.stmt:
    method = ast.Attribute(ast.Name(NAME, ast.Load()), word, ast.Load())
    call = ast.Call(method, [ast.Constant(path), ast.Constant(loop.lineno)], [])
    return ast.copy_location(ast.Expr(call), loop)
