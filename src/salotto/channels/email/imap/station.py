"""The station tends many mailboxes in one process: a thread that waits for all of them at once,
and a few that do what is due.

A mailbox is held by a lease, renewed while this process lives. Between two looks it waits: in
IDLE (RFC 2177) where the server has it, so that new mail is known at once, else for a minute.
At most `MOST_OPEN` connections stay open; mailboxes beyond them are looked at in turn. Only the
waiting thread touches the state of a mailbox; the others are handed one and give it back.

A slow server must not keep the threads from everybody else. What is due stands in line, and an
account, or a server, has a few threads at a time. A look ends after `QUICK_SECONDS`; a mailbox that
needs longer is looked at again with patience, but by `MOST_SLOW` threads at most.
"""

import logging
import os
import random
import selectors
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from time import monotonic
from uuid import uuid4

from django.db import DatabaseError, connections

from salotto.channels.email import troubles
from salotto.channels.email.actions import fetching
from salotto.channels.email.actions.fetching import Lost
from salotto.channels.email.imap.connection import Connection, Place
from salotto.channels.email.imap.look import Look
from salotto.channels.email.imap.signing import secret_of
from salotto.channels.email.queries import incoming
from salotto.channels.email.queries.incoming import Box
from salotto.channels.email.troubles import Trouble

log = logging.getLogger("salotto.email")

THREADS = 6
PER_ACCOUNT, PER_SERVER = 2, 3
"""Threads that look at mailboxes of one account, and at those on one server."""
MOST_SLOW = 2
QUICK_SECONDS, SLOW_SECONDS = 30.0, 1200.0
"""After which a look ends, whatever it waits for; and that of a mailbox which is known to be slow:
a mail of 30 MB then comes from a server that is just fast enough."""
MOST_OPEN = 200
ROUND_SECONDS = 3.0
"""How often the database is asked which mailboxes there are; changed settings wait so long."""
SOON_SECONDS = 0.3
IDLE_SECONDS = 600.0
"""A connection in IDLE is asked again after this; RFC 2177 allows 29 minutes, routers less."""
POLL_SECONDS = 60.0
SHORTEST, LONGEST = 1.0, 600.0
"""Seconds before the next try: after the first failure, doubled after each one, and at most."""
PATIENT, MOST_PATIENT = 60.0, 1800.0
"""The same when only a person can help: a server that counts wrong passwords locks the account of
whoever tries five in a quarter of an hour. Settings that were changed are tried at once."""

Key = tuple[int, int]


class State(Enum):
    """How a look ended."""

    MORE = "more"
    LATER = "later"
    IDLE = "idle"
    POLL = "poll"
    LOST = "lost"
    FAILED = "failed"


@dataclass
class Tended:
    """A mailbox of this process: between looks, in line for one, or during one (`busy`)."""

    box: Box
    look: Look
    link: Connection | None = None
    busy: bool = False
    slow: bool = False
    began: float = 0.0
    stays: bool = True
    stale: bool = False
    next_at: float = 0.0
    failures: int = 0
    patient: bool = False

    @property
    def key(self) -> Key:
        """By which it is known."""
        return self.box.account, self.box.server

    @property
    def shares(self) -> dict[Hashable, int]:
        """What it needs a thread of, and how many threads there are for that."""
        box = self.box
        shares: dict[Hashable, int] = {box.account: PER_ACCOUNT, (box.host, box.port): PER_SERVER}
        return {**shares, "slow": MOST_SLOW} if self.slow else shares

    @property
    def may_last(self) -> float:
        """Seconds that a look may take."""
        return SLOW_SECONDS if self.slow else QUICK_SECONDS

    @property
    def lasts(self) -> float:
        """Seconds that this look has taken by now."""
        return monotonic() - self.began

    def close(self) -> None:
        """End its connection."""
        link, self.link = self.link, None
        if link is not None:
            link.close()


class Station:
    """Tends mailboxes from `start` to `stop`."""

    def __init__(self) -> None:
        self.me = uuid4()
        self._stop = threading.Event()
        self._tended: dict[Key, Tended] = {}
        self._line: dict[Key, Tended] = {}
        self._working = 0
        self._load: Counter[Hashable] = Counter()
        self._selector = selectors.DefaultSelector()
        self._jobs: SimpleQueue[Tended | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[Tended, State]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._round_at = 0.0
        self._ears, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ears, False)
        self._waiting = threading.Thread(target=self._run, name="mail-station", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._selector.register(self._ears, selectors.EVENT_READ, None)
        self._waiting.start()

    def stop(self, seconds: float = 4.0) -> None:
        """End within so many seconds: what is stored is whole, the rest is read again another time."""
        self._stop.set()
        self._wake()
        self._waiting.join(seconds)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._waiting.is_alive()

    @property
    def is_empty(self) -> bool:
        """Whether there is no mailbox to tend."""
        return not self._tended

    @property
    def open_connections(self) -> int:
        """How many connections are held."""
        return sum(1 for one in list(self._tended.values()) if one.link is not None)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._step()
        finally:
            self._leave()

    def _step(self) -> None:
        now = monotonic()
        if now >= self._round_at:
            self._round_at = now + ROUND_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
            self._guarded(self._round)
        for one in self._resting():
            if one.next_at <= now:
                self._line_up(one)
        self._hand_out()
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                self._hear()
            else:
                self._line_up(key.data)
        self._hand_out()

    def _resting(self) -> list[Tended]:
        return [one for key, one in self._tended.items() if not one.busy and key not in self._line]

    def _patience(self) -> float:
        due = min((one.next_at for one in self._resting()), default=self._round_at)
        return max(0.0, min(due, self._round_at) - monotonic())

    def _guarded(self, what: Callable[[], None]) -> None:
        """The database may be gone for a while; leases end by themselves then."""
        try:
            what()
        except Exception as error:
            log.warning("The mail station waits for the database: %s", error)
            connections.close_all()

    def _round(self) -> None:
        """Renew what is ours, take on what nobody has, and notice what was changed."""
        fetching.renew(self.me)
        if len(self._tended) < incoming.MOST_TENDED and fetching.claim(self.me) == fetching.MOST_CLAIMED:
            self._round_at = monotonic() + SOON_SECONDS  # there are more
        held = incoming.tended_by(self.me)
        for key, one in list(self._tended.items()):
            if held.get(key) != one.box:
                self._let_go(key, one)
        for key, box in held.items():
            if key not in self._tended:
                self._tended[key] = Tended(box, Look(box, self.me, self._stop.is_set))

    def _let_go(self, key: Key, one: Tended) -> None:
        """Its settings are others now, or it is somebody else's; it comes back as a new one."""
        one.stale = True
        if one.busy:
            if one.link is not None:
                one.link.abort()
        else:
            self._unhook(one)
            one.close()
            self._line.pop(key, None)
            del self._tended[key]

    def _line_up(self, one: Tended) -> None:
        """It waits for a thread, and for nothing else."""
        self._unhook(one)
        self._line[one.key] = one

    def _hand_out(self) -> None:
        """Have threads look at what stands in line, the first that may first."""
        for key, one in list(self._line.items()):
            if self._working >= THREADS:
                return
            if all(self._load[what] < most for what, most in one.shares.items()):
                del self._line[key]
                self._begin(one)

    def _begin(self, one: Tended) -> None:
        one.busy, self._working = True, self._working + 1
        self._load.update(one.shares.keys())
        one.stays = one.link is not None or self.open_connections < MOST_OPEN
        if self._working > len(self._threads):
            thread = threading.Thread(target=self._work, name="mail-look", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(one)

    def _unhook(self, one: Tended) -> None:
        with suppress(KeyError, ValueError):
            if one.link is not None:
                self._selector.unregister(one.link)

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._ears, 4096)
        while not self._ended.empty():
            self._take_back(*self._ended.get())

    def _take_back(self, one: Tended, state: State) -> None:
        one.busy, self._working = False, self._working - 1
        self._load.subtract(one.shares.keys())
        one.slow = one.lasts > QUICK_SECONDS
        if state in (State.FAILED, State.LOST, State.LATER):
            one.close()
        one.next_at = monotonic() + self._pause(one, state)
        if one.stale or state is State.LOST:
            one.close()
            self._tended.pop(one.key, None)
            self._round_at = 0.0
        elif state is State.IDLE and one.link is not None:
            self._selector.register(one.link, selectors.EVENT_READ, one)

    def _pause(self, one: Tended, state: State) -> float:
        """Seconds until the next look."""
        if state is State.LATER:
            return 0.0
        if state is not State.FAILED:
            one.failures = 0
            pause = {State.IDLE: IDLE_SECONDS, State.POLL: POLL_SECONDS}.get(state, 0.0)
            return pause * random.uniform(0.9, 1.0)  # noqa: S311
        one.failures += 1
        return pause_after(one.failures, patient=one.patient) * random.uniform(0.75, 1.25)  # noqa: S311

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._mouth, b".")

    def _work(self) -> None:
        while (one := self._jobs.get()) is not None:
            state = State.FAILED
            try:
                state = self._look(one)
            finally:
                connections.close_all()
                self._ended.put((one, state))
                self._wake()

    def _look(self, one: Tended) -> State:
        stored, one.began = one.look.stored, monotonic()
        try:
            return self._look_once(one)
        except Lost:
            return State.LOST
        except DatabaseError as error:
            log.warning("A mailbox waits for the database: %s", error)
        except Trouble as trouble:
            if not one.slow and one.lasts > QUICK_SECONDS:
                return State.LATER  # with more patience, before anybody is told
            self._note(one, trouble)
        except Exception:
            log.exception("Mailbox %s of account %s", one.box.mailbox, one.box.account)
            self._note(one, Trouble(troubles.UNKNOWN))
        if one.look.stored > stored:
            one.failures = 0
        return State.FAILED

    def _note(self, one: Tended, trouble: Trouble) -> None:
        one.patient = trouble.sentence in troubles.PATIENT
        if not (one.stale or self._stop.is_set()):  # else we have ended the connection ourselves
            with suppress(DatabaseError):
                fetching.note_trouble(one.box, trouble)

    def _look_once(self, one: Tended) -> State:
        box = one.box
        if one.link is None:
            place = Place(box.host, box.port, box.security, box.auth, box.username)
            one.link = Connection(place, one.may_last)
            one.link.sign_in(lambda: secret_of(box))
        else:
            one.link.grant(one.may_last)
        link = one.link
        told = not link.idling or link.done() or monotonic() >= one.next_at
        if told and not one.look.all_new(link):
            return State.MORE
        if told:
            fetching.note_working(box)
        if not one.stays:
            one.close()
        elif link.can_idle:
            return State.MORE if link.idle() else State.IDLE
        return State.POLL

    def _leave(self) -> None:
        """Close everything; whoever reads gets an error, and stores nothing more."""
        for one in list(self._tended.values()):
            if one.busy and one.link is not None:
                one.link.abort()
            elif not one.busy:
                one.close()
        for _ in self._threads:
            self._jobs.put(None)
        deadline = monotonic() + 2.0
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        for one in self._tended.values():
            one.close()
        self._guarded(lambda: fetching.release(self.me))
        connections.close_all()
        self._selector.close()
        for end in (self._ears, self._mouth):
            os.close(end)


def pause_after(failures: int, *, patient: bool) -> float:
    """Seconds until the next try after so many failures in a row; PURE."""
    first, most = (PATIENT, MOST_PATIENT) if patient else (SHORTEST, LONGEST)
    return min(most, first * 2.0 ** min(failures - 1, 20))
