"""Bytes of files go when nothing uses them any more, and never while something does."""

from datetime import timedelta
from threading import Event
from typing import Any

from django.db import connection, transaction

from salotto.channels.email.models import Mailbox
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, add_files, keep, upload
from salotto.inbox.models import Attachment, Blob
from salotto.inbox.upkeep import forget_files
from tests.channels.email.post import Post, add_agent, delete, letter, open_post, person
from tests.threads import at_once, await_waiting

OLD = timedelta(days=2)


def kept(post: Post, content: bytes, age: timedelta = OLD) -> int:
    """Bytes that were kept so long ago."""
    with account_scope(post.account):
        blob = keep(post.account, content)
        Blob.objects.filter(pk=blob).update(created_at=clock.now() - age)
    return blob


def is_there(post: Post, blob: int) -> bool:
    with account_scope(post.account):
        return bool(Blob.objects.filter(pk=blob).exists())


def message(post: Post) -> tuple[int, int]:
    """A conversation and its message."""
    (raw,) = post.receive(letter(person(), post.address))
    assert raw.conversation_id is not None and raw.message_id is not None
    return raw.conversation_id, raw.message_id


def test_bytes_go_with_the_last_message_that_has_them() -> None:
    post = open_post()
    blob = kept(post, b"a picture")
    places = [message(post), message(post)]
    with account_scope(post.account):
        for _, number in places:
            add_files(post.account, number, [File("p.png", "image/png", b"a picture")])
    for conversation, _ in places:
        forget_files()
        assert is_there(post, blob)
        delete(post, conversation)
    forget_files()
    assert not is_there(post, blob)


def test_young_bytes_a_logo_and_a_waiting_upload_stay() -> None:
    post = open_post()
    young, logo = kept(post, b"young", timedelta(hours=1)), kept(post, b"a logo")
    with account_scope(post.account):
        Mailbox.objects.filter(pk=post.mailbox.pk).update(logo=logo)
        waits = upload(File("f.txt", "text/plain", b"waits"), by=add_agent(post)).blob_id
        Blob.objects.filter(pk=waits).update(created_at=clock.now() - OLD)
    forget_files()
    assert [is_there(post, blob) for blob in (young, logo, waits)] == [True] * 3


def test_an_upload_that_is_never_sent_goes_after_a_week() -> None:
    post = open_post()
    with account_scope(post.account):
        made = upload(File("f.txt", "text/plain", b"never sent"), by=add_agent(post))
        Attachment.objects.filter(pk=made.pk).update(created_at=clock.now() - timedelta(days=8))
        Blob.objects.filter(pk=made.blob_id).update(created_at=clock.now() - timedelta(days=8))
    forget_files()
    assert not is_there(post, made.blob_id)


def test_many_go_in_rounds() -> None:
    post = open_post()
    blobs = [kept(post, f"number {n}".encode()) for n in range(7)]
    assert forget_files(most=2) >= 7
    assert not any(is_there(post, blob) for blob in blobs)


def test_bytes_that_come_again_while_they_are_forgotten_are_not_lost() -> None:
    post = open_post()
    blob, (_, number) = kept(post, b"again"), message(post)
    locked, go = Event(), Event()

    def forget() -> None:
        with transaction.atomic(), connection.cursor() as db:
            db.execute("DELETE FROM inbox_blob WHERE account_id = %s AND id = %s", [post.account, blob])
            db.execute("SELECT pg_backend_pid()")
            pids.append(db.fetchone()[0])
            locked.set()
            go.wait(30)

    def bring() -> None:
        locked.wait(30)
        with account_scope(post.account), transaction.atomic():
            add_files(post.account, number, [File("f", "text/plain", b"again")])

    def let_go() -> None:
        locked.wait(30)
        await_waiting(pids[0])
        go.set()

    pids: list[Any] = []
    assert at_once(forget, bring, let_go) == [None, None, None]
    with account_scope(post.account):
        assert bytes(Attachment.objects.get(message_id=number).blob.content) == b"again"


def test_bytes_that_are_being_attached_are_left_alone() -> None:
    post = open_post()
    blob, (_, number) = kept(post, b"attached"), message(post)
    attached, done = Event(), Event()

    def attach() -> None:
        with account_scope(post.account), transaction.atomic():
            add_files(post.account, number, [File("f", "text/plain", b"attached")])
            attached.set()
            done.wait(30)

    def forget() -> None:
        attached.wait(30)
        forget_files()
        done.set()

    assert at_once(attach, forget) == [None, None]
    assert is_there(post, blob)
