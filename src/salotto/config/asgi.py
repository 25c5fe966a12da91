"""The server: raw endpoints and Django's pages on one port, started and stopped together.

`/w/…` visitors, `/live…` the team's streams, `/health`; everything else is Django, as WSGI
in a pool of threads, which never wait for a client: a thread gets its request whole and
leaves its answer behind.
"""

import asyncio
import re
from contextlib import AsyncExitStack
from typing import Any

import django
from a2wsgi import WSGIMiddleware
from django.conf import settings

django.setup()

from salotto.channels.web.endpoints import Endpoints as VisitorEndpoints  # noqa: E402
from salotto.channels.web.endpoints import Limits, origin_of  # noqa: E402
from salotto.config.health import check_stream, health  # noqa: E402
from salotto.config.wsgi import application as pages  # noqa: E402
from salotto.core import asgi  # noqa: E402
from salotto.core.asgi import App, Message, Receive, Scope, Send  # noqa: E402
from salotto.core.errors import Busy, Refused, TooLarge  # noqa: E402
from salotto.core.pool import NoDatabase, new_pool  # noqa: E402
from salotto.core.spool import spooled  # noqa: E402
from salotto.desk.endpoints import Endpoints as TeamEndpoints  # noqa: E402
from salotto.inbox.actions.files import FILE_LIMIT  # noqa: E402
from salotto.inbox.writer import Writer  # noqa: E402
from salotto.live.station import Station  # noqa: E402

MAIL_IN = "/mail/in/"
UPLOADS = re.compile(r"/a/([-\w]{1,100})/uploads/", re.ASCII)
UPLOAD_BYTES = FILE_LIMIT + 64 * 1024
"""Of a request: one file, and the form around it."""

READ_AWAY = 32 * 1024 * 1024
"""Bytes of a body over the limit that are taken, and thrown away, before its browser is told."""


class Server:
    """The ASGI application of one process."""

    def __init__(self) -> None:
        self._django: App = WSGIMiddleware(pages, settings.OPTIONS.threads, send_queue_size=0)  # type: ignore[assignment,arg-type]
        self.visitors: App
        self.team: TeamEndpoints
        self.station: Station | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app(scope["path"])(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _app(self, path: str) -> App:
        if path.startswith("/w/"):
            return self.visitors
        if path in ("/live", "/live/typing"):
            return self.team
        if path == "/live/check":
            return self._check
        return health if path == "/health" else self.pages

    async def pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Django, once the request's body is here; a whole mail is read by its own view."""
        uploading = UPLOADS.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        if uploading:
            await self._upload(scope, receive, send, uploading[1])
            return
        if asgi.has_body(scope) and not scope["path"].startswith(MAIL_IN):
            try:
                body = await asgi.read_body(scope, receive, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            except TooLarge as refused:
                if _is_browser(scope):
                    await _read_away(receive)
                    await self._django(_told_too_large(scope), _given(b""), send)
                else:
                    await asgi.refuse(send, refused, asgi.reader_language(scope))
                return
            except Refused as refused:
                await asgi.refuse(send, refused, asgi.reader_language(scope))
                return
            receive = _given(body)
        await self._django(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send, slug: str) -> None:
        """A file of an agent, on disk until it is there; nobody else's is read at all."""
        try:
            await self.team.must_act(scope, slug)
            async with spooled(scope, receive, UPLOAD_BYTES) as given:
                await self._django(scope, given, send)
        except Refused as refused:
            await asgi.refuse(send, refused, asgi.reader_language(scope))
        except NoDatabase:
            await asgi.refuse(send, Busy(), asgi.reader_language(scope))

    def close_streams(self) -> None:
        """End every held stream politely, so that the server need not wait for them."""
        if self.station is not None:
            self.station.close_streams()

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.station is not None:
            await check_stream(self.station, scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol: everything is up before the first request is taken."""
        await receive()
        async with AsyncExitStack() as up:
            try:
                await self._start(up)
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self, up: AsyncExitStack) -> None:
        options = settings.OPTIONS
        pool = new_pool()
        await pool.open(wait=True, timeout=10)
        up.push_async_callback(pool.close)
        self.station = station = Station(pool)
        station.start()
        up.push_async_callback(station.stop)
        writer = Writer(committed=station.ring)
        writing = asyncio.create_task(writer.run())
        up.push_async_callback(_end, writing)
        limits = Limits(options.visitor_rate, options.address_rate, options.address_streams)
        self.visitors = VisitorEndpoints(pool, station, writer, limits, origin_of(options.public_url))
        self.team = TeamEndpoints(pool, station)


def _given(body: bytes) -> Receive:
    """The channel of a request whose body was read before."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _is_browser(scope: Scope) -> bool:
    """Whether a person gets to see the answer as it is."""
    accepted = asgi.header(scope, b"accept")
    return "text/html" in accepted and "application/json" not in accepted


async def _read_away(receive: Receive) -> None:
    """Let a browser finish: one whose request is cut off shows that, and not the answer."""
    left = READ_AWAY
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _told_too_large(scope: Scope) -> Scope:
    """The request without its body, of which Django knows only that it is over the limit: it
    answers with a page in the reader's language, and reads and does nothing."""
    named = (b"content-type", b"content-length", b"transfer-encoding")
    size = str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1).encode()
    kept = [(name, value) for name, value in scope["headers"] if name not in named]
    form = (b"content-type", b"application/x-www-form-urlencoded")
    return {**scope, "headers": [*kept, form, (b"content-length", size)]}


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


application = Server()
