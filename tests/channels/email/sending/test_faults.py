"""Servers that misbehave: each mail is kept until it is known to be taken."""

import email
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from salotto.channels.email import reaching
from salotto.channels.email.actions import bulk, cancel_mail, queue_many, queue_new, retry_mail
from salotto.channels.email.actions.mailboxes import change_mailbox
from salotto.channels.email.addresses import reply_address, return_address
from salotto.channels.email.marks import is_marked
from salotto.channels.email.models import Domain, Mail, MailState, Server
from salotto.channels.email.queries import sending
from salotto.channels.email.sending import delivering, lines, patience
from salotto.channels.email.sending.lines import LINES
from salotto.core import clock
from salotto.core.errors import Forbidden, Missing
from salotto.core.sealing import seal
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, upload
from salotto.inbox.models import Attachment
from salotto.inbox.signals import Draft
from tests.cast import found_cast
from tests.channels.email.post import person
from tests.channels.email.sending import faulty as fault
from tests.channels.email.sending.faulty import Faulty, faulty, hang_up, say_nothing
from tests.channels.email.sending.outbox import Outbox, open_outbox, transport
from tests.servers import wait_for


def parsed(server: Faulty) -> Any:
    return email.message_from_bytes(server.mails[-1][2], policy=default)


def test_what_leaves_is_what_was_decided() -> None:
    with faulty() as server:
        box = open_outbox(server.port, company="Bottega Serena", signature="{agent}\n{company}")
        draft = Draft(to=(box.customer,), cc=("Bruno <b@b.example>",), bcc=("secret@c.example",))
        mail = box.sent(box.reply("Grüße!\n.\n..dots", draft))
        assert mail.state == MailState.SENT
        sender, people, raw = server.mails[0]
        assert (sender, people) == (box.post.address, [box.customer, "b@b.example", "secret@c.example"])
        made = parsed(server)
        assert made["From"] == f"Giulia from Bottega Serena <{box.post.address}>"
        assert (made["To"], made["Cc"], made["Bcc"]) == (box.customer, "Bruno <b@b.example>", None)
        assert b"secret@c" not in raw and is_marked(raw, box.account)
        assert made["Reply-To"].addresses[0].addr_spec == reply_address(box.account, box.conversation)
        assert made["Subject"] == "Re: The jacket" and made["Message-ID"] == f"<{mail.header_id}>"
        assert made["In-Reply-To"] == made["References"] == f"<{mail.in_reply_to}>" and mail.in_reply_to
        text = made.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert text.startswith("Grüße!\n.\n..dots") and "Giulia Conti\nBottega Serena" in text


def test_the_second_answer_goes_to_the_same_people_and_names_the_chain() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        first = box.sent(
            box.reply("One", Draft(to=(box.customer,), cc=("b@b.example",), bcc=("s@s.example",)))
        )
        second = box.sent(box.reply("Two"))
        assert server.mails[1][1] == [box.customer, "b@b.example"]
        assert second.in_reply_to == first.header_id
        assert second.references == [first.in_reply_to, first.header_id]


@pytest.mark.parametrize("moment", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_a_server_that_hangs_up_gets_it_again(moment: str) -> None:
    with faulty(**{moment: hang_up}) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and mail.error and mail.next_try_at is not None
        server.answers.clear()
        LINES.forget()
        box.due(mail)
        assert box.sent(mail).state == MailState.SENT
        ids = {email.message_from_bytes(raw)["Message-ID"] for _, _, raw in server.mails}
        assert ids == {f"<{mail.header_id}>"} and len(server.mails) == (2 if moment == "END" else 1)


@pytest.mark.parametrize("moment", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_a_server_that_says_nothing_is_not_waited_for(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines.reaching, "READ_SECONDS", 0.3)
    monkeypatch.setattr(delivering, "COMMAND_SECONDS", 0.3)
    monkeypatch.setattr(delivering, "MAIL_SECONDS", 0.9)
    with faulty(**{moment: say_nothing}) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and mail.error


@pytest.mark.parametrize("moment", ["GREETING", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("code", ["421", "451"])
def test_not_now_is_later(moment: str, code: str) -> None:
    with faulty(**{moment: f"{code} 4.0.0 Not now"}) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED
        assert "Not now" in mail.error
        assert server.mails == []


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "END"])
def test_never_is_failed_and_the_line_goes_on(moment: str) -> None:
    with faulty(**{moment: "554 5.7.1 Never, says the server"}) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert (mail.state, mail.error) == (MailState.FAILED, "554 5.7.1 Never, says the server")
        server.answers.clear()
        assert box.sent(box.reply("Another")).state == MailState.SENT
        assert len(server.sessions) == 1


@pytest.mark.parametrize("moment", ["GREETING", "AUTH"])
def test_a_refusal_of_ourselves_is_the_servers_trouble_and_not_the_mails(moment: str) -> None:
    with faulty(**{moment: "535 5.7.8 Wrong password"}) as server:
        signing_in = {"auth": "password", "username": "info", "password": "secret"}
        box = open_outbox(server.port, server=signing_in)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and "Wrong password" in mail.error
        with account_scope(box.account):
            assert "Wrong password" in Server.objects.get(mailbox=box.post.mailbox, way="out").trouble
        server.answers.clear()
        LINES.forget()
        box.due(mail)
        assert box.sent(mail).state == MailState.SENT
        assert any(command.startswith("AUTH PLAIN") for command in server.sessions[-1].commands)


@pytest.mark.parametrize("offered", ["PLAIN LOGIN", "LOGIN"])
def test_a_name_and_a_password_beyond_ascii_are_sent_as_utf_8(offered: str) -> None:
    hello = f"250-faulty\r\n250-AUTH CRAM-MD5 {offered}\r\n250 8BITMIME"
    with faulty(EHLO=hello, AUTH=fault.by_name) as server:
        signing_in = {"auth": "password", "username": "jörg", "password": "geheim €"}
        box = open_outbox(server.port, server=signing_in)
        assert box.sent(box.reply()).state == MailState.SENT
        refused = {**signing_in, "password": "falsch €"}
        other = open_outbox(server.port, server=refused)
        assert "Wrong password" in other.sent(other.reply()).error


def test_signing_in_with_a_token_and_with_a_new_one_when_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from salotto.channels.email import oauth

    asked: list[bool] = []

    def access_token(server: Server) -> str:
        asked.append(server.token_until is None)
        return "fresh" if server.token_until is None else "stale"

    monkeypatch.setattr(oauth, "access_token", access_token)  # the provider, at the boundary
    with faulty(AUTH=fault.by_token) as server:
        server.tokens = ["fresh"]
        signing_in = {"auth": "google", "username": "info@gmail.example", "token_until": clock.now()}
        box = open_outbox(server.port, server=signing_in)
        assert box.sent(box.reply()).state == MailState.SENT
        assert asked == [False, True]
        server.tokens = []
        LINES.forget()
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and "The token is not good" in mail.error


def test_recipients_are_refused_one_by_one() -> None:
    answers = {"gone@a.example": "550 5.1.1 No such user", "later@a.example": "451 4.7.1 Greylisted"}
    with faulty(RCPT=fault.to(answers)) as server:
        box = open_outbox(server.port)
        draft = Draft(to=(box.customer, "gone@a.example", "later@a.example"))
        mail = box.sent(box.reply(draft=draft))
        assert mail.state == MailState.QUEUED
        assert "gone@a.example: 550 5.1.1 No such user" in mail.error
        del answers["later@a.example"]
        box.due(mail)
        mail = box.sent(mail)
        assert mail.state == MailState.SENT and mail.error == "gone@a.example: 550 5.1.1 No such user"
        assert [people for _, people, _ in server.mails] == [[box.customer], ["later@a.example"]]
        answers.clear()
        retry_mail(mail.pk, by=box.post.owner)
        mail = box.sent(mail)
        assert (mail.state, mail.error) == (MailState.SENT, "")
        assert server.mails[-1][1] == ["gone@a.example"]


def with_file(box: Outbox) -> Mail:
    with account_scope(box.account):
        kept = upload(File("a plan.pdf", "application/pdf", b"%PDF-1.4 \x00\xff"), by=box.post.owner)
    return box.reply("See the plan", Draft(attachments=(kept.pk,)))


def test_files_go_with_the_mail() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        assert box.sent(with_file(box)).state == MailState.SENT
        (file,) = parsed(server).iter_attachments()
        assert (file.get_filename(), file.get_content()) == ("a plan.pdf", b"%PDF-1.4 \x00\xff")


def test_a_mail_whose_file_is_missing_is_not_sent_without() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = with_file(box)
        with account_scope(box.account):
            Attachment.objects.filter(message_id=mail.message_id).delete()
        mail = box.sent(mail)
        assert mail.state == MailState.QUEUED and "1 of 1 files are missing" in mail.error
        with clock.at(clock.now() + timedelta(days=2)):
            mail = box.sent(mail)
        assert mail.state == MailState.FAILED and "missing" in mail.error
        assert server.mails == [] and server.sessions == []


def test_a_server_with_a_limit_gets_no_more_a_minute() -> None:
    with faulty() as server:
        box = open_outbox(server.port, server={"per_minute": 2})
        mails = [box.reply(f"Number {number}") for number in range(4)]
        start = clock.now()
        assert [box.sent(mail).state for mail in mails] == ["sent", "sent", "queued", "queued"]
        waiting = [box.now(mail) for mail in mails[2:]]
        assert all(mail.attempts == 0 and mail.next_try_at is not None for mail in waiting)
        with clock.at(start + timedelta(seconds=30)):
            assert [box.sent(mail).state for mail in waiting] == ["queued", "queued"]
        with clock.at(clock.now() + timedelta(seconds=61)):
            assert [box.sent(mail).state for mail in waiting] == ["sent", "sent"]
        assert len(server.mails) == 4


def some_of_many(box: Outbox, number: int) -> list[Mail]:
    people = [person(f"p{one}") for one in range(number)]
    batch = queue_many(box.post.mailbox.pk, people, "News", "Spring", box.post.owner, uuid4())
    bulk.continue_batch(box.account, batch.pk)
    with account_scope(box.account):
        return list(Mail.objects.filter(kind="bulk").order_by("id"))


def test_mail_to_many_leaves_half_of_a_limit_to_answers() -> None:
    with faulty() as server:
        box = open_outbox(server.port, server={"per_minute": 4})
        states = [box.sent(mail).state for mail in some_of_many(box, 4)]
        assert states == ["sent", "sent", "queued", "queued"]
        assert [box.sent(box.reply()).state for _ in range(3)] == ["sent", "sent", "queued"]


def test_mail_to_many_waits_while_an_answer_waits() -> None:
    with faulty() as server:
        box = open_outbox(server.port, server={"per_minute": 4})
        [one] = some_of_many(box, 1)
        answer = box.reply()
        assert box.sent(one).state == MailState.QUEUED and server.mails == []
        assert box.sent(answer).state == MailState.SENT
        box.due(one)
        assert box.sent(one).state == MailState.SENT


def test_an_answer_never_waits_for_mail_to_many_however_small_the_limit() -> None:
    with faulty() as server:
        box = open_outbox(server.port, server={"per_minute": 1})
        assert [box.sent(mail).state for mail in some_of_many(box, 2)] == ["sent", "queued"]
        assert box.sent(box.reply()).state == MailState.SENT


def test_the_sweep_finds_answers_behind_any_number_of_mails_to_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_DUE", 5)
    box = open_outbox(None)
    ages_ago = clock.now() - timedelta(days=400)
    for mail in some_of_many(box, 6):
        box.due(mail, next_try_at=ages_ago)
    answer = box.reply()
    box.due(answer, next_try_at=ages_ago + timedelta(days=1))
    found = sending.due_mails(ages_ago + timedelta(days=1))
    assert (box.account, answer.pk, "reply") in found and len(found) <= 10


def test_a_line_carries_a_bounded_number_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_MAILS", 2)
    with faulty() as server:
        box = open_outbox(server.port)
        for number in range(5):
            assert box.sent(box.reply(f"Number {number}")).state == MailState.SENT
        assert len(server.sessions) == 3
        assert server.sessions[0].commands[-1].upper() == "QUIT"


def test_starttls_that_is_no_longer_offered_gets_neither_password_nor_mail() -> None:
    with faulty() as server:
        signing_in = {"auth": "password", "username": "info", "password": "secret", "security": "starttls"}
        box = open_outbox(server.port, server=signing_in)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and "TLS" in mail.error
        assert not any(command.startswith("AUTH") for one in server.sessions for command in one.commands)


def test_an_inbox_that_is_switched_off_sends_nothing_until_it_is_on_again() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        change_mailbox(box.post.mailbox.pk, by=box.post.owner, enabled=False)
        mail = box.sent(mail)
        assert (mail.state, mail.attempts, server.mails) == ("queued", 0, []) and "off" in mail.error
        change_mailbox(box.post.mailbox.pk, by=box.post.owner, enabled=True)
        with clock.at(clock.now() + timedelta(minutes=5)):
            assert box.sent(mail).state == MailState.SENT


def test_only_agents_of_the_account_try_again_or_stop() -> None:
    cast = found_cast()
    box = open_outbox(None)
    mail = box.reply()
    for act in (retry_mail, cancel_mail):
        with pytest.raises(Missing):
            act(mail.pk, by=cast.agent)
        with pytest.raises(Forbidden):
            act(mail.pk, by=cast.viewer)


def test_a_domain_that_signs_signs() -> None:
    import dkim as verifier

    from salotto.channels.email.composing.dkim import dns_record, new_key

    private, public = new_key()
    with faulty() as server:
        box = open_outbox(server.port)
        name = box.post.address.rpartition("@")[2]
        with account_scope(box.account):
            Domain.objects.create(
                account_id=box.account, name=name, private_key=seal(private), public_key=public, signs=True
            )
        assert box.sent(box.reply("Signed\n.\nand dotted")).state == MailState.SENT
        raw = server.mails[0][2]
        record = dns_record("salotto", name, public)
        known = {f"{record[0]}.".encode(): record[1].encode()}
        assert verifier.verify(raw, dnsfunc=lambda asked, timeout=5: known[asked])


def test_the_installations_own_server_gets_a_signed_return_address(settings: Any) -> None:
    with faulty() as server:
        settings.MAIL_TRANSPORT = transport(server.port)
        box = open_outbox(None)
        mail = box.sent(box.reply())
        assert mail.state == MailState.SENT
        assert server.mails[0][0] == return_address(box.account, mail.pk)


def test_where_mail_goes_to_files_or_memory_it_is_sent_too(mailoutbox: list[Any]) -> None:
    box = open_outbox(None)
    assert box.sent(box.reply()).state == MailState.SENT
    assert mailoutbox[-1].recipients() == [box.customer]


def test_addresses_beyond_ascii_need_a_server_that_takes_them() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=Draft(to=("jürgen@müller.example",))))
        assert mail.state == MailState.FAILED and "SMTPUTF8" in mail.error
        server.answers["EHLO"] = "250-faulty\r\n250-8BITMIME\r\n250 SMTPUTF8"
        LINES.forget()
        retry_mail(mail.pk, by=box.post.owner)
        assert box.sent(mail).state == MailState.SENT
        assert server.mails[0][1] == ["jürgen@xn--mller-kva.example"]
        only_domain = box.sent(box.reply(draft=Draft(to=("anna@müller.example",))))
        assert only_domain.state == MailState.SENT and server.mails[1][1] == ["anna@xn--mller-kva.example"]


def test_a_mailbox_in_a_domain_beyond_ascii_sends_by_any_server() -> None:
    with faulty() as server:
        box = open_outbox(server.port, address=f"info-{uuid4().hex[:10]}@müller.example")
        mail = box.sent(box.reply())
        assert (mail.state, mail.error) == (MailState.SENT, "")
        assert server.mails[0][2].isascii() and mail.header_id.endswith("@xn--mller-kva.example")
        begun = queue_new(
            box.post.mailbox.pk, ["b@b.example"], [], [], "Hi", "Hi", (), box.post.owner, uuid4()
        )
        with account_scope(box.account):
            new = Mail.objects.get(conversation_id=begun)
        assert box.sent(new).state == MailState.SENT


def test_whom_an_old_server_finds_too_many_gets_it_with_the_next_mail() -> None:
    answers = {"b@b.example": "552 Too many recipients", "c@c.example": "552 5.2.2 Mailbox full"}
    with faulty(RCPT=fault.to(answers)) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply(draft=Draft(to=(box.customer, "b@b.example", "c@c.example"))))
        assert mail.state == MailState.QUEUED and server.mails[0][1] == [box.customer]
        answers.pop("b@b.example")
        box.due(mail)
        mail = box.sent(mail)
        assert mail.state == MailState.SENT and mail.error == "c@c.example: 552 5.2.2 Mailbox full"
        assert server.mails[1][1] == ["b@b.example"]


def test_a_server_that_says_a_byte_at_a_time_is_left_before_another_sender_may_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slowest = reaching.MOST_SECONDS + reaching.CONNECT_SECONDS + lines.COMMAND_SECONDS + lines.OPEN_SECONDS
    slowest += lines.MOST_RESTING * (lines.ASK_SECONDS + 2) + delivering.MAIL_SECONDS
    assert slowest < patience.LOST_AFTER.total_seconds()
    assert delivering.RCPT_SECONDS < delivering.MAIL_SECONDS
    monkeypatch.setattr(delivering, "MAIL_SECONDS", 0.5)
    with faulty(DATA=drip) as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        assert mail.state == MailState.QUEUED and mail.error == "The server takes too long for a mail."


def test_a_line_is_not_opened_for_ever_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "OPEN_SECONDS", 0.5)
    with faulty(EHLO=drip) as server:
        box = open_outbox(server.port)
        assert box.sent(box.reply()).state == MailState.QUEUED and server.mails == []


def drip(server: Faulty, session: fault.Session, text: str) -> str | None:
    """An answer without end, a line every now and then."""
    with suppress(OSError):
        while not server.stopping.wait(0.05):
            session.link.sendall(b"354-go on\r\n")
    return None


def test_lines_are_closed_as_the_process_ends() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        assert box.sent(box.reply()).state == MailState.SENT
        LINES.end()
        wait_for(lambda: server.sessions[0].commands[-1].upper() == "QUIT")
        assert box.sent(box.reply("Another")).state == MailState.SENT and len(server.sessions) == 2


@pytest.mark.parametrize(("moment", "state", "taken"), [("DATA", "queued", 0), ("END", "sent", 1)])
def test_what_a_server_has_taken_is_written_down_and_nothing_is_handed_over_while_that_cannot_be(
    moment: str, state: str, taken: int
) -> None:
    def cut_off(server: Faulty, session: fault.Session, text: str) -> str:
        with ThreadPoolExecutor(1) as other:
            other.submit(terminate, sender).result()
        server.answers.clear()
        return "354 go on" if moment == "DATA" else "250 taken"

    with faulty(**{moment: cut_off}) as server:
        box = open_outbox(server.port)
        mail = box.reply()
        sender = own_backend()
        mail = box.sent(mail)
        assert own_backend() != sender, "it was another connection that wrote it down"
        assert (mail.state, mail.attempts, len(server.sessions), len(server.mails)) == (state, 1, 1, taken)
        assert ("The database was away" in mail.error) is (taken == 0)


def own_backend() -> int:
    with connection.cursor() as db:
        db.execute("SELECT pg_backend_pid()")
        return int(db.fetchone()[0])


def terminate(backend: int) -> None:
    with connection.cursor() as db:
        db.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    connection.close()
