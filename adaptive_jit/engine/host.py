"""The services that the runtime takes from the stages above it."""

from __future__ import annotations

import _thread
import time
from typing import Any

from adaptive_jit.effects import attribute_is_transparent, describe, effect_of
from adaptive_jit.fanout import parallel
from adaptive_jit.profiling import Sampler, read
from adaptive_jit.runtime import Host
from adaptive_jit.strategies import strategy

_sampler = Sampler()


def _watch(site: Any) -> None:
    _sampler.enter(_thread.get_native_id(), site)


def make_host() -> Host:
    """Return the host of all functions of this process."""
    return Host(
        effect_of=effect_of,
        attribute_is_transparent=attribute_is_transparent,
        describe=describe,
        start=strategy("thread").start,
        parallel=parallel,
        read=read,
        watch=_watch,
        unwatch=_sampler.leave,
    )


seconds = time.perf_counter
