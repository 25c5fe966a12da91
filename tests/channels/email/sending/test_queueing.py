"""What is put in line: forwards, new conversations, and mails to many."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from salotto.accounts.queries import account_name
from salotto.channels.email import unsubscribing
from salotto.channels.email.actions import (
    bulk,
    cancel_mail,
    queue_forward,
    queue_many,
    queue_new,
    retry_mail,
    stop_many,
)
from salotto.channels.email.actions.queueing import (
    MailboxOff,
    NoAddress,
    SentAlready,
    bounded,
)
from salotto.channels.email.actions.sending import send_due
from salotto.channels.email.models import (
    Batch,
    BatchRecipient,
    KnownId,
    Mailbox,
    MailState,
    Participant,
)
from salotto.channels.email.queries import sending
from salotto.core import clock
from salotto.core.errors import Forbidden, Invalid, Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import add_note, delete_conversation
from salotto.inbox.models import Contact, Conversation, Message
from salotto.inbox.signals import Draft
from salotto.seats.actions import set_access
from tests.cast import found_cast
from tests.channels.email.post import Post, letter, open_post, person
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import jobs, mails, open_outbox
from tests.inbox.threads import new_thread


def test_a_reply_its_mail_its_id_and_its_people_are_one_change() -> None:
    box = open_outbox()
    mail = box.reply(draft=Draft(to=(box.customer,), cc=("Bruno@B.example",), bcc=("s@s.example",)))
    with account_scope(box.account):
        known = KnownId.objects.get(value=mail.header_id)
        assert (known.conversation_id, known.message_id) == (box.conversation, mail.message_id)
        people = set(
            Participant.objects.filter(conversation=box.conversation).values_list("address", flat=True)
        )
    assert people == {box.customer, "bruno@b.example", "s@s.example"}
    assert jobs("send_mail", box.account) == 1


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(to=()), "no_recipients"),
        (Draft(to=("nobody",)), "bad_address"),
        (Draft(attachments=(2**40,)), "file_gone"),
    ],
)
def test_what_cannot_be_sent_is_not_written(draft: Draft, code: str) -> None:
    box = open_outbox()
    before = len(box.post.messages(box.conversation))
    with pytest.raises(Invalid) as refused:
        box.reply(draft=draft)
    assert refused.value.code == code
    assert len(box.post.messages(box.conversation)) == before and mails(box.post) == []


def test_a_mailbox_that_is_off_or_has_no_address_says_so(settings: Any) -> None:
    settings.MAIL_DOMAIN = ""
    for fields, error in (({"enabled": False}, MailboxOff), ({"address": ""}, NoAddress)):
        box = open_outbox()
        with account_scope(box.account):
            Mailbox.objects.filter(pk=box.post.mailbox.pk).update(**fields)
        with pytest.raises(error):
            box.reply()
        assert mails(box.post) == []


def test_a_note_is_not_sent() -> None:
    box = open_outbox()
    with account_scope(box.account):
        add_note(box.conversation, "ask Marco", client_id=uuid4(), by=box.post.owner)
    assert mails(box.post) == []


def test_a_chat_is_not_answered_by_this_queue() -> None:
    post = open_post()
    box = open_outbox()
    from salotto.inbox.actions import reply

    with account_scope(post.account):
        reply(new_thread(post.account), "Hello", client_id=uuid4(), by=post.owner)
    assert mails(post) == [] and mails(box.post) == []


def test_long_chains_keep_their_beginning_and_their_end() -> None:
    chain = [f"{number}@x.example" for number in range(100)]
    assert bounded(chain) == (*chain[:5], *chain[-25:])
    assert bounded(["a@b", "a@b", ""]) == ("a@b",)


def test_a_forward_leaves_the_thread_as_it_is() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        first = box.post.messages(box.conversation)[0]
        mail = queue_forward(first.pk, ["Supplier <s@supplier.example>"], "Can you help?", by=box.post.owner)
        assert box.sent(mail).state == MailState.SENT
        assert server.mails[0][1] == ["s@supplier.example"]
        raw = server.mails[0][2].decode("utf-8", "replace")
        assert "Can you help?" in raw and "Subject: Fwd: The jacket" in raw and "> Hello" not in raw
        assert f"From: Anna Rossi <{box.customer}>" in raw and f"\r\nTo: {box.post.address}\r\n" in raw
        assert "Reply-To: " in raw and "r-" not in raw.partition("Reply-To:")[2].split("\n")[0]
        with account_scope(box.account):
            note = Message.objects.get(pk=mail.message_id)
            assert note.kind == "note" and note.data["to"] == ["s@supplier.example"]
            assert not Participant.objects.filter(address="s@supplier.example").exists()
        assert box.reply("To the customer").to == [["Anna Rossi", box.customer]]


def test_who_answers_a_forward_begins_a_linked_conversation() -> None:
    box = open_outbox()
    first = box.post.messages(box.conversation)[0]
    mail = queue_forward(first.pk, ["s@supplier.example"], "Can you help?", by=box.post.owner)
    answer = letter("s@supplier.example", box.post.address, "Yes", reply_to_id=mail.header_id)
    (raw,) = box.post.receive(answer)
    assert raw.conversation_id != box.conversation
    assert box.post.conversation(raw.conversation_id).linked_id == box.conversation


def test_only_mails_are_forwarded_and_only_by_agents() -> None:
    cast = found_cast()
    box = open_outbox()
    first = box.post.messages(box.conversation)[0]
    with pytest.raises(Missing):
        queue_forward(first.pk, ["a@b.example"], "", by=cast.agent)
    with pytest.raises(Forbidden):
        queue_forward(first.pk, ["a@b.example"], "", by=cast.viewer)


def test_a_conversation_is_begun_by_mail_once_per_key() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        key, other = uuid4(), person("bruno")
        args = (
            box.post.mailbox.pk,
            [f"Bruno <{other}>", "c@c.example"],
            [],
            ["s@s.example"],
            "An offer",
            "Dear Bruno",
        )
        begun = queue_new(*args, (), by=box.post.owner, key=key)
        assert queue_new(*args, (), by=box.post.owner, key=key) == begun
        conversation = box.post.conversation(begun)
        assert (conversation.subject, conversation.assignee_id) == ("An offer", box.post.owner.user.pk)
        assert (conversation.contact.name, conversation.contact.email) == ("Bruno", other)
        (mail,) = mails(box.post, conversation_id=begun)
        assert box.sent(mail).state == MailState.SENT
        (raw,) = box.post.receive(letter(other, box.post.address, "Thanks", reply_to_id=mail.header_id))
        assert raw.conversation_id == begun


@pytest.mark.parametrize("subject", ["A\0B", "A\x1bB", "\ud800"])
def test_a_subject_that_is_no_text_is_refused(subject: str) -> None:
    post = open_post()
    with pytest.raises(Invalid) as refused:
        queue_new(post.mailbox.pk, [person()], [], [], subject, "Hello", [], post.owner)
    assert refused.value.code == "not_text"
    with pytest.raises(Invalid):
        queue_many(post.mailbox.pk, [person()], subject, "Hello", post.owner, uuid4())
    box = open_outbox()
    with pytest.raises(Invalid):
        box.reply(draft=Draft(subject=subject))
    assert mails(box.post) == []


def test_a_key_that_was_used_sends_nothing_else() -> None:
    box = open_outbox()
    other = open_post(box.post.owner, "Sales", address=f"sales-{uuid4().hex[:10]}@elsewhere.example")
    key, here = uuid4(), box.post.mailbox.pk
    said: tuple[Any, ...] = (["b@b.example"], ["c@c.example"], [], "An offer", "Dear Bruno", ())
    begun = queue_new(here, *said, by=box.post.owner, key=key)
    for mailbox, changed in [(other.mailbox.pk, {}), (here, {0: ["d@d.example"]}), (here, {4: "Dear Dora"})]:
        given = [changed.get(at, value) for at, value in enumerate(said)]
        with pytest.raises(SentAlready):
            queue_new(mailbox, *given, by=box.post.owner, key=key)
    assert queue_new(here, *said, by=box.post.owner, key=key) == begun
    assert len(mails(box.post, kind="new")) == 1
    first = box.post.messages(box.conversation)[0]
    sent = queue_forward(first.pk, ["s@s.example"], "Look", by=box.post.owner, key=key)
    assert queue_forward(first.pk, ["s@s.example"], "Look", by=box.post.owner, key=key).pk == sent.pk
    for to, text in (("t@t.example", "Look"), ("s@s.example", "Look here")):
        with pytest.raises(SentAlready):
            queue_forward(first.pk, [to], text, by=box.post.owner, key=key)
    queue_many(here, ["e@e.example"], "News", "Spring", by=box.post.owner, key=key)
    with pytest.raises(SentAlready):
        queue_many(here, ["e@e.example"], "News", "Summer", by=box.post.owner, key=key)


def test_a_known_contact_is_found_again() -> None:
    box = open_outbox()
    begun = queue_new(box.post.mailbox.pk, [box.customer.upper()], [], [], "", "Hello", (), by=box.post.owner)
    known = box.post.conversation(box.conversation).contact_id
    assert box.post.conversation(begun).contact_id == known


def test_who_may_not_act_begins_nothing() -> None:
    cast = found_cast()
    post = open_post(cast.primary_admin)
    for by in (cast.viewer, cast.nobody):
        with pytest.raises(Forbidden):
            queue_new(post.mailbox.pk, ["a@b.example"], [], [], "x", "y", (), by=by)
    with pytest.raises(Missing):
        queue_new(post.mailbox.pk, ["a@b.example"], [], [], "x", "y", (), by=cast.outsider)
    set_access(cast.agent.user.pk, "none", by=cast.primary_admin)
    with pytest.raises(Forbidden):
        queue_new(post.mailbox.pk, ["a@b.example"], [], [], "x", "y", (), by=cast.agent)
    assert post.conversations() == []


# One mail to many


def many(post: Post, people: list[str], key: Any = None) -> Batch:
    return queue_many(post.mailbox.pk, people, "News", "Dear all", by=post.owner, key=key or uuid4())


def finish(batch: Batch) -> None:
    for _ in range(60):
        bulk.continue_batch(batch.account_id, batch.pk)


def test_a_mail_to_many_is_a_conversation_for_each_and_done_in_slices() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        people = [person(f"p{number}") for number in range(30)]
        batch = many(box.post, [*people, people[0].upper(), "\n"])
        bulk.continue_batch(box.account, batch.pk)
        assert len(mails(box.post)) == bulk.SLICE and jobs("continue_batch", box.account) == 1
        with account_scope(box.account):
            assert sending.progress(batch) == {"waiting": 10, "done": 20, "queued": 20}
        finish(batch)
        sent = mails(box.post)
        assert sorted(mail.to[0][1] for mail in sent) == sorted(people)
        assert len({mail.conversation_id for mail in sent}) == 30
        assert jobs("send_bulk", box.account) == 30 and jobs("send_mail", box.account) == 0
        with account_scope(box.account):
            states = set(Conversation.objects.filter(subject="News").values_list("status", "assignee_id"))
        assert states == {("done", box.post.owner.user.pk)}
        assert box.sent(sent[0]).state == MailState.SENT
        head = server.mails[0][2].decode()
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head and "Precedence: bulk" in head
        text = message_from_bytes(server.mails[0][2], policy=default).get_body(("plain",))
        assert text is not None and "Unsubscribe from mails like this one: http" in text.get_content()


def test_asking_twice_sends_once() -> None:
    post = open_post()
    key, people = uuid4(), [person(), person()]
    assert many(post, people, key).pk == many(post, people, key).pk
    with account_scope(post.account):
        assert BatchRecipient.objects.count() == 2


def test_two_workers_at_one_batch_write_to_each_once() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    post = open_post()
    people = [person(f"p{number}") for number in range(24)]
    batch = many(post, people)

    def work() -> None:
        bulk.continue_batch(post.account, batch.pk)
        bulk.continue_batch(post.account, batch.pk)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work) for _ in range(2)]:
            done.result()
    assert sorted(mail.to[0][1] for mail in mails(post)) == sorted(people)


def test_who_leaves_gets_no_more_mail_to_many_but_answers() -> None:
    box = open_outbox()
    contact = box.post.conversation(box.conversation).contact_id
    address = unsubscribing.address(box.account, contact).removeprefix("http://testserver")
    client = Client(enforce_csrf_checks=True)
    page = client.get(address)
    assert page.status_code == 200 and account_name(box.account) in page.text
    with account_scope(box.account):
        assert "unsubscribed" not in Contact.objects.get(pk=contact).attributes
    one_click = client.post(address, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert one_click.status_code == 200
    with account_scope(box.account):
        assert "unsubscribed" in Contact.objects.get(pk=contact).attributes
    batch = many(box.post, [box.customer.upper(), person()])
    finish(batch)
    with account_scope(box.account):
        assert sending.progress(batch) == {"skipped": 1, "done": 1, "queued": 1}
    assert box.reply().state == MailState.QUEUED


@pytest.mark.parametrize("token", ["x", "W10:1:x", "a" * 300])
def test_an_address_that_is_not_ours_leaves_nothing(token: str) -> None:
    assert Client().post(f"/mail/unsubscribe/{token}").status_code == 404


def test_a_batch_has_limits() -> None:
    post = open_post()
    with pytest.raises(Invalid):
        many(post, [f"p{number}@a.example" for number in range(1001)])
    with pytest.raises(Invalid):
        many(post, [])
    with pytest.raises(Invalid):
        queue_many(post.mailbox.pk, ["a@b.example"], " ", "text", by=post.owner, key=uuid4())


def test_a_batch_whose_author_lost_the_seat_says_so() -> None:
    cast = found_cast()
    post = open_post(cast.primary_admin)
    batch = queue_many(post.mailbox.pk, [person()], "News", "Dear all", by=cast.agent, key=uuid4())
    set_access(cast.agent.user.pk, "none", by=cast.primary_admin)
    finish(batch)
    with account_scope(post.account):
        refused = BatchRecipient.objects.get(batch=batch)
    assert refused.state == "refused" and refused.error and mails(post) == []


def test_a_batch_whose_job_was_lost_is_taken_up_and_a_deleted_conversation_is_no_matter() -> None:
    cast = found_cast()
    post = open_post(cast.primary_admin)
    batch = many(post, [person() for _ in range(25)])
    bulk.continue_batch(post.account, batch.pk)
    with connection.cursor() as db:
        db.execute("DELETE FROM procrastinate_jobs WHERE task_name LIKE '%%continue_batch'")
    bulk.continue_batches()
    assert jobs("continue_batch", post.account) == 1
    with account_scope(post.account):
        delete_conversation(mails(post)[0].conversation_id, by=cast.primary_admin)
    finish(batch)
    assert len(mails(post)) == 24


def test_the_sweep_finds_what_is_due_or_would_wait_for_longer_than_any_mail_and_nothing_else() -> None:
    box = open_outbox()
    mail = box.reply()
    waiting = box.reply("Later")
    box.due(waiting, next_try_at=clock.now() + timedelta(hours=1))
    with connection.cursor() as db:
        db.execute("DELETE FROM procrastinate_jobs WHERE task_name LIKE '%%send_mail'")
    for hours, found in ((-1, 0), (0, 1), (0, 1), (-4, 2)):  # at last, as a clock that was wrong is set back
        with clock.at(clock.now() + timedelta(hours=hours)):
            send_due()
        assert jobs("send_mail", box.account) == found
    assert box.now(mail).state == MailState.QUEUED


def test_whose_seat_was_taken_meanwhile_sends_nothing_and_stops_nothing() -> None:
    cast = found_cast()
    post = open_post(cast.primary_admin)
    (raw,) = post.receive(letter(person(), post.address))
    assert raw.conversation_id is not None and raw.message_id is not None
    batch = queue_many(post.mailbox.pk, ["a@b.example"], "News", "Spring", cast.agent, uuid4())
    mail = queue_forward(raw.message_id, ["s@s.example"], "Look", by=cast.agent)
    set_access(cast.agent.user.pk, "viewer", by=cast.primary_admin)
    acts: list[Callable[[], object]] = [
        lambda: queue_forward(raw.message_id or 0, ["s@s.example"], "Look", by=cast.agent),
        lambda: queue_many(post.mailbox.pk, ["a@b.example"], "News", "Spring", cast.agent, uuid4()),
        lambda: retry_mail(mail.pk, cast.agent),
        lambda: cancel_mail(mail.pk, cast.agent),
        lambda: stop_many(batch.pk, cast.agent),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    assert [one.state for one in mails(post, kind="forward")] == ["queued"]
