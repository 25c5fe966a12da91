"""Files of a mail to many: kept once, with everybody's mail, and never another's."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest

from salotto.accounts.members import Member
from salotto.channels.email.actions import bulk, queue_many, retry_many
from salotto.channels.email.actions.enclosing import MOST_BYTES, MOST_TOGETHER
from salotto.channels.email.actions.queueing import SentAlready
from salotto.channels.email.models import Batch, BatchFile, Mail, MailState
from salotto.core import clock
from salotto.core.errors import Invalid, TooLarge
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, drop_upload, upload
from salotto.inbox.models import Attachment, Blob
from salotto.inbox.upkeep import forget_files
from tests.channels.email.post import Post, add_agent, delete, open_post, person
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import Outbox, mails, open_outbox

PRICES = b"%PDF cups 12.00"


def uploaded(by: Member, name: str = "prices.pdf", content: bytes = PRICES) -> int:
    with account_scope(by.account.pk):
        return int(upload(File(name, "application/pdf", content), by=by).pk)


def many(post: Post, people: list[str], files: list[int], key: Any = None, by: Member | None = None) -> Batch:
    words = ("Prices", "Here they are")
    return queue_many(post.mailbox.pk, people, *words, by or post.owner, key or uuid4(), files)


def forget(post: Post) -> None:
    """The nightly job, when everything has lain there for long."""
    with account_scope(post.account):
        Blob.objects.update(created_at=clock.now() - timedelta(days=9))
        Attachment.objects.filter(message=None).update(created_at=clock.now() - timedelta(days=9))
    forget_files()


def sent_files(raw: bytes) -> list[tuple[str | None, bytes]]:
    mail = message_from_bytes(raw, policy=default)
    return [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()]


def numbers(post: Post) -> tuple[int, int]:
    """How many files messages have, and how often the bytes are kept."""
    with account_scope(post.account):
        return Attachment.objects.exclude(message=None).count(), Blob.objects.count()


def is_sent(box: Outbox, mail: Mail) -> bool:
    return bool(box.sent(mail).state == MailState.SENT)


def test_everybody_gets_the_file_which_is_kept_once() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        batch = many(box.post, [person(), person()], [uploaded(box.post.owner)])
        bulk.continue_batch(box.account, batch.pk)
        assert all(is_sent(box, mail) for mail in mails(box.post))
        assert [sent_files(raw) for *_, raw in server.mails] == [[("prices.pdf", PRICES)]] * 2
        assert numbers(box.post) == (2, 1)


def test_bytes_outlive_their_upload_and_each_deleted_conversation_while_one_needs_them() -> None:
    with faulty(RCPT="451 Later") as server:
        box = open_outbox(server.port)
        batch = many(box.post, [person(), person()], [uploaded(box.post.owner)])
        forget(box.post)
        bulk.continue_batch(box.account, batch.pk)
        gone, other = mails(box.post)
        delete(box.post, gone.conversation_id)
        forget(box.post)
        assert box.sent(other).state == MailState.QUEUED
        box.due(other, state=MailState.FAILED)
        server.answers.clear()
        assert retry_many(batch.pk, box.post.owner) == 1
        assert is_sent(box, other)
        assert sent_files(server.mails[0][2]) == [("prices.pdf", PRICES)]
        delete(box.post, other.conversation_id)
        forget(box.post)
        assert numbers(box.post) == (0, 1), "the page of the mail to many still has it"


def test_one_upload_goes_with_the_mail_to_oneself_and_with_that_to_all() -> None:
    post = open_post()
    file = uploaded(post.owner)
    first, all_of_them = (many(post, [person()], [file]) for _ in range(2))
    with account_scope(post.account):
        drop_upload(file, by=post.owner)
        assert BatchFile.objects.filter(batch__in=(first, all_of_them), name="prices.pdf").count() == 2


def test_asking_twice_with_the_same_files_sends_once_and_with_others_is_refused() -> None:
    post = open_post()
    key, people, files = uuid4(), [person()], [uploaded(post.owner), uploaded(post.owner, "b.pdf", b"b")]
    batch = many(post, people, files, key)
    assert many(post, people, files, key).pk == batch.pk
    for others in ([], files[:1], files[::-1]):
        with pytest.raises(SentAlready):
            many(post, people, others, key)
    with account_scope(post.account):
        assert [one.name for one in BatchFile.objects.order_by("place")] == ["prices.pdf", "b.pdf"]


def test_nobody_names_the_upload_of_another_user_or_account() -> None:
    post, elsewhere = open_post(), open_post()
    files = [uploaded(add_agent(post)), uploaded(elsewhere.owner), 2**62]
    for file in files:
        with pytest.raises(Invalid) as refused:
            many(post, [person()], [uploaded(post.owner), file])
        assert refused.value.code == "file_gone"
    with account_scope(post.account):
        assert not Batch.objects.exists() and not BatchFile.objects.exists()


def test_the_files_of_a_mail_to_many_have_limits() -> None:
    post = open_post()
    file = uploaded(post.owner)
    crowd = [f"p{n}@a.example" for n in range(300)]

    def of(size: int) -> list[int]:
        with account_scope(post.account):
            Attachment.objects.filter(pk=file).update(size=size)
        return [file]

    for people, size in (([person()], MOST_BYTES + 1), (crowd, MOST_TOGETHER // 300 + 1)):
        with pytest.raises(TooLarge):
            many(post, people, of(size))
    many(post, [person()], of(MOST_BYTES))
    many(post, crowd, of(MOST_TOGETHER // 300))
