"""Email inboxes are made, changed, given a look, removed; and try themselves out."""

import asyncio
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings

from salotto.channels.email import trials
from salotto.channels.email.actions import mailboxes
from salotto.channels.email.actions.queueing import MailboxOff, NoAddress
from salotto.channels.email.actions.trying import begin_trial, send_trial
from salotto.channels.email.images import kind_of_image
from salotto.channels.email.models import Mailbox, RawMail, Trial
from salotto.channels.email.providers import provider_of
from salotto.channels.email.queries.mailboxes import Doing, standing_of, suggested_domains
from salotto.channels.email.queries.trials import trial_of
from salotto.core import clock
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.cast import Cast, found_account
from tests.channels.email.imap import boxes
from tests.channels.email.post import Post, letter, open_post
from tests.channels.email.sending.outbox import by_server, jobs
from tests.mailservers.dovecot import await_that, dovecot, free_port
from tests.threads import at_once


def now(post: Post) -> Mailbox:
    with account_scope(post.account):
        found: Mailbox = Mailbox.objects.select_related("inbox").get(pk=post.mailbox.pk)
    return found


def png(width: int = 8, height: int = 8) -> bytes:
    """A white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * width) * height))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080010002001011100ffd9")


def test_each_change_leaves_an_audit_entry(cast: Cast) -> None:
    by = cast.primary_admin
    made = mailboxes.create_mailbox("Help", "help@shop.example", by=by)
    mailboxes.change_mailbox(made.pk, by=by, footer="Via Roma 1", name="Support")
    mailboxes.set_logo(made.pk, png(), by=by)
    mailboxes.choose_for_chats(made.pk, True, 5, by=by)
    mailboxes.remove_mailbox(made.pk, by=by)
    entries = AuditEntry.objects.filter(account_id=cast.account.pk, verb__startswith="mailbox.").order_by(
        "id"
    )
    assert list(entries.values_list("verb", flat=True)) == [
        "mailbox.added",
        "mailbox.changed",
        "mailbox.logo",
        "mailbox.chats",
        "mailbox.removed",
    ]
    assert entries[1].detail == {"fields": ["footer", "name"]}


def test_a_change_that_changes_nothing_is_not_noted(cast: Cast) -> None:
    made = mailboxes.create_mailbox("Help", "help@shop.example", by=cast.primary_admin)
    mailboxes.change_mailbox(made.pk, by=cast.primary_admin, name="Help", address="help@shop.example")
    assert not AuditEntry.objects.filter(account_id=cast.account.pk, verb="mailbox.changed").exists()


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_without_the_permission_nothing_is_changed(cast: Cast, who: str) -> None:
    made = mailboxes.create_mailbox("Help", "help@shop.example", by=cast.primary_admin)
    member = getattr(cast, who)
    acts: list[Any] = [
        lambda: mailboxes.create_mailbox("X", "x@shop.example", by=member),
        lambda: mailboxes.change_mailbox(made.pk, by=member, footer="X"),
        lambda: mailboxes.set_logo(made.pk, png(), by=member),
        lambda: mailboxes.choose_for_chats(made.pk, True, 5, by=member),
        lambda: mailboxes.remove_mailbox(made.pk, by=member),
        lambda: begin_trial(made.pk, by=member),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_an_inbox_of_another_account_is_missing(cast: Cast) -> None:
    other = open_post(cast.outsider)
    acts: list[Any] = [
        lambda by: mailboxes.change_mailbox(other.mailbox.pk, by=by, footer="X"),
        lambda by: mailboxes.set_logo(other.mailbox.pk, None, by=by),
        lambda by: mailboxes.choose_for_chats(other.mailbox.pk, True, 5, by=by),
        lambda by: mailboxes.remove_mailbox(other.mailbox.pk, by=by),
        lambda by: begin_trial(other.mailbox.pk, by=by),
    ]
    for act in acts:
        with pytest.raises(Missing):
            act(cast.primary_admin)


def test_an_alias_of_one_inbox_is_no_address_of_another() -> None:
    post = open_post()
    mailboxes.change_mailbox(post.mailbox.pk, by=post.owner, aliases="sales@shop.example")
    with pytest.raises(Invalid) as refused:
        mailboxes.create_mailbox("Sales", "Sales@shop.example", by=post.owner)
    assert refused.value.code == "address"


@override_settings(MAIL_DOMAIN="in.salotto.example")
def test_an_address_in_the_shared_domain_belongs_to_one_account() -> None:
    first, second = found_account(), found_account()
    made = mailboxes.create_mailbox("One", f"team-{first.account.pk}@in.salotto.example", by=first)
    for address in (made.address, f"{made.key}@in.salotto.example"):
        with pytest.raises(Invalid):
            mailboxes.create_mailbox("Two", address, by=second)


def test_further_addresses_are_kept_once_and_one_per_line() -> None:
    post = open_post()
    mailboxes.change_mailbox(post.mailbox.pk, by=post.owner, aliases="A@x.example, b@x.example;a@x.example\n")
    assert now(post).aliases == "a@x.example\nb@x.example"


def test_who_claims_the_same_at_the_same_moment_is_told(cast: Cast) -> None:
    by = cast.primary_admin
    made = at_once(*(lambda: mailboxes.create_mailbox("Help", "help@shop.example", by=by) for _ in range(4)))
    assert sorted(type(one).__name__ for one in made) == ["Invalid", "Invalid", "Invalid", "Mailbox"]
    other = mailboxes.create_mailbox("Sales", "sales@shop.example", by=by)
    (first,) = (one for one in made if isinstance(one, Mailbox))
    chosen = at_once(
        *(lambda pk=pk: mailboxes.choose_for_chats(pk, True, 5, by=by) for pk in (first.pk, other.pk) * 2)
    )
    assert chosen == [None] * 4
    with account_scope(cast.account.pk):
        assert Mailbox.objects.filter(continues_chats=True).count() == 1


def test_what_is_no_picture_is_no_logo() -> None:
    post = open_post()
    wrong = [b"", b"GIF89a", b"<svg/>", png()[:-20], b"\xff\xd8\xff", png(9000, 1), b"\0" * 300_000]
    for content in wrong:
        with pytest.raises(Invalid):
            mailboxes.set_logo(post.mailbox.pk, content, by=post.owner)
    assert now(post).logo_id is None


def test_pictures_are_known_by_their_bytes() -> None:
    assert kind_of_image(png(30, 20)) == "image/png" and kind_of_image(JPEG) == "image/jpeg"


def test_a_logo_is_kept_and_taken_away() -> None:
    post = open_post()
    mailboxes.set_logo(post.mailbox.pk, JPEG, by=post.owner)
    assert now(post).logo_id is not None
    mailboxes.set_logo(post.mailbox.pk, None, by=post.owner)
    assert now(post).logo_id is None


def test_an_inbox_with_a_conversation_stays() -> None:
    post = open_post()
    post.receive(letter("anna@customer.example", post.address))
    with pytest.raises(Conflict):
        mailboxes.remove_mailbox(post.mailbox.pk, by=post.owner)


def test_providers_are_known_by_domain_and_by_who_takes_the_mail() -> None:
    class Zone:
        def mx(self, name: str) -> list[str]:
            return {"shop.example": ["aspmx.l.google.com"], "fake.example": ["notgoogle.com"]}.get(name, [])

        def txt(self, name: str) -> list[str]:
            return []

        addresses = txt

    found = provider_of("anna@GMX.de")
    assert found is not None and found.incoming == ("imap.gmx.net", 993, "tls")
    by_exchanger = provider_of("anna@shop.example", Zone())
    assert by_exchanger is not None and by_exchanger.name == "Gmail"
    assert provider_of("anna@fake.example", Zone()) is None
    assert provider_of("anna@shop.example") is None


def test_domains_of_inboxes_are_suggested_once() -> None:
    post = open_post(address="a@first.example")
    open_post(post.owner, "Second", address="b@first.example")
    assert suggested_domains(post.account) == ["first.example"]


def test_how_an_inbox_fares() -> None:
    post = open_post()
    assert standing_of(post.account, post.mailbox.pk).doing == Doing.NOTHING
    post.receive(letter("anna@customer.example", post.address))
    assert standing_of(post.account, post.mailbox.pk).doing == Doing.GIVEN
    server = by_server(post, 1)
    with account_scope(post.account):
        type(server).objects.filter(pk=server.pk).update(way="in")
    assert standing_of(post.account, post.mailbox.pk).doing == Doing.CONNECTING
    for change, doing in (
        ({"worked_at": clock.now()}, Doing.READING),
        ({"worked_at": clock.now() - timedelta(hours=1)}, Doing.QUIET),
        ({"trouble": "The server does not answer in time."}, Doing.TROUBLE),
    ):
        with account_scope(post.account):
            type(server).objects.filter(pk=server.pk).update(**change)
        assert standing_of(post.account, post.mailbox.pk).doing == doing
    mailboxes.change_mailbox(post.mailbox.pk, by=post.owner, enabled=False)
    assert standing_of(post.account, post.mailbox.pk).doing == Doing.OFF


# The test mail


class Door:
    """An SMTP server that keeps what it gets, or hands it on."""

    def __init__(self, deliver: Any = None, answer: str = "250 2.0.0 Ok: queued as 7F3A") -> None:
        self.mails: list[bytes] = []
        self.deliver = deliver
        self.answer = answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content)
        if self.deliver:
            await asyncio.to_thread(self.deliver, envelope.content)
        return self.answer


@contextmanager
def listening(door: Door) -> Iterator[int]:
    controller = Controller(door, "127.0.0.1", free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def far(trial: Trial) -> Trial:
    """How far the test has got."""
    with account_scope(trial.account_id):
        return trial_of(trial.mailbox, trial.pk)


def tried(post: Post) -> Trial:
    """A test mail that a sender has taken."""
    begun = begin_trial(post.mailbox.pk, by=post.owner)
    assert jobs("send_trial", post.account) == 1
    send_trial(post.account, begun.pk)
    return far(begun)


def test_a_test_mail_goes_out_and_comes_back_without_a_conversation() -> None:
    post, door = open_post(), Door()
    with listening(door) as port:
        by_server(post, port)
        sent = tried(post)
        assert sent.accepted_at is not None and "queued as 7F3A" in sent.words
        assert (sent.host, sent.seen_at) == ("127.0.0.1", None)
    (pk,) = post.store(door.mails[0])
    seen = far(sent)
    assert seen.seen_at is not None and seen.source == "smtp" and seen.taken_at is None
    post.take_in()
    done = far(sent)
    assert done.taken_at is not None
    assert post.conversations() == []
    assert (post.raw(pk).state, bytes(post.raw(pk).content)) == ("deleted", b"")


def test_a_test_mail_beside_others_leaves_them_alone() -> None:
    post, door = open_post(), Door()
    with listening(door) as port:
        by_server(post, port)
        tried(post)
    mails = post.receive(letter("anna@customer.example", post.address), door.mails[0])
    assert [raw.state for raw in mails] == ["done", "deleted"]
    assert len(post.conversations()) == 1


def test_a_test_mail_is_read_back_by_imap() -> None:
    boxes.leave_none()
    with dovecot() as server:
        box = boxes.letterbox()
        door = Door(deliver=lambda content: server.deliver(box.user, content))
        post = Post(box.owner, box.mailbox)
        with listening(door) as port, boxes.tending():
            box.connect(server.port)
            by_server(post, port)
            sent = tried(post)
            assert sent.returns
            await_that(lambda: far(sent).seen_at, "the test mail is seen")
        post.take_in()
        assert far(sent).source == "imap" and far(sent).taken_at is not None
    boxes.leave_none()


def test_a_refused_test_mail_says_why() -> None:
    post = open_post()
    with listening(Door(answer="550 5.7.1 Not for you")) as port:
        by_server(post, port)
        sent = tried(post)
    assert sent.accepted_at is None and "550 5.7.1 Not for you" in sent.error


def test_a_server_that_is_away_is_said() -> None:
    post = open_post()
    by_server(post, free_port())
    assert "cannot be reached" in tried(post).error


def test_a_test_is_begun_once_however_often_it_is_clicked() -> None:
    post = open_post()
    first, second = (begin_trial(post.mailbox.pk, by=post.owner) for _ in range(2))
    assert first.pk == second.pk
    send_trial(post.account, first.pk)
    before = far(first).begun_at
    send_trial(post.account, first.pk)
    assert far(first).begun_at == before


def test_without_a_way_in_only_sending_is_tried() -> None:
    assert not begin_trial((post := open_post()).mailbox.pk, by=post.owner).returns


def test_an_inbox_that_is_off_or_without_an_address_sends_no_test() -> None:
    post = open_post(enabled=False)
    with pytest.raises(MailboxOff):
        begin_trial(post.mailbox.pk, by=post.owner)
    nameless = open_post(address="")
    with pytest.raises(NoAddress):
        begin_trial(nameless.mailbox.pk, by=nameless.owner)


def test_a_forged_test_mail_is_a_mail_like_any_other() -> None:
    post = open_post()
    trial = begin_trial(post.mailbox.pk, by=post.owner)
    other = found_account()
    for value in (f"{trial.pk}-{'0' * 32}", trials.value_of(other.account.pk, trial.pk), "1"):
        forged = (
            b"X-Salotto-Test: " + value.encode() + b"\r\n" + letter("anna@customer.example", post.address)
        )
        (raw,) = post.receive(forged)
        assert raw.state == "done"
    in_the_text = (
        letter("anna@customer.example", post.address)
        + b"\r\nX-Salotto-Test: "
        + (trials.value_of(post.account, trial.pk).encode())
    )
    (raw,) = post.receive(in_the_text)
    assert raw.state == "done" and far(trial).taken_at is None


def test_nothing_of_a_test_stays_when_the_inbox_is_removed() -> None:
    post, door = open_post(), Door()
    with listening(door) as port:
        by_server(post, port)
        tried(post)
    post.receive(door.mails[0])
    mailboxes.remove_mailbox(post.mailbox.pk, by=post.owner)
    with account_scope(post.account):
        assert not (RawMail.objects.exists() or Trial.objects.exists() or Mailbox.objects.exists())
