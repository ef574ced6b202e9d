"""Write docs/constructs.md: what becomes of each construct, from the programs of the tests.

    python scripts/construct_table.py [--check]

Each row stands for programs in ``tests/programs`` that are run plain and adaptive
and compared; what is claimed of their overlap is checked there
(``tests/semantics``). ``--check`` writes nothing and ends with 1 if the page is
not what it would write.
"""

from __future__ import annotations

import fnmatch
import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "constructs.md"
ROWS = ROOT / "docs" / "constructs.toml"
MARK = "<!-- Written by scripts/construct_table.py from the tests; do not edit. -->"
HEAD = f"""{MARK}

# Constructs

What becomes of each construct of the language in an adaptive function. Every row is one program of
the tests, which runs plain and adaptive (forced, after learning by itself, from eight threads) and
must show the same result, exceptions, effects and output.

| word | meaning |
|---|---|
| runs ahead | operations overlap; the test fails if they do not |
| in parts | operations beside the construct may overlap, those that it decides on keep their turn |
| in order | nothing overlaps; the test fails if something does |
| barrier | nothing starts across it, for the reason given |
| left alone | the function stays as it is, for the reason given |
"""

sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "semantics")]


def programs() -> dict[str, Any]:
    """Return all registered programs by ``module.name``."""
    from world import registry

    for path in sorted((ROOT / "tests" / "programs").glob("*.py")):
        try:
            importlib.import_module(f"programs.{path.stem}")
        except ModuleNotFoundError as missing:
            if missing.name and missing.name.startswith("programs"):
                raise
    return {
        f"{module.rpartition('.')[2]}.{program.name}": program
        for module, found in sorted(registry._REGISTRY.items())
        for program in found
    }


def treatment(program: Any) -> tuple[str, str]:
    """Return what is claimed of a program, and the reason that the library gives."""
    if program.overlaps:
        return "runs ahead", ""
    found = _examined(program)
    words = " ".join(one.reason for one in found)
    barrier = re.search(
        r"fewer than two operations stand between barriers \(line \d+: (.*)\)", words
    )
    blocks = [
        region.blocked_by.reason for one in found for region in one.regions if region.blocked_by
    ]
    if barrier is not None:
        return "barrier", barrier[1]
    if found and all(one.phase.value == "left alone" for one in found):
        return "left alone", found[0].reason
    if program.overlaps == 0:
        return "in order", blocks[0] if blocks else ""
    several = any(len(region.operations) > 1 for one in found for region in one.regions)
    return ("in parts" if several else "in order"), blocks[0] if blocks else ""


def _examined(program: Any) -> list[Any]:
    """Run a program forced ahead, once; return the statistics of what was decorated in it."""
    import harness
    from world.model import World

    from adaptive_jit import stats
    from adaptive_jit.errors import AdaptiveError

    made: list[Any] = []

    def decorate(function: Any) -> Any:
        made.append(harness.forced()(function))
        return made[-1]

    harness._run(program, program.build(decorate), World())
    found = []
    for function in made:
        try:
            found.append(stats(function))
        except AdaptiveError:
            continue  # a class or wrapper that is not adaptive itself
    return found


def page() -> str:
    """Return the page."""
    known = programs()
    chosen = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    lines = [HEAD]
    for section in chosen["section"]:
        lines += [
            f"## {section['name']}",
            "",
            "| construct | treatment | why | test |",
            "|---|---|---|---|",
        ]
        for construct, patterns in section["rows"].items():
            names = [name for name in known if any(fnmatch.fnmatch(name, one) for one in patterns)]
            if not names:
                raise SystemExit(f"constructs.toml: no program for {construct!r}: {patterns}")
            lines += [_row(construct, name, known[name]) for name in names]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(construct: str, name: str, program: Any) -> str:
    treated, reason = treatment(program)
    why = re.sub(r" \([dF]\d+\b[^)]*\)", "", program.rule).rstrip(".")
    why += f" ({reason})" if reason else ""
    module, _, short = name.partition(".")
    return (
        f"| {construct} | {treated} | {why.replace('|', chr(92) + '|')} | `{module}`: `{short}` |"
    )


def main() -> int:
    """Write the page, or compare it."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted
        if not same:
            sys.stdout.write("docs/constructs.md is old: python scripts/construct_table.py\n")
        return 0 if same else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
