"""Undeclared calls of data libraries: equal answers, equal requests, overlap where it is safe."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import programs.data
import pytest
from world.freezing import freeze
from world.model import Meeting
from world.object_store import ObjectStore
from world.registry import fresh_copy
from world.service import Service

from adaptive_jit.effects import effect_of
from adaptive_jit.records import EffectKind

boto3 = pytest.importorskip("boto3")

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    """Serve objects on the loopback interface."""
    running = ObjectStore()
    yield running
    running.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Serve pages on the loopback interface."""
    running = Service()
    yield running
    running.close()


def _result(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return ("value", freeze(function(*arguments)))
    except Exception as error:
        return ("raised", type(error).__name__, str(error))


def _check(world: Any, name: str, arguments: tuple[Any, ...], overlaps: int, calls: int = 3) -> Any:
    """Compare *calls* adaptive calls with plain ones; the last must overlap."""
    function = getattr(programs.data, name)
    decorated = harness.forced()(fresh_copy(function))
    for number in range(calls):
        world.reset()
        expected = _result(function, arguments)
        requests, writes = sorted(world.requests), world.writes()
        last = number == calls - 1
        meeting = Meeting(overlaps) if overlaps and last else None
        world.reset(meeting)
        assert _result(decorated, arguments) == expected
        assert world.writes() == writes
        if expected[0] == "value":
            assert sorted(world.requests) == requests
        assert meeting is None or meeting.met, f"{name}: {overlaps} never in flight at once"
    return decorated


# An object store ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "overlaps"),
    [
        ("five_objects", 5),
        ("five_objects_by_function", 5),
        ("five_sizes", 5),
        ("two_listings", 2),
        ("write_between", 0),
        ("missing_object", 2),
    ],
)
def test_reads_of_an_object_store_overlap_and_puts_keep_their_place(
    store: ObjectStore, name: str, overlaps: int
) -> None:
    """A stock client: equal objects, equal requests, each put where the program puts it."""
    _check(store, name, (store.client(),), overlaps)


def test_a_hook_of_the_user_keeps_its_client_in_order(store: ObjectStore) -> None:
    """It sees the requests one by one, in the program's order; its removal lets them overlap."""
    client = store.client()
    seen: list[str] = []

    def note(request: Any, **_: Any) -> None:
        seen.append(request.url.rpartition("/")[2])

    store.reset()
    wanted = programs.data.five_objects(client)
    client.meta.events.register("before-send.s3.GetObject", note)
    decorated = harness.forced()(fresh_copy(programs.data.five_objects))
    for _ in range(3):
        seen.clear()
        assert decorated(client) == wanted
        assert seen == [f"part-{number}" for number in range(5)]
    effect = effect_of(client.get_object, (), {"Bucket": "data", "Key": "k"})
    assert effect.kind is EffectKind.UNKNOWN
    assert "note" in effect.reason
    client.meta.events.unregister("before-send.s3.GetObject", note)
    _check(store, "five_objects", (client,), 5)


def test_a_stubbed_client_answers_in_the_order_of_its_stubs(store: ObjectStore) -> None:
    """The stand-in of the library itself is a queue of answers."""
    from botocore.stub import Stubber

    client = store.client()
    decorated = harness.forced()(fresh_copy(programs.data.five_sizes))
    for _ in range(3):
        with Stubber(client) as stub:
            for number in range(5):
                stub.add_response("head_object", {"ContentLength": number})
            assert decorated(client) == [0, 1, 2, 3, 4]


# Tables, pages, archives ----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A few files of each kind."""
    for number in range(4):
        (tmp_path / f"{number}.csv").write_text(f"name,n\na{number},{number}\nb,{number + 1}\n")
    with gzip.open(tmp_path / "lines.gz", "wt") as file:
        file.writelines(json.dumps({"n": number}) + "\n" for number in range(3))
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
        archive.writestr("one.txt", "first")
    return str(tmp_path)


@pytest.mark.parametrize(
    "name", ["tables", "tables_written_between", "other_formats", "programs_in_order"]
)
def test_local_data_is_what_the_plain_program_reads(name: str, folder: str) -> None:
    """Also where the program writes between its reads."""
    function = getattr(programs.data, name)
    expected = _result(function, (folder,))
    decorated = harness.forced()(fresh_copy(function))
    for _ in range(3):
        if name == "tables_written_between":
            (Path(folder) / "1.csv").write_text("name,n\nb,2\n")
        assert _result(decorated, (folder,)) == expected


def test_scraping_overlaps(service: Service) -> None:
    """Fetch, parse, find, in a function that nobody declared."""
    _check(service, "titles", (service.url,), 4)


# Streams of a process without a buffer --------------------------------------------------------

_ASK = """
import sys
from adaptive_jit.effects import effect_of
from adaptive_jit.records import EffectKind
effect = effect_of(print, ("a",), {})
assert effect.kind is EffectKind.WRITES and effect.resource == "console", effect.reason
import logging
logging.basicConfig()
effect = effect_of(logging.warning, ("a",), {})
assert effect.kind is EffectKind.WRITES and effect.resource == "console", effect.reason
print(type(sys.stdout.buffer).__name__)
"""


@pytest.mark.parametrize(
    ("options", "environment", "buffer"),
    [
        ([], {}, "BufferedWriter"),
        (["-u"], {}, "FileIO"),
        ([], {"PYTHONUNBUFFERED": "1"}, "FileIO"),
    ],
)
def test_the_streams_of_an_unbuffered_process_are_stock(
    options: list[str], environment: dict[str, str], buffer: str
) -> None:
    """Text over a file without a buffer between them is console output like any other."""
    import os

    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, *options, "-c", _ASK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**kept, **environment, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == buffer
