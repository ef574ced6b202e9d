"""The services that the runtime takes from the stages above it."""

from __future__ import annotations

import _thread
import functools
import time
from types import MethodType
from typing import Any

from adaptive_jit.effects import (
    attribute_is_transparent,
    describe,
    effect_of,
    lookup_is_transparent,
)
from adaptive_jit.effects.catalogue_console import file_of_record, is_stock_stream
from adaptive_jit.effects.managers import enters_quietly
from adaptive_jit.effects.observed import disprove, disproved
from adaptive_jit.effects.own_files import CLOSES, effect_on_own, is_file, makes_writer
from adaptive_jit.engine.fallback import failed
from adaptive_jit.engine.gate import Gate
from adaptive_jit.fanout import parallel
from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.profiling import Sampler, audit, read
from adaptive_jit.records import Effect, EffectKind
from adaptive_jit.runtime import Host
from adaptive_jit.runtime.exact import is_usual
from adaptive_jit.runtime.output import ask_about_files
from adaptive_jit.strategies import strategy
from adaptive_jit.strategies.thread import ThreadStrategy

_sampler = Sampler()
gate = Gate(strategy("thread").start)
ask_about_files(file_of_record)
_UNKNOWN = Effect(EffectKind.UNKNOWN, reason="it could not be judged")
_UNUSUAL = Effect(
    EffectKind.UNKNOWN, reason="it meets an object whose metaclass compares or hashes classes"
)


def _watch(site: Any, _callee: Any) -> None:
    _sampler.enter(_thread.get_native_id(), site)


def _observe(site: Any, callee: Any) -> None:
    audit.enter(site, callee)
    _sampler.enter(_thread.get_native_id(), site)


def _observed(site: Any) -> None:
    _sampler.leave(site)
    audit.leave(site, _has_written)


def _has_written(callee: Any, seen: object) -> None:
    disprove(callee, str(seen))


@functools.cache
def host(evidence: str) -> Host:
    """Return the services for functions whose effects may be known by *evidence* at most."""
    allowed = "declared" if evidence == "declared" else "proved"
    observes = evidence == "observed"

    def effect(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
        receiver = callee.__self__ if type(callee) is MethodType else callee
        if not all(map(is_usual, (receiver, *args, *kwargs.values()))):
            return _UNUSUAL
        try:
            found = effect_of(callee, args, kwargs, allowed)
            return disproved(found, callee) if observes else found
        except Exception as error:
            if is_the_programs(error):
                raise
            failed("judging an operation", error)
            return _UNKNOWN

    def on_own(
        callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], own: Any
    ) -> Effect | None:
        try:
            return effect_on_own(callee, args, kwargs, own)
        except Exception as error:
            if is_the_programs(error):
                raise
            failed("judging an operation", error)
            return None

    return Host(
        effect_of=effect,
        attribute_is_transparent=attribute_is_transparent,
        lookup_is_transparent=lookup_is_transparent,
        describe=describe,
        start=gate.start,
        parallel=parallel,
        read=read,
        watch=_observe if observes else _watch,
        unwatch=_observed if observes else _sampler.leave,
        is_stock_stream=is_stock_stream,
        enters_quietly=enters_quietly,
        effect_on_own=on_own,
        makes_writer=makes_writer,
        is_file=is_file,
        closes=CLOSES,
    )


def allow(workers: int) -> None:
    """Let the thread pool grow to *workers* for a function that asks for them."""
    pool = strategy("thread")
    if isinstance(pool, ThreadStrategy):
        pool.allow(workers)


seconds = time.perf_counter
