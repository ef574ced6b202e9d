"""``adaptive-jit demo``: ordinary programs, plain and adaptive side by side, on a service of its own.

Needs the extra ``demo`` (httpx and openai). Everything happens on this
machine: the service listens on loopback in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

from adaptive_jit.cli import demo_service
from adaptive_jit.cli.demo_programs import PROGRAMS, World, make_documents, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adaptive_jit.cli.demo_rounds import Result

NEEDED = ("httpx", "openai")
MISSING = 'the demo uses the {names} client: pip install "adaptive-jit[demo]"'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit code: 0, or 1 if a client library is missing."""
    options = parse(argv)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(MISSING.format(names=" and the ".join(missing)), file=sys.stderr)
        return 1
    results = show(options)
    return 0 if all(result.equal for result in results) else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="adaptive-jit demo",
        description="Run six ordinary programs plain and adaptive, side by side.",
    )
    parser.add_argument("--seed", type=int, default=7, help="of all latencies (default 7)")
    parser.add_argument(
        "--only",
        action="append",
        choices=[program.name for program in PROGRAMS],
        help="run this program only (repeatable)",
    )
    parser.add_argument("--no-report", action="store_true", help="leave out the strategy report")
    return parser.parse_args(argv)


def show(options: argparse.Namespace) -> list[Result]:
    """Run the programs with a live display, then print the summary and the report."""
    from adaptive_jit.cli import demo_display, demo_rounds

    programs = [p for p in PROGRAMS if p.name in (options.only or [p.name])]
    with world(options.seed) as place, demo_display.Display(programs) as display:
        results = [demo_rounds.run(program, place, display.round_done) for program in programs]
    display.summary(results)
    if not options.no_report:
        display.strategy_report(results)
    return results


@contextlib.contextmanager
def world(seed: int) -> Iterator[World]:
    """Yield the service, its clients and the files, for the length of the ``with`` block."""
    import httpx
    import openai

    with (
        demo_service.running(seed) as url,
        tempfile.TemporaryDirectory(prefix="adaptive-jit-demo-") as folder,
        httpx.Client(base_url=url, timeout=30) as api,
        openai.OpenAI(base_url=f"{url}/v1", api_key="demo", max_retries=0) as models,
    ):
        write_files(folder)
        yield World(models=models, api=api, folder=folder, documents=make_documents(20))


if __name__ == "__main__":
    sys.exit(main())
