"""What a mailbox answers by itself: to whom, how often, and to whom never."""

from datetime import timedelta
from uuid import uuid4

import pytest

from salotto.channels.email.actions.queueing import (
    acknowledge,
    may_answer,
)
from salotto.channels.email.letters import REFUTED
from salotto.channels.email.models import (
    Mail,
    MailState,
)
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.inbox.signals import Draft
from tests.channels.email.post import Post, letter, open_post, person
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import mails, open_outbox


def received(post: Post, sender: str, **headers: str) -> Mail:
    (raw,) = post.receive(letter(sender, post.address, **headers))
    return post.mail(raw.message_id)


def test_who_begins_a_conversation_is_told_once_a_day() -> None:
    post = open_post(auto_reply="We have got your mail.")
    customer = person()
    first = received(post, f"Anna <{customer}>")
    (told,) = mails(post, kind="auto")
    assert (told.to, told.text, told.automatic) == (
        [["Anna", customer]],
        "We have got your mail.",
        "auto-replied",
    )
    assert (told.conversation_id, told.in_reply_to) == (first.conversation_id, first.header_id)
    received(post, customer)
    assert len(mails(post, kind="auto")) == 1
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        received(post, customer)
    assert len(mails(post, kind="auto")) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"List_Id": "<weavers.lists.example>"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
    ],
    ids=str,
)
def test_what_is_automatic_is_never_answered(headers: dict[str, str]) -> None:
    post = open_post(auto_reply="We have got your mail.")
    received(post, person(), **headers)
    assert mails(post) == []


@pytest.mark.parametrize(
    "sender", ["no-reply", "noreply+x", "MAILER-DAEMON", "postmaster", "bounces-1", "x-bounces", "l-request"]
)
def test_who_takes_no_answer_gets_none(sender: str) -> None:
    post = open_post(auto_reply="We have got your mail.")
    received(post, f"{sender}@{uuid4().hex}.example")
    assert mails(post) == []


def test_the_null_sender_gets_none() -> None:
    post = open_post(auto_reply="We have got your mail.")
    mail = received(post, person())
    mail.sender = ""
    assert not may_answer(mail)
    with account_scope(post.account):
        assert acknowledge(mail.conversation, mail) is None


def test_what_came_from_nobody_is_automatic_and_gets_none() -> None:
    post = open_post(auto_reply="We have got your mail.")
    (raw,) = post.receive(letter(person(), post.address, "I am away until Monday"), sender="")
    assert mails(post) == []
    assert post.mail(raw.message_id).automatic == "null-sender"


def test_who_has_not_sent_the_mail_that_bears_their_address_gets_none() -> None:
    post = open_post(auto_reply="We have got your mail.")
    said = "mx.shop.example; dmarc=fail header.from=customer.example"
    mail = received(post, person(), Authentication_Results=said)
    assert REFUTED in mail.problems and mails(post) == []


def test_an_automatic_mail_goes_out_without_a_sender_and_says_what_it_is() -> None:
    with faulty() as server:
        box = open_outbox(server.port, auto_reply="We have got your mail.")
        (mail,) = mails(box.post, kind="auto")
        assert box.sent(mail).state == MailState.SENT
        sender, people, raw = server.mails[0]
        assert (sender, people) == ("", [box.customer]) and b"Auto-Submitted: auto-replied" in raw


def test_two_mailboxes_that_answer_by_themselves_do_not_go_on_for_ever() -> None:
    with faulty() as server:
        one = open_outbox(server.port, auto_reply="One has got it")
        other = open_outbox(server.port, auto_reply="Other has got it")
        for box in (one, other):
            with account_scope(box.account):
                Mail.objects.filter(state=MailState.QUEUED).update(state=MailState.FAILED, next_try_at=None)
        one.reply("Hello, other", Draft(to=(other.post.address,)))
        by_address = {one.post.address: one, other.post.address: other}
        for _ in range(10):
            for box in (one, other):
                for mail in mails(box.post, state=MailState.QUEUED):
                    box.sent(mail)
            brought, server.mails = server.mails, []
            for sender, people, raw in brought:
                for address in people:
                    by_address[address].post.receive(raw, recipients=(address,), sender=sender)
        autos = [len(mails(box.post, kind="auto")) for box in (one, other)]
        assert autos == [1, 2]  # each told its first customer; the other told one, who fell silent
