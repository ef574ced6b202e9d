"""Whether a web address belongs to another machine, so that no local file can answer it.

A server on this machine may hand out the very files that a program writes; so
may one in a container here, or on a network disk next door. Another machine is
what its name, resolved, shows to be one: every address of it is public, and
none is an address of this machine.

Looking a name up takes time and is a request of its own. So it is done once
for a host, in a thread beside the program, and only after the program has
written a file; until the answer is there the host counts as this machine.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HOSTS = 64
"""How many hosts are looked up in a process; further ones count as this machine."""

LIFETIME = 600.0
"""Seconds that an answer is believed; names move, but not while an answer is on its way."""

FORK_WAIT = 2.0
"""Seconds that a fork waits for a look-up under way; usual resolvers answer within one."""

_ADDRESS = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?(?:[/?#]|\Z)", re.IGNORECASE)
"""Addresses that all libraries split alike: no user, no escapes, no letters beyond ASCII."""

_AT_HOME = frozenset(
    {"example", "home", "internal", "invalid", "lan", "local", "localdomain", "localhost", "test"}
)
"""Last labels of names that are not public (RFC 2606, RFC 6762, RFC 6761, and usage)."""

_PROXIES = ("http", "https", "all")

_NO_ROUTE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
)
"""Errors that no address of this machine gives: those always have a route."""

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses inside IPv6 ones (RFC 6052)."""


def host_of(url: str) -> str:
    """The host of a plain web address, in lower case; ``""`` where libraries might disagree."""
    found = _ADDRESS.match(url)
    return found[1].lower().strip("[]") if found is not None else ""


def note_file_write() -> None:
    """The program writes local files: from now on it matters where answers come from."""
    global _wanted
    _wanted = True


def matters() -> bool:
    """Whether the program has written local files at all."""
    return _wanted


def is_elsewhere(host: str) -> bool:
    """Whether *host* is known to be another machine; asks nobody and waits for nothing."""
    if not _wanted or not host:
        return False
    known = _known.get(host)
    if known is None or known[1] < time.monotonic():
        _look_up(host, known)
        return False
    return known[0] and not any_proxy(urllib.request.getproxies_environment())


def addresses_of(host: str) -> Iterable[str]:
    """The addresses of a host, as the system's resolver tells. Raises `OSError`."""
    import socket

    found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    return {str(one[4][0]).partition("%")[0] for one in found}


def is_another_machine(addresses: Iterable[str]) -> bool:
    """Whether there are addresses, all of them public, and none of this machine."""
    every = list(addresses)
    return bool(every) and all(map(_is_public, every)) and not any(map(_is_own, every))


def forget() -> None:
    """Begin anew, as in a fresh process."""
    global _wanted
    _wanted = False
    _known.clear()
    _running.clear()


def wait(seconds: float) -> None:
    """Wait until no look-up is under way, *seconds* at most for each."""
    for thread in list(_running.values()):
        thread.join(seconds)


def _look_up(host: str, known: tuple[bool, float] | None) -> None:
    if host in _running or (known is None and len(_known) + len(_running) >= HOSTS):
        return
    labels = host.rstrip(".").split(".")
    if ":" not in host and (len(labels) == 1 or labels[-1] in _AT_HOME):
        _known[host] = (False, _never)
        return
    thread = threading.Thread(
        target=_ask, args=(host, _answer), name="adaptive-jit-lookup", daemon=True
    )
    if _running.setdefault(host, thread) is not thread:
        return
    try:
        thread.start()
    except RuntimeError:  # no more threads, or the interpreter is ending
        _known[host] = (False, _never)
        _running.pop(host, None)


def _ask(host: str, answer: Callable[[str], bool]) -> None:
    try:
        _known[host] = (answer(host), time.monotonic() + LIFETIME)
    finally:
        _running.pop(host, None)


def _answer(host: str) -> bool:
    if any_proxy(urllib.request.getproxies()):  # those of the system, too, where it has them
        return False
    try:
        return is_another_machine(addresses_of(host))
    except (OSError, UnicodeError, ValueError):
        return False


def any_proxy(proxies: dict[str, str]) -> bool:
    """Whether one of *proxies*, as the environment names them, is for web addresses."""
    if type(proxies) is not dict:
        return True
    return any(url and name.lower() in _PROXIES for name, url in proxies.items())


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None
        or address.sixtofour is not None
        or address.teredo is not None
        or address in _TRANSLATED
    ):
        return False
    return address.is_global and not address.is_multicast


def _is_own(text: str) -> bool:
    """Whether an address is of this machine: a datagram to it would leave from there.

    Connecting a datagram socket chooses a route and sends nothing.
    """
    import socket

    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((text, 9))
            return bool(probe.getsockname()[0] == text)
    except OSError as error:
        return error.errno not in _NO_ROUTE


_wanted = False
_never = float("inf")
_known: dict[str, tuple[bool, float]] = {}
_running: dict[str, Any] = {}


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=lambda: wait(FORK_WAIT), after_in_child=_running.clear)
