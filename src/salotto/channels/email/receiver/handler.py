"""What a connection may do: name recipients of ours, and leave a mail for them."""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections

from salotto.channels.email.actions import Arrival, receiving
from salotto.channels.email.queries.receiving import Place, place_of
from salotto.channels.email.receiver.limits import MOST_HOPS, MOST_RECIPIENTS, MOST_UNKNOWN
from salotto.core.errors import Busy

log = logging.getLogger("salotto.email")

T = TypeVar("T")

BUSY = "451 4.3.0 The mail cannot be stored at the moment. Try again later."
STORED = "250 2.0.0 Stored."
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_RECEIVED = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)


class Handler:
    """Answers for all connections of one listener; the database is asked in threads."""

    def __init__(self, threads: Executor, *, lmtp: bool) -> None:
        self.threads = threads
        self.lmtp = lmtp

    async def _ask(self, question: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, _fresh, question, *args)

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """What we can do; not signing in."""
        session.host_name = hostname
        kept = [line for line in responses if not line[4:].startswith(("AUTH", "HELP"))]
        return [*kept, "250 PIPELINING"]

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Anybody may send, and nobody (`<>`) too."""
        if not _can_be_kept(address):
            return "553 5.1.7 This is no address."
        envelope.mail_from = address
        envelope.places = []
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Only our own addresses; who asks for many that are not is guessing."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients. Send the others another time."
        if server.limits.is_guessing(server.peer):
            return self._guessing(server)
        try:
            place = await self._ask(place_of, address) if _can_be_kept(address) else None
        except Busy:
            return BUSY
        if place is None:
            return self._unknown(server, session, address)
        envelope.rcpt_tos.append(address)
        envelope.places.append(place)
        return "250 2.1.5 OK"

    def _unknown(self, server: Any, session: Any, address: str) -> str:
        session.unknown = getattr(session, "unknown", 0) + 1
        if not self.lmtp:
            server.limits.guessed(server.peer)
            if session.unknown > MOST_UNKNOWN:
                return self._guessing(server)
        if address.rpartition("@")[2].lower() == settings.MAIL_DOMAIN:
            return "550 5.1.1 There is no such mailbox here."
        return "550 5.7.1 This server takes mail for its own mailboxes only."

    def _guessing(self, server: Any) -> str:
        server.loop.call_soon(server.leave, "")
        return "421 4.7.0 Too many unknown recipients. Good bye."

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Store the mail: once, for each mailbox, before anything is said."""
        groups: dict[Place, list[str]] = {}
        for place, address in zip(envelope.places, envelope.rcpt_tos, strict=True):
            groups.setdefault(place, []).append(address)
        if hops(envelope.content) > MOST_HOPS:
            said = dict.fromkeys(groups, "554 5.4.6 This mail goes round in circles.")
        elif self.lmtp:
            said = {place: await self._store(envelope, {place: group}) for place, group in groups.items()}
        else:
            said = dict.fromkeys(groups, await self._store(envelope, groups))
        answers = [said[place] for place in envelope.places]
        return "\r\n".join(answers) if self.lmtp else answers[0]

    async def _store(self, envelope: Any, groups: dict[Place, list[str]]) -> str:
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from
        source = "lmtp" if self.lmtp else "smtp"
        arrivals = [
            (place, Arrival(source, envelope.content, sender, tuple(group)))
            for place, group in groups.items()
        ]
        try:
            await self._ask(receiving.receive, arrivals)
        except Busy:
            return BUSY
        except Exception:  # our fault, and this recipient's alone: the others have answers of their own
            log.exception("A mail could not be stored; its sender keeps it")
            return BUSY
        return STORED


def _fresh(question: Callable[..., T], *args: Any) -> T:
    """In a thread of ours: on a connection that works, even when the database was away."""
    close_old_connections()
    with receiving.database_or_busy():
        return question(*args)


def hops(content: bytes) -> int:
    """How many servers the mail has come through."""
    end = _HEAD_END.search(content)
    return len(_RECEIVED.findall(content, 0, end.start() if end else len(content)))


def _can_be_kept(address: str) -> bool:
    """Whether an address is text that a database keeps."""
    return len(address) <= 320 and address.isprintable()
