"""The stream under any schedule: what writers, hubs and listeners can do, one step at a time.

Writers hold real transactions on real connections. A hub looks at the log only when a
step says so. A listener is the server's own `hold`, with a client behind it that takes
frames when it likes, vanishes, and comes back with its cursor to whichever server.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg
from django.db import connection

from salotto.core.pool import arguments, new_pool
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation, Inbox
from salotto.inbox.posting import CALL, Item, as_parameter, post
from salotto.live import hub as hubs
from salotto.live.station import Station
from salotto.live.streams import hold
from tests.cast import found_account

NEVER = 3600.0
PUBLIC = ("visitor", "reply")


class Thread(NamedTuple):
    """A conversation of one account, and its visitor."""

    account: int
    agent: int
    id: int
    visitor: UUID


@cache
def threads() -> list[Thread]:
    """Three conversations in each of two accounts; made once, their log only grows."""
    found = []
    for _ in range(2):
        member = found_account()
        account = member.account.pk
        with account_scope(account):
            inbox = Inbox.objects.get().pk
            for visitor in (uuid4(), uuid4(), uuid4()):
                posted = post(Item(account, uuid4(), "visitor", "Hello", inbox=inbox, visitor=visitor))
                assert posted is not None
                Conversation.objects.filter(pk=posted.conversation).update(assignee=member.user)
                found.append(Thread(account, member.user.pk, posted.conversation, visitor))
    return found


class Fact(NamedTuple):
    """An event as the log has it."""

    id: int
    account: int
    conversation: int | None
    visitor: UUID | None
    told: str


@dataclass
class Writer:
    """One connection with at most one open transaction."""

    db: "psycopg.Connection[Any]"
    open: bool = False
    savepoints: int = 0
    locked: list[set[int]] = field(default_factory=lambda: [set()])

    def holds(self, conversation: int) -> bool:
        """Is this conversation locked by the open transaction?"""
        return any(conversation in level for level in self.locked)

    def begin(self) -> None:
        """Open a transaction, and take its id at once, as a long one has."""
        self.db.execute("BEGIN")
        self.db.execute("SELECT pg_current_xact_id()")
        self.open, self.savepoints, self.locked = True, 0, [set()]

    def post(self, thread: Thread, kind: str, count: int) -> None:
        """Messages through the function that everybody's messages go through."""
        author = None if kind == "visitor" else thread.agent
        items = [
            Item(thread.account, uuid4(), kind, f"{kind} {n}", conversation=thread.id, author=author)
            for n in range(count)
        ]
        self.db.execute(CALL, [as_parameter(items)])
        self.locked[-1].add(thread.id)

    def tell(self, account: int) -> None:
        """An event without a conversation."""
        self.db.execute(
            "INSERT INTO live_event (account_id, txid, at, kind, data)"
            " VALUES (%s, pg_current_xact_id(), now(), 'seats.changed', jsonb_build_object('n', %s::text))",
            [account, str(uuid4())],
        )

    def save(self) -> None:
        """A savepoint: a transaction inside the transaction."""
        self.savepoints += 1
        self.db.execute(f"SAVEPOINT s{self.savepoints}")
        self.locked.append(set())

    def undo(self) -> None:
        """Back to the latest savepoint; what was locked since is free again."""
        self.db.execute(f"ROLLBACK TO s{self.savepoints}")
        self.db.execute(f"RELEASE s{self.savepoints}")
        self.savepoints -= 1
        self.locked.pop()

    def end(self, *, keep: bool) -> list[Fact]:
        """Commit or roll back; the events that became true, in order."""
        facts = self._written() if keep else []
        self.db.execute("COMMIT" if keep else "ROLLBACK")
        self.open, self.savepoints, self.locked = False, 0, [set()]
        return facts

    def _written(self) -> list[Fact]:
        rows = self.db.execute(
            "SELECT id, account_id, conversation_id, visitor, kind, data FROM live_event"
            " WHERE txid = pg_current_xact_id() ORDER BY id"
        ).fetchall()
        return [Fact(*row[:4], told(*row[4:], row[2])) for row in rows]


def told(kind: str, data: dict[str, Any], conversation: int | None) -> str:
    """A fact as one comparable text; no two are the same, since each names its message."""
    return json.dumps([kind, conversation, data], sort_keys=True)


class Client:
    """A browser: what it has received, and its cursor. `blocked` is a socket that is full."""

    def __init__(self, thread: Thread, *, visitor: bool) -> None:
        self.account = thread.account
        self.visitor = thread.visitor if visitor else None
        self.received: list[str] = []
        self.cursor = ""
        self.since = 0
        self.resets = 0
        self.task: asyncio.Task[None] | None = None
        self.server = 0
        self.stall = False
        self.open = asyncio.Event()
        self.open.set()

    @property
    def listening(self) -> bool:
        """Connected, past its gap, and reading."""
        return self.connected and self.open.is_set()

    @property
    def connected(self) -> bool:
        return self.task is not None and not self.task.done()

    def expects(self, fact: Fact) -> bool:
        """Is this fact for the client?"""
        return fact.visitor == self.visitor if self.visitor else fact.account == self.account

    async def send(self, message: Any) -> None:
        """The server's side of the socket; a frame counts when the socket has taken it."""
        if self.stall and message["type"] == "http.response.body":
            self.stall = False
            self.open.clear()
        if not self.open.is_set():
            await self.open.wait()
        if message["type"] == "http.response.body":
            self._take(message["body"].decode())

    def _take(self, text: str) -> None:
        for frame in filter(None, text.split("\n\n")):
            fields = dict(line.partition(": ")[::2] for line in frame.split("\n") if not line.startswith(":"))
            self.cursor = fields.get("id", self.cursor)
            self.resets += fields.get("event") == "reset"
            if "data" in fields and "event" not in fields:
                for fact in json.loads(fields["data"]):
                    self.received.append(told(fact["kind"], fact["data"], fact["conversation"]))


class World:
    """Two servers, four writers, and a loop that runs only while a step is taken."""

    def __init__(self) -> None:
        self.committed: list[Fact] = []
        self.clients: list[Client] = []
        self.loop = asyncio.new_event_loop()
        self._patch = patch.object(hubs, "LOOK_EVERY", NEVER)
        self._patch.start()
        self.writers = [Writer(psycopg.connect(**arguments())) for _ in range(4)]
        self.run(self._start())

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        """Run one step to its end."""
        return self.loop.run_until_complete(asyncio.wait_for(step, 20))

    async def _start(self) -> None:
        self.pool = new_pool(2)
        await self.pool.open()
        self.stations = [Station(self.pool), Station(self.pool)]
        self._hubs = [asyncio.create_task(s.hub.run()) for s in self.stations]

    def end(self) -> None:
        """Close everything."""
        for writer in self.writers:
            writer.db.close()
        self.run(self._stop())
        self.loop.close()
        self._patch.stop()

    async def _stop(self) -> None:
        tasks = [*self._hubs, *(c.task for c in self.clients if c.task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.pool.close()

    # Steps

    def commit(self, writer: Writer, *, keep: bool) -> None:
        """End a transaction and note what became true."""
        self.committed += writer.end(keep=keep)

    def look(self, server: int) -> None:
        """One look of a server's hub; whoever can take a frame has everything afterwards."""
        self.run(self.stations[server].hub.refresh())
        self.run(settle())
        for client in self.clients:
            if client.server == server and client.listening:
                self.check(client)

    def page(self, client: Client) -> None:
        """The client loads its page: what is committed now is on it, and so is a cursor."""
        from salotto.live.cursor import current

        client.cursor, client.since, client.received = current(), len(self.committed), []

    def connect(self, client: Client, server: int, *, stall: bool = False) -> None:
        """Open the client's stream at a server, with its cursor if it has one. With `stall`
        its socket is full right after the listener was registered, before its gap is read."""
        client.server, client.stall = server, stall
        client.open.set()
        if not client.cursor:
            client.since, client.received = len(self.committed), []
        self.run(self._connect(client, self.stations[server]))

    async def _connect(self, client: Client, station: Station) -> None:
        holding = self._hold(client, station)
        client.task = asyncio.create_task(holding)
        await until(lambda: not client.listening or caught_up(client, station))

    async def _hold(self, client: Client, station: Station) -> None:
        async def receive() -> Any:
            await asyncio.Event().wait()

        await hold(
            station, {"headers": []}, receive, client.send,
            account=client.account, visitor=client.visitor, since=client.cursor,
        )  # fmt: skip

    def vanish(self, client: Client) -> None:
        """The connection is gone; a frame that was on its way is lost."""
        self.run(self._vanish(client))

    async def _vanish(self, client: Client) -> None:
        task, client.task = client.task, None
        if task is not None:
            taking, client._take = client._take, lambda text: None  # type: ignore[method-assign]
            task.cancel()
            client.open.set()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            client._take = taking  # type: ignore[method-assign]

    def unblock(self, client: Client) -> None:
        """The client reads again, and comes back if it was told to."""
        client.open.set()
        if client.task is not None:
            self.run(self._resume(client))

    async def _resume(self, client: Client) -> None:
        await settle()
        station = self.stations[client.server]
        await until(lambda: not client.connected or caught_up(client, station))

    # What must be true

    def check(self, client: Client) -> None:
        """Everything committed for the client, exactly once, each conversation in order."""
        facts = [f for f in self.committed[client.since :] if client.expects(f)]
        assert sorted(client.received) == sorted(f.told for f in facts)
        for conversation in {f.conversation for f in facts if f.conversation}:
            mine = [t for t in client.received if json.loads(t)[1] == conversation]
            assert mine == [f.told for f in facts if f.conversation == conversation]
        assert client.resets == 0
        if client.visitor:
            assert all(json.loads(t)[2]["from"] in PUBLIC for t in client.received)


async def settle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def until(true: Callable[[], bool]) -> None:
    """Let the loop run until this is true."""
    while not true():
        await asyncio.sleep(0.001)


def caught_up(client: Client, station: Station) -> bool:
    """Is the client's listener registered and past its gap?"""
    mine = [x for x in station.hub.everyone() if x.send == client.send]
    return bool(mine) and all(x.backlog is None for x in mine)


def ids_after(last: int) -> list[int]:
    """What a reader sees that asks for "everything after the last id"."""
    with connection.cursor() as db:
        db.execute("SELECT id FROM live_event WHERE id > %s ORDER BY id", [last])
        return [row[0] for row in db.fetchall()]
