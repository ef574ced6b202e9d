"""Helpers as they are written: timed, retried, with classes of their own; and their twins."""

from __future__ import annotations

import collections
import contextvars
import csv
import dataclasses
import functools
import hashlib
import importlib
import linecache
import logging
import os
import sys
import time
import types
from typing import NamedTuple

import backoff
import httpx
import pytest
import tenacity

from adaptive_jit.effects import effect_of, unordered, writes
from adaptive_jit.effects.register import forget_all
from adaptive_jit.effects.resolve import forget_proofs
from adaptive_jit.records.effects import EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind
ROOT = "data"
URL = "http://127.0.0.1:9/"
log = logging.getLogger("helpers")
tenant: contextvars.ContextVar[object] = contextvars.ContextVar("tenant", default="none")
FOUND: list[object] = []
KINDS = (int, str)
KIND_LIST = [int, str]
user: contextvars.ContextVar[object] = contextvars.ContextVar("user", default=FOUND)


@pytest.fixture(autouse=True)
def _forget():
    forget_proofs()
    yield
    forget_proofs()


def kind_of(function, *args):
    return effect_of(function, args, {}).kind


# Paths ----------------------------------------------------------------------


def joined(name):
    with open(os.path.join(ROOT, os.path.basename(name) + ".json")) as file:
        return file.read()


def joined_whole(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


def joined_for_writing(name):
    with open(os.path.join(ROOT, name), "w") as file:
        return file.write("x")


def test_a_joined_path_is_known_at_each_start():
    """`os.path.join` of strings is a string, and the very one at each start."""
    assert kind_of(joined, "a") is READS
    assert kind_of(joined_whole, "a") is READS
    assert kind_of(joined_whole, "/dev/tty") is UNKNOWN
    assert kind_of(joined_for_writing, "a") is WRITES


# Clocks ---------------------------------------------------------------------


def _get(path):
    return httpx.get(URL + path).json()


def warned_if_slow(path):
    start = time.perf_counter()
    found = _get(path)
    if time.perf_counter() - start > 30:
        log.warning("%s was slow", path)
    return found


def logged_duration(path):
    start = time.monotonic()
    try:
        return _get(path)
    finally:
        took = round((time.monotonic() - start) * 1000, 1)
        log.info("took %s ms", took)


def logged_text(path):
    start = time.monotonic()
    found = _get(path)
    log.info(f"{path} took {time.monotonic() - start:.2f} s")  # noqa: G004 - as users write
    return found


def returned(path):
    start = time.perf_counter()
    found = _get(path)
    return found, time.perf_counter() - start


def returned_text(path):
    start = time.perf_counter()
    _get(path)
    return f"{time.perf_counter() - start:.1f}"


def returned_wide(path):
    start = time.perf_counter()
    _get(path)
    width = time.perf_counter() - start
    return f"{path:{width}}"


def returned_in_a_function(path):
    start = time.perf_counter()
    _get(path)
    return lambda: start


def returned_in_a_list(path):
    found = [_get(path)]
    found.append(time.perf_counter())
    return found


def returned_in_a_record(path):
    return Point(time.perf_counter(), _get(path))


def decided(path):
    start = time.perf_counter()
    found = _get(path)
    if time.perf_counter() - start > 30:
        return None
    return found


def decided_what_is_kept(path):
    start = time.perf_counter()
    found = [_get(path)]
    if time.perf_counter() - start > 30:
        found.clear()
    return found


def decided_within_a_record(path):
    start = time.perf_counter()
    found = [_get(path)]
    if time.perf_counter() - start > 30:
        log.warning("%s", found.pop())
    return found


def decided_by_choice(path, flag):
    start = time.perf_counter()
    found = [_get(path)]
    note = log.warning if flag else found.append
    if time.perf_counter() - start > 30:
        note("slow")
    return found


def decided_by_returning(path):
    start = time.perf_counter()
    found = _get(path)
    if time.perf_counter() - start > 30:
        return log.warning("slow")
    return found


def _warn(note):
    start = time.perf_counter()
    if time.perf_counter() - start > 30:
        note("slow")


def decided_by_parameter(path):
    found = [_get(path)]
    _warn(log.warning)
    _warn(found.append)
    return found


def decided_by_binding(path):
    start = time.perf_counter()
    found, note = _get(path), ""
    if time.perf_counter() - start > 30:
        log.warning("%s", (note := "slow"))
    return found, note


def returned_in_a_field(path):
    found = Answer(_get(path)["text"], 1)
    found.size = time.perf_counter()
    return found


def returned_as_one_of_many(path):
    found, size = time.perf_counter(), len(_get(path))
    if size > 1:
        found = []
    elif size > 2:
        found = [1]
    elif size > 3:
        found = [2]
    elif size > 4:
        found = [3]
    elif size > 5:
        found = [4]
    elif size > 6:
        found = [5]
    elif size > 7:
        found = [6]
    return found


def _declared(value):
    return value


def given_to_a_declared_function(path):
    start = time.perf_counter()
    _get(path)
    return _declared(time.perf_counter() - start)


def raised(path):
    start = time.perf_counter()
    found = _get(path)
    if not found:
        raise ValueError(time.perf_counter() - start)
    return found


def divided(path):
    start = time.perf_counter()
    found = _get(path)
    log.info("%s per second", 1 / (time.perf_counter() - start))
    return found


def waited(path):
    start = time.perf_counter()
    found = _get(path)
    while time.perf_counter() - start < 1:
        pass
    return found


def printed(path):
    start = time.perf_counter()
    found = _get(path)
    print(time.perf_counter() - start)
    return found


def wall_clock(path):
    start = time.time()
    found = _get(path)
    log.info("took %s", time.time() - start)
    return found


@pytest.mark.parametrize("helper", [warned_if_slow, logged_duration, logged_text])
def test_code_may_time_itself_for_its_log(helper):
    """Nobody sees a duration but the reader of the log, where it differs in any two runs."""
    assert kind_of(helper, "x") is READS


@pytest.mark.parametrize(
    "helper",
    [
        returned, returned_text, returned_wide, returned_in_a_function, returned_in_a_list,
        returned_in_a_field,
        returned_as_one_of_many,
        decided_by_returning,
        decided_by_parameter,
        decided_by_binding,
        returned_in_a_record, decided, decided_what_is_kept, decided_within_a_record, raised,
        divided, waited, printed, wall_clock,
    ],
)  # fmt: skip
def test_a_clock_that_shows_is_an_ordered_stream(helper):
    """A duration that the program gets, or that decides anything but a record, is in order."""
    assert kind_of(helper, "x") is UNKNOWN


def test_a_declared_function_is_given_no_duration():
    """It could keep or return it."""
    assert kind_of(given_to_a_declared_function, "x") is UNKNOWN
    unordered(_declared)
    try:
        assert kind_of(given_to_a_declared_function, "x") is UNKNOWN
    finally:
        forget_all()


def test_a_branch_of_a_clock_calls_nothing_but_the_log():
    """A name that stands for the logger in one case and for a list in another is no logger."""
    assert effect_of(decided_by_choice, ("x", "yes"), {}).kind is UNKNOWN


# Classes of the user's ------------------------------------------------------


@dataclasses.dataclass
class Answer:
    """What came back."""

    text: str
    size: int
    notes: list[str] = dataclasses.field(default_factory=list)

    @property
    def short(self):
        return self.text[: self.size]

    def noted(self, note):
        self.notes.append(note)
        self.size = 1
        return self


@dataclasses.dataclass
class Counting:
    """Making one is seen."""

    text: str

    def __post_init__(self):
        FOUND.append(self.text)


@dataclasses.dataclass
class Masked:
    """Asked for its class, it answers itself."""

    text: str
    __class__ = property(FOUND.append)


class Point(NamedTuple):
    """Two values."""

    x: object
    y: object


class Loud(tuple):  # noqa: SLOT001 - as users write
    """Making one is seen."""

    _fields = ()
    _field_defaults = {}  # noqa: RUF012 - as the library has it

    def __new__(cls, x):
        FOUND.append(x)
        return tuple.__new__(cls, (x,))


class Faked(tuple):  # noqa: SLOT001 - as users write
    """Looks like a named tuple, but for its fields."""

    _fields = ("x", "y")
    _field_defaults = {}  # noqa: RUF012 - as the library has it
    __new__ = Point.__new__
    x = property(FOUND.append)
    y = property(FOUND.append)


class Initial(tuple):  # noqa: SLOT001 - as users write
    """Making one is seen."""

    def __init__(self, x, y):
        FOUND.append(x)


class Later(Initial):
    """Looks like a named tuple, but for its bases."""

    _fields = ()
    _field_defaults = {}  # noqa: RUF012 - as the library has it
    __new__ = Point.__new__


class ServiceError(Exception):
    """With a status."""

    def __init__(self, status, detail):
        super().__init__(f"{status}: {detail}")
        self.status = status


class CountedError(Exception):
    """Making one is seen."""

    def __init__(self, text):
        super().__init__(text)
        FOUND.append(text)


class SetError(Exception):
    """Storing is seen."""

    def __init__(self, text):
        super().__init__(text)
        self.status = text

    @property
    def status(self):
        return 0

    @status.setter
    def status(self, value):
        FOUND.append(value)


def record(path):
    found = Answer(_get(path)["text"], 3)
    if len(found.text) > 2:
        found.notes.append("long")
    return found.noted("seen").short + found.notes[0]


def record_from_elsewhere(path, answer):
    answer.notes.append(_get(path))
    return answer


def record_with_argument(path, notes):
    found = Answer(_get(path)["text"], 3, notes)
    found.notes.append("changed")
    return found


def record_that_counts(path):
    return Counting(_get(path)["text"]).text


def record_with_an_iterator(path):
    return Answer((letter for letter in _get(path)["text"]), 3)


def pair(path):
    found = Point(_get(path)["x"], path)
    return f"{found.y}"


def loud_pair(path):
    return Loud(_get(path)["x"])


def faked_pair(path):
    return Faked(_get(path)["x"], 1).x


def later_pair(path):
    return Later(_get(path)["x"], 1)


def failing_with_an_iterator(path):
    found = _get(path)
    if not found:
        raise ValueError(str(one) for one in found)
    return found


def masked(path):
    return isinstance(Masked(_get(path)["text"]), Answer)


def unmasked(path):
    return isinstance(Answer(_get(path)["text"], 1), Answer)


def holding(path, notes):
    found = Answer(_get(path)["text"], 3)
    found.notes = notes
    return found


def failing(path):
    response = httpx.get(URL + path)
    if response.is_error:
        raise ServiceError(response.status_code, "bad")
    return response.json()


def failing_and_counting(path):
    response = httpx.get(URL + path)
    if response.is_error:
        raise CountedError("bad")
    return response.json()


def failing_and_setting(path):
    response = httpx.get(URL + path)
    if response.is_error:
        raise SetError("bad")
    return response.json()


def giving_up(path):
    last = None
    for _ in range(3):
        try:
            return _get(path)
        except (OSError, httpx.HTTPError) as error:
            last = error
    raise RuntimeError("gave up") from last


def giving_up_with(path, cause):
    found = _get(path)
    if not found:
        raise RuntimeError("gave up") from cause
    return found


@pytest.mark.parametrize("helper", [record, pair, failing, giving_up, unmasked])
def test_small_classes_are_followed(helper):
    """Fields hold what was stored; an exception's own `__init__` is followed."""
    assert kind_of(helper, "x") is READS


@pytest.mark.parametrize(
    "helper",
    [
        record_that_counts, record_with_an_iterator, loud_pair, faked_pair, later_pair, masked,
        failing_with_an_iterator, failing_and_counting, failing_and_setting,
    ],
)  # fmt: skip
def test_classes_whose_making_does_more_are_unknown(helper):
    """What `__post_init__`, `__new__`, `__init__` or a setter do counts."""
    assert kind_of(helper, "x") is UNKNOWN


def test_records_of_others_are_not_changed():
    """An object that is given, or a list that is given to it, is not the helper's own."""
    assert kind_of(record_from_elsewhere, "x", Answer("", 1)) is UNKNOWN
    assert kind_of(record_with_argument, "x", []) is UNKNOWN
    assert kind_of(giving_up_with, "x", Answer) is UNKNOWN


def test_an_argument_that_a_record_keeps_has_not_been_left():
    """The program may change it, or see it changed, through the record."""
    effect = effect_of(holding, ("x", []), {})
    assert effect.kind is READS
    assert not effect.leaves_arguments


def test_a_class_changed_later_is_looked_at_again(monkeypatch):
    """A proof relies on the class as it was."""
    assert kind_of(record, "x") is READS
    monkeypatch.setattr(Answer, "noted", lambda self, note: FOUND.append(note) or self)
    assert kind_of(record, "x") is UNKNOWN


# Retries --------------------------------------------------------------------


def _wrapped(**settings):
    return tenacity.retry(stop=tenacity.stop_after_attempt(3), **settings)(_get)


def _store(path):
    return httpx.post(URL + path).json()


def _note(state):
    FOUND.append(state)


def _backed_off(**settings):
    given = {"jitter": None, "interval": 0, "max_tries": 3, **settings}
    return backoff.on_exception(backoff.constant, OSError, **given)(_get)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"wait": tenacity.wait_fixed(1) + tenacity.wait_exponential(), "reraise": True},
        {"retry": tenacity.retry_if_exception_type((OSError, ValueError))},
    ],
)
def test_stock_retries_are_what_they_wrap(settings):
    """A wrapper of the library's own rules does what the function does, again after a failure."""
    assert kind_of(_wrapped(**settings), "x") is READS
    assert kind_of(tenacity.retry(_store), "x") is WRITES
    assert not effect_of(_wrapped(**settings), ("x",), {}).quick


@pytest.mark.parametrize(
    "settings",
    [
        {"before": _note},
        {"after": _note},
        {"before_sleep": _note},
        {"sleep": _note},
        {"sleep": FOUND.append},
        {"retry_error_callback": _note},
        {"wait": tenacity.wait_random(0, 1)},
        {"wait": _note},
        {"wait": tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_random(0, 1))},
        {"retry": tenacity.retry_if_result(bool)},
        {"retry": tenacity.retry_if_exception(_note)},
        {"retry_error_cls": ServiceError},
    ],
)
def test_retries_with_code_of_the_users_are_unknown(settings):
    """Callbacks are the user's code, and random waits draw from the program's numbers."""
    assert kind_of(_wrapped(**settings), "x") is UNKNOWN


def test_settings_changed_later_are_looked_at_again():
    """A wrapper's rules may be exchanged under `retry`; a patched sleep is the user's."""
    wrapped = _wrapped()
    assert kind_of(wrapped, "x") is READS
    wrapped.retry.before = _note
    assert kind_of(wrapped, "x") is UNKNOWN


def test_a_subclass_of_the_retry_class_is_unknown():
    """Its methods are the user's."""

    class Mine(tenacity.Retrying):
        @property
        def statistics(self):
            FOUND.append(self)
            return {}

    assert kind_of(Mine().wraps(_get), "x") is UNKNOWN


def test_a_predicate_put_into_a_rule_is_unknown():
    """The rule is the library's own, what it asks is not."""
    rule = tenacity.retry_if_exception_type(OSError)
    rule.predicate = _note
    assert kind_of(_wrapped(retry=rule), "x") is UNKNOWN


@pytest.mark.parametrize("proved_before", [True, False])
def test_a_patched_library_is_code_of_the_users(proved_before, monkeypatch):
    """What stands in a method's place may do anything."""
    wrapped = _wrapped()
    if proved_before:
        assert kind_of(wrapped, "x") is READS
    monkeypatch.setattr(tenacity.Retrying, "begin", FOUND.append)
    assert kind_of(wrapped, "x") is UNKNOWN


def _changed(path):
    return httpx.get(URL + path).json()


def test_what_is_wrapped_is_as_it_was():
    """A declaration of its own is not overruled, and new code is looked at again."""
    wrapped = tenacity.retry(_changed)
    assert kind_of(wrapped, "x") is READS
    _changed.__code__ = _store.__code__
    assert kind_of(wrapped, "x") is WRITES
    writes(_get)
    try:
        assert kind_of(_wrapped(), "x") is UNKNOWN
    finally:
        forget_all()


def test_tries_take_time():
    """A function that waits between tries is worth a thread, even if it only computes."""
    assert effect_of(len_of, ("x",), {}).quick
    assert not effect_of(tenacity.retry(len_of), ("x",), {}).quick


def len_of(text):
    return len(text)


def test_a_patched_sleep_is_code_of_the_users(monkeypatch):
    """It runs between two tries."""
    wrapped = _wrapped()
    assert kind_of(wrapped, "x") is READS
    monkeypatch.setattr(time, "sleep", FOUND.append)
    assert kind_of(wrapped, "x") is UNKNOWN
    forget_proofs()
    assert kind_of(wrapped, "x") is UNKNOWN


@pytest.mark.parametrize("line", ["seen = get{}statistics['idle_for']", "seen = None"])
def test_a_module_that_reads_the_statistics_of_the_last_call_keeps_the_order(
    line, tmp_path, monkeypatch
):
    """The wrapper keeps statistics of its last call, whichever was started last."""
    file = tmp_path / "reading_statistics.py"
    lines = ["import httpx, tenacity", "@tenacity.retry", "def get(url):",
             "    return httpx.get(url).json()", "def count():", "    " + line.format("."), ""]  # fmt: skip
    file.write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    module = importlib.import_module("reading_statistics")
    linecache.checkcache(str(file))
    try:
        assert kind_of(module.get, URL) is (UNKNOWN if "idle_for" in line else READS)
    finally:
        del sys.modules["reading_statistics"]


def test_stock_backoff_is_what_it_wraps():
    """With its own log records only."""
    assert kind_of(_backed_off(), "x") is READS
    assert kind_of(_backed_off(logger=None), "x") is READS
    stored = backoff.on_exception(backoff.constant, OSError, jitter=None)(_store)
    assert kind_of(stored, "x") is WRITES


@pytest.mark.parametrize(
    "settings",
    [
        {"jitter": backoff.full_jitter},
        {"giveup": _note},
        {"giveup": FOUND.append},
        {"on_success": _note},
        {"on_backoff": _note},
        {"on_giveup": functools.partial(_note, 1)},
        {"max_time": lambda: 3},
        {"max_tries": lambda: 3},
        {"on_backoff": functools.partial(_note, logger=log)},
        {"on_backoff": functools.partial(FOUND.append, logger=log)},
        {"logger": types.SimpleNamespace(log=print)},
        {"interval": lambda: 3},
    ],
)
def test_backoff_with_code_of_the_users_is_unknown(settings):
    """Callbacks are the user's code, and jitter draws from the program's numbers."""
    assert kind_of(_backed_off(**settings), "x") is UNKNOWN


def test_backoff_with_waits_of_ones_own_is_unknown():
    """A generator of waits is the user's code."""

    def waits():
        yield 0

    wrapped = backoff.on_exception(waits, OSError, jitter=None)(_get)
    assert kind_of(wrapped, "x") is UNKNOWN


# Building in loops ----------------------------------------------------------


def rows(name):
    found = []
    with open(name) as file:
        for row in csv.DictReader(file):
            row["amount"] = float(row["amount"])
            found.append(row)
    return found


def rows_with_a_shared_rest(name, rest):
    found = []
    with open(name) as file:
        for row in csv.DictReader(file, restval=rest):
            row["amount"] = 1
            row["notes"].append("changed")
            found.append(row)
    return found


def counted(name):
    counts = collections.Counter()
    with open(name) as file:
        for line in file:
            counts[line[:1]] += 1
    return dict(counts)


def counted_elsewhere(name, counts):
    with open(name) as file:
        for line in file:
            counts[line[:1]] += 1
    return dict(counts)


def counted_lists(name, notes):
    counts = collections.Counter()
    with open(name) as file:
        counts[file.read()] = notes
    return counts


def digest(name):
    found = hashlib.sha256()
    with open(name, "rb") as file:
        while block := file.read(100):
            found.update(block)
    return found.hexdigest()


def digest_of_all(name, found):
    with open(name, "rb") as file:
        found.update(file.read())
    return found.hexdigest()


def checked(value):
    for kind in KINDS:
        if isinstance(value, kind):
            return kind.__name__ + str(_get("x"))
    return None


def checked_by_a_list(value):
    for kind in KIND_LIST:
        if isinstance(value, kind):
            return str(_get("x"))
    return None


def of_user(path):
    return _get(f"{path}/{user.get('nobody')}")


def of_tenant(path):
    return _get(f"{path}/{tenant.get()}")


def of_tenant_or(path):
    return _get(f"{path}/{tenant.get('nobody')}")


@pytest.mark.parametrize("helper", [rows, counted, digest])
def test_what_a_helper_builds_itself_it_may_change(helper):
    """Rows of its own reader, a counter and a hash of its own."""
    assert kind_of(helper, "x") is READS


def test_what_others_hold_is_not_changed():
    """The same things, given."""
    assert kind_of(rows_with_a_shared_rest, "x", []) is UNKNOWN
    assert kind_of(counted_elsewhere, "x", collections.Counter()) is UNKNOWN
    assert kind_of(counted_lists, "x", []) is UNKNOWN
    assert kind_of(digest_of_all, "x", hashlib.sha256()) is UNKNOWN


def test_a_fixed_tuple_of_classes_is_gone_through():
    """A tuple found in a global cannot change."""
    assert kind_of(checked, "x") is READS
    assert kind_of(checked_by_a_list, "x") is UNKNOWN


def test_a_context_variable_is_a_value_of_the_context():
    """Known by its type, which is checked at each start."""
    assert kind_of(of_tenant, "x") is READS
    assert kind_of(of_tenant_or, "x") is READS
    assert kind_of(of_user, "x") is READS
    token = tenant.set(Answer("", 1))
    try:
        assert kind_of(of_tenant, "x") is UNKNOWN
        assert kind_of(of_tenant_or, "x") is UNKNOWN
    finally:
        tenant.reset(token)
