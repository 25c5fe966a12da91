"""Holding a stream: catch up from the cursor, then listen until one side ends it."""

import asyncio
import random
from time import monotonic
from uuid import UUID

from salotto.core.asgi import Headers, Receive, Scope, Send
from salotto.core.errors import TooMany
from salotto.core.pool import NoDatabase
from salotto.live import queries
from salotto.live.cursor import Cursor, parse
from salotto.live.hub import frame
from salotto.live.listener import RESUME, Listener
from salotto.live.station import Station

LIFETIME = 3600.0
"""Seconds after which a stream is authorised anew."""
MOST_PER_PERSON = 24

HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def hold(
    station: Station,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    account: int,
    user: int = 0,
    visitor: UUID | None = None,
    since: str = "",
    headers: Headers | None = None,
) -> None:
    """Serve one stream, of the account's team or of one visitor, until it ends.

    `since` is the listener's cursor: it gets exactly what it missed, in order, once, and
    then what happens. Raises TooMany when this person holds too many streams already.
    """
    _count(station, account, user, visitor)
    await station.hub.refresh()
    scope["headers"].clear()  # nobody asks for them again: a fifth of a held stream's memory
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *(headers or [])]})
    until = monotonic() + LIFETIME * random.uniform(0.9, 1.1)  # noqa: S311
    listener = Listener(send, account, user=user, visitor=visitor, until=until)
    try:
        await _listen(station, listener, receive, parse(since) if since else None, asked=bool(since))
    except NoDatabase:  # its gap could not be read: it comes back with its cursor
        await send({"type": "http.response.body", "body": RESUME, "more_body": False})
    except asyncio.CancelledError:
        if not listener.closing:
            raise
        if not listener.blocked_at:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        station.hub.remove(listener)


def _count(station: Station, account: int, user: int, visitor: UUID | None) -> None:
    if visitor is not None:
        held = len(station.hub.visitors.get(visitor, ()))
    else:
        held = sum(1 for x in station.hub.team.get(account, ()) if x.user == user)
    if held >= MOST_PER_PERSON:
        raise TooMany(retry_after=30)


async def _listen(
    station: Station, listener: Listener, receive: Receive, since: Cursor | None, *, asked: bool
) -> None:
    until = station.hub.add(listener)
    await listener.send({"type": "http.response.body", "body": _hello(), "more_body": True})
    if asked:
        await _catch_up(station, listener, since, until)
    else:
        start = f"id: {until}\n\n".encode()
        await listener.send({"type": "http.response.body", "body": start, "more_body": True})
    listener.caught_up()
    while (await receive())["type"] != "http.disconnect":
        pass


def _hello() -> bytes:
    """How long to wait before coming back, different for each: no stampede after a restart."""
    return f"retry: {random.randint(500, 3000)}\n:\n\n".encode()  # noqa: S311


async def _catch_up(station: Station, listener: Listener, since: Cursor | None, until: Cursor) -> None:
    missed = None
    if since is not None and _usable(since, until):
        async with station.pool.connection() as db:
            missed = await queries.gap(db, listener.account, since, until, listener.visitor)
    told = f"event: reset\nid: {until}\ndata: {{}}\n\n".encode() if missed is None else frame(until, missed)
    if missed != []:
        await listener.send({"type": "http.response.body", "body": told, "more_body": True})


def _usable(since: Cursor, until: Cursor) -> bool:
    """Of this log, and not from the future."""
    return since.era == until.era and since.xmax <= until.xmax
