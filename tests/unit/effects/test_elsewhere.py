"""HTTP reads from other machines pass local writes; those that this machine may answer do not."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from adaptive_jit.effects import elsewhere
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.records import Effect, EffectKind, commute

WRITE = Effect(EffectKind.WRITES, "files")
PUBLIC = "8.8.8.8"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)  # what earlier requests have left there
    monkeypatch.setattr(elsewhere, "_is_own", lambda text: text == "9.9.9.9")
    elsewhere.forget()
    elsewhere.note_file_write()
    yield
    elsewhere.wait(10)
    elsewhere.forget()


def passes(monkeypatch: pytest.MonkeyPatch, url: str, *addresses: str) -> bool:
    monkeypatch.setattr(elsewhere, "addresses_of", lambda host: addresses)
    effect_of(urllib.request.urlopen, (url,), {})
    elsewhere.wait(10)
    return commute(effect_of(urllib.request.urlopen, (url,), {}), WRITE)


def test_a_public_host_passes_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses must be public, none this machine's; names are read one way only."""
    assert passes(monkeypatch, "https://api.one.com/x", PUBLIC)
    assert not passes(monkeypatch, "https://api.two.com/x", PUBLIC, "127.0.0.1")
    assert not passes(monkeypatch, "https://api.three.com/x", "10.0.0.1")
    assert not passes(monkeypatch, "https://api.four.com/x", "9.9.9.9")
    assert not passes(monkeypatch, "https://api.five.com/x", "64:ff9b::7f00:1")
    assert not passes(monkeypatch, "https://api.six.com/x")
    assert not passes(monkeypatch, "http://me@api.seven.com/x", PUBLIC)
    assert not passes(monkeypatch, "http://localhost/x", PUBLIC)


def test_a_proxy_may_be_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers through a proxy is not known."""
    assert passes(monkeypatch, "https://api.one.com/x", PUBLIC)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert not passes(monkeypatch, "https://api.one.com/x", PUBLIC)


def test_the_proxies_of_the_opener_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request makes the opener; ``no_proxy`` beside it names no proxy."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener())
    assert passes(monkeypatch, "https://api.one.com/x", PUBLIC)
    with monkeypatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
        opener = urllib.request.build_opener()
    monkeypatch.setattr(urllib.request, "_opener", opener)
    assert not passes(monkeypatch, "https://api.one.com/x", PUBLIC)
    own = urllib.request.ProxyHandler({"HTTPS": "http://127.0.0.1:3128"})
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(own))
    assert not passes(monkeypatch, "https://api.one.com/x", PUBLIC)


def test_a_password_file_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``requests`` reads ``.netrc`` at each request, unless there is none or it is told not to."""
    monkeypatch.setattr(elsewhere, "addresses_of", lambda host: (PUBLIC,))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    url = "https://api.one.com/x"
    model = "https://api.one.com/v1/chat/completions"

    def both_pass() -> tuple[bool, bool]:
        effect_of(requests.get, (url,), {})
        elsewhere.wait(10)
        effects = effect_of(requests.get, (url,), {}), effect_of(requests.post, (model,), {})
        return commute(effects[0], WRITE), commute(effects[1], WRITE)

    assert both_pass() == (True, True)
    monkeypatch.setenv("NETRC", str(tmp_path / "passwords"))
    assert both_pass() == (False, False)
    monkeypatch.delenv("NETRC")
    for name in (".netrc", "_netrc"):
        (tmp_path / name).touch()
        assert both_pass() == (False, False)
        assert passes(monkeypatch, url, PUBLIC)  # urllib does not look there
        (tmp_path / name).unlink()
    assert both_pass() == (True, True)


def test_nobody_is_asked_before_a_file_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up only where that matters."""
    elsewhere.forget()
    assert not passes(monkeypatch, "https://api.one.com/x", PUBLIC)


@pytest.mark.parametrize("error", [OSError, UnicodeError, ValueError])
def test_a_host_that_cannot_be_looked_up_is_no_other_machine(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """The program will meet the error itself; nothing is said about it here."""

    def fails(host: str) -> list[str]:
        raise error(host)

    monkeypatch.setattr(elsewhere, "addresses_of", fails)
    url = "https://api.lost.com/x"
    for _ in range(2):
        assert not commute(effect_of(urllib.request.urlopen, (url,), {}), WRITE)
        elsewhere.wait(10)


def test_a_look_up_holds_up_no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver may take half a minute to give up."""
    seen = []

    def asked(host: str) -> list[str]:
        seen.append(threading.current_thread().daemon)
        return [PUBLIC]

    monkeypatch.setattr(elsewhere, "addresses_of", asked)
    effect_of(urllib.request.urlopen, ("https://api.slow.com/x",), {})
    elsewhere.wait(10)
    assert seen == [True]
