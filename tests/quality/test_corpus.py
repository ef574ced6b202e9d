"""Helpers as users write them: none that must not starts early, most that may do.

The labels were given by reading the helpers, by somebody who did not know the library's rules.
"""

from __future__ import annotations

import gc
import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for _path in (Path(__file__).parent.parent, Path(__file__).parent):
    if str(_path) not in sys.path:
        sys.path.append(str(_path))

from quality.corpus import measuring  # noqa: E402
from quality.corpus.drivers import DRIVERS  # noqa: E402
from quality.corpus.environment import missing  # noqa: E402
from quality.corpus.service import Service  # noqa: E402

LABELS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "helpers" / "labels.toml").read_text(encoding="utf-8")
)["helper"]
SAFE = {label["name"] for label in LABELS if label["safe"]}
SHARE = 0.7
_MEASURED: dict[str, measuring.Measured] = {}

pytestmark = [
    pytest.mark.timeout(90),
    # boto3 and other clients leave the closing of idle sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(backoff|botocore|dateutil).*"),
]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Serve on the loopback interface."""
    running = Service()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("CORPUS_PORT", raising=False)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str | None]:
    """Start a database server where one is installed."""
    if missing("sql_postgres") or not shutil.which("initdb") or not shutil.which("postgres"):
        yield None
        return
    folder = tempfile.mkdtemp(prefix="pg-", dir="/tmp")
    root = getpass.getuser() == "root"
    who: dict[str, Any] = {"user": "nobody", "extra_groups": []} if root else {}
    if root:
        shutil.chown(folder, "nobody")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **who}
    command = ["initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "ada", "--no-sync"]
    made = subprocess.run(command, check=False, **quiet)
    if made.returncode:
        shutil.rmtree(folder)
        yield None
        return
    options = [
        "-k",
        folder,
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=90",
    ]
    server = subprocess.Popen(["postgres", "-D", f"{folder}/data", *options], **quiet)
    try:
        yield _answering(f"postgresql://ada@/postgres?host={folder}")
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answering(address: str) -> str | None:
    import time

    import psycopg

    for _ in range(100):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return address
    return None


def measured(name: str, service: Service, dsn: str | None) -> measuring.Measured:
    """Return what is found of a helper, measured once; skip where a library is missing."""
    if library := missing(name.partition(".")[0]):
        pytest.skip(f"needs {library}")
    if DRIVERS[name].needs and dsn is None:
        pytest.skip(f"needs {DRIVERS[name].needs[0]}")
    if name not in _MEASURED:
        with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
            forms = ("loop",) if name in SAFE else measuring.FORMS
            _MEASURED[name] = measuring.measure(name, service, Path(folder), dsn, forms=forms)
        gc.collect()
    return _MEASURED[name]


def test_every_helper_is_labelled_and_driven_once() -> None:
    """At least 60 helpers, at least 25 of which must not start early."""
    names = [label["name"] for label in LABELS]
    assert len(names) == len(set(names)) >= 60
    assert sum(not label["safe"] for label in LABELS) >= 25
    assert set(names) == set(DRIVERS)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label["name"])
def test_nothing_changes_and_nothing_unsafe_starts_early(
    label: dict[str, Any], service: Service, dsn: str | None
) -> None:
    """Value, exception, output, log, requests and what is left behind equal the plain run's."""
    found = measured(label["name"], service, dsn)
    assert found.differences == []
    if label.get("at_first"):
        assert found.first < found.calls, f"its first call started early, though: {label['why']}"
    elif not label["safe"]:
        assert found.early == 0, f"started early {found.early} times, though: {label['why']}"


def test_no_start_is_dropped(service: Service, dsn: str | None) -> None:
    """In runs without exceptions each early start is used."""
    dropped = {name: one.dropped for name, one in _MEASURED.items() if one.dropped}
    dropped.pop("text.parse_invoice", None)  # raises on purpose
    assert dropped == {}


@pytest.mark.timeout(600)
def test_most_safe_helpers_run_ahead(service: Service, dsn: str | None) -> None:
    """Without a single annotation; those too small for a thread do not count."""
    present = [
        label
        for label in LABELS
        if label["safe"]
        and not label.get("quick")
        and not missing(label["name"].partition(".")[0])
        and (dsn or not DRIVERS[label["name"]].needs)
    ]
    found = [measured(label["name"], service, dsn) for label in present]
    behind = [one for one in found if not one.runs_ahead]
    share = 1 - len(behind) / len(found)
    print(f"\n{len(found) - len(behind)} of {len(found)} safe helpers run ahead ({share:.0%})")
    for one in behind:
        print(
            f"  {one.name:40} {one.last} of {one.calls}{'' if one.met else ', none met'}  {one.reason}"
        )
    assert share >= SHARE, "\n".join(
        f"{one.name}: {one.last} {one.met} {one.reason}" for one in behind
    )
