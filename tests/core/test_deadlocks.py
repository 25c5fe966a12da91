"""Two writes that wait for each other: the database undoes one, which is told to try again."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import connection

from salotto.accounts.actions import remove_member
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import assign
from salotto.inbox.models import Conversation
from salotto.seats.actions import set_access
from tests.cast import Cast
from tests.desk.talk import begin
from tests.threads import await_waiting

Leave = Callable[..., Any]
CONVERSATION = "SELECT FROM inbox_conversation WHERE account_id = %s AND id = %s FOR UPDATE"
MEMBERSHIP = "SELECT FROM accounts_membership WHERE account_id = %s AND user_id = %s FOR UPDATE"


@contextmanager
def patient_connection() -> Iterator[psycopg.Connection]:
    """A transaction that looks for deadlocks last, so that the other one is undone."""
    with psycopg.connect(os.environ["SALOTTO_DATABASE_URL"]) as db:
        db.execute("SET deadlock_timeout = '60s'")
        yield db


@pytest.mark.parametrize(
    ("headers", "begins"),
    [
        ({"accept": "application/json"}, b'{"error": {"code": "conflict"'),
        ({"hx-request": "true"}, b'<div class="empty'),
        ({"accept": "text/html"}, b"<!doctype html>"),
    ],
)
def test_a_deadlock_is_answered_with_409(headers: dict[str, str], begins: bytes, cast: Cast) -> None:
    conversation = begin(cast.agent)
    client, page = cast.client(cast.admin), f"/a/{cast.slug}/settings/people/{cast.agent.user.pk}/remove/"

    def remove() -> Any:
        try:
            with (
                connection.cursor() as db
            ):  # it looks once: when the other one waits too, also on a busy machine
                db.execute("SET deadlock_timeout = '4s'")
            return client.post(page, {"hand_to": ""}, headers=headers)
        finally:
            connection.close()

    with account_scope(cast.account.pk):
        assign(conversation, cast.agent.user.pk, by=cast.agent)
    with patient_connection() as db, ThreadPoolExecutor(1) as pool:
        db.execute(CONVERSATION, [cast.account.pk, conversation])
        answered = pool.submit(remove)
        await_waiting(db.info.backend_pid)
        db.execute(MEMBERSHIP, [cast.account.pk, cast.agent.user.pk])
        answer = answered.result(30)
    assert answer.status_code == 409
    assert answer.content.strip().lower().startswith(begins)
    assert cast.again(cast.agent).is_agent


@pytest.mark.parametrize("leave", [remove_member, partial(set_access, level="viewer")])
def test_who_leaves_is_locked_before_their_conversations_as_who_replies_is(leave: Leave, cast: Cast) -> None:
    conversation = begin(cast.agent)
    with account_scope(cast.account.pk):
        assign(conversation, cast.agent.user.pk, by=cast.agent)

    def go() -> None:
        try:
            leave(cast.agent.user.pk, by=cast.primary_admin, hand_to=cast.admin.user.pk)
        finally:
            connection.close()

    with patient_connection() as db, ThreadPoolExecutor(1) as pool:
        db.execute(MEMBERSHIP, [cast.account.pk, cast.agent.user.pk])
        gone = pool.submit(go)
        await_waiting(db.info.backend_pid)
        db.execute(f"{CONVERSATION} NOWAIT", [cast.account.pk, conversation])
        db.rollback()
        gone.result(30)
    with account_scope(cast.account.pk):
        assert Conversation.objects.get(pk=conversation).assignee_id == cast.admin.user.pk
