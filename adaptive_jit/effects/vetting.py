"""Vetting: do the answers that a client receives change it?

Cookies are the one state of a stock client that an answer changes and a
later request sends. Until the first answer has changed nothing, the
operations of a client follow each other; once one has changed something, they
stay in their turn for ever, for the program may read the jar in between.
"""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records.effects import Effect

CLEAN_ANSWERS_NEEDED = 1
"""Completed calls without a change to the client before it may serve several at once."""


_CHANGED = "its client's cookies change with its answers: in the calling thread, in its turn"


class Vetting:
    """What is known of one client: unvetted, clean, or changed by one of its answers.

    It is also the `Watch` of the client's operations: ``before`` gives the
    cookies, ``changed`` compares and remembers the verdict.
    """

    __slots__ = (
        "_claimed", "_cookies", "_effects", "changes", "clean", "lane", "size", "subject",
    )  # fmt: skip

    def __init__(self, subject: Callable[[], Any], cookies: Callable[[Any], Any]) -> None:
        self.subject = subject
        self.size = -1
        self.clean = 0
        self.changes = False
        self.lane = object()
        self._cookies = cookies
        self._claimed: Any = None
        self._effects: dict[int, tuple[Effect, Effect]] = {}

    @property
    def is_vetted(self) -> bool:
        """Whether the client may serve several operations at once."""
        return self.clean >= CLEAN_ANSWERS_NEEDED and not self.changes

    def effect(self, base: Effect) -> Effect:
        """*base* with this watch, and with the lane while the client needs one."""
        known = self._effects.get(id(base))
        if known is not None and known[0] is base:
            return known[1]
        if self.changes:
            made = replace(base, watch=self, lane=self.lane, caller_thread=True, reason=_CHANGED)
        elif self.is_vetted:
            made = replace(base, watch=self)
        else:
            made = replace(base, watch=self, lane=self.lane, on_trial=True)
        self._effects[id(base)] = (base, made)
        return made

    def before(self) -> Any:
        """The client's cookies now, as a plain value."""
        client = self.subject()
        if client is None:
            return None
        now = snapshot(self._cookies(client))
        if now != self._claimed:
            self._claimed = None
        return now

    def receivers(self) -> tuple[object, ...]:
        """The client, in the shape of this object."""
        return (self,)

    def changed(self, token: Any, value: Any = None) -> bool:
        """Whether the operation changed the cookies; remembers for later starts that one did.

        If *value* is the answer itself, it tells whether it has set one. Else
        cookies that another operation has been found to have set meanwhile
        are that one's.
        """
        client = self.subject()
        if client is None:
            return False
        now = snapshot(self._cookies(client))
        if now is None or now != token:
            self.changes = True
            self._effects = {}
            own = sets_cookies(value)
            if own is None:
                own = now is None or now != self._claimed
            if own:
                self._claimed = now
            return own
        if not self.is_vetted and not self.changes:
            self.clean += 1
            self._effects = {}
        return False


def sets_cookies(value: Any) -> bool | None:
    """Whether an answer of ``httpx`` or ``requests`` sets a cookie; ``None`` if it is not one."""
    kind = type(value)
    if kind.__name__ != "Response" or kind.__module__ not in _ANSWERS:
        return None
    return any("set-cookie" in answer.headers for answer in (value, *value.history))


_ANSWERS = frozenset({"httpx", "httpx._models", "httpx2", "httpx2._models", "requests.models"})


OF_THE_WAY = frozenset(
    {"__cf_bm", "__cflb", "__cfruid", "__cfseq", "_cfuvid", "cf_clearance"}
    | {"AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS", "AWSELB", "AWSELBCORS"}
    | {"ARRAffinity", "ARRAffinitySameSite", "GCLB"}
)
"""Cookies of load balancers and bot filters, set with the first answer of most model services.

They choose a server or tell people from programs and carry no state of the
service (the cookie pages of Cloudflare, Elastic Load Balancing, Azure App
Service and Google Cloud Load Balancing).
"""


def snapshot(jar: Any) -> frozenset[tuple[Any, ...]] | None:
    """The cookies of a jar as values; ``None``, equal to no snapshot, if it changes meanwhile.

    Expiry dates are left out: a server that renews the same cookie with each
    answer changes nothing that a later request sends. So are the cookies of
    what stands before the service.
    """
    domains = getattr(jar, "_cookies", None)
    if not domains:
        return frozenset()
    try:
        return frozenset(
            (domain, path, name, cookie.value)
            for domain, paths in domains.items()
            for path, cookies in paths.items()
            for name, cookie in cookies.items()
            if name not in OF_THE_WAY
        )
    except RuntimeError:
        return None


_vettings: dict[int, Vetting] = {}


def vetting_of(client: Any, cookies: Callable[[Any], Any]) -> Vetting:
    """The vetting of this very client; made at first, forgotten with it."""
    known = _vettings.get(id(client))
    if known is not None and known.subject() is client:
        return known
    key = id(client)
    reference = weakref.ref(client, lambda _: _vettings.pop(key, None))
    made = _vettings[key] = Vetting(reference, cookies)
    return made
