"""Sending through a real Postfix: taken, refused, put off, away, slow, killed, and back again."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from salotto.channels.email.actions import retry_mail
from salotto.channels.email.addresses import forwarding_address
from salotto.channels.email.models import Mail, MailState, Server
from salotto.channels.email.sending.lines import LINES
from salotto.core import clock
from salotto.core.errors import Conflict
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, upload
from salotto.inbox.signals import Draft
from tests.channels.email.post import open_post
from tests.channels.email.receiver.doors import receiving, stored
from tests.channels.email.sending.outbox import Outbox, by_server, open_outbox
from tests.mailservers.dovecot import await_that
from tests.mailservers.postfix import LOCAL, Postfix, postfix


def server_of(box: Outbox) -> Server:
    with account_scope(box.account):
        found: Server = Server.objects.get(mailbox=box.post.mailbox, way="out")
    return found


def alone(box: Outbox, mail: Mail) -> None:
    """A sender in a thread of its own."""
    box.sent(mail)
    connections.close_all()


def test_a_reply_is_taken_and_said_to_be_sent(relay: Postfix) -> None:
    box = open_outbox(relay.port)
    mail = box.reply()
    assert (mail.state, mail.to) == (MailState.QUEUED, [["Anna Rossi", box.customer]])
    before = box.told()
    mail = box.sent(mail)
    assert (mail.state, mail.error, mail.attempts, mail.next_try_at) == (MailState.SENT, "", 1, None)
    assert box.told() == before + 1
    await_that(lambda: f"to=<{box.customer}>" in relay.log(), "Postfix sends it on")
    assert f"message-id=<{mail.header_id}>" in relay.log()
    assert f"from=<{box.post.address}>" in relay.log()


def test_a_refused_mail_has_failed_with_the_servers_words(relay: Postfix) -> None:
    box = open_outbox(relay.port, customer="refused@shop.example")
    mail = box.sent(box.reply())
    assert mail.state == MailState.FAILED and mail.next_try_at is None
    assert mail.error.startswith("550 5.7.1") and "Your mail is not wanted here" in mail.error


def test_a_mail_that_is_put_off_is_tried_again_with_growing_pauses_for_two_days(relay: Postfix) -> None:
    box = open_outbox(relay.port, customer="later@shop.example")
    mail = box.reply()
    start = clock.now()
    pauses, now = [], start
    for _ in range(7):
        with clock.at(now):
            mail = box.sent(mail)
        assert mail.state == MailState.QUEUED and "The mailbox is busy, come again" in mail.error
        assert mail.next_try_at is not None
        pauses.append((mail.next_try_at - now) / timedelta(minutes=1))
        now = mail.next_try_at
    assert pauses == [1, 4, 10, 15, 30, 60, 60]
    with clock.at(now - timedelta(seconds=1)):
        assert box.sent(mail).attempts == 7  # not yet
    with clock.at(start + timedelta(days=2)):
        mail = box.sent(mail)
    assert mail.state == MailState.FAILED and mail.error.startswith("450 4.2.1")


def test_some_refused_some_put_off_each_gets_what_is_due(relay: Postfix) -> None:
    box = open_outbox(relay.port)
    draft = Draft(to=(box.customer, "refused@shop.example"), cc=("later@shop.example",))
    mail = box.sent(box.reply(draft=draft))
    assert mail.state == MailState.QUEUED
    assert "refused@shop.example: 550" in mail.error and "later@shop.example: 450" in mail.error
    box.due(mail)
    mail = box.sent(mail)
    assert mail.state == MailState.QUEUED
    with clock.at(clock.now() + timedelta(days=2)):
        mail = box.sent(mail)
    assert mail.state == MailState.SENT
    assert "refused@shop.example: 550" in mail.error and "later@shop.example: 450" in mail.error
    await_that(lambda: f"to=<{box.customer}>" in relay.log(), "the customer gets it")
    assert relay.log().count(f"to=<{box.customer}>") == 1


def test_a_mail_larger_than_the_server_takes_has_failed() -> None:
    with postfix(size=100_000) as small:
        box = open_outbox(small.port)
        assert box.sent(box.reply("long " * 1900)).state == MailState.SENT
        with account_scope(box.account):
            large = upload(File("a.bin", "application/octet-stream", b"x" * 200_000), by=box.post.owner)
        mail = box.sent(box.reply(draft=Draft(attachments=(large.pk,))))
        assert mail.state == MailState.FAILED and mail.error.startswith("552")


def test_a_server_that_is_away_is_waited_for_and_named(relay: Postfix) -> None:
    with postfix() as server:
        box = open_outbox(server.port)
        server.stop()
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and "cannot be reached" in mail.error
        trouble = server_of(box)
        assert "cannot be reached" in trouble.trouble and trouble.trouble_since is not None
        second = box.sent(box.reply("Second"))  # is not even tried: it would only wait
        assert second.state == MailState.QUEUED and second.error == mail.error
        server.start()
        LINES.forget()
        for each in (mail, second):
            box.due(each)
            assert box.sent(each).state == MailState.SENT
        working = server_of(box)
        assert (working.trouble, working.trouble_since) == ("", None) and working.worked_at is not None


def test_a_line_is_used_again_and_a_dead_one_is_noticed() -> None:
    with postfix() as server:
        box = open_outbox(server.port)
        for number in range(3):
            assert box.sent(box.reply(f"Number {number}")).state == MailState.SENT
        assert server.log().count("smtpd") and server.log().count(": client=") == 3
        connects = server.log().count(": connect from")
        server.kill()
        server.start()
        assert box.sent(box.reply("After")).state == MailState.SENT
        assert connects <= 4  # ours, and those that ask whether it greets


def test_a_server_killed_in_the_middle_of_a_mail_gets_it_again(relay: Postfix) -> None:
    with postfix(extra="smtpd_data_restrictions = sleep 2, permit") as server:
        box = open_outbox(server.port)
        mail = box.reply()
        sending = threading.Thread(target=alone, args=[box, mail])
        sending.start()
        await_that(lambda: box.now(mail).state == MailState.SENDING, "it is on its way")
        await_that(lambda: ": client=" in server.log(), "Postfix has the recipient")
        server.kill()
        sending.join(30)
        mail = box.now(mail)
        assert mail.state == MailState.QUEUED and mail.error
        server.start()
        LINES.forget()
        box.due(mail)
        mail = box.sent(mail)
        assert mail.state == MailState.SENT
        await_that(lambda: server.log().count(f"message-id=<{mail.header_id}>"), "it has come once")
        assert server.log().count(f"message-id=<{mail.header_id}>") == 1


def test_a_server_whose_disk_is_full_gets_it_when_there_is_room() -> None:
    with postfix(extra="queue_minfree = 9000000000000000\n") as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and mail.error.startswith("452 4.3.1")
        server.stop()
        server.set_up("")
        server.start()
        LINES.forget()
        box.due(mail)
        assert box.sent(mail).state == MailState.SENT


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_mail(relay: Postfix, security: str) -> None:
    box = open_outbox(relay.port, server={"security": security})
    mail = box.sent(box.reply())
    assert mail.state == MailState.QUEUED
    assert ("certificate" in mail.error) if security == "starttls" else ("TLS" in mail.error)


def test_starttls_with_a_good_certificate(relay: Postfix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate.authority))
    box = open_outbox(relay.port, server={"security": "starttls", "host": "localhost"})
    assert box.sent(box.reply()).state == MailState.SENT


def test_retry_by_hand_begins_anew(relay: Postfix) -> None:
    box = open_outbox(relay.port, customer="refused@shop.example")
    mail = box.sent(box.reply())
    retry_mail(mail.pk, by=box.post.owner)
    mail = box.now(mail)
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)
    with account_scope(box.account):
        Mail.objects.filter(pk=mail.pk).update(to=[["", "wanted@shop.example"]])
    mail = box.sent(mail)
    assert (mail.state, mail.error) == (MailState.SENT, "")
    with pytest.raises(Conflict):
        retry_mail(mail.pk, by=box.post.owner)


def test_round_trip_from_a_mailbox_through_postfix_and_lmtp_into_another_account() -> None:
    with receiving() as door, postfix(lmtp=door.lmtp) as server:
        other = open_post()
        box = open_outbox(server.port, customer=forwarding_address(other.mailbox.key))
        mail = box.sent(box.reply("Grüße aus Bologna"))
        assert mail.state == MailState.SENT
        await_that(lambda: stored(other.account), "it has come through")
        other.take_in()
        (conversation,) = other.conversations()
        assert other.bodies(conversation.pk) == ["Grüße aus Bologna"]
        assert other.mail(other.messages(conversation.pk)[0].pk).header_id == mail.header_id


def test_while_our_database_is_away_postfix_keeps_the_mail() -> None:
    from django.conf import settings

    place = settings.DATABASES["default"]
    host = place["HOST"]
    with receiving() as door, postfix(lmtp=door.lmtp) as server:
        other = open_post()
        by_server(other, server.port)
        box = open_outbox(server.port, customer=forwarding_address(other.mailbox.key))
        assert box.sent(box.reply()).state == MailState.SENT
        await_that(lambda: len(stored(other.account)) == 1, "the first has come")
    with postfix() as server:
        box = open_outbox(server.port, customer=forwarding_address(other.mailbox.key))
        with receiving() as door:
            server.relay_to(door.lmtp)
            place["HOST"] = "/nowhere"
            try:
                import smtplib

                with smtplib.SMTP("127.0.0.1", server.port) as client:
                    client.sendmail("a@b.example", box.customer, b"Subject: kept\r\n\r\nx\r\n")
                await_that(lambda: "status=deferred" in server.log(), "Postfix keeps it")
            finally:
                place["HOST"] = host
            await_that(lambda: len(stored(other.account)) == 2, "it comes when we are back")


def test_a_real_bounce_finds_its_mail() -> None:
    with receiving() as door, postfix(lmtp=door.lmtp) as server:
        box = open_outbox(server.port, customer="nobody@bounce.example", address=f"shop@{LOCAL}")
        mail = box.sent(box.reply())
        assert mail.state == MailState.SENT
        await_that(lambda: len(stored(box.account)) == 2, "the bounce has come back")
        box.post.take_in()
        mail = box.now(mail)
        assert mail.state == MailState.BOUNCED
        assert "Nobody of this name lives here" in mail.error
