"""A chat whose visitor has left goes on by mail, in the same conversation."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from salotto.channels.email.actions import chats
from salotto.channels.email.models import Mail, Mailbox
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Inbox, Kind
from salotto.inbox.posting import Item, post
from salotto.inbox.support import asker
from tests.channels.email.post import Post, letter, open_post
from tests.threads import at_once


@pytest.fixture
def shop() -> Post:
    """A mailbox that carries chats on."""
    made = open_post()
    with account_scope(made.account):
        Mailbox.objects.update(continues_chats=True, chat_minutes=7)
    return made


def ask(shop: Post, email: str = "anna@visitors.example", visitor: UUID | None = None) -> int:
    """A visitor writes on the site; the conversation."""
    with account_scope(shop.account):
        inbox = Inbox.objects.get(channel="web").pk
        item = Item(
            shop.account, uuid4(), Kind.VISITOR, "Is it blue?", inbox=inbox,
            visitor=visitor or uuid4(), name="Anna", email=email, language="it",
        )  # fmt: skip
        posted = post(item)
    assert posted
    return posted.conversation


def answer(shop: Post, conversation: int, text: str = "Yes, it is.") -> int:
    with account_scope(shop.account):
        return actions.reply(conversation, text, client_id=uuid4(), by=shop.owner).message


def looks(shop: Post, conversation: int) -> list[timedelta]:
    """How far ahead the looks in line are."""
    with connection.cursor() as db:
        db.execute(
            "SELECT scheduled_at - now() FROM procrastinate_jobs"
            " WHERE status = 'todo' AND queueing_lock = %s",
            [f"email.chat.{shop.account}.{conversation}"],
        )
        return [row[0] for row in db.fetchall()]


def mails(shop: Post) -> list[Mail]:
    with account_scope(shop.account):
        return list(Mail.objects.filter(kind="chat").order_by("id"))


def seen(shop: Post, conversation: int, message: int) -> None:
    with account_scope(shop.account):
        Conversation.objects.filter(pk=conversation).update(seen_by_visitor=message)


def test_an_answer_is_looked_after_when_the_delay_is_over(shop: Post) -> None:
    conversation = ask(shop)
    for text in ("Yes.", "Dark blue."):
        answer(shop, conversation, text)
    (ahead,) = looks(shop, conversation)
    assert timedelta(minutes=6) < ahead <= timedelta(minutes=7)


def test_what_was_not_seen_goes_out_as_one_mail(shop: Post) -> None:
    conversation = ask(shop)
    for text in ("Yes.", "Dark blue."):
        answer(shop, conversation, text)
    assert chats.carry_on(shop.account, conversation)
    (mail,) = mails(shop)
    assert mail.to == [["Anna", "anna@visitors.example"]]
    assert mail.text == "Yes.\n\nDark blue."
    assert "chat" in mail.subject.lower()


def test_what_was_mailed_is_not_mailed_again(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    assert chats.carry_on(shop.account, conversation)
    assert chats.carry_on(shop.account, conversation) is None
    answer(shop, conversation, "One more thing.")
    assert chats.carry_on(shop.account, conversation)
    first, second = mails(shop)
    assert second.text == "One more thing."
    assert second.in_reply_to == first.header_id


def test_two_workers_mail_once(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    at_once(*[lambda: chats.carry_on(shop.account, conversation)] * 2)
    assert len(mails(shop)) == 1


def test_what_was_seen_is_not_mailed(shop: Post) -> None:
    conversation = ask(shop)
    seen(shop, conversation, answer(shop, conversation))
    assert chats.carry_on(shop.account, conversation) is None


def test_without_an_address_nothing_is_mailed(shop: Post) -> None:
    conversation = ask(shop, email="")
    answer(shop, conversation)
    assert chats.carry_on(shop.account, conversation) is None


def test_without_a_mailbox_for_chats_nobody_looks(shop: Post) -> None:
    with account_scope(shop.account):
        Mailbox.objects.update(continues_chats=False)
    conversation = ask(shop)
    answer(shop, conversation)
    assert looks(shop, conversation) == []
    assert chats.carry_on(shop.account, conversation) is None


def test_the_answer_to_the_mail_joins_the_chat(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    sent = chats.carry_on(shop.account, conversation)
    assert sent
    (raw,) = shop.receive(
        letter("Anna <anna@visitors.example>", shop.address, "Then I take it.", reply_to_id=sent.header_id)
    )
    assert raw.conversation_id == conversation
    assert shop.bodies(conversation) == ["Is it blue?", "Yes, it is.", "Then I take it."]


def test_a_stranger_with_the_mails_id_does_not_join_the_chat(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    sent = chats.carry_on(shop.account, conversation)
    assert sent
    (raw,) = shop.receive(letter("eve@evil.example", shop.address, reply_to_id=sent.header_id))
    assert raw.conversation_id != conversation


def test_what_is_said_about_a_request_to_support_is_not_mailed_as_a_chat(shop: Post) -> None:
    conversation = ask(shop, visitor=asker(2**40))
    answer(shop, conversation)
    assert looks(shop, conversation) == []
    assert chats.carry_on(shop.account, conversation) is None  # by a look that was in line before
    assert mails(shop) == []
