"""The lowerings of data libraries and of other people's files, by their names in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.effects import catalogue_boto, catalogue_pandas, catalogue_soup
from adaptive_jit.effects.plugin_rules import PLUGIN, plugin

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Lowering

LOWERINGS: dict[str, Lowering] = {
    PLUGIN: plugin,
    "boto": catalogue_boto.operation_effect,
    "boto_body": catalogue_boto.body,
    "boto_paginator": catalogue_boto.paginator,
    "pandas_read": catalogue_pandas.read,
    "pandas_read_sql": catalogue_pandas.read_sql,
    "soup_read": catalogue_soup.looked_at,
}
