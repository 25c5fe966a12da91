"""Reports about our own mail belong to that mail; others are mail like any other."""

from typing import Any

import pytest

from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.addresses import return_address
from salotto.channels.email.models import Mail, MailState
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from tests.channels.email.post import Post, delete, letter, new_id, open_post, person, sent_by_us

REPORT = """From: Mail Delivery System <MAILER-DAEMON@{host}>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{id}>
Date: Fri, 20 Nov 2026 10:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It was not delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; {host}

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status} no such user

--b
Content-Type: text/rfc822-headers

Message-ID: <{original}>
Subject: Re: A question

--b--
"""


def report(post: Post, original: str, recipient: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    """As an MTA writes it (RFC 3464)."""
    text = REPORT.format(
        host="mx.customer.example", to=post.address, id=new_id(), recipient=recipient,
        action=action, status=status, original=original,
    )  # fmt: skip
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def post() -> Post:
    return open_post()


def answered(post: Post, anna: str) -> tuple[int, str]:
    """A conversation with Anna, and the id of our answer, which has left."""
    (raw,) = post.receive(letter(anna, post.address))
    assert raw.conversation_id is not None
    ours = sent_by_us(post, raw.conversation_id)
    with account_scope(post.account):
        Mail.objects.filter(header_id=ours).update(state=MailState.SENT)
    return raw.conversation_id, ours


def of(post: Post, header_id: str) -> Mail:
    with account_scope(post.account):
        found: Mail = Mail.objects.get(header_id=header_id)
    return found


def test_a_mail_that_came_back_is_said_so_in_its_conversation(post: Post) -> None:
    anna = person()
    conversation, ours = answered(post, anna)
    notice = report(post, ours, anna)
    (raw,) = post.receive(notice)
    mail = of(post, ours)
    assert (mail.state, "5.1.1" in mail.error) == ("bounced", True)
    line = post.messages(conversation)[-1]
    assert (line.kind, line.data) == ("status", {"what": "bounced", "address": anna})
    assert (raw.state, raw.conversation_id, raw.message_id) == ("done", conversation, line.pk)
    assert len(post.conversations()) == 1
    with account_scope(post.account):
        told = Event.objects.filter(conversation_id=conversation, kind="conversation.changed")
        assert "delivery" in [event.data["what"] for event in told]
    (again,) = post.receive(notice)
    assert (again.state, post.messages(conversation)[-1]) == ("duplicate", line)


def test_the_signed_return_address_tells_which_mail_it_was(post: Post, settings: Any) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    anna = person()
    conversation, ours = answered(post, anna)
    came_to = return_address(post.account, of(post, ours).pk)
    (raw,) = post.receive(report(post, "unknown@elsewhere", anna), recipients=(came_to,))
    assert (of(post, ours).state, raw.conversation_id) == ("bounced", conversation)


def test_of_a_mail_that_is_late_only_the_words_are_kept(post: Post) -> None:
    anna = person()
    conversation, ours = answered(post, anna)
    before = post.messages(conversation)
    (raw,) = post.receive(report(post, ours, anna, "delayed", "4.4.1"))
    mail = of(post, ours)
    assert (mail.state, mail.error.startswith("Delayed: 4.4.1")) == ("sent", True)
    assert (raw.state, post.messages(conversation)) == ("done", before)


def test_a_report_about_a_mail_that_is_not_ours_is_an_automatic_mail(post: Post) -> None:
    other = open_post()
    _, theirs = answered(other, person())
    (raw,) = post.receive(report(post, theirs, person()))
    (found,) = post.conversations()
    assert (raw.conversation_id, found.unread) == (found.pk, 0)
    assert post.mail(raw.message_id).automatic != ""
    assert of(other, theirs).state == "sent"


@pytest.mark.parametrize("action", ["failed", "delayed"])
@pytest.mark.parametrize("how", ["from an address", "about somebody else", "about nobody"])
def test_a_forged_report_changes_nothing_and_is_not_lost(post: Post, how: str, action: str) -> None:
    anna = person()
    _, ours = answered(post, anna)
    named = anna if how == "from an address" else person("eve") if how == "about somebody else" else ""
    sender = person("eve") if how == "from an address" else ""
    (raw,) = post.receive(report(post, ours, named, action), sender=sender)
    assert (of(post, ours).state, of(post, ours).error) == ("sent", "")
    assert raw.state == "done"
    assert post.mail(raw.message_id).automatic != ""


def test_a_forged_return_address_proves_nothing(post: Post, settings: Any) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    _, ours = answered(post, person())
    genuine = return_address(post.account, of(post, ours).pk)
    forged = genuine.replace(genuine[-30:-19], "a" * 11)
    post.receive(report(post, "unknown@elsewhere", person()), recipients=(forged,))
    assert of(post, ours).state == "sent"


def test_the_return_address_counts_whatever_a_server_names_and_sends_from(post: Post, settings: Any) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    _, ours = answered(post, person())
    came_to = return_address(post.account, of(post, ours).pk)
    notice = report(post, "unknown@elsewhere", "somebody@forwarded.example")
    post.receive(notice, recipients=(came_to,), sender="mailer-daemon@mx.customer.example")
    assert of(post, ours).state == "bounced"


def test_who_has_forwarded_it_is_known_by_the_original_recipient(post: Post) -> None:
    anna = person()
    _, ours = answered(post, anna)
    final = b"Final-Recipient: rfc822; somebody@forwarded.example"
    notice = report(post, ours, "somebody@forwarded.example")
    original = b"Original-Recipient: rfc822;" + anna.upper().encode()
    post.receive(notice.replace(final, original + b"\r\n" + final))
    assert of(post, ours).state == "bounced"


@pytest.mark.parametrize(
    ("top", "state"),
    [
        (b"", "bounced"),
        (b"Return-Path: <>\r\n", "bounced"),
        (b"Return-Path: <eve@evil.example>\r\nReturn-Path: <>\r\n", "sent"),
    ],
)
def test_of_what_lay_in_a_mailbox_the_topmost_return_path_tells(post: Post, top: bytes, state: str) -> None:
    anna = person()
    _, ours = answered(post, anna)
    arrival = Arrival("imap", top + report(post, ours, anna), folder="imap://x", uidvalidity=1, uid=1)
    with account_scope(post.account):
        store(post.account, post.mailbox.pk, [arrival])
    post.take_in()
    assert of(post, ours).state == state


@pytest.mark.parametrize("how", ["return address", "id, from nobody"])
def test_a_report_about_a_deleted_conversation_is_deleted_with_it(
    post: Post, settings: Any, how: str
) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    anna = person()
    conversation, ours = answered(post, anna)
    came_to = return_address(post.account, of(post, ours).pk)
    delete(post, conversation)
    signed = how == "return address"
    notice = report(post, "unknown@elsewhere" if signed else ours, anna)
    (raw,) = post.receive(notice, recipients=(came_to if signed else post.address,))
    assert (raw.state, raw.conversation_id, bytes(raw.content)) == ("deleted", None, b"")
    assert post.conversations() == []


def test_a_forged_report_about_a_deleted_conversation_is_a_mail_like_any_other(post: Post) -> None:
    anna = person()
    conversation, ours = answered(post, anna)
    delete(post, conversation)
    (raw,) = post.receive(report(post, ours, anna), sender=person("eve"))
    assert raw.state == "done" and len(post.conversations()) == 1
