"""Write docs/libraries/: what runs ahead of each supported library, from the catalogue.

    python scripts/library_pages.py [--check]

``--check`` writes nothing and ends with 1 if a page is not what it would write.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "adaptive_jit" / "catalogue"
PAGES = ROOT / "docs" / "libraries"
NOTES = PAGES / "notes.toml"
MARK = "<!-- Written by scripts/library_pages.py from the catalogue; do not edit. -->"

KINDS = ("reads", "unordered", "pure", "writes", "unknown")
SECTIONS = {
    "reads": "Reads: run ahead",
    "unordered": "Paid for, in any order: run ahead",
    "pure": "Computes: never in the way",
    "writes": "Writes: in their turn",
    "unknown": "In order",
}
WORDS = {
    "reads": """\
These may start before their turn. The result is there, or nearly there, when your statement asks for
it. A write that could change what they read stops them.""",
    "unordered": """\
These may start before their turn too. Only a call that nothing is known about stops them.""",
    "pure": """\
These depend on their arguments only. They hold up nothing, and a function of yours that is made of
them needs no declaration.""",
    "writes": """\
These run where your program has them, in the same order, each once. They stop only what could see
the difference.""",
    "unknown": """\
These run where your program has them, and nothing later starts before they return.""",
}
RESOURCES = {
    "http": "a service",
    "files": "local files",
    "console": "console and log output, which stops nothing but reads of the file that it goes into",
    "database": "a database",
    "environment": "the process's environment",
    "memory": "objects of the program",
}
CONDITIONS = {
    "any": "",
    "anthropic": "no streaming, and messages are plain values; naming a container makes it a write",
    "boto_body": "they keep their turn, and hold up nothing that only reads",
    "in_thread": "a connection that others hold keeps them in its own thread, in their turn",
    "exact": "arguments are plain values: numbers, text, lists, dicts",
    "http": "no hooks, no `stream=True`, and no callbacks or iterators among the arguments",
    "litellm": "no streaming, callbacks, caches or budgets, a common provider, plain arguments",
    "log": "the logger's handlers, filters and formatters are those of the standard library",
    "ollama": "no streaming, functions, or pictures that may be files; messages are plain values",
    "open": "the mode reads; one that writes makes it a write",
    "openai_tools": "no streaming, and messages are plain values; a tool that names a container "
    "makes it a write",
    "pandas_read": "a path or web address is given; a buffer, `chunksize=` and functions among the "
    "options stay in order",
    "pandas_read_sql": "the query is one SELECT on a plain `sqlite3` connection; it stays in the "
    "connection's thread",
    "path": "the path is no device",
    "plain": "arguments are plain values, paths, dates or patterns",
    "print": "plain values go to the process's own output",
    "read": "the body has arrived",
    "sdk": "no streaming, and messages are plain values",
    "soup_read": "names, texts and patterns are looked for, not functions",
    "sql": "the statement is one SELECT; any other is a write",
    "urllib3": "the answer is read at once, and the verb reads; another verb makes it a write",
    "urllib3_body": "the body has arrived",
    "urlopen": "a web address without data is opened, by the library's own openers",
}

UNCONDITIONAL = ("boto_body", "in_thread")
"""Conditions that say how, not whether."""


def expanded(names: list[str]) -> list[str]:
    """``"os:{stat,lstat}"`` as two names."""
    found: list[str] = []
    for name in names:
        head, brace, tail = name.partition("{")
        found += [head + part.strip() for part in tail.rstrip("}").split(",")] if brace else [name]
    return found


def public(name: str, entry: dict[str, Any]) -> tuple[str, str]:
    """Where a name is found, and the name there, as a user writes both."""
    module, _, path = name.partition(":")
    holder, _, last = path.rpartition(".")
    if "shown_as" in entry:
        return str(entry["shown_as"]), last or path
    home = f"{module}.{holder}" if holder else module
    return home.removeprefix("builtins.").replace("builtins", "builtin functions"), last


def listed(entry: dict[str, Any]) -> str:
    """The names of one entry, by where they are found."""
    by_home: dict[str, list[str]] = {}
    for name in expanded(entry["names"]):
        home, last = public(name, entry)
        by_home.setdefault(home, []).append(last)
    return "; ".join(
        f"**{home}**: " + ", ".join(f"`{name}`" for name in sorted(dict.fromkeys(names)))
        for home, names in by_home.items()
    )


def details(entry: dict[str, Any], kind: str) -> str:
    """What else is to be said of an entry, in words."""
    found = []
    if kind in ("reads", "writes") and entry.get("resource") in RESOURCES:
        found.append(RESOURCES[entry["resource"]])
    condition = CONDITIONS.get(entry.get("lower", "any"), "")
    if condition and kind != "unknown":
        found.append(condition if entry["lower"] in UNCONDITIONAL else f"if {condition}")
    if "receiver" in entry:
        found.append("on a client as the library makes it, without hooks or transports of yours")
    if "reason" in entry:
        found.append(str(entry["reason"]))
    if "fresh" in entry and kind == "unknown":
        found.append("in a function that opens it itself and keeps it, it counts as "
                     + {"reads": "a read", "writes": "a write", "pure": "a computation",
                        "unordered": "a wait"}[entry["fresh"]])  # fmt: skip
    return "; ".join(found)


def section(data: dict[str, Any], kind: str) -> list[str]:
    """The entries of one kind."""
    entries = [entry for entry in data.get("calls", ()) if entry["effect"] == kind]
    if not entries:
        return []
    lines = [f"## {SECTIONS[kind]}", "", WORDS[kind], ""]
    for entry in entries:
        said = details(entry, kind)
        lines.append(f"- {listed(entry)}" + (f" ({said})" if said else ""))
    return [*lines, ""]


def services(data: dict[str, Any]) -> list[str]:
    """The operations of AWS by their names."""
    table = data.get("services")
    if table is None:
        return []
    prefixes = ", ".join(f"`{prefix}…`" for prefix in table["reading_prefixes"])

    def named(key: str) -> str:
        return ", ".join(f"`{name}`" for name in table[key])

    return [
        "## Operations of clients",
        "",
        "What `client.get_object(…)` does is told by its operation in the service's own model:",
        "",
        f"- **run ahead**: {prefixes}, and {named('reads')}",
        f"- **run ahead, in any order**: {named('unordered')}",
        f"- **in their turn**: all others, and {named('writes')}",
        "",
    ]


def which_line(library: str, note: dict[str, Any]) -> list[str]:
    """The line that helps where nothing is known."""
    code = str(note.get("line", "")).strip() or (
        "from adaptive_jit import reads\n\n\n"
        "@reads  # you vouch: it looks something up and changes nothing\n"
        "def look_up(key): ..."
    )
    return [
        "## Which line to write",
        "",
        str(note.get("which", "")).strip()
        or f"For a function over `{library}` that stays in order although it only reads, declare "
        "the function that you call; `explain(f)` names it and says why it is not known.",
        "",
        "```python",
        code,
        "```",
        "",
    ]


def page(data: dict[str, Any], note: dict[str, Any]) -> str:
    """The page of one file of the catalogue."""
    title = str(note.get("title", data["library"]))
    lines = [MARK, "", f"# {title}", ""]
    if "intro" in note:
        lines += [str(note["intro"]).strip(), ""]
    lines += services(data)
    for kind in KINDS:
        lines += section(data, kind)
    lines += which_line(str(data["library"]), note)
    return "\n".join(lines)


def index(titles: dict[str, str]) -> str:
    """The page that lists all others."""
    rows = [f"- [{title}]({name}.md)" for name, title in sorted(titles.items(), key=by_title)]
    text = (
        "What is known of each library without a single declaration: what runs ahead, what stays "
        "in order and why, which line to write. Whatever is not listed is unknown, unless its own "
        "source is made of what is listed."
    )
    return "\n".join([MARK, "", "# Supported libraries", "", text, "", *rows, ""])


def by_title(pair: tuple[str, str]) -> str:
    """For sorting, whatever the case."""
    return pair[1].lower()


def pages() -> dict[str, str]:
    """Every page by its file name."""
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    titles: dict[str, str] = {}
    for path in sorted(SOURCE.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        note = notes.get(path.stem, {})
        titles[path.stem] = str(note.get("title", data["library"]))
        found[f"{path.stem}.md"] = page(data, note)
    found["index.md"] = index(titles)
    return found


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    if "--check" in arguments:
        wrong = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
        print("\n".join(wrong))  # noqa: T201
        return 1 if wrong else 0
    for name in there.keys() - wanted.keys():
        (PAGES / name).unlink()
    for name, text in wanted.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
