"""Output of operations that ran ahead: kept as it was created, put out in its turn."""

from __future__ import annotations

import contextvars
import logging
import subprocess
import sys
import threading
import warnings

import pytest

from adaptive_jit.runtime import output
from adaptive_jit.runtime.output import capturing, release


class Slot:
    def __init__(self):
        self.held = None


class Collecting(logging.Handler):
    """Keeps what it is given: text, thread of the record, thread of the emission."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.threads = []

    def emit(self, record):
        self.records.append(record)
        self.threads.append(threading.get_ident())

    @property
    def lines(self):
        return [record.getMessage() for record in self.records]


@pytest.fixture
def collected():
    handler = Collecting()
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)
    log.filters.clear()


log = logging.getLogger("tests.unit.test_output")
log.propagate = False
log.setLevel(logging.INFO)


def ahead(function, *arguments):
    """Run an operation in a thread of its own and return what it held back."""
    slot, errors = Slot(), []

    def run():
        try:
            with capturing(slot):
                contextvars.Context().run(function, *arguments)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return slot.held


# ---- log records ------------------------------------------------------------------------


def test_a_record_appears_at_its_release_and_not_before(collected):
    held = ahead(log.info, "early %d", 1)
    log.info("in between")
    assert collected.lines == ["in between"]
    release(held)
    assert collected.lines == ["in between", "early 1"]


def test_records_are_put_out_in_the_thread_of_the_program_but_keep_their_own(collected):
    release(ahead(log.info, "x"))
    assert collected.threads == [threading.get_ident()]
    assert collected.records[0].thread != threading.get_ident()
    assert collected.records[0].threadName != threading.current_thread().name


def test_a_record_keeps_the_time_of_its_creation(collected, monkeypatch):
    held = ahead(log.info, "x")
    log.info("later")
    release(held)
    later, early = collected.records
    assert early.created <= later.created


def test_a_record_names_the_line_that_logged(collected):
    def operation():
        log.info("here")

    release(ahead(operation))
    assert collected.records[0].funcName == "operation"
    assert collected.records[0].lineno == operation.__code__.co_firstlineno + 1


def test_two_operations_appear_in_the_order_of_the_program(collected):
    first = ahead(lambda: (log.info("1a"), log.info("1b")))
    second = ahead(log.info, "2")
    release(first)
    release(second)
    assert collected.lines == ["1a", "1b", "2"]


def test_a_message_is_rendered_when_it_is_created(collected):
    """An argument that changes before the turn does not change the line."""
    values = [1]
    held = ahead(log.info, "%s", values)
    values.append(2)
    release(held)
    assert collected.lines == ["[1]"]


def test_a_mapping_and_a_message_object_are_rendered_too(collected):
    values = {"a": 1}

    class Message:
        def __str__(self):
            return f"object {values}"

    held = ahead(lambda: (log.info("%(a)s", values), log.info(Message())))
    values["a"] = 2
    release(held)
    assert collected.lines == ["1", "object {'a': 1}"]


def test_template_and_arguments_survive_where_they_cannot_change(collected):
    """Error trackers group by template."""
    release(ahead(log.info, "%s took %.1f s", "x", 1.5))
    assert collected.records[0].msg == "%s took %.1f s"
    assert collected.records[0].args == ("x", 1.5)


def test_a_template_that_does_not_fit_is_left_to_the_handlers(collected, monkeypatch):
    """They report it in their own way; the operation must not fail because of it."""
    monkeypatch.setattr(log, "handlers", [collected])  # pytest's own would raise
    release(ahead(log.info, "%d", object()))
    assert collected.records[0].msg == "%d"


def test_levels_are_decided_when_the_operation_logs(collected):
    assert ahead(log.debug, "quiet") is None


def test_filters_see_the_context_of_the_operation(collected):
    """A request number bound inside the operation is on its lines."""
    request = contextvars.ContextVar("request", default="none")
    log.addFilter(lambda record: setattr(record, "request", request.get()) or True)

    def operation():
        request.set("r1")
        log.info("x")
        request.set("r2")

    release(ahead(operation))
    assert collected.records[0].request == "r1"


def test_what_a_filter_raises_is_raised_in_its_turn(collected):
    """And what the operation would have logged afterwards is not."""

    def refuse(_record):
        raise ValueError("refused")

    held = ahead(lambda: (log.info("1"), log.info("2")))
    log.addFilter(refuse)
    with pytest.raises(ValueError, match="refused"):
        release(held)
    log.filters.clear()
    release(held)
    assert collected.lines == []


def test_a_thread_that_runs_no_operation_logs_at_once(collected):
    """Also one that the operation has started: it may go on after the operation."""

    def operation():
        inner = threading.Thread(target=log.info, args=("inner",))
        inner.start()
        inner.join()

    assert ahead(operation) is None
    assert collected.lines == ["inner"]


def test_nothing_is_kept_of_a_silent_operation():
    assert ahead(int) is None


def test_after_the_operation_its_thread_logs_at_once(collected):
    slot = Slot()
    with capturing(slot):
        log.info("held")
    log.info("direct")
    assert collected.lines == ["direct"]
    assert len(slot.held) == 1


def test_an_exception_in_the_operation_ends_the_capture(collected):
    with pytest.raises(ZeroDivisionError), capturing(Slot()):
        1 / 0
    log.info("direct")
    assert collected.lines == ["direct"]


def test_an_operation_inside_an_operation_appears_in_order(collected):
    """Released inside an outer operation, output waits for the outer one's turn."""

    def outer():
        inner = ahead(log.info, "2 inner")
        log.info("1 outer")
        release(inner)
        log.info("3 outer")

    held = ahead(outer)
    assert collected.lines == []
    release(held)
    assert collected.lines == ["1 outer", "2 inner", "3 outer"]


def test_a_silent_outer_operation_takes_over_what_an_inner_one_said(collected):
    held = ahead(lambda: release(ahead(log.info, "inner")))
    assert collected.lines == []
    release(held)
    assert collected.lines == ["inner"]


def test_nested_captures_in_one_thread_keep_apart(collected):
    outer, inner = Slot(), Slot()
    with capturing(outer):
        log.info("outer 1")
        with capturing(inner):
            log.info("inner")
        log.info("outer 2")
    release(inner.held)
    release(outer.held)
    assert collected.lines == ["inner", "outer 1", "outer 2"]


def test_output_is_put_out_once(collected):
    held = ahead(log.info, "x")
    release(held)
    release(held)
    assert collected.lines == ["x"]


# ---- warnings ---------------------------------------------------------------------------


def warn(text="w"):
    warnings.warn(text, UserWarning, stacklevel=1)


def test_a_warning_is_shown_at_its_release(recwarn):
    held = ahead(warn)
    assert len(recwarn) == 0
    release(held)
    assert str(recwarn.pop(UserWarning).message) == "w"


def test_a_warning_keeps_its_place_of_origin(recwarn):
    release(ahead(warn))
    shown = recwarn.pop(UserWarning)
    assert (shown.filename, shown.lineno) == (__file__, warn.__code__.co_firstlineno + 1)


def test_a_warning_as_an_error_is_raised_in_the_operation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            ahead(warn)


def test_an_ignored_warning_is_not_kept():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ahead(warn) is None


def test_a_warning_that_is_shown_once_is_shown_once():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("once")
        first, second = ahead(warn, "only once"), ahead(warn, "only once")
        for held in (first, second):
            if held:
                release(held)
    assert len(shown) == 1


def test_an_operation_that_catches_its_own_warnings_gets_them():
    """It reads them before it ends; nothing may be held back from it."""
    caught = []

    def operation():
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            warn()
            caught.extend(shown)

    assert ahead(operation) is None
    assert len(caught) == 1


def test_a_replaced_showwarning_is_called_in_the_turn(monkeypatch):
    shown = []
    monkeypatch.setattr(warnings, "showwarning", lambda *what: shown.append(what[0]))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # catch_warnings has put the original back for its block
        warnings.showwarning = lambda *what: shown.append(threading.get_ident())
        held = ahead(warn)
        assert shown == []
        release(held)
    assert shown == [threading.get_ident()]


def test_warnings_that_go_to_the_log_wait_as_well():
    handler = Collecting()
    target = logging.getLogger("py.warnings")
    target.addHandler(handler)
    target.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            held = ahead(warn)
            assert handler.lines == []
            release(held)
            logging.captureWarnings(False)
    finally:
        target.removeHandler(handler)
        target.propagate = True
    assert len(handler.lines) == 1
    assert "UserWarning: w" in handler.lines[0]


def test_log_records_and_warnings_keep_their_order_among_each_other(collected):
    order = []
    collected.emit = lambda record: order.append(record.getMessage())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *what: order.append(str(what[0]))
        release(ahead(lambda: (log.info("1"), warn("2"), log.info("3"))))
    assert order == ["1", "2", "3"]


# ---- when and where it is installed ---------------------------------------------------------


def run_program(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "" or "Traceback" not in done.stderr, done.stderr
    return done


def test_logging_is_neither_loaded_nor_wrapped_before_it_is_needed():
    code = """
import sys
from adaptive_jit.runtime.output import capturing
class Slot: held = None
with capturing(Slot()): pass
assert "logging" not in sys.modules
import logging
plain = logging.Logger.handle
with capturing(Slot()): pass
assert logging.Logger.handle is not plain
wrapped = logging.Logger.handle
with capturing(Slot()): pass
assert logging.Logger.handle is wrapped
print("fine")
"""
    assert run_program(code).stdout == "fine\n"


def test_logging_that_another_thread_is_importing_is_wrapped_later():
    code = """
import sys, types
from adaptive_jit.runtime.output import capturing
class Slot: held = None
sys.modules["logging"] = types.ModuleType("logging")
with capturing(Slot()): pass
del sys.modules["logging"]
import logging
plain = logging.Logger.handle
with capturing(Slot()): pass
assert logging.Logger.handle is not plain
print("fine")
"""
    assert run_program(code).stdout == "fine\n"


def test_what_nobody_released_is_put_out_at_exit_in_order():
    """Before ``logging`` closes its handlers."""
    code = """
import logging, sys, warnings
from adaptive_jit.runtime.output import capturing
class Slot: held = None
logging.basicConfig(stream=sys.stdout, format="%(message)s")
slots = [Slot() for _ in range(3)]
for number, slot in enumerate(slots):
    with capturing(slot):
        logging.warning("operation %d", number)
logging.warning("end of program")
"""
    expected = ["end of program", "operation 0", "operation 1", "operation 2"]
    assert run_program(code).stdout.splitlines() == expected


def test_what_was_dropped_is_not_put_out_at_exit():
    """The program never came to it."""
    code = """
import logging, sys
from adaptive_jit.runtime.output import capturing
class Slot: held = None
logging.basicConfig(stream=sys.stdout, format="%(message)s")
slot = Slot()
with capturing(slot):
    logging.warning("dropped")
del slot
"""
    assert run_program(code).stdout == ""


def test_without_the_private_hook_warnings_are_shown_at_once(monkeypatch, recwarn):
    """An interpreter that does it differently loses the order, not the warning."""
    monkeypatch.setattr(output, "_unwrapped_warnings", iter((True,)))
    monkeypatch.delattr(warnings, "_showwarnmsg")
    monkeypatch.setattr(output, "_logging_is_wrapped", False)
    output._install()
    assert next(output._unwrapped_warnings)
    assert not hasattr(warnings, "_showwarnmsg")
