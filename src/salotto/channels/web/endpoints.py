"""The visitor's endpoints, `/w/…`: raw ASGI, since they are the hot ones.

Each parses, authorises by token, site and origin, asks the limits, and calls a query, an
action or the writer. The table in ARCHITECTURE.md says what each takes and gives.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import translation
from psycopg import AsyncConnection

from salotto.accounts.initials import initials
from salotto.channels.web import actions, parsing, queries, tokens, words
from salotto.channels.web.queries import SiteFacts
from salotto.core import asgi
from salotto.core.asgi import Headers, Receive, Scope, Send
from salotto.core.errors import Busy, Forbidden, Missing, Refused, SignInNeeded, TooMany, WrongMethod
from salotto.core.limits import HeldLimit, RateLimit, address_key
from salotto.core.pool import NoDatabase, Pool
from salotto.inbox.models import Kind
from salotto.inbox.posting import Item, Posted
from salotto.inbox.writer import Writer
from salotto.live.presence import present, user_key
from salotto.live.station import Station
from salotto.live.streams import hold

BODY_BYTES = 64 * 1024
SITE_SECONDS = 10.0
"""A changed site is known everywhere after this long."""

Handler = Callable[["Call"], Awaitable[None]]


class Call:
    """One request: its scope and channel, and who is asking once that is known."""

    __slots__ = ("cors", "language", "receive", "scope", "send", "site", "visitor")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.cors: Headers = []
        self.language = asgi.reader_language(scope)
        self.site: SiteFacts
        self.visitor: UUID

    async def body(self) -> dict[str, Any]:
        """The JSON object of the request."""
        return await asgi.read_json(self.scope, self.receive, BODY_BYTES)

    async def answer(self, value: object) -> None:
        """200 with JSON."""
        await asgi.respond_json(self.send, value, self.cors)

    async def done(self) -> None:
        """204."""
        await asgi.respond(self.send, 204, b"", [asgi.NO_STORE, *self.cors])

    @property
    def address(self) -> str:
        """The caller's address, as limits count it."""
        client = self.scope.get("client")
        return address_key(client[0]) if client else "unknown"


class Limits:
    """Rates per visitor and per address, in messages a minute; streams held per address."""

    def __init__(self, visitor: float, address: float, streams: int) -> None:
        self.visitor = RateLimit(visitor, burst=max(10, int(visitor / 4)))
        self.address = RateLimit(address, burst=max(30, int(address / 6)))
        self.reads = RateLimit(address * 4, burst=max(120, int(address)))
        self.streams = HeldLimit(streams)

    def message(self, call: Call) -> None:
        """Count a message; raises TooMany. The visitor first: many may share an address."""
        wait = self.visitor.wait(call.visitor.hex) or self.address.wait(call.address)
        if wait:
            raise TooMany(wait)

    def read(self, call: Call) -> None:
        """Count anything else by address; raises TooMany."""
        if wait := self.reads.wait(call.address):
            raise TooMany(wait)


class Endpoints:
    """The ASGI application below `/w/`."""

    def __init__(self, pool: Pool, station: Station, writer: Writer, limits: Limits, own_origin: str) -> None:
        self.pool = pool
        self.station = station
        self.writer = writer
        self.limits = limits
        self.own_origin = own_origin
        self._sites: dict[str, tuple[float, SiteFacts | None]] = {}
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/w/hello"): self.hello,
            ("POST", "/w/messages"): self.post_message,
            ("GET", "/w/messages"): self.history,
            ("GET", "/w/live"): self.live,
            ("POST", "/w/typing"): self.typing,
            ("POST", "/w/seen"): self.seen,
            ("POST", "/w/email"): self.email,
        }
        self._paths = {path for _, path in self._routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope, receive, send)
        origin = asgi.header(scope, b"origin")
        if origin:
            call.cors = [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", b"retry-after"),
                (b"vary", b"origin"),
            ]
        try:
            await self._route(call)
        except Refused as refused:
            await asgi.refuse(send, refused, call.language, call.cors)
        except NoDatabase:
            await asgi.refuse(send, Busy(), call.language, call.cors)

    async def _route(self, call: Call) -> None:
        method, path = call.scope["method"], call.scope["path"]
        if method == "OPTIONS" and path in self._paths:
            await self._preflight(call)
            return
        handler = self._routes.get((method, path))
        if handler is None:
            if path in self._paths:
                raise WrongMethod({"OPTIONS", *(m for m, p in self._routes if p == path)})
            raise Missing
        await handler(call)

    async def _preflight(self, call: Call) -> None:
        """Any origin may ask; whether it is allowed is said by the request itself."""
        call.cors += [
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"authorization, content-type"),
            (b"access-control-max-age", b"86400"),
        ]
        await call.done()

    # Who is asking

    async def _site(self, key: str) -> SiteFacts:
        until, known = self._sites.get(key, (0.0, None))
        if until < monotonic():
            async with self.pool.connection() as db:
                known = await queries.site(db, key)
            if len(self._sites) > 10_000:
                self._sites.clear()
            self._sites[key] = (monotonic() + SITE_SECONDS, known)
        if known is None:
            raise Missing(code="no_site")
        return known

    def _check_origin(self, call: Call) -> None:
        """Pages of other origins are refused, and cannot read the refusal either."""
        origin = asgi.header(call.scope, b"origin").lower()
        if origin and origin != self.own_origin and not call.site.allows(origin):
            call.cors = []
            raise Forbidden(code="origin")

    async def _authorise(self, call: Call) -> None:
        kind, _, token = asgi.header(call.scope, b"authorization").partition(" ")
        visitor = tokens.read(token.strip()) if kind.lower() == "bearer" else None
        if visitor is None:
            self.limits.read(call)
            raise SignInNeeded(code="bad_token")
        call.site = await self._site(visitor.site_key)
        call.visitor = visitor.id
        self._check_origin(call)

    async def _conversation(self, call: Call) -> tuple[int, int] | None:
        async with self.pool.connection() as db:
            return await queries.conversation(db, call.site, call.visitor)

    # The endpoints

    async def hello(self, call: Call) -> None:
        """The panel opens: who answers here, what was said before. Writes nothing."""
        self.limits.read(call)
        wanted = await call.body()
        call.language = parsing.text(wanted, "language", 35)[:2].lower() or call.language
        key = parsing.text(wanted, "site", 40)
        known = tokens.read(parsing.text(wanted, "token", 300))
        call.site = await self._site(key)
        self._check_origin(call)
        token = wanted.get("token")
        if known is None or known.site_key != key:
            token, known = tokens.issue(key)
        call.visitor = known.id
        await call.answer({"token": token, **await self._greeting(call)})

    async def _greeting(self, call: Call) -> dict[str, Any]:
        async with self.pool.connection() as db:
            team = await queries.team(db, call.site.account)
            talk = await queries.talk(db, call.site, call.visitor)
            rows, more = await self._messages(db, call, talk)
            known = talk.now is not None and await queries.knows_address(db, call.site.account, talk.now)
        said = {"messages": [shape(r) for r in rows], "more": more, "seen": talk.seen}
        language = call.language if call.language in dict(settings.LANGUAGES) else call.site.language
        with translation.override(language):
            panel = words.panel_words(leave=team.leave, by_mail=team.by_mail)
        return {
            "site": {"name": call.site.name},
            "visitor": str(call.visitor),
            "language": language,
            "words": panel,
            "team": [self._face(user, name) for user, name in team.people],
            "leave": team.leave,
            "ask": team.leave or (team.by_mail and not known),
            "conversation": said if talk.conversations else None,
        }

    async def _messages(
        self, db: AsyncConnection[Any], call: Call, talk: queries.Talk, **edges: int
    ) -> tuple[list[tuple[Any, ...]], bool]:
        """A page of what was said; nothing is asked where nothing was."""
        if not talk.conversations:
            return [], False
        return await queries.messages(db, call.site.account, talk.conversations, **edges)

    def _face(self, user: int, name: str) -> dict[str, Any]:
        here = present.here(user_key(user))
        return {"name": name.split(" ")[0], "initials": initials(name), "here": here}

    async def post_message(self, call: Call) -> None:
        """A visitor writes: stored once per client id, answered when it is committed.

        The address that may come with it is checked before, and kept after: a retry keeps it.
        """
        await self._authorise(call)
        wanted = await call.body()
        item = Item(
            call.site.account,
            parsing.client_id(wanted),
            Kind.VISITOR,
            parsing.body(wanted),
            inbox=call.site.inbox,
            visitor=call.visitor,
            language=call.language,
            data=parsing.page(wanted),
        )
        email = parsing.email(wanted)
        self.limits.message(call)
        posted = await self.writer.post(item)
        if posted is None:
            raise Missing
        if email:
            async with self.pool.connection() as db:
                if await actions.keep_email(db, call.site.account, posted.conversation, email):
                    self.station.ring()
        await call.answer({"message": self._own(item, posted)})

    def _own(self, item: Item, posted: Posted) -> dict[str, Any]:
        return {
            "id": posted.message,
            "client_id": str(item.client_id),
            "from": "visitor",
            "name": "",
            "body": item.body,
            "at": iso(posted.at),
        }

    async def history(self, call: Call) -> None:
        """What was said, by key: after an id, before one, or the latest."""
        await self._authorise(call)
        self.limits.read(call)
        given = asgi.query(call.scope)
        edges = {k: parsing.whole(given[k], k) for k in ("after", "before") if k in given}
        async with self.pool.connection() as db:
            talk = await queries.talk(db, call.site, call.visitor)
            rows, more = await self._messages(db, call, talk, **edges)
        await call.answer({"messages": [shape(r) for r in rows], "more": more, "seen": talk.seen})

    async def live(self, call: Call) -> None:
        """The visitor's stream; holding it is being here."""
        await self._authorise(call)
        self.limits.read(call)
        account, visitor = call.site.account, call.visitor
        since = asgi.query(call.scope).get("since", "")
        address = call.address
        if not self.limits.streams.take(address):
            raise TooMany(retry_after=30)
        self.station.came(visitor, account)
        try:
            await hold(
                self.station, call.scope, call.receive, call.send,
                account=account, visitor=visitor, since=since, headers=call.cors,
            )  # fmt: skip
        finally:
            self.station.left(visitor, account)
            self.limits.streams.give_back(address)

    async def typing(self, call: Call) -> None:
        """The visitor is typing: told to the team, kept nowhere, at most once a second."""
        await self._authorise(call)
        self.limits.read(call)
        begun = await self._conversation(call)
        if begun:
            fact = {"kind": "typing", "conversation": begun[0], "visitor": str(call.visitor)}
            self.station.whisper_once(f"visitor {call.visitor}", call.site.account, fact)
        await call.done()

    async def email(self, call: Call) -> None:
        """An address that the visitor leaves after they have written; before, it comes along with
        their first message, and nothing is kept."""
        await self._authorise(call)
        self.limits.read(call)
        given = parsing.email(await call.body())
        begun = await self._conversation(call)
        if begun and given:
            async with self.pool.connection() as db:
                if await actions.keep_email(db, call.site.account, begun[0], given):
                    self.station.ring()
        await call.done()

    async def seen(self, call: Call) -> None:
        """The visitor has seen everything up to a message."""
        await self._authorise(call)
        self.limits.read(call)
        message = parsing.whole((await call.body()).get("message"), "message")
        begun = await self._conversation(call)
        if begun:
            async with self.pool.connection() as db:
                if await actions.mark_seen(db, call.site.account, begun[0], message):
                    self.station.ring()
        await call.done()


def iso(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shape(row: tuple[Any, ...]) -> dict[str, Any]:
    """A message as the visitor gets it; a team member by first name only, and of what was said by
    email only that it was."""
    message, client_id, kind, body, at, name, by_email = row
    ours = kind != Kind.VISITOR
    return {
        "id": message,
        "client_id": str(client_id),
        "from": "team" if ours else "visitor",
        "name": (name or "").split(" ")[0] if ours else "",
        "body": body,
        "at": iso(at),
        **({"email": True} if by_email else {}),
    }


def origin_of(url: str) -> str:
    """The origin of an address, lower case: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
