"""Files of all kinds."""

from __future__ import annotations

import configparser
import csv
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

ROOT = "."


def load_config(name):
    with open(os.path.join(ROOT, name + ".json")) as f:
        return json.load(f)


def settings(name: str, environment: str = "prod") -> dict:
    """Defaults, then the file's section, then the process environment."""
    merged = {"debug": False, "port": 80}
    parsed = tomllib.loads(Path(ROOT, f"{name}.toml").read_text(encoding="utf-8"))
    merged.update(parsed.get("default", {}))
    merged.update(parsed.get(environment, {}))
    if "CORPUS_PORT" in os.environ:
        merged["port"] = int(os.environ["CORPUS_PORT"])
    if not 0 < merged["port"] < 65536:
        raise ValueError(f"{name}: bad port {merged['port']}")
    return merged


def read_text(path: Path | str, default: str = "") -> str:
    path = Path(path)
    if not path.exists():
        return default
    return path.read_text(encoding="utf-8").strip()


def read_rows(name: str) -> list[dict]:
    rows = []
    with open(f"{ROOT}/{name}.csv", newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            row["amount"] = float(row["amount"])
            row["paid"] = row["paid"].lower() in ("yes", "true", "1")
            rows.append(row)
    return rows


def count_levels(name: str) -> dict[str, int]:
    """How often each log level occurs in a compressed log."""
    counts: Counter[str] = Counter()
    with gzip.open(Path(ROOT) / f"{name}.log.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            if match := re.match(r"\S+ (\w+)", line):
                counts[match.group(1)] += 1
    return dict(counts)


def sha256_of(path: str, chunk: int = 1 << 16) -> str:
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(chunk):
            h.update(block)
    return h.hexdigest()


def newest(pattern: str) -> list[str]:
    """Names that match, largest first."""
    found = Path(ROOT).glob(pattern)
    return [p.name for p in sorted(found, key=lambda p: (-p.stat().st_size, p.name))]


def members(archive: str) -> dict[str, int]:
    with zipfile.ZipFile(os.path.join(ROOT, archive)) as z:
        return {info.filename: info.file_size for info in z.infolist()}


def ini_section(name: str, section: str = "main") -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(Path(ROOT) / f"{name}.ini")
    return dict(parser[section])


def line_count(path: str) -> int:
    out = subprocess.run(["wc", "-l", path], capture_output=True, text=True, check=True)
    return int(out.stdout.split()[0])


def save_result(name: str, value: int) -> Path:
    target = Path(ROOT) / "out" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"value": value}))
    return target


def append_line(text: str, name: str = "journal.txt") -> int:
    with open(os.path.join(ROOT, name), "a") as f:
        return f.write(text + "\n")


def next_line(handle: io.TextIOBase) -> str:
    return handle.readline().rstrip("\n")


def ensure_folder(name: str) -> str:
    """Return the folder's path."""
    path = os.path.join(ROOT, name)
    os.makedirs(path, exist_ok=True)
    return path


def in_folder(name: str) -> list[str]:
    """List a folder the lazy way."""
    before = os.getcwd()
    os.chdir(os.path.join(ROOT, name))
    try:
        return sorted(os.listdir())
    finally:
        os.chdir(before)
