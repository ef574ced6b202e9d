"""What calls are seen to do while they are profiled, and what follows from it: never a permission."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adaptive_jit import adaptive, explain, override, pure, reads, reset, stats, unordered
from adaptive_jit.effects import observed
from adaptive_jit.engine import host
from adaptive_jit.errors import DeclarationWarning
from adaptive_jit.profiling import audit
from adaptive_jit.records import EffectKind, Source

OPAQUE: dict[str, Any] = {}
"""Functions are reached through it, so that no proof follows them."""


@pytest.fixture(autouse=True)
def _believe_again() -> Any:
    yield
    observed.forget()


def seen(action: Any) -> audit.Sightings:
    """What one observed call of *action* was seen to do."""
    place = SimpleNamespace(seen=None)
    audit.enter(place, action)
    try:
        action()
    finally:
        audit.leave(place, lambda *_: None)
    found = place.seen
    assert isinstance(found, audit.Sightings)
    return found


def kinds(action: Any) -> set[str]:
    return set(seen(action).kinds)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (lambda folder: (folder / "a").write_text("x"), audit.FILES),
        (lambda folder: os.close(os.open(folder / "b", os.O_CREAT | os.O_RDWR)), audit.FILES),
        (lambda folder: (folder / "made").mkdir(), audit.FILES),
        (lambda folder: (folder / "there").rename(folder / "moved"), audit.FILES),
        (lambda folder: (folder / "there").unlink(), audit.FILES),
        (lambda folder: (folder / "there").chmod(0o600), audit.FILES),
        (lambda _: os.putenv("ADAPTIVE_OBSERVED", "1"), audit.PROCESS),
        (lambda _: os.kill(os.getpid(), signal.SIGURG), audit.PROCESS),
        (lambda _: subprocess.run([sys.executable, "-S", "-c", ""], check=True), audit.STARTS),
    ],
)
def test_what_changes_something_is_seen(action: Any, kind: str, tmp_path: Path) -> None:
    """By the event that the interpreter tells."""
    (tmp_path / "there").write_text("")
    assert kind in kinds(lambda: action(tmp_path))


@pytest.mark.parametrize(
    "action",
    [
        lambda folder: (folder / "there").read_text(),
        lambda folder: list(folder.iterdir()),
        lambda _: Path(os.devnull).write_text("gone"),
        lambda _: os.kill(os.getpid(), 0),
        lambda _: pickle.loads(pickle.dumps([1])),  # noqa: S301
        lambda folder: (folder / "__pycache__").mkdir(),
    ],
)
def test_what_only_asks_is_no_write(action: Any, tmp_path: Path) -> None:
    """Nor what an import leaves behind, nor the null device."""
    (tmp_path / "there").write_text("")
    assert kinds(lambda: action(tmp_path)) == set()


def test_the_verb_of_a_request_is_told_apart() -> None:
    """``http.client`` tells what it sends; only other verbs than those of questions count."""
    for verb, kind in (
        (b"GET", None), (b"HEAD", None), (b"POST", audit.POSTS), (b"DELETE", audit.POSTS),
    ):  # fmt: skip
        event = ("http.client.send", object(), verb + b" / HTTP/1.1\r\n")
        assert kinds(lambda event=event: sys.audit(*event)) == ({kind} if kind else set())


def test_an_event_that_is_not_as_documented_says_nothing() -> None:
    """A hook that raised would forbid what the program does."""
    assert kinds(lambda: sys.audit("open")) == set()
    assert kinds(lambda: sys.audit("open", 1, 2, "no flags")) == set()
    assert kinds(lambda: sys.audit("http.client.send", 1, 2, 3, 4)) == set()


def test_nothing_is_kept_of_arguments(tmp_path: Path) -> None:
    """Kinds and numbers only: no path."""
    secret = tmp_path / "secret-name"
    found = seen(lambda: secret.write_text("x"))
    assert str(found) == "changes files in 1 of 1 call"
    assert found.has_written


def test_other_threads_are_not_listened_to(tmp_path: Path) -> None:
    """What they do says nothing on this call."""

    def elsewhere() -> None:
        thread = threading.Thread(target=(tmp_path / "x").write_text, args=("x",))
        thread.start()
        thread.join()

    assert str(seen(elsewhere)) == "no write seen in 1 call, which proves nothing"


def test_an_outer_call_has_done_what_the_inner_one_did(tmp_path: Path) -> None:
    """And the inner one nothing of what comes after it."""
    outer, inner = SimpleNamespace(seen=None), SimpleNamespace(seen=None)
    audit.enter(outer, None)
    audit.enter(inner, None)
    audit.leave(inner, lambda *_: None)
    (tmp_path / "x").write_text("x")
    audit.leave(outer, lambda *_: None)
    assert not inner.seen.kinds
    assert set(outer.seen.kinds) == {audit.FILES}
    assert not audit._stacks


def test_a_place_that_was_not_entered_ends_nothing() -> None:
    """Leaving twice must not end the observation of those around it."""
    outer, other = SimpleNamespace(seen=None), SimpleNamespace(seen=None)
    audit.enter(outer, None)
    audit.leave(other, lambda *_: None)
    assert audit._stacks
    audit.leave(outer, lambda *_: None)
    assert outer.seen.calls == 1


def test_a_call_that_raises_is_observed_to_its_end_and_no_further(tmp_path: Path) -> None:
    """What the program does in its handler is not the call's doing."""
    path = tmp_path / "x"

    def fails() -> None:
        raise LookupError

    def quiet() -> int:
        return 1

    OPAQUE.update(fails=fails, quiet=quiet, path=path)

    @adaptive(effects="observed", min_predicted_speedup=1e9, profile_calls=5)
    def function() -> Any:
        first = second = third = 0
        try:
            first = OPAQUE["quiet"]()
            second = OPAQUE["fails"]()
            third = OPAQUE["quiet"]()
        except LookupError:
            OPAQUE["path"].write_text("x")
        return first, second, third

    assert function() == (1, 0, 0)
    texts = {one.text: one.observed for one in stats(function).operations}
    assert texts["OPAQUE['fails']()"] == "no write seen in 1 call, which proves nothing"
    assert not audit._stacks


def test_nor_is_what_comes_after_it_in_a_loop(tmp_path: Path) -> None:
    """There the region goes on behind the exception, and another call writes."""

    def fails(number: int) -> int:
        return 1 // number

    OPAQUE.update(fails=fails, writer=writer)

    @adaptive(effects="observed", min_predicted_speedup=1e9, profile_calls=5)
    def function(numbers: list[int], path: Path) -> list[Any]:
        found = []
        for number in numbers:
            try:
                value = OPAQUE["fails"](number)
            except ZeroDivisionError:
                value = None
            found.append((value, OPAQUE["writer"](path)))
        return found

    assert function([1, 0, 1], tmp_path / "x") == [(1, 1), (None, 1), (1, 1)]
    texts = {one.text: one.observed for one in stats(function).operations}
    assert texts["OPAQUE['fails'](number)"] == "no write seen in 3 calls, which proves nothing"
    assert texts["OPAQUE['writer'](path)"] == "changes files in 3 of 3 calls"
    assert not audit._stacks


# ---- what follows -------------------------------------------------------------------------


def writer(path: Path) -> int:
    """Change a file."""
    return path.write_text("x")


def reader(path: Path) -> str:
    """Read a file."""
    return path.read_text()


def twice(function: Any, path: Path, **arguments: Any) -> Any:
    """A decorated function, called once, that calls *function* twice by an opaque name."""
    OPAQUE.update(function=function, path=path)

    def both() -> Any:
        first = OPAQUE["function"](OPAQUE["path"])
        second = OPAQUE["function"](OPAQUE["path"])
        return first, second

    both.__code__ = both.__code__.replace()  # closures of one code learn together
    decorated = adaptive(min_predicted_speedup=1e9, **arguments)(both)
    decorated()
    return decorated


def test_unless_chosen_nothing_is_observed(tmp_path: Path) -> None:
    """No words in the report, and no place among the services that observes."""
    (tmp_path / "x").write_text("")
    decorated = twice(writer, tmp_path / "x")
    assert {one.observed for one in stats(decorated).operations} == {""}
    assert "observed:" not in str(explain(decorated))
    assert host.host("proved").watch is host._watch
    assert host.host("declared").watch is host._watch
    assert host.host("observed").watch is not host._watch


def test_the_hook_is_put_in_place_by_the_first_observation_only(tmp_path: Path) -> None:
    """A process that observes nothing has no audit hook."""
    code = (
        "import sys, runpy\n"
        "from adaptive_jit import adaptive\n"
        "from adaptive_jit.profiling import audit\n"
        "added = []\n"
        "sys.addaudithook = added.append\n"
        "table = {'len': len}\n"
        "def two(xs):\n"
        "    a = table['len'](xs)\n"
        "    b = table['len'](xs)\n"
        "    return a + b\n"
    )
    plain, chosen = "adaptive(two)([1])", "adaptive(effects='observed')(two)([1])"
    for decorated, count in ((plain, 0), (f"{chosen}; {chosen}", 1)):
        program = f"{code}{decorated}\nassert len(added) == {count}, added\n"
        path = tmp_path / f"program{count}.py"
        path.write_text(program)
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr


def test_no_write_seen_is_told_and_permits_nothing(tmp_path: Path) -> None:
    """The effect is as unknown as before, and the report says that this proves nothing."""
    (tmp_path / "x").write_text("text")
    OPAQUE["again"] = reader

    def hidden(path: Path) -> Any:
        return OPAQUE["again"](path)

    decorated = twice(hidden, tmp_path / "x", effects="observed")
    operation = stats(decorated).operations[0]
    assert operation.effect is EffectKind.UNKNOWN
    assert operation.strategy == "direct"
    assert operation.observed == "no write seen in 1 call, which proves nothing"
    shown = " ".join(str(explain(decorated)).split())
    assert "observed: no write seen in 1 call, which proves nothing" in shown


@pytest.mark.parametrize("declare", [pure, reads])
def test_a_declaration_that_was_seen_to_be_wrong_is_followed_no_more(
    declare: Any, tmp_path: Path
) -> None:
    """Its calls are unknown from then on; one warning names it and `unordered`."""

    def helper(path: Path) -> int:
        return OPAQUE["inner"](path)  # type: ignore[no-any-return]

    OPAQUE["inner"] = writer
    declare(helper)
    with pytest.warns(DeclarationWarning, match=r"helper.*changes files.*`unordered`") as told:
        decorated = twice(helper, tmp_path / "x", effects="observed")
    assert len(told) == 1
    assert told[0].filename == __file__
    effect = host.host("observed").effect_of(helper, (tmp_path,), {})
    assert (effect.kind, effect.source) == (EffectKind.UNKNOWN, Source.OBSERVED)
    assert "declared" in effect.reason
    assert "changes files in 1 of 1 call" in effect.reason
    assert stats(decorated).operations[1].effect is EffectKind.UNKNOWN
    assert host.host("proved").effect_of(helper, (tmp_path,), {}).source is Source.DECLARED
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        reset(decorated)
        decorated()
    assert again == []  # said once


def test_another_function_in_the_place_of_a_disproved_one_is_believed() -> None:
    """Identifiers are used again; the reference tells."""

    def gone() -> None: ...

    def here() -> None: ...

    reads(here)
    effect = host.host("observed").effect_of(here, (), {})
    observed._disproved[id(here)] = (weakref.ref(gone), "changes files")
    assert observed.disproved(effect, here) is effect
    observed._disproved[id(here)] = (weakref.ref(here), "changes files")
    assert observed.disproved(effect, here).kind is EffectKind.UNKNOWN


def test_unordered_may_write(tmp_path: Path) -> None:
    """That is what it says."""

    def helper(path: Path) -> int:
        return OPAQUE["inner"](path)  # type: ignore[no-any-return]

    OPAQUE["inner"] = writer
    unordered(helper)
    twice(helper, tmp_path / "x", effects="observed")
    effect = host.host("observed").effect_of(helper, (tmp_path,), {})
    assert effect.kind is EffectKind.UNORDERED


def test_a_request_that_may_be_a_question_disproves_nothing(tmp_path: Path) -> None:
    """Only the user knows; it is told, no more."""

    def helper(_: Path) -> int:
        sys.audit("http.client.send", object(), b"POST /search HTTP/1.1")
        return 1

    reads(helper)
    decorated = twice(helper, tmp_path, effects="observed")
    assert stats(decorated).operations[0].observed == f"{audit.POSTS} in 1 of 1 call"
    effect = host.host("observed").effect_of(helper, (tmp_path,), {})
    assert effect.kind is EffectKind.READS


def test_a_bound_method_is_disproved_for_its_function(tmp_path: Path) -> None:
    """Whatever the receiver."""

    class Keeper:
        def keep(self, path: Path) -> int:
            return OPAQUE["inner"](path)  # type: ignore[no-any-return]

    OPAQUE["inner"] = writer
    reads(Keeper.keep)
    with pytest.warns(DeclarationWarning, match="keep"):
        twice(Keeper().keep, tmp_path / "x", effects="observed")
    effect = host.host("observed").effect_of(Keeper().keep, (tmp_path,), {})
    assert effect.kind is EffectKind.UNKNOWN


def test_warnings_that_are_errors_do_not_reach_the_program(tmp_path: Path) -> None:
    """The call that was seen writing returns; the log says it instead."""

    def helper(path: Path) -> int:
        return OPAQUE["inner"](path)  # type: ignore[no-any-return]

    OPAQUE["inner"] = writer
    reads(helper)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twice(helper, tmp_path / "x", effects="observed")


def test_the_setting_counts_at_each_call(tmp_path: Path) -> None:
    """An ``override`` around a profiled call observes it."""
    (tmp_path / "x").write_text("")
    OPAQUE["again"] = reader

    def hidden(path: Path) -> Any:
        return OPAQUE["again"](path)

    with override(effects="observed"):
        decorated = twice(hidden, tmp_path / "x")
    assert stats(decorated).operations[0].observed
    reset(decorated)
    assert not stats(decorated).operations[0].observed
