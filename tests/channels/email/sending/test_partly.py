"""Mails that some of their recipients have got and others have not."""

import email
from email.policy import default
from uuid import uuid4

import pytest
from django.db import transaction

from salotto.channels.email.actions import cancel_mail, retry_mail
from salotto.channels.email.actions.bouncing import note_bounce
from salotto.channels.email.actions.sending import NotWaiting
from salotto.channels.email.addresses import return_address
from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.models import Mail
from salotto.channels.email.sending import delivering, patience
from salotto.channels.email.sending.lines import LINES
from salotto.core.tenancy import account_scope
from salotto.inbox.signals import Draft
from tests.channels.email.sending.faulty import Faulty, Session, faulty
from tests.channels.email.sending.outbox import Outbox, open_outbox

TWO = Draft(to=("a@a.example", "b@b.example"))


def puts_off(address: str) -> object:
    def answer(server: Faulty, session: Session, line: str) -> str | None:
        return f"450 4.2.1 {address} later" if address in line else "250 OK"

    return answer


def comes_back(box: Outbox, mail: Mail, address: str, *, named: str = "") -> None:
    bounce = Bounce(address, "failed", "5.1.1", "no such user", mail.header_id, named)
    with account_scope(box.account), transaction.atomic():
        assert note_bounce(box.account, bounce, (), uuid4()) is not None


def returned(box: Outbox, mail: Mail, address: str) -> None:
    """A report about somebody else, at the mail's own return address."""
    bounce = Bounce(address, "failed", "5.1.1", "no such user", "")
    with account_scope(box.account), transaction.atomic():
        assert note_bounce(box.account, bounce, (return_address(box.account, mail.pk),), uuid4()) is not None


def test_who_was_put_off_gets_it_although_it_came_back_from_another() -> None:
    with faulty(RCPT=puts_off("b@b.example")) as server:  # type: ignore[arg-type]
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        assert mail.state == "queued" and server.mails[0][1] == ["a@a.example"]
        comes_back(box, mail, "A@a.example")
        server.answers.clear()
        LINES.forget()
        box.due(mail)
        mail = box.sent(mail)
        assert server.mails[1][1] == ["b@b.example"]
        assert mail.state == "sent" and "5.1.1" in mail.error


def test_a_retry_of_what_came_back_goes_to_nobody_who_has_got_it() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        comes_back(box, mail, "b@b.example")
        assert box.now(mail).state == "bounced"
        retry_mail(mail.pk, by=box.post.owner)
        assert box.sent(mail).state == "sent"
        assert [people for _, people, _ in server.mails] == [["a@a.example", "b@b.example"], ["b@b.example"]]


def test_a_retry_goes_to_who_has_their_mail_forwarded_where_the_report_names_them_too() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        comes_back(box, mail, "elsewhere@c.example", named="B@b.example")
        retry_mail(mail.pk, by=box.post.owner)
        box.sent(mail)
        assert server.mails[1][1] == ["b@b.example"]


def test_what_came_back_from_nobody_that_it_was_for_is_not_sent_to_all_again() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        returned(box, mail, "elsewhere@c.example")
        assert box.now(mail).state == "bounced"
        with pytest.raises(NotWaiting) as refused:
            retry_mail(mail.pk, by=box.post.owner)
        assert "Write to who did not get it" in str(refused.value.message)
        assert box.sent(mail).state == "bounced" and len(server.mails) == 1


def test_a_server_that_takes_no_address_beyond_ascii_gets_the_mail_for_the_others() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply(draft=Draft(to=("a@a.example", "Jürgen <jürgen@b.example>"), cc=("c@c.example",)))
        mail = box.sent(mail)
        ((_, people, raw),) = server.mails
        assert (mail.state, people) == ("sent", ["a@a.example", "c@c.example"]) and raw.isascii()
        assert mail.error.startswith("jürgen@b.example: ") and "SMTPUTF8" in mail.error
        made = email.message_from_bytes(raw, policy=default)
        assert made["To"].addresses[0].addr_spec == "a@a.example" and len(made["To"].addresses) == 1
        assert "Jürgen jürgen@b.example" in str(made["To"]) and len(server.sessions) == 1
        server.answers["EHLO"] = "250-faulty\r\n250-8BITMIME\r\n250 SMTPUTF8"
        LINES.forget()
        retry_mail(mail.pk, by=box.post.owner)
        assert box.sent(mail).error == "" and server.mails[1][1] == ["jürgen@b.example"]


def test_a_late_report_does_not_stop_another_try() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        comes_back(box, mail, box.customer)
        retry_mail(mail.pk, by=box.post.owner)
        comes_back(box, mail, box.customer)
        assert box.sent(mail).state == "sent" and len(server.mails) == 2


def test_what_is_stopped_after_some_have_got_it_counts_as_sent() -> None:
    with faulty(RCPT=puts_off("b@b.example")) as server:  # type: ignore[arg-type]
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        cancel_mail(mail.pk, by=box.post.owner)
        assert box.now(mail).state == "sent" and "stopped" in box.now(mail).error
        server.answers.clear()
        retry_mail(mail.pk, by=box.post.owner)
        box.sent(mail)
        assert server.mails[1][1] == ["b@b.example"]


def test_a_server_that_dawdles_over_many_recipients_does_not_get_the_mail_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert patience.LOST_AFTER.total_seconds() > delivering.MAIL_SECONDS > delivering.RCPT_SECONDS
    monkeypatch.setattr(delivering, "RCPT_SECONDS", -1.0)
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=TWO))
        assert mail.state == "queued" and "too long" in mail.error and not server.mails


def test_what_is_being_sent_is_not_tried_again_meanwhile() -> None:
    box = open_outbox()
    mail = box.reply()
    box.due(mail, state="sending")
    with pytest.raises(NotWaiting) as refused:
        retry_mail(mail.pk, by=box.post.owner)
    assert "being sent at this moment" in str(refused.value.message)
