"""Programs over files, databases and stores."""

from __future__ import annotations

import hashlib
from unittest import mock

from quality.helpers import files, http_requests, http_urllib, s3_store, sql_sqlite, text


def etl_with_writes():
    """Enrich rows by two look-ups and send each on.

    Gains: the two look-ups of a row; rows stay in order, since each ends with a POST.
    """
    sent = []
    for number in (1, 2, 3):
        user = http_requests.get_user(number)
        price = http_requests.price_in("EUR", str(number))
        if price > 100:
            continue
        sent.append(http_requests.create_order(user["email"], quantity=number))
    return sent


def report_from_sql():
    """A report about customers, from three queries each.

    Starts: the queries; they are too short to gain on a local file.
    """
    lines = []
    for number in (1, 2, 3, 4):
        customer = sql_sqlite.customer(number)
        total = sql_sqlite.total_spent(number)
        orders = sql_sqlite.orders_of(number)
        lines.append(f"{customer['name']}: {total} in {len(orders)} orders")
    return "\n".join(lines)


def suite_with_mocks():
    """A test of somebody's function with its look-up patched.

    In order: `with`: what its context manager does is not known
    """
    with mock.patch.object(http_requests, "get_user") as fake:
        fake.side_effect = lambda number: {"name": f"fake {number}"}
        names = []
        for number in (3, 1, 2):
            names.append(http_requests.get_user(number)["name"])
        fake.assert_called_with(2)
        order = [call.args[0] for call in fake.call_args_list]
    return names, order


def config_loader(folder):
    """Settings from several files, later ones winning.

    Starts: the files; they are too short to gain on a local disk.
    """
    base = files.settings("one")
    extra = files.ini_section("two")
    note = files.read_text(f"{folder}/three.txt")
    merged = {**base, **extra, "note": note[:10]}
    return sorted(merged.items(), key=str)


def backup_with_hashing(s3, folder):
    """Hash files and upload those that have changed.

    In order: writes http (proved: s3.put_object
    """
    uploaded = []
    for name in ("one", "two", "three"):
        digest = files.sha256_of(f"{folder}/{name}.txt")
        if s3_store.get_or_none(s3, f"hashes/{name}") != digest:
            s3_store.put_json(s3, f"hashes/{name}", digest)
            uploaded.append(name)
    return uploaded


def thumbnails():
    """Computing: each picture is reduced and named by its hash.

    Computes: threads do not make Python compute faster.
    """
    names = []
    for number in range(4):
        pixels = [(number * n * 31) % 256 for n in range(3000)]
        small = [sum(pixels[n : n + 10]) // 10 for n in range(0, len(pixels), 10)]
        names.append(hashlib.md5(bytes(small)).hexdigest()[:8] + text.slugify(f"Picture {number}"))
    return names


def log_shipping():
    """Count the levels of logs and send the counts.

    In order: quality.helpers.http_urllib.notify · unknown effect
    """
    numbers = []
    for name in ("one", "two", "three"):
        levels = files.count_levels(name)
        numbers.append(http_urllib.notify(name, text=str(sorted(levels.items())))["id"])
    return numbers
