"""The bucket."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

BUCKET = "archive"
ENDPOINT = "http://localhost:8000/s3"


def get_text(s3, key: str) -> str:
    obj = s3.get_object(Bucket=BUCKET, Key=key)
    return obj["Body"].read().decode("utf-8")


def owner_of(s3: Any, key: str) -> str:
    head = s3.head_object(Bucket=BUCKET, Key=key)
    return head["Metadata"].get("owner", "nobody")


def list_keys(s3, prefix: str = "") -> list[str]:
    keys = []
    paginator = s3.get_paginator("list_objects_v2")
    for page in paginator.paginate(Bucket=BUCKET, Prefix=prefix):
        for obj in page.get("Contents", []):
            keys.append(obj["Key"])
    return keys


def get_or_none(s3, key: str) -> str | None:
    try:
        return get_text(s3, key)
    except ClientError as e:
        if e.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def put_json(s3, key: str, value: Any) -> str:
    body = json.dumps(value, sort_keys=True).encode()
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"]


def take(s3, key: str) -> str:
    """Fetch an object and remove it, so that nobody handles it twice."""
    text = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    s3.delete_object(Bucket=BUCKET, Key=key)
    return text


def save_locally(s3, key: str, target: str) -> str:
    s3.download_file(BUCKET, key, target)
    return target


class Bucket:
    """A bucket as an object."""

    def __init__(self, client: Any, name: str = BUCKET) -> None:
        self._client = client
        self.name = name

    def size(self, key: str) -> int:
        return self._client.head_object(Bucket=self.name, Key=key)["ContentLength"]


def first_line(key: str) -> str:
    """Make a client for one look."""
    s3 = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().splitlines()[0]
