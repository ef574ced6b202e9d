"""Runs an operation ahead of its turn, in whichever thread has claimed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.runtime.output import capturing
from adaptive_jit.runtime.states import DONE, RAISED

if TYPE_CHECKING:
    from adaptive_jit.runtime.pending import Entry


def execute(entry: Entry) -> None:
    """Run the operation of *entry* in the caller's context and finish the entry; never raises.

    Whatever it raises belongs to the program and is shown in its turn, with a
    traceback that begins in the user's code.
    """
    effect, context = entry.effect, entry.context
    assert effect is not None
    assert context is not None
    watch = effect.watch
    token = watch.before() if watch is not None else None
    try:
        with capturing(entry):
            value = context.run(entry.callee, *entry.args, **entry.kwargs)
    except BaseException as error:
        traceback = error.__traceback__
        entry.error = error.with_traceback(traceback.tb_next if traceback else None)
        state, value = RAISED, None
    else:
        state = DONE
    if watch is not None:
        watch.changed(token)
    entry.context = None
    entry.finish(state, value)
