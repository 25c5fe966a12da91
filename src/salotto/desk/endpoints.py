"""The team's raw endpoints: the stream `/live`, and "I am typing"."""

from django.conf import settings

from salotto.accounts.errors import ReadOnly
from salotto.accounts.models import Access
from salotto.accounts.sessions import Caller, caller
from salotto.core import asgi
from salotto.core.asgi import Receive, Scope, Send
from salotto.core.errors import BadRequest, Busy, Forbidden, Missing, Refused, SignInNeeded, WrongMethod
from salotto.core.pool import NoDatabase, Pool
from salotto.inbox.queries_async import visitor_of
from salotto.live.presence import user_key
from salotto.live.station import Station
from salotto.live.streams import hold

BODY_BYTES = 2000


class Endpoints:
    """The ASGI application of `/live` and `/live/typing`."""

    def __init__(self, pool: Pool, station: Station) -> None:
        self.pool = pool
        self.station = station

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._route(scope, receive, send)
        except Refused as refused:
            await asgi.refuse(send, refused, asgi.reader_language(scope))
        except NoDatabase:
            await asgi.refuse(send, Busy(), asgi.reader_language(scope))

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], scope["path"]:
            case "GET", "/live":
                await self.live(scope, receive, send)
            case "POST", "/live/typing":
                await self.typing(scope, receive, send)
            case _, path:
                raise WrongMethod(["POST" if path == "/live/typing" else "GET"])

    async def _caller(self, scope: Scope, slug: str) -> Caller:
        async with self.pool.connection() as db:
            found = await caller(db, asgi.header(scope, b"cookie"), slug)
        if found is None:
            raise SignInNeeded
        return found

    async def _reader(self, scope: Scope, slug: str) -> Caller:
        who = await self._caller(scope, slug)
        if who.access not in (Access.AGENT, Access.VIEWER):
            raise Forbidden(code="no_access")
        return who

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The account's events, for agents and viewers; holding it is being here."""
        given = asgi.query(scope)
        slug = given.get("account", "")
        who = await self._reader(scope, slug)
        since = given.get("since") or asgi.header(scope, b"last-event-id")
        self.station.came(user_key(who.user), who.account)
        try:
            await hold(
                self.station, scope, receive, send,
                account=who.account, user=who.user, since=since, still=lambda: self._reader(scope, slug),
            )  # fmt: skip
        finally:
            self.station.left(user_key(who.user), who.account)

    async def typing(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An agent is typing: told to the visitor and to colleagues, at most once a second."""
        must_be_same_origin(scope)
        wanted = await asgi.read_json(scope, receive, BODY_BYTES)
        slug, conversation = wanted.get("account"), wanted.get("conversation")
        if not isinstance(slug, str) or not slug.isascii() or "\0" in slug:
            raise BadRequest
        if type(conversation) is not int or not 0 < conversation < 2**63:
            raise BadRequest
        who = await self.must_act(scope, slug)
        await self._tell(who, conversation)
        await asgi.respond(send, 204, b"", [asgi.NO_STORE])

    async def must_act(self, scope: Scope, slug: str) -> Caller:
        """The agent who asks. Raises SignInNeeded, Forbidden, ReadOnly."""
        who = await self._caller(scope, slug)
        if who.access != Access.AGENT:
            raise Forbidden(code="no_seat")
        if who.read_only:
            raise ReadOnly
        return who

    async def _tell(self, who: Caller, conversation: int) -> None:
        async with self.pool.connection() as db:
            found, visitor = await visitor_of(db, who.account, conversation)
        if not found:
            raise Missing
        fact = {"kind": "typing", "conversation": conversation, "user": who.user, "name": who.name}
        self.station.whisper_once(f"user {who.user}", who.account, fact)
        if visitor is not None:
            public = {"kind": "typing", "name": who.name.split(" ")[0]}
            self.station.whisper_once(f"user {who.user} {visitor}", who.account, public, visitor)


def must_be_same_origin(scope: Scope) -> None:
    """The stand-in for a CSRF token: the browser says that our own page sent this.

    Raises Forbidden unless the Origin header names what was asked, scheme and host, or our
    public address (a proxy that ends TLS need not say so).
    """
    asked = f"{scope['scheme']}://{asgi.header(scope, b'host')}"
    if asgi.header(scope, b"origin").lower() not in (asked.lower(), settings.PUBLIC_URL.lower()):
        raise Forbidden(code="origin")
