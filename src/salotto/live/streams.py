"""Holding a stream: catch up from the cursor, then listen until one side ends it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from uuid import UUID

from salotto.core.asgi import Headers, Receive, Scope, Send
from salotto.core.errors import SignInNeeded, TooMany
from salotto.core.pool import NoDatabase
from salotto.live import queries
from salotto.live.cursor import Cursor, parse
from salotto.live.hub import frame
from salotto.live.listener import RESUME, Listener
from salotto.live.queries import Fact
from salotto.live.station import Station

LIFETIME = 3600.0
"""Seconds after which a stream is authorised anew."""
MOST_PER_PERSON = 24

HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
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
    still: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Serve one stream, of the account's team or of one visitor, until it ends.

    `since` is the listener's cursor: it gets exactly what it missed, in order, once, and
    then what happens. `still` is asked once the listener is registered and raises the
    refusal when the right to listen was withdrawn meanwhile; from then on the withdrawal
    itself ends the stream. Raises TooMany when this person holds too many streams already.
    """
    _count(station, account, user, visitor)
    await station.hub.refresh()
    until = monotonic() + LIFETIME * random.uniform(0.9, 1.1)  # noqa: S311
    listener = Listener(send, account, user=user, visitor=visitor, until=until)
    try:
        cursor = station.hub.add(listener)
        if still is not None:
            await still()
            still = None
        scope["headers"].clear()  # nobody asks for them again: a fifth of a held stream's memory
        await _start(listener, headers or [])
        await _catch_up(station, listener, since, cursor)
        listener.caught_up()
        while (await receive())["type"] != "http.disconnect":
            pass
    except (NoDatabase, asyncio.CancelledError) as why:
        await _end(listener, why)
    finally:
        station.hub.remove(listener)


async def _start(listener: Listener, headers: Headers) -> None:
    await listener.send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *headers]})
    listener.started = True


async def _end(listener: Listener, why: BaseException) -> None:
    """End politely what the hub closed, or whose gap could not be read: it comes back with
    its cursor. Raises `why` when it is neither, or a refusal when nothing was sent yet."""
    lost = isinstance(why, NoDatabase)
    if not lost and not listener.closing:
        raise why
    if not listener.started:
        raise why if lost else SignInNeeded()
    if not listener.blocked_at:
        last = RESUME if lost else b""
        await listener.send({"type": "http.response.body", "body": last, "more_body": False})


def _count(station: Station, account: int, user: int, visitor: UUID | None) -> None:
    if visitor is not None:
        held = len(station.hub.visitors.get(visitor, ()))
    else:
        held = sum(1 for x in station.hub.team.get(account, ()) if x.user == user)
    if held >= MOST_PER_PERSON:
        raise TooMany(retry_after=30)


def _hello() -> bytes:
    """How long to wait before coming back, different for each: no stampede after a restart."""
    return f"retry: {random.randint(500, 3000)}\n:\n\n".encode()  # noqa: S311


async def _catch_up(station: Station, listener: Listener, since: str, until: Cursor) -> None:
    """Say hello, then what was missed (or "start over"), then where the stream stands."""
    await listener.send({"type": "http.response.body", "body": _hello(), "more_body": True})
    told = f"id: {until}\n\n".encode()
    if since:
        missed = await _missed(station, listener, parse(since), until)
        if missed is None:
            told = f"event: reset\nid: {until}\ndata: {{}}\n\n".encode()
        elif missed:
            told = frame(until, missed)
    await listener.send({"type": "http.response.body", "body": told, "more_body": True})


async def _missed(
    station: Station, listener: Listener, since: Cursor | None, until: Cursor
) -> Sequence[Fact] | None:
    if since is None or not _usable(since, until):
        return None
    async with station.pool.connection() as db:
        return await queries.gap(db, listener.account, since, until, listener.visitor)


def _usable(since: Cursor, until: Cursor) -> bool:
    """Of this log, and not from the future."""
    return since.era == until.era and since.xmax <= until.xmax
