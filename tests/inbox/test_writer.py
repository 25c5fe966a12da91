"""Group commit: each message succeeds or is refused on its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from salotto.core.errors import Busy, Invalid
from salotto.core.pool import arguments
from salotto.core.tenancy import account_scope
from salotto.inbox import writer as writers
from salotto.inbox.models import Message
from salotto.inbox.posting import Item, post
from salotto.inbox.writer import Writer
from tests.cast import Cast
from tests.inbox.threads import item_of, must


@asynccontextmanager
async def writing() -> AsyncIterator[tuple[Writer, list[int]]]:
    """A running writer, and a list that grows with each commit."""
    commits: list[int] = []
    writer = Writer(committed=lambda: commits.append(1))
    task = asyncio.create_task(writer.run())
    try:
        yield writer, commits
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def run(test: Callable[[Writer, list[int]], Awaitable[None]]) -> None:
    """Run an asynchronous test with a writer."""

    async def whole() -> None:
        async with writing() as (writer, commits):
            await test(writer, commits)

    asyncio.run(asyncio.wait_for(whole(), 20))


def bodies(cast: Cast) -> list[str]:
    with account_scope(cast.account.pk):
        return sorted(Message.objects.values_list("body", flat=True))


def test_what_arrives_together_is_committed_together(cast: Cast) -> None:
    items = [item_of(cast.account.pk, f"message {n:03}") for n in range(100)]

    async def test(writer: Writer, commits: list[int]) -> None:
        posted = await asyncio.gather(*(writer.post(i) for i in items))
        assert all(p is not None and p.fresh for p in posted)
        assert len(commits) <= 4

    run(test)
    assert bodies(cast) == [i.body for i in items]


@pytest.mark.parametrize("poison", ["half a pair \ud800", "nul \x00"])
def test_one_that_cannot_be_stored_is_refused_and_the_others_are_written(cast: Cast, poison: str) -> None:
    good = [item_of(cast.account.pk, f"message {n}") for n in range(5)]

    async def test(writer: Writer, commits: list[int]) -> None:
        bad = replace(good[0], client_id=uuid4(), body=poison)
        results = await asyncio.gather(
            *(writer.post(i) for i in [*good[:2], bad, *good[2:]]), return_exceptions=True
        )
        assert isinstance(results[2], Invalid)
        assert await writer.post(replace(good[0], client_id=uuid4(), body="still writing"))

    run(test)
    assert bodies(cast) == [*(i.body for i in good), "still writing"]


def test_a_locked_conversation_delays_nobody_else(cast: Cast) -> None:
    account, visitor = cast.account.pk, uuid4()
    conversation = must(post(item_of(account, "first", visitor=visitor))).conversation
    stuck, free = item_of(account, "stuck", visitor=visitor), item_of(account, "free")

    async def test(writer: Writer, commits: list[int]) -> None:
        async with await psycopg.AsyncConnection.connect(**{**arguments(), "autocommit": False}) as holder:
            await holder.execute("SELECT FROM inbox_conversation WHERE id = %s FOR UPDATE", [conversation])
            waiting = asyncio.create_task(writer.post(stuck))
            await asyncio.wait_for(writer.post(free), 3)
            assert not waiting.done()
            await holder.rollback()
            assert await waiting

    run(test)
    assert bodies(cast) == ["first", "free", "stuck"]


def test_a_visitors_messages_keep_their_order_while_their_conversation_is_locked(cast: Cast) -> None:
    account, visitor = cast.account.pk, uuid4()
    conversation = must(post(item_of(account, "0", visitor=visitor))).conversation
    items = [item_of(account, str(n), visitor=visitor) for n in range(1, 7)]

    async def test(writer: Writer, commits: list[int]) -> None:
        async with await psycopg.AsyncConnection.connect(**{**arguments(), "autocommit": False}) as holder:
            await holder.execute("SELECT FROM inbox_conversation WHERE id = %s FOR UPDATE", [conversation])
            early = [asyncio.create_task(writer.post(i)) for i in items[:3]]
            await asyncio.wait_for(writer.post(item_of_now(items[0])), 3)  # the batch has failed by now
            late = [asyncio.create_task(writer.post(i)) for i in items[3:]]
            await asyncio.sleep(0)
            await holder.rollback()
            await asyncio.gather(*early, *late)

    def item_of_now(like: Item) -> Item:
        return replace(like, client_id=uuid4(), visitor=uuid4(), body="someone else")

    run(test)
    with account_scope(account):
        thread = Message.objects.filter(conversation_id=conversation).order_by("id")
        assert list(thread.values_list("body", flat=True)) == [str(n) for n in range(7)]


def test_what_waits_while_its_conversation_is_deleted_begins_another(cast: Cast) -> None:
    account, visitor = cast.account.pk, uuid4()
    old = must(post(item_of(account, "gone", visitor=visitor))).conversation
    items = [item_of(account, text, visitor=visitor) for text in ("a", "b")]
    other = item_of(account, "someone else")

    async def test(writer: Writer, commits: list[int]) -> None:
        async with await psycopg.AsyncConnection.connect(**{**arguments(), "autocommit": False}) as holder:
            await holder.execute("SELECT FROM inbox_conversation WHERE id = %s FOR UPDATE", [old])
            waiting = [asyncio.create_task(writer.post(item)) for item in items]
            await writer.post(other)
            await holder.execute("DELETE FROM inbox_message WHERE conversation_id = %s", [old])
            await holder.execute("DELETE FROM inbox_conversation WHERE id = %s", [old])
            await holder.commit()
            posted = [must(one) for one in await asyncio.gather(*waiting)]
        assert len({one.conversation for one in posted}) == 1 and posted[0].conversation != old
        assert posted[0].message < posted[1].message

    run(test)
    assert bodies(cast) == ["a", "b", "someone else"]


def test_without_a_database_the_sender_keeps_the_message_and_a_retry_writes_it_once(cast: Cast) -> None:
    first, item = item_of(cast.account.pk, "before"), item_of(cast.account.pk, "Hello")
    connection.ensure_connection()
    ours = connection.connection.info.backend_pid

    async def test(writer: Writer, commits: list[int]) -> None:
        await writer.post(first)
        async with await psycopg.AsyncConnection.connect(**arguments()) as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid NOT IN (pg_backend_pid(), %s) AND query LIKE %s",
                [ours, "%inbox_post_messages%"],
            )
        for _ in range(100):
            try:
                assert await writer.post(item)
                break
            except Busy:
                await asyncio.sleep(0.05)  # as the sender waits before it tries again
        assert not (must(await writer.post(item))).fresh

    run(test)
    assert bodies(cast) == ["Hello", "before"]


def test_too_long_a_line_is_refused_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "WAITING", 3)

    async def test(writer: Writer, commits: list[int]) -> None:
        items = [item_of_loop(cast) for _ in range(6)]
        results = await asyncio.gather(*(writer.post(i) for i in items), return_exceptions=True)
        assert sum(isinstance(r, Busy) for r in results) == 3

    ready = item_of(cast.account.pk)

    def item_of_loop(_: Cast) -> Item:
        return replace(ready, client_id=uuid4(), visitor=uuid4())

    run(test)
    assert len(bodies(cast)) == 3
