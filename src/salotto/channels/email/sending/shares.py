"""How many of a process's senders one server, and one account, have at a time.

A server may take ten minutes for one mail. A few such mails would keep every sender, and nobody
else's mail would leave. So a server counts as prompt once it has answered for a mail within
`PROMPT` seconds, until it takes longer. Prompt servers share all senders, none having more than
half of them, and only one while there are few left. All others have half of them together, each
server and each account one.

Beyond that half a server that nobody knows to be slow, of an account that has none, has a first try,
one at a time: there a mail must have come to its end within `FIRST_TRY`. So one that is new, or not
known any more since the process began, soon shows what it is. Once the end is out, the answer is
awaited as for any mail, since nobody knows any more whether the server has it. So a first try that is
older counts as one of the slow ones, and the next may begin; but a quarter of the senders, at least
one, is never with a server that was not prompt when it began, however many keep their answers.

What finds no place waits a moment, if those in its way have only begun; else it is put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition
from time import monotonic

PROMPT = 10.0
"""Seconds for a mail."""
FIRST_TRY = 30.0
"""Seconds to open a line, and as many to hand a mail over, in a server's first try."""
SLOW_FOR = 900.0
"""Seconds that a slow server, and the account that had it, get no such try again."""
MOST_WAIT = 60.0
OURS = ""
"""The installation's own server, which is all accounts': all senders but two may be at it."""
MOST_KNOWN = 5000
"""Prompt servers that are remembered, and slow ones."""


@dataclass(eq=False, slots=True)
class Place:
    """A sender that is at a mail, up to its end for so many seconds at most, if not as long as mails
    may take; or that has to put it back, where `wait` says for how long."""

    account: int
    server: str
    since: float = 0.0
    until: float = 0.0
    wait: timedelta | None = None
    at_most: float | None = None
    trusted: bool = False
    """Whether the server was prompt when it began."""

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
        self._slow: dict[str | int, float] = {}

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
                place.since, place.at_most = monotonic(), self._at_most(place)
                place.trusted = self._is_prompt(place.server)
                self._held.append(place)
        try:
            yield place
        finally:
            self._leave(place)

    def forget(self) -> None:
        """Which servers are prompt, and which are slow."""
        with self._changed:
            self._prompt.clear()
            self._slow.clear()

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
        half = self._half
        if place.server == OURS:
            shares = [(mine, half), (there, self.senders - 2)]
        elif self._is_prompt(place.server):
            most = half if len(self._held) < self.senders - 2 else 1
            shares = [(mine, half), ([one for one in mine if one.trusted], most), (there, most)]
        else:
            doubted = self._doubted()
            shares = [([one for one in doubted if one in mine], 1), (there, 1), *self._beside(place, doubted)]
        return next((held for held, most in shares if len(held) >= max(most, 1)), [])

    @property
    def _half(self) -> int:
        return max(self.senders // 2, 1)

    def _beside(self, place: Place, doubted: list[Place]) -> list[tuple[list[Place], int]]:
        """What bounds a place at a server that is not prompt, besides those at that server or of that
        account."""
        slow = self._slow_of(doubted)
        if len(slow) < self._half or not self._is_new(place):
            return [(slow, self._half)]
        tries = [one for one in doubted if one not in slow]
        return [(tries, 1), (doubted, self.senders - max(self.senders // 4, 1))]

    def _doubted(self) -> list[Place]:
        """Who is at servers that are not prompt."""
        return [one for one in self._held if not self._is_prompt(one.server)]

    def _slow_of(self, doubted: list[Place]) -> list[Place]:
        """All but those in the time of a first try."""
        return [one for one in doubted if one.at_most is None or one.seconds > FIRST_TRY]

    def _is_new(self, place: Place) -> bool:
        """Whether neither the server nor the account is known to have been slow."""
        now = monotonic()
        return not any(self._slow.get(what, now) > now for what in (place.server, place.account))

    def _at_most(self, place: Place) -> float | None:
        """How long a mail may be in the place that is free for it."""
        full = len(self._slow_of(self._doubted())) >= self._half
        return FIRST_TRY if full and not self._is_prompt(place.server) else None

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
            self._learn(place)
            self._changed.notify_all()

    def _learn(self, place: Place) -> None:
        slow = place.seconds > PROMPT
        if place.until or slow:
            self._prompt.pop(place.server, None)
        if slow and place.server != OURS:
            self._slow |= dict.fromkeys((place.server, place.account), monotonic() + SLOW_FOR)
        elif place.until:
            self._prompt[place.server] = None
            self._slow.pop(place.server, None)
        while len(self._prompt) > MOST_KNOWN:
            del self._prompt[next(iter(self._prompt))]
        while len(self._slow) > MOST_KNOWN:
            del self._slow[next(iter(self._slow))]


ANSWERS_SENDERS = 8
BULK_SENDERS = 4
ANSWERS = Shares(ANSWERS_SENDERS, moment=1.0)
"""Of mails to one person."""
BULK = Shares(BULK_SENDERS, moment=PROMPT)
"""Of mails to many: those behind them can wait."""
