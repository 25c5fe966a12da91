"""Who may leave mail, for whom, and that what was acknowledged is stored exactly."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from salotto.accounts.models import Account
from salotto.billing.models import Catalogue
from salotto.channels.email.actions import mailboxes
from salotto.channels.email.addresses import forwarding_address, reply_address, return_address
from salotto.channels.email.models import Mailbox, RawState
from salotto.channels.email.queries.receiving import Place, place_of
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from tests.cast import found_account
from tests.channels.email.post import Post, letter, open_post, person
from tests.channels.email.receiver.doors import DOMAIN, HOST, Running, Talk, receiving, stored
from tests.inbox.threads import new_thread
from tests.mailservers.dovecot import await_that

RAW = b"From: a@customer.example\r\nSubject: exact\r\n\r\n..dot\r\n.\tx\r\n"


def send(port: int, to: str | list[str], raw: bytes = RAW, sender: str = "anna@customer.example") -> object:
    with smtplib.SMTP(HOST, port, local_hostname="test") as client:
        return client.sendmail(sender, to, raw)


def send_lmtp(port: int, to: list[str], raw: bytes = RAW) -> object:
    with smtplib.LMTP(HOST, port, local_hostname="test") as client:
        return client.sendmail("anna@customer.example", to, raw)


def test_a_mail_to_a_forwarding_address_is_stored_byte_for_byte_with_its_envelope(door: Running) -> None:
    post = open_post()
    address = forwarding_address(post.mailbox.key)
    send(door.port, address)
    (mail,) = stored(post.account)
    assert bytes(mail.content) == RAW and mail.size == len(RAW)
    assert (mail.mailbox_id, mail.source, mail.state) == (post.mailbox.pk, "smtp", RawState.WAITING)
    assert (mail.sender, mail.recipients) == ("anna@customer.example", [address])


def test_lmtp_takes_it_too(door: Running) -> None:
    post = open_post()
    assert send_lmtp(door.lmtp, [forwarding_address(post.mailbox.key)]) == {}
    assert [mail.source for mail in stored(post.account)] == ["lmtp"]


@pytest.mark.parametrize("tag", ["", "+shop"])
def test_the_address_may_be_spelt_in_capitals_and_tagged(door: Running, tag: str) -> None:
    post = open_post()
    send(door.port, f"{post.mailbox.key.upper()}{tag}@{DOMAIN.upper()}")
    assert len(stored(post.account)) == 1


def test_a_mailbox_that_is_switched_off_takes_mail_all_the_same(door: Running) -> None:
    post = open_post(enabled=False)
    send(door.port, forwarding_address(post.mailbox.key))
    assert len(stored(post.account)) == 1


def test_own_addresses_and_aliases_in_the_domain_are_taken(door: Running) -> None:
    name = uuid4().hex
    post = open_post(address=f"info-{name}@{DOMAIN}", aliases=f"sales-{name}@{DOMAIN}\nx@elsewhere.example")
    send(door.port, [f"info-{name}@{DOMAIN}", f"sales-{name}@{DOMAIN}"])
    (mail,) = stored(post.account)
    assert len(mail.recipients) == 2


def test_a_signed_address_leads_to_the_mailbox_of_its_conversation(door: Running) -> None:
    post = open_post()
    other = open_post(post.owner)
    (raw,) = post.receive(letter(person(), post.address))
    assert raw.conversation_id is not None
    send(door.port, reply_address(post.account, raw.conversation_id))
    assert [mail.mailbox_id for mail in stored(post.account)] == [post.mailbox.pk] * 2
    assert other.mailbox.pk != post.mailbox.pk


def test_an_answer_to_a_chat_goes_to_the_mailbox_that_carries_chats_on(door: Running) -> None:
    post = open_post()
    open_post(post.owner, continues_chats=True)
    send(door.port, reply_address(post.account, new_thread(post.account)))
    with account_scope(post.account):
        assert stored(post.account)[0].mailbox_id == Mailbox.objects.get(continues_chats=True).pk


def test_an_answer_to_what_is_gone_is_kept(door: Running) -> None:
    post = open_post()
    send(door.port, reply_address(post.account, 2**40))
    send(door.port, return_address(post.account, 2**40))
    assert [mail.mailbox_id for mail in stored(post.account)] == [post.mailbox.pk] * 2


def test_without_any_mailbox_it_waits_among_the_unrouted(door: Running) -> None:
    account = found_account().account.pk
    send(door.port, reply_address(account, 1))
    assert [mail.state for mail in stored(account)] == [RawState.UNROUTED]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"nobody@{DOMAIN}", 550),
        ("anna@gmail.example", 550),
        (f"r-1-1-aaaaaaaaaaaaaaaa@{DOMAIN}", 550),
        (f"b-1-1-aaaaaaaaaaaaaaaa@{DOMAIN}", 550),
        (f'"a b"@{DOMAIN}', 550),
        (f"a%b@{DOMAIN}", 550),
        (f"gmail.example!anna@{DOMAIN}", 550),
        ("postmaster@gmail.example", 550),
        ("abuse", 550),
    ],
)
def test_everything_else_is_refused_with_words(door: Running, address: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(door.port, address)
    ((given, words),) = refused.value.recipients.values()
    assert given == code and b"mailbox" in words


@pytest.mark.parametrize("address", ["postmaster", f"Postmaster@{DOMAIN}", f"abuse@{DOMAIN}"])
def test_mail_to_the_postmaster_comes_to_the_inbox_that_is_named(
    door: Running, settings: Any, address: str
) -> None:
    post = open_post()
    for settings.POSTMASTER in (post.address, forwarding_address(post.mailbox.key)):
        send(door.port, address)
    assert [mail.mailbox_id for mail in stored(post.account)] == [post.mailbox.pk] * 2


def test_without_a_name_it_comes_to_the_account_of_the_installation(door: Running, settings: Any) -> None:
    found_account()
    place = place_of(f"postmaster@{DOMAIN}")
    host = Catalogue.objects.get().support_account_id or Account.objects.earliest("pk").pk
    assert place is not None and place.account == host
    mark = uuid4().hex.encode()
    for settings.POSTMASTER in ("", "nobody@elsewhere.example"):
        send(door.port, "postmaster", RAW + mark)
    assert sum(mark in bytes(mail.content) for mail in stored(host)) == 2


def test_nobody_else_can_take_the_address_of_the_postmaster(settings: Any) -> None:
    post, other = open_post(), found_account()
    settings.POSTMASTER = post.address
    with pytest.raises(Invalid):
        mailboxes.create_mailbox("Mine", f"abuse@{DOMAIN}", by=other)
    assert mailboxes.create_mailbox("Abuse", f"abuse@{DOMAIN}", by=post.owner).pk


def test_the_null_sender_is_taken(door: Running) -> None:
    post = open_post()
    send(door.port, forwarding_address(post.mailbox.key), sender="")
    assert [mail.sender for mail in stored(post.account)] == [""]


def test_one_mail_to_mailboxes_of_several_accounts_is_one_for_each(door: Running) -> None:
    posts = [open_post() for _ in range(3)]
    keys = [forwarding_address(post.mailbox.key) for post in posts]
    send(door.port, [*keys, keys[0]])
    for post, key in zip(posts, keys, strict=True):
        (mail,) = stored(post.account)
        assert set(mail.recipients) == {key}


def test_addresses_beyond_ascii_and_eight_bit_mails_are_taken(door: Running) -> None:
    post = open_post()
    raw = "Subject: Grüße\r\n\r\näöü \x00 nul\r\nbare\nlf\rcr\r\n".encode() + b"\xff\xfe\r\n"
    with Talk(door.port) as talk:
        talk.begin(forwarding_address(post.mailbox.key), sender="jürgen@müller.example")
        talk.send(raw)
        assert talk.say(".").startswith("250")
    (mail,) = stored(post.account)
    assert bytes(mail.content) == raw and mail.sender == "jürgen@müller.example"


def test_a_line_may_be_of_any_length(door: Running) -> None:
    post = open_post()
    raw = b"Subject: long\r\n\r\n" + b"x" * 300_000 + b"\r\n" + b"." + b"y" * 200_000 + b"\r\n"
    send(door.port, forwarding_address(post.mailbox.key), raw)
    assert bytes(stored(post.account)[0].content) == raw


def test_without_the_database_the_sender_keeps_the_mail() -> None:
    post = open_post()
    address = forwarding_address(post.mailbox.key)
    place = django_settings.DATABASES["default"]
    host = place["HOST"]
    with receiving() as door:
        place["HOST"] = "/nowhere"
        try:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                send(door.port, address)
        finally:
            place["HOST"] = host
        assert [code for code, _ in refused.value.recipients.values()] == [451]
        send(door.port, address)
    assert len(stored(post.account)) == 1
    connections["default"].ensure_connection()


def waiting() -> int | None:
    """The backend that waits for a lock to store a mail."""
    with connection.cursor() as db:
        db.execute("SELECT pg_stat_clear_snapshot()")  # this transaction would not see it otherwise
        db.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE '%email_rawmail%'"
        )
        row = db.fetchone()
    return int(row[0]) if row else None


@contextmanager
def breaking(post: Post) -> Iterator[Callable[[], None]]:
    """Storing for this mailbox waits; what is given breaks its connection to the database."""

    def break_it() -> None:
        pid = await_that(waiting, "storing waits for the lock")
        with connection.cursor() as db:
            db.execute("SELECT pg_terminate_backend(%s)", [pid])

    with account_scope(post.account), transaction.atomic():
        Mailbox.objects.select_for_update().get(pk=post.mailbox.pk)
        yield break_it


@pytest.mark.parametrize("lmtp", [False, True])
def test_a_database_that_breaks_while_storing_means_nothing_was_stored(door: Running, lmtp: bool) -> None:
    post = open_post()
    hello = "LHLO test" if lmtp else "EHLO test"
    with Talk(door.lmtp if lmtp else door.port) as talk:
        talk.begin(forwarding_address(post.mailbox.key), hello=hello)
        with breaking(post) as break_it:
            talk.send(RAW + b".\r\n")
            break_it()
            assert talk.answer().startswith("451")
        assert stored(post.account) == []
        assert talk.say("MAIL FROM:<a@b.example>").startswith("250")


def test_lmtp_answers_each_recipient_by_itself(door: Running) -> None:
    good, bad = open_post(), open_post()
    recipients = [forwarding_address(each.mailbox.key) for each in (good, bad, good)]
    with Talk(door.lmtp) as talk:
        talk.begin(*recipients, hello="LHLO test")
        with breaking(bad) as break_it:
            talk.send(RAW + b".\r\n")
            break_it()
            assert [talk.answer()[:3] for _ in recipients] == ["250", "451", "250"]
    assert [len(stored(each.account)) for each in (good, bad)] == [1, 0]


def test_smtp_stores_for_all_or_for_none(door: Running) -> None:
    first, second = open_post(), open_post()
    with Talk(door.port) as talk:
        talk.begin(*(forwarding_address(each.mailbox.key) for each in (first, second)))
        with breaking(second) as break_it:
            talk.send(RAW + b".\r\n")
            break_it()
            assert talk.answer().startswith("451")
    assert [len(stored(each.account)) for each in (first, second)] == [0, 0]


def test_whose_an_address_is_costs_one_look_into_an_index() -> None:
    name = uuid4().hex
    post = open_post(address=f"Info-{name}@{DOMAIN}", aliases=f"sales-{name}@{DOMAIN}\nBüro-{name}@{DOMAIN}")
    for spelt in (f"info-{name}", f"INFO-{name}+tag", f"sales-{name}", f"büro-{name}"):
        assert place_of(f"{spelt}@{DOMAIN}") == Place(post.account, post.mailbox.pk)
    for other in (f"nfo-{name}", name, f"{name}@{DOMAIN}\nsales", "%", "_" * 20, "'", ""):
        assert place_of(f"{other}@{DOMAIN}") is None
    with CaptureQueriesContext(connection) as asked:
        assert place_of(f"nobody-{name}@{DOMAIN}") is None
    questions = [one["sql"] for one in asked.captured_queries if "email_mailbox" in one["sql"]]
    assert len(questions) == 2  # by the forwarding address, and by all others
    with connection.cursor() as db, transaction.atomic():
        db.execute("SET LOCAL enable_seqscan = off")
        plans = []
        for question in questions:
            db.execute(f"EXPLAIN {question}")
            plans.append(" ".join(row[0] for row in db.fetchall()))
    assert "email_mailbox_addresses" in plans[1] and "Seq Scan" not in plans[0] + plans[1]


def test_of_two_that_claim_an_address_it_is_the_older_one_s() -> None:
    name = uuid4().hex
    first, _ = open_post(address=f"{name}@{DOMAIN}"), open_post(aliases=f"{name}@{DOMAIN}")
    assert place_of(f"{name}@{DOMAIN}") == Place(first.account, first.mailbox.pk)
