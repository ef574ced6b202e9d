"""Find the source of a function and prove that it is the function's own.

The proof is by compilation: the unmodified source, compiled in the
surroundings that the function's qualified name and free variables tell of,
must give the function's byte code, constants, names and line table. Files
edited after import, rewritten modules and wrong line maps fail this and are
left alone.
"""

from __future__ import annotations
import __future__

import ast
import linecache
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.syntax.trees import copied, positioned, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

MOST_FILES = 8
"""Parsed files kept: functions of one file are decorated one after the other."""


class NotAnalysable(Exception):
    """The function has no source that could be proved to be its own; the text says why."""


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function definition with true line numbers and columns, and its surroundings."""

    node: ast.FunctionDef
    code: CodeType
    free: tuple[str, ...]
    class_name: str | None
    nested: bool
    imports: tuple[str, ...] = ()


def locate(function: FunctionType) -> FunctionSource:
    """Return the proved source of *function*.

    Raises `NotAnalysable` with the reason where there is none.
    """
    code = function.__code__
    if code.co_name == "<lambda>":
        raise NotAnalysable("a lambda has no statements that could overlap")
    file = _parsed(function, code)
    parents = function.__qualname__.split(".")[:-1]
    class_name = parents[-1] if parents and parents[-1] != "<locals>" else None
    nested = "<locals>" in parents or bool(set(code.co_freevars) - {"__class__"})
    for definition in file.definitions.get((code.co_name, code.co_firstlineno), ()):
        node = copied(definition)
        source = FunctionSource(node, code, code.co_freevars, class_name, nested, file.imports)
        if compile_function(source, node) == code:
            return source
    raise NotAnalysable(
        f"the source at {code.co_filename}:{code.co_firstlineno} does not compile to this "
        "function (edited after import, rewritten by an import hook, or generated)"
    )


def compile_function(source: FunctionSource, node: ast.FunctionDef) -> CodeType | None:
    """Compile *node* in the surroundings of *source*; ``None`` if it does not compile there."""
    body: list[ast.stmt] = [node]
    if source.class_name is not None:
        body = [_class(source.class_name, body)]
    if source.nested:
        free = [name for name in source.free if name != "__class__"]
        body = [_factory(free, body)]
    # For a name that the module imports, CPython compiles `name.attribute(...)` to other
    # instructions (Python/compile.c, is_import_originated; 3.11.4 and later).
    if source.imports:
        body = [ast.Import([ast.alias(name) for name in source.imports]), *body]
    module = ast.Module(body, [])
    positioned(module)
    flags = source.code.co_flags & _FUTURE_FLAGS
    try:
        compiled = compile(module, source.code.co_filename, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    found = None
    for candidate in _codes(compiled):
        if candidate.co_name != source.code.co_name:
            continue
        if candidate.co_firstlineno == source.code.co_firstlineno:
            found = candidate
    if found is None or found.co_freevars != source.code.co_freevars:
        return None
    qualified: CodeType = found.replace(co_qualname=source.code.co_qualname)
    return qualified


def _class(name: str, body: list[ast.stmt]) -> ast.ClassDef:
    node = ast.parse("class _: pass").body[0]
    assert isinstance(node, ast.ClassDef)
    node.name, node.body = name, body
    return node


def _factory(parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    node = ast.parse("def _(): pass").body[0]
    assert isinstance(node, ast.FunctionDef)
    node.name, node.body = "<factory>", body
    node.args.args = [ast.arg(name) for name in parameters]
    return node


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


@dataclass(frozen=True, slots=True)
class _File:
    lines: list[str]
    definitions: dict[tuple[str, int], list[ast.FunctionDef]]
    imports: tuple[str, ...]


_files: dict[str, _File] = {}


def _parsed(function: FunctionType, code: CodeType) -> _File:
    filename = code.co_filename
    linecache.checkcache(filename)
    lines = linecache.getlines(filename, function.__globals__)
    if not lines or code.co_firstlineno > len(lines):
        raise NotAnalysable(f"no source: {filename} cannot be read")
    known = _files.get(filename)
    if known is not None and known.lines is lines:
        return known
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError) as error:
        raise NotAnalysable(f"the source in {filename} does not parse: {error}") from None
    while len(_files) >= MOST_FILES:
        _files.pop(next(iter(_files)), None)
    file = _files[filename] = _File(lines, _definitions(tree), tuple(sorted(_imported(tree))))
    return file


def _imported(tree: ast.AST) -> set[str]:
    """Names that statements of the module itself import."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names |= _imported(node)
    return names - {"*"}


def _definitions(tree: ast.AST) -> dict[tuple[str, int], list[ast.FunctionDef]]:
    """The functions of a file by name and first line, which is that of a decorator if any."""
    found: dict[tuple[str, int], list[ast.FunctionDef]] = {}
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef):
            line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            found.setdefault((node.name, line), []).append(node)
    return found


def statement_text(node: ast.AST, limit: int = 60) -> str:
    """The source text of *node* on one line, shortened to *limit* characters."""
    text: Any = " ".join(ast.unparse(node).split())
    return str(text if len(text) <= limit else text[: limit - 1] + "…")
