"""Mail that is taken out of the line, by one click or because who gets it has unsubscribed."""

from uuid import uuid4

import pytest

from salotto.channels.email.actions import bulk, cancel_mail, queue_many, retry_mail, stop_many, unsubscribe
from salotto.channels.email.actions.sending import NotWaiting
from salotto.channels.email.models import Batch, BatchRecipient, Mail, MailState
from salotto.channels.email.queries import sending
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from tests.channels.email.post import Post, open_post, person
from tests.channels.email.sending.faulty import Faulty, Session, faulty
from tests.channels.email.sending.outbox import open_outbox


def test_what_waits_can_be_stopped_and_sent_after_all() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        told = box.told()
        cancel_mail(mail.pk, by=box.post.owner)
        assert box.told() == told + 1
        mail = box.sent(mail)
        assert mail.state == MailState.STOPPED and "stopped" in mail.error and server.mails == []
        retry_mail(mail.pk, by=box.post.owner)
        assert box.now(mail).error == "", "nobody has stopped it any more"
        assert box.sent(mail).state == MailState.SENT


def test_what_a_server_has_put_off_can_be_stopped() -> None:
    with faulty(MAIL="451 Later") as server:
        box = open_outbox(server.port)
        mail = box.sent(box.reply())
        cancel_mail(mail.pk, by=box.post.owner)
        assert box.now(mail).state == MailState.STOPPED
        server.answers.clear()
        box.due(mail)
        assert box.sent(mail).state == MailState.STOPPED and server.mails == []


def test_who_comes_too_late_to_stop_a_mail_is_told_so() -> None:
    def too_late(server: Faulty, session: Session, text: str) -> str:
        with pytest.raises(NotWaiting) as refused:
            cancel_mail(mail.pk, by=box.post.owner)
        said.append(str(refused.value.message))
        return "250 taken"

    said: list[str] = []
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        box.due(mail, state=MailState.SENDING)
        too_late(server, Session(server.listening), "")
        box.due(mail, state=MailState.QUEUED)
        assert box.sent(mail).state == MailState.SENT
        too_late(server, Session(server.listening), "")
    assert "is being sent at this moment" in said[0] and "has just been sent" in said[1]


def test_a_stopped_mail_is_not_what_the_next_one_answers() -> None:
    box = open_outbox()
    stopped = box.reply("Not so")
    cancel_mail(stopped.pk, by=box.post.owner)
    assert box.reply("But so").in_reply_to == stopped.in_reply_to


def many(post: Post, *people: str) -> Batch:
    made = queue_many(post.mailbox.pk, people, "News", "Spring", post.owner, uuid4())
    bulk.continue_batch(post.account, made.pk)
    return made


def bulk_mails(post: Post) -> dict[str, Mail]:
    with account_scope(post.account):
        return {mail.to[0][1]: mail for mail in Mail.objects.filter(kind="bulk").order_by("id")}


def test_stopping_many_leaves_alone_what_has_begun_to_be_sent_and_tells_the_desks() -> None:
    post = open_post()
    people = [f"{name}@b.example" for name in ("sent", "sending", "queued")]
    batch = many(post, *people)
    with account_scope(post.account):
        for name in ("sent", "sending"):
            Mail.objects.filter(to=[["", f"{name}@b.example"]]).update(state=name)
    assert stop_many(batch.pk, post.owner) == 1
    found = bulk_mails(post)
    assert {who: mail.state for who, mail in found.items()} == dict(
        zip(people, ("sent", "sending", "stopped"), strict=True)
    )
    with account_scope(post.account):
        told = Event.objects.filter(
            account_id=post.account, kind="conversation.changed", data__what="delivery"
        )
        assert [one.conversation_id for one in told] == [found["queued@b.example"].conversation_id]


def test_who_waits_for_a_mail_to_many_and_whose_mail_waits_are_both_stopped() -> None:
    post = open_post()
    people = [person(f"p{number}") for number in range(bulk.SLICE + 40)]
    batch = many(post, *people)
    assert stop_many(batch.pk, post.owner) == len(people)
    assert stop_many(batch.pk, post.owner) == 0
    bulk.continue_batch(post.account, batch.pk)
    with account_scope(post.account):
        assert sending.progress(batch) == {"stopped": len(people), "done": bulk.SLICE}
        assert BatchRecipient.objects.filter(batch=batch, state="stopped").count() == 40


def test_who_unsubscribes_while_the_mail_waits_does_not_get_it() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        stays = person()
        many(box.post, box.customer.upper(), stays)
        unsubscribe(box.account, box.post.conversation(box.conversation).contact_id)
        states = {who: box.sent(mail).state for who, mail in bulk_mails(box.post).items()}
        assert states == {box.customer.upper(): MailState.STOPPED, stays: MailState.SENT}
        assert [people for _, people, _ in server.mails] == [[stays]]
        assert box.sent(box.reply()).state == MailState.SENT
