"""Who is here: visitors (and team members) who hold a stream, in any process.

In memory only. A process announces its own visitors to the others when one comes or
goes, and all of them every `ANNOUNCE` seconds; what another process announced is
forgotten after `FORGET`, so that a killed process leaves no ghost.
"""

from collections.abc import Iterable
from time import monotonic
from uuid import UUID

ANNOUNCE = 20.0
FORGET = 60.0
GRACE = 3.0
"""Seconds before a visitor whose last stream ended is gone: a reload is not a departure."""


class Presence:
    """Visitors present by account, own and announced by other processes."""

    def __init__(self) -> None:
        self.own: dict[UUID, int] = {}
        self.accounts: dict[UUID, int] = {}
        self.accounts_elsewhere: dict[UUID, int] = {}
        self._elsewhere: dict[UUID, dict[str, float]] = {}

    def here(self, visitor: UUID) -> bool:
        """Is this visitor's widget open in any process?"""
        return visitor in self.own or visitor in self._elsewhere

    def came(self, visitor: UUID, account: int) -> bool:
        """A stream of this visitor began here; True if it is the first anywhere."""
        first = not self.here(visitor)
        self.own[visitor] = self.own.get(visitor, 0) + 1
        self.accounts[visitor] = account
        return first

    def left(self, visitor: UUID) -> bool:
        """A stream of this visitor ended here; True if the visitor is gone everywhere."""
        rest = self.own.get(visitor, 0) - 1
        if rest > 0:
            self.own[visitor] = rest
            return False
        self.own.pop(visitor, None)
        self.accounts.pop(visitor, None)
        return not self.here(visitor)

    def heard(self, process: str, visitor: UUID, here: bool, now: float | None = None) -> bool:
        """Another process announced a visitor; True if that changes who is here."""
        before = self.here(visitor)
        places = self._elsewhere.setdefault(visitor, {})
        if here:
            places[process] = (monotonic() if now is None else now) + FORGET
        else:
            places.pop(process, None)
        if not places:
            del self._elsewhere[visitor]
        return before != self.here(visitor)

    def expire(self, now: float | None = None) -> list[UUID]:
        """Forget stale announcements; the visitors who are gone by that."""
        moment = monotonic() if now is None else now
        gone = []
        for visitor, places in list(self._elsewhere.items()):
            for process in [p for p, until in places.items() if until <= moment]:
                del places[process]
            if not places:
                del self._elsewhere[visitor]
                if not self.here(visitor):
                    gone.append(visitor)
        return gone


present = Presence()
"""The state of this process; read from any thread, changed in the loop's thread only."""


def user_key(user: int) -> UUID:
    """A team member's key: small numbers, which no visitor's random id is."""
    return UUID(int=user)


def here(visitors: Iterable[UUID]) -> set[UUID]:
    """Those of `visitors` whose widget is open now."""
    return {v for v in visitors if present.here(v)}
