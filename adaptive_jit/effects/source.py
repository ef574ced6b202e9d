"""The syntax tree of a function, handed out only if it is proved to be the function's own.

The proof is by compilation: the unmodified source, compiled in the
surroundings that the qualified name and the free variables tell of, must give
the very byte code, constants, names and line table of the function. Files
edited after import, rewritten modules and wrong line maps fail.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import weakref
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

_LONGEST_SEARCH = 60
"""How many dedented lines are tried as the end of a block before the whole file is parsed."""

Definition = ast.FunctionDef | ast.Lambda


class NoSource(Exception):
    """The function has no source that could be proved to be its own; the text says why."""


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A definition with true line numbers, and the name of its class, if it has one."""

    node: Definition
    class_name: str | None


_known: dict[int, tuple[weakref.ref[CodeType], FunctionSource | NoSource]] = {}
"""By identity: equal code objects may come from different files."""

_editions: Callable[[FunctionType], CodeType] | None = None


def use_original_code(of: Callable[[FunctionType], CodeType] | None) -> None:
    """Let *of* tell the user's own code of a function whose code has been swapped."""
    global _editions
    _editions = of


def original_code(function: FunctionType) -> CodeType:
    """The user's own code of *function*, also while an edition of it is in place."""
    return function.__code__ if _editions is None else _editions(function)


def source_of(function: FunctionType) -> FunctionSource:
    """The proved source of *function*. Raises `NoSource` with the reason where there is none."""
    code = original_code(function)
    known = _known.get(id(code))
    if known is None or known[0]() is not code:
        known = _remember(code, _search(function, code))
    if isinstance(known[1], NoSource):
        raise NoSource(*known[1].args)
    return known[1]


def _remember(
    code: CodeType, found: FunctionSource | NoSource
) -> tuple[weakref.ref[CodeType], FunctionSource | NoSource]:
    key = id(code)

    def forget(reference: object) -> None:
        known = _known.get(key)
        if known is not None and known[0] is reference:
            _known.pop(key, None)

    made = _known[key] = (weakref.ref(code, forget), found)
    return made


def _search(function: FunctionType, code: CodeType) -> FunctionSource | NoSource:
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines or code.co_firstlineno > len(lines):
        return NoSource(f"{code.co_filename} cannot be read")
    parents = function.__qualname__.split(".")[:-1]
    class_name = parents[-1] if parents and parents[-1] != "<locals>" else None
    for node, imported in _candidates(lines, code):
        if _compiles_to(node, code, class_name, "<locals>" in parents, imported):
            return FunctionSource(node, class_name)
    return NoSource(
        f"the source at {code.co_filename}:{code.co_firstlineno} does not compile to this "
        "function (edited after import, rewritten or generated)"
    )


def _compiles_to(
    node: Definition,
    code: CodeType,
    class_name: str | None,
    nested: bool,
    imported: Iterable[str],
) -> bool:
    """Whether *node*, compiled where *code* says that it stood, gives *code* again.

    *imported* are names that the module imports: CPython 3.11 and later
    compile ``name.attribute()`` differently for them.
    """
    statement: ast.stmt = node if isinstance(node, ast.FunctionDef) else ast.Expr(node)
    if class_name is not None:
        statement = _class(class_name, statement)
    if nested or set(code.co_freevars) - {"__class__"}:
        statement = _factory([n for n in code.co_freevars if n != "__class__"], statement)
    module = ast.fix_missing_locations(ast.Module([*_imports(imported), statement], []))
    flags = code.co_flags & _FUTURE_FLAGS
    try:
        compiled = compile(module, code.co_filename, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return any(
        found.replace(co_qualname=code.co_qualname) == code
        for found in _codes(compiled)
        if found.co_name == code.co_name and found.co_freevars == code.co_freevars
    )


def _imports(names: Iterable[str]) -> list[ast.stmt]:
    aliases = [ast.alias(name) for name in names]
    return [ast.Import(aliases, lineno=1, col_offset=0)] if aliases else []


def _class(name: str, statement: ast.stmt) -> ast.stmt:
    node: Any = ast.parse("class _: pass").body[0]
    node.name, node.body = name, [statement]
    return node  # type: ignore[no-any-return]


def _factory(parameters: list[str], statement: ast.stmt) -> ast.stmt:
    node: Any = ast.parse("def _(): pass").body[0]
    node.args.args = [ast.arg(name) for name in parameters]
    node.body = [statement]
    return node  # type: ignore[no-any-return]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _candidates(lines: list[str], code: CodeType) -> Iterator[tuple[Definition, frozenset[str]]]:
    """Definitions that may be *code*, from its own lines, then from the whole file.

    With each goes what the module imports: as its lines look, then as it is.
    """
    used = set(code.co_names)
    for inner in _codes(code):
        used.update(inner.co_names)
    likely = frozenset(used.intersection(_likely_imports(lines)))
    for node in _from_own_lines(lines, code):
        yield node, likely
    tree = _parse("".join(lines))
    imported = frozenset(used.intersection(_module_imports(tree)))
    for node in _definitions(tree, code):
        yield node, imported


def _likely_imports(lines: list[str]) -> Iterator[str]:
    """Names in import statements that begin a line; parenthesised ones over several lines too."""
    is_open = False
    for line in lines:
        if is_open or line.startswith(("import ", "from ")):
            text = line.partition("#")[0]
            is_open = (is_open or "(" in text) and ")" not in text
            names = text.rpartition("import ")[2] if "import " in text else text
            for part in names.strip("() \t\n\\").split(","):
                yield part.strip().rpartition(" as ")[2].strip().partition(".")[0]


def _module_imports(tree: ast.Module | None) -> Iterator[str]:
    """Names that the module itself imports, also inside ``if`` and ``try``."""
    pending: list[ast.AST] = [tree] if tree is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            pending.extend(ast.iter_child_nodes(node))


def _from_own_lines(lines: list[str], code: CodeType) -> Iterator[Definition]:
    first = code.co_firstlineno
    indent = _indent(lines[first - 1])
    tries = 0
    for end in range(first, len(lines) + 1):
        if end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
            continue
        tree = _parse_block(lines[first - 1 : end], first)
        if tree is not None:
            yield from _definitions(tree, code)
            break
        tries += 1
        if tries > _LONGEST_SEARCH:
            break


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _parse_block(block: list[str], first: int) -> ast.Module | None:
    indented = _indent(block[0]) > 0
    text = "".join(block)
    tree = _parse("if 1:\n" + text if indented else text)
    if tree is not None:
        ast.increment_lineno(tree, first - (2 if indented else 1))
    return tree


def _definitions(tree: ast.Module | None, code: CodeType) -> Iterator[Definition]:
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Lambda):
            if code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
                yield node
        elif isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            if line == code.co_firstlineno:
                yield node
