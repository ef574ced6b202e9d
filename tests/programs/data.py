"""What users write over object stores, tables, pages and archives: undeclared."""

from __future__ import annotations

import csv
import glob
import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections import defaultdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
import requests
from bs4 import BeautifulSoup


def five_objects(client: Any) -> Any:
    """The body is read where the program reads it."""
    texts = []
    for number in range(5):
        answer = client.get_object(Bucket="data", Key=f"part-{number}")
        texts.append(answer["Body"].read().decode())
    return texts


def _text(client: Any, key: str) -> str:
    body: bytes = client.get_object(Bucket="data", Key=key)["Body"].read()
    return body.decode("utf-8")


def five_objects_by_function(client: Any) -> Any:
    """A function that reads the whole object."""
    return [_text(client, f"part-{number}") for number in range(5)]


def five_sizes(client: Any) -> Any:
    """HEAD requests."""
    return [
        client.head_object(Bucket="data", Key=f"part-{number}")["ContentLength"]
        for number in range(5)
    ]


def write_between(client: Any) -> Any:
    """What is put is seen by the reads behind it, and not by those before."""
    before = _text(client, "part-0")
    client.put_object(Bucket="data", Key="part-0", Body=b"new")
    after = _text(client, "part-0")
    client.put_object(Bucket="data", Key="part-0", Body=b"newer")
    return before, after, _text(client, "part-0")


def missing_object(client: Any) -> Any:
    """The second is not there; the put behind it must not happen."""
    first = client.get_object(Bucket="data", Key="part-0")["Body"].read()
    second = client.get_object(Bucket="data", Key="nowhere")["Body"].read()
    client.put_object(Bucket="data", Key="copy", Body=first + second)
    return first, second


def _all_keys(client: Any, prefix: str) -> Any:
    found = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="data", Prefix=prefix):
        found += [entry["Key"] for entry in page.get("Contents", [])]
    return found


def two_listings(client: Any) -> Any:
    """Pages of two listings."""
    first = _all_keys(client, "part")
    second = _all_keys(client, "part-")
    return first, second


def tables(folder: str) -> Any:
    """Local tables."""
    totals = []
    for number in range(4):
        table = pd.read_csv(f"{folder}/{number}.csv", dtype={"name": str})
        totals.append(int(table["n"].sum()))
    return totals


def tables_written_between(folder: str) -> Any:
    """A table that is written is read as it was written."""
    first = pd.read_csv(f"{folder}/0.csv").to_dict("records")
    Path(f"{folder}/1.csv").write_text("name,n\nnew,7\n")
    second = pd.read_csv(f"{folder}/1.csv").to_dict("records")
    return first, second


def _title(url: str) -> Any:
    page = BeautifulSoup(requests.get(url, timeout=10).text, "html.parser")
    heading = page.find("h1")
    return heading.get_text(strip=True) if heading else page.get_text()


def titles(url: str) -> Any:
    """Scraping."""
    return [_title(f"{url}/page/{number}") for number in range(4)]


def _rows(path: str) -> Any:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def _packed(path: str) -> Any:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def _archive(path: str) -> Any:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def _by_name(folder: str) -> Any:
    groups = defaultdict(list)
    for path in sorted(glob.glob(folder + "/*.csv")):
        for row in _rows(path):
            groups[row["name"]].append((os.path.basename(path), row["n"]))
    return sorted(groups.items(), key=itemgetter(0))


def other_formats(folder: str) -> Any:
    """Rows, lines, archives."""
    rows = _rows(f"{folder}/0.csv")
    lines = _packed(f"{folder}/lines.gz")
    files = _archive(f"{folder}/files.zip")
    return rows, lines, files, _by_name(folder)


def programs_in_order(folder: str) -> Any:
    """Other programs append to one file, one after the other."""
    for number in range(3):
        code = f"open({folder + '/log'!r}, 'a').write('{number}')"
        subprocess.run([sys.executable, "-c", code], check=True)
    return Path(f"{folder}/log").read_text()[-3:]
