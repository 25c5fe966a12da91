"""Every listener gets exactly what its account committed, once, in order: under any schedule.

`HYPOTHESIS_PROFILE=long` looks for hours instead of seconds.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.property.profiles import chosen
from tests.property.world import Client, World, Writer, ids_after, threads

which = st.integers(0, 1)
whose = st.integers(0, 5)


class Schedule(RuleBasedStateMachine):
    """Transactions long and short, hubs that look now and then, clients that come and go."""

    clients: Bundle[Client] = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        self.threads = threads()
        self.world = World()

    def teardown(self) -> None:
        """In the end everybody connects, and has everything."""
        try:
            self._finish()
        finally:
            self.world.end()

    def _finish(self) -> None:
        for writer in self.world.writers:
            if writer.open:
                self.world.commit(writer, keep=True)
        for server in (0, 1):
            self.world.look(server)
        for client in self.world.clients:
            self.world.vanish(client)
            self.world.connect(client, 0)
            self.world.check(client)

    def _writer(self, number: int) -> Writer:
        writer = self.world.writers[number]
        if not writer.open:
            writer.begin()
        return writer

    def _free(self, writer: Writer, conversation: int) -> bool:
        return not any(w.holds(conversation) for w in self.world.writers if w is not writer)

    # Writers

    @rule(number=st.integers(0, 2))
    def begin(self, number: int) -> None:
        self._writer(number)

    @rule(
        number=st.integers(0, 2),
        thread=whose,
        kind=st.sampled_from(["visitor", "reply", "note"]),
        count=st.integers(1, 3),
    )
    def write(self, number: int, thread: int, kind: str, count: int) -> None:
        writer = self._writer(number)
        if self._free(writer, self.threads[thread].id):
            writer.post(self.threads[thread], kind, count)

    @rule(number=st.integers(0, 2), thread=whose)
    def tell(self, number: int, thread: int) -> None:
        self._writer(number).tell(self.threads[thread].account)

    @rule(number=st.integers(0, 2))
    def save(self, number: int) -> None:
        self._writer(number).save()

    @rule(number=st.integers(0, 2))
    def undo(self, number: int) -> None:
        writer = self.world.writers[number]
        if writer.open and writer.savepoints:
            writer.undo()

    @rule(number=st.integers(0, 2), keep=st.sampled_from([True, True, True, False]))
    def end(self, number: int, keep: bool) -> None:
        writer = self.world.writers[number]
        if writer.open:
            self.world.commit(writer, keep=keep)

    @rule(thread=whose, kind=st.sampled_from(["visitor", "reply", "note"]), server=which)
    def quick(self, thread: int, kind: str, server: int) -> None:
        writer = self.world.writers[3]
        if self._free(writer, self.threads[thread].id):
            writer.begin()
            writer.post(self.threads[thread], kind, 1)
            self.world.commit(writer, keep=True)
            self.world.look(server)

    def _say(self, client: Client) -> None:
        """Something that this client must hear of, committed and looked at where it listens."""
        thread = next(
            t for t in self.threads if client.visitor in (None, t.visitor) and t.account == client.account
        )
        if self._free(self.world.writers[3], thread.id):
            self.world.writers[3].begin()
            self.world.writers[3].post(thread, "visitor", 1)
            self.world.commit(self.world.writers[3], keep=True)
            self.world.look(client.server)

    @rule(client=clients, server=which, count=st.integers(1, 3))
    def say_while_it_catches_up(self, client: Client, server: int, count: int) -> None:
        self.world.vanish(client)
        self.world.connect(client, server, stall=bool(client.cursor))
        for _ in range(count):
            self._say(client)
        self.world.unblock(client)
        self._say(client)

    @rule(client=clients, count=st.integers(1, 3))
    def say_while_its_socket_is_full(self, client: Client, count: int) -> None:
        if client.listening:
            client.open.clear()
            for _ in range(count):
                self._say(client)
            self.world.unblock(client)
            self._say(client)

    # Servers

    @rule(server=which)
    def look(self, server: int) -> None:
        self.world.look(server)

    # Clients

    @initialize(target=clients)
    def first(self) -> Any:
        """A colleague with an open page, one in the other account, and a visitor."""
        here, there = self._come(0, False, True), self._come(3, False, False)
        visitor = self._come(0, True, True)
        for client in (here, there, visitor):
            self.world.connect(client, 0)
        return multiple(here, there, visitor)

    @rule(target=clients, thread=whose, visitor=st.booleans(), page=st.booleans())
    def come(self, thread: int, visitor: bool, page: bool) -> Client:
        return self._come(thread, visitor, page)

    def _come(self, thread: int, visitor: bool, page: bool) -> Client:
        client = Client(self.threads[thread], visitor=visitor)
        if page:
            self.world.page(client)
        self.world.clients.append(client)
        return client

    @rule(client=clients, server=which, stall=st.booleans())
    def connect(self, client: Client, server: int, stall: bool) -> None:
        self.world.vanish(client)
        self.world.connect(client, server, stall=stall and bool(client.cursor))

    @rule(client=clients)
    def vanish(self, client: Client) -> None:
        self.world.vanish(client)

    @rule(client=clients, block=st.booleans())
    def block(self, client: Client, block: bool) -> None:
        if client.listening and block:
            client.open.clear()
        else:
            self.world.unblock(client)

    @invariant()
    def nobody_has_a_thing_twice_or_a_foreign_one(self) -> None:
        for client in self.world.clients:
            assert len(set(client.received)) == len(client.received)
            meant = {f.told for f in self.world.committed if client.expects(f)}
            assert meant.issuperset(client.received)


def test_every_listener_gets_what_was_committed_once_and_in_order(database: str) -> None:
    run_state_machine_as_test(Schedule, settings=chosen(20, 50))


def test_a_reader_that_asks_for_later_ids_loses_an_event_and_ours_does_not(database: str) -> None:
    """Why the cursor is a snapshot: an event that drew its id first may be committed last."""
    world, (first, *_) = World(), threads()
    try:
        client = Client(first, visitor=False)
        world.clients.append(client)
        world.page(client)
        world.connect(client, 0)
        last = max(ids_after(0))
        slow, quick = world.writers[:2]
        slow.begin()
        slow.tell(first.account)
        quick.begin()
        quick.tell(first.account)
        world.commit(quick, keep=True)
        naive = ids_after(last)
        world.look(0)
        world.commit(slow, keep=True)
        naive += ids_after(max(naive))
        world.look(0)
        lost = {f.id for f in world.committed} - set(naive)
        assert len(lost) == 1
        world.check(client)
    finally:
        world.end()


def test_an_open_transaction_delays_nobody(database: str) -> None:
    """A reader of "everything below the oldest running transaction" would wait for it."""
    world, (first, *_) = World(), threads()
    try:
        client = Client(first, visitor=False)
        world.clients.append(client)
        world.connect(client, 0)
        world.writers[0].begin()
        world.writers[0].tell(first.account)
        for n in range(1, 6):
            world.writers[1].begin()
            world.writers[1].post(first, "visitor", 1)
            world.commit(world.writers[1], keep=True)
            world.look(0)
            assert len(client.received) == n
        world.commit(world.writers[0], keep=True)
        world.look(0)
        world.check(client)
        assert len(client.received) == 6
    finally:
        world.end()
