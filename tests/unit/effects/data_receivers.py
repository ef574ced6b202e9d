"""Receivers and arguments for the entries of data libraries: clients, trees, tables, archives."""

from __future__ import annotations

import collections
import functools
import io
import os
import string
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

import kept_open

KEYS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "none",
    "aws_secret_access_key": "none",
    "endpoint_url": "http://127.0.0.1:9",
}


@functools.lru_cache(maxsize=8)
def aws_client(service: str = "s3") -> Any:
    """A client that never reaches anything."""
    import boto3

    return boto3.client(service, **KEYS)


def _tree() -> Any:
    import bs4

    return bs4.BeautifulSoup("<h1>one</h1>", "html.parser")


def _status_error(library: str) -> Any:
    module = sys.modules[library]
    request = module.Request("GET", "http://host/path")
    return module.HTTPStatusError("no", request=request, response=module.Response(404))


def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(), "w")


def _body() -> Any:
    from botocore.response import StreamingBody

    return StreamingBody(io.BytesIO(b"text"), 4)


def _paginator() -> Any:
    """Clients make a subclass of it; its own method is what proofs follow."""
    return object.__new__(sys.modules["botocore.paginate"].Paginator)


def _makers() -> dict[str, Any]:
    return {
        "botocore.client:BaseClient": aws_client,
        "botocore.paginate:Paginator": _paginator,
        "botocore.response:StreamingBody": _body,
        "bs4:BeautifulSoup": _tree,
        "bs4:Tag": lambda: _tree().h1,
        "bs4.element:Tag": lambda: _tree().h1,
        "collections:Counter": lambda: collections.Counter("aab"),
        "csv:DictWriter": lambda: sys.modules["csv"].DictWriter(io.StringIO(), ["a"]),
        "posix:DirEntry": lambda: list(os.scandir("/"))[0],
        "botocore.exceptions:ClientError": lambda: sys.modules["botocore.exceptions"].ClientError(
            {"Error": {"Code": "NoSuchKey"}}, "GetObject"
        ),
        "csv:DictReader": lambda: sys.modules["csv"].DictReader(io.StringIO("a,b\n1,2\n")),
        "httpx:HTTPStatusError": lambda: _status_error("httpx"),
        "httpx2:HTTPStatusError": lambda: _status_error("httpx2"),
        "requests.exceptions:HTTPError": lambda: sys.modules["requests"].HTTPError(),
        "requests.exceptions:RequestException": lambda: sys.modules["requests"].RequestException(),
        "string:Template": lambda: string.Template("$a"),
        "urllib.parse:ParseResult": lambda: urllib.parse.urlparse("http://host/path"),
        "urllib.error:HTTPError": lambda: urllib.error.HTTPError("http://h", 404, "", {}, None),
        "urllib.request:Request": lambda: urllib.request.Request("http://host/path"),
        "xml.etree.ElementTree:Element": lambda: ET.fromstring("<a>x</a>"),
        "xml.etree.ElementTree:ElementTree": lambda: ET.ElementTree(ET.XML("<a/>")),
        "zipfile:ZipFile": _archive,
    }


def data_receiver(owner: type) -> Any:
    """One of *owner*, ``None`` if it is of none of these libraries."""
    maker = _makers().get(f"{owner.__module__}:{owner.__qualname__}")
    return None if maker is None else maker()


def data_arguments(name: str, lower: str) -> tuple[Any, ...] | None:
    """Harmless arguments for an entry, ``None`` if it is of none of these libraries."""
    if lower == "pandas_read":
        return ("table.csv",)
    if lower == "pandas_read_sql":
        return ("SELECT 1", kept_open.connection())
    if lower == "boto_paginator":
        return ("list_objects_v2",)
    if name == "bs4:BeautifulSoup":
        return ("<h1>one</h1>", "html.parser")
    if name == "zipfile:ZipFile":
        return ("archive.zip",)
    if name == "xml.etree.ElementTree:parse":
        return ("feed.xml",)
    return None
