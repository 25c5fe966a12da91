"""A conversation whose first mail did not arrive is not completed: somebody has to see it."""

from uuid import uuid4

import pytest
from django.db import transaction

from salotto.channels.email.actions import bulk, queue_many, queue_new, retry_mail
from salotto.channels.email.actions.bouncing import note_bounce
from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.queries.threads import not_delivered
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import add_note, complete
from salotto.inbox.signals import Draft
from salotto.live.models import Event
from tests.channels.email.post import person
from tests.channels.email.sending.faulty import Faulty, Session, faulty
from tests.channels.email.sending.outbox import Outbox, open_outbox


def one_of_many(box: Outbox) -> Mail:
    """The mail to one person of a mail to many."""
    made = queue_many(box.post.mailbox.pk, [person()], "News", "Spring", box.post.owner, uuid4())
    bulk.continue_batch(box.account, made.pk)
    with account_scope(box.account):
        found: Mail = Mail.objects.get(kind="bulk")
    return found


def comes_back(box: Outbox, mail: Mail, action: str = "failed", who: str = "") -> None:
    bounce = Bounce(who or mail.to[0][1], action, "5.1.1", "no such user", mail.header_id)
    with account_scope(box.account), transaction.atomic():
        assert note_bounce(box.account, bounce, (), uuid4()) is not None


def status(box: Outbox, mail: Mail) -> str:
    """Of its conversation, which its author owns."""
    found = box.post.conversation(mail.conversation_id)
    assert found.assignee_id == box.post.owner.user.pk
    return str(found.status)


def unread(box: Outbox, mail: Mail) -> int:
    return int(box.post.conversation(mail.conversation_id).unread)


def is_lost(box: Outbox, mail: Mail) -> bool:
    with account_scope(box.account):
        return mail.conversation_id in not_delivered([mail.conversation_id])


def test_who_is_refused_of_a_mail_to_many_stands_in_the_inbox_as_not_delivered() -> None:
    with faulty(RCPT="550 5.1.1 no such user") as server:
        box = open_outbox(server.port)
        mail = one_of_many(box)
        assert status(box, mail) == "done"
        assert box.sent(mail).state == MailState.FAILED
        assert status(box, mail) == "open"
        with account_scope(box.account):
            assert not_delivered([mail.conversation_id]) == {mail.conversation_id}
            assert unread(box, mail) == 1
            told = Event.objects.filter(conversation_id=mail.conversation_id, data__what="delivery")
            assert told.count() == 1


def test_a_mail_to_many_that_comes_back_opens_its_conversation_and_a_late_one_does_not() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = one_of_many(box)
        assert box.sent(mail).state == MailState.SENT
        comes_back(box, mail, "delayed")
        assert status(box, mail) == "done"
        comes_back(box, mail)
        assert status(box, mail) == "open"
        with account_scope(box.account):
            complete(mail.conversation_id, by=box.post.owner)
        comes_back(box, mail)
        assert (status(box, mail), unread(box, mail)) == ("done", 0), "it was seen already"


def test_what_is_only_put_off_or_goes_through_leaves_it_completed() -> None:
    with faulty(MAIL="451 Later") as server:
        box = open_outbox(server.port)
        mail = one_of_many(box)
        assert (box.sent(mail).state, status(box, mail)) == (MailState.QUEUED, "done")
        server.answers.clear()
        retry_mail(mail.pk, by=box.post.owner)
        assert (box.sent(mail).state, status(box, mail)) == (MailState.SENT, "done")


@pytest.mark.parametrize("late", [False, True])
def test_a_conversation_that_we_begin_and_complete_at_once_opens_again(late: bool) -> None:
    with faulty(RCPT="250 OK" if late else "550 5.1.1 no such user") as server:
        box = open_outbox(server.port)
        words = ("Your cups", "Here they are")
        conversation = queue_new(box.post.mailbox.pk, [person()], [], [], *words, [], box.post.owner, uuid4())
        with account_scope(box.account):
            complete(conversation, by=box.post.owner)
            mail = Mail.objects.get(conversation_id=conversation)
        box.sent(mail)
        if late:
            comes_back(box, mail)
        assert status(box, mail) == "open"


def test_an_answer_that_comes_back_from_one_of_several_is_seen_like_one_that_is_refused() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply(draft=Draft(to=((anna := person()), (bo := person()))))
        box.sent(mail)
        assert (is_lost(box, mail), unread(box, mail)) == (False, 0)
        with account_scope(box.account):
            complete(mail.conversation_id, by=box.post.owner)
        comes_back(box, mail, who=bo)
        assert (is_lost(box, mail), unread(box, mail), status(box, mail)) == (True, 1, "open")
        comes_back(box, mail, who=bo)
        assert unread(box, mail) == 1, "it was said already"
        comes_back(box, mail, who=anna)
        assert unread(box, mail) == 2
        with account_scope(box.account):
            add_note(mail.conversation_id, "I call them", client_id=uuid4(), by=box.post.owner)
        assert is_lost(box, mail)


def knows_nobody_at_b(server: Faulty, session: Session, line: str) -> str:
    return "550 5.1.1 no such user" if "@b.example" in line else "250 OK"


def test_an_answer_that_one_of_several_is_refused_is_seen() -> None:
    with faulty(RCPT=knows_nobody_at_b) as server:
        box = open_outbox(server.port)
        mail = box.reply(draft=Draft(to=("a@a.example", "b@b.example")))
        assert box.sent(mail).state == MailState.SENT
        assert (is_lost(box, mail), unread(box, mail)) == (True, 1)
