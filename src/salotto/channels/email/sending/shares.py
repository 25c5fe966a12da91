"""How many of a process's senders one server, and one account, have at a time.

A server may take ten minutes for one mail. A few such mails would keep every sender, and nobody
else's mail would leave. So a server counts as prompt once it has answered for a mail within
`PROMPT` seconds, until it takes longer. Prompt servers share all senders, none having more than
half of them. All others have half of them together, each server and each account one. What finds
no place waits a moment, if those in its way have only begun; else it is put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition
from time import monotonic

PROMPT = 10.0
"""Seconds for a mail."""
MOST_WAIT = 60.0
OURS = ""
"""The installation's own server, which is all accounts': all senders but two may be at it."""
MOST_KNOWN = 5000
"""Prompt servers that are remembered."""


@dataclass(eq=False, slots=True)
class Place:
    """A sender that is at a mail; or that has to put it back, where `wait` says for how long."""

    account: int
    server: str
    since: float = 0.0
    until: float = 0.0
    wait: timedelta | None = None

    def answered(self) -> None:
        """The server has answered for the mail: it is prompt, if that was quick."""
        self.until = monotonic()

    @property
    def seconds(self) -> float:
        """For how long the server has had it."""
        return (self.until or monotonic()) - self.since


class Shares:
    """The places of so many senders; safe from any thread."""

    def __init__(self, senders: int, moment: float) -> None:
        self.senders = senders
        self.moment = moment
        self._changed = Condition()
        self._held: list[Place] = []
        self._prompt: dict[str, None] = {}

    @contextmanager
    def place(self, account: int, server: str) -> Iterator[Place]:
        """A place for the block, with `wait` if there is none now."""
        place = Place(account, server)
        with self._changed:
            self._changed.wait_for(lambda: not self._worth_waiting(place), self.moment)
            in_the_way = self._in_the_way(place)
            if in_the_way:
                place.wait = self._wait(in_the_way)
            else:
                place.since = monotonic()
                self._held.append(place)
        try:
            yield place
        finally:
            self._leave(place)

    def forget(self) -> None:
        """Which servers are prompt."""
        with self._changed:
            self._prompt.clear()

    def _worth_waiting(self, place: Place) -> bool:
        return 0 <= max((one.seconds for one in self._in_the_way(place)), default=-1) < self.moment

    def _wait(self, in_the_way: list[Place]) -> timedelta:
        """The longer these have taken, the longer it may be until there is a place."""
        longest = max(one.seconds for one in in_the_way)
        return timedelta(seconds=min(max(longest, self.moment), MOST_WAIT))

    def _in_the_way(self, place: Place) -> list[Place]:
        """Those who have to leave before this one has a place; empty: there is one."""
        there = [one for one in self._held if one.server == place.server]
        mine = [one for one in self._held if one.account == place.account]
        half = self.senders // 2
        if place.server == OURS:
            shares = [(mine, half), (there, self.senders - 2)]
        elif self._is_prompt(place.server):
            shares = [(mine, half), (there, half)]
        else:
            doubted = [one for one in self._held if not self._is_prompt(one.server)]
            shares = [([one for one in doubted if one in mine], 1), (there, 1), (doubted, half)]
        return next((held for held, most in shares if len(held) >= max(most, 1)), [])

    def _is_prompt(self, server: str) -> bool:
        if server == OURS:
            return True
        slow = any(one.server == server and one.seconds > PROMPT for one in self._held)
        return server in self._prompt and not slow

    def _leave(self, place: Place) -> None:
        if place.wait is not None:
            return
        with self._changed:
            self._held.remove(place)
            if place.until or place.seconds > PROMPT:
                self._prompt.pop(place.server, None)
            if place.until and place.seconds <= PROMPT:
                self._prompt[place.server] = None
            for oldest in list(self._prompt)[: len(self._prompt) - MOST_KNOWN]:
                del self._prompt[oldest]
            self._changed.notify_all()


ANSWERS_SENDERS = 6
BULK_SENDERS = 3
ANSWERS = Shares(ANSWERS_SENDERS, moment=1.0)
"""Of mails to one person."""
BULK = Shares(BULK_SENDERS, moment=PROMPT)
"""Of mails to many: those behind them can wait."""
