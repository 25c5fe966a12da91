"""What an agent sees of a mail that nobody got, and of an answer to what was deleted."""

from uuid import uuid4

from salotto.channels.email.actions import bulk, queue_many
from salotto.channels.email.actions.sending import send
from salotto.channels.email.models import Mail
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.post import delete, letter, new_id, person
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import by_server
from tests.desk.mails import answer, came, mail_of, open_box, write_to


def test_who_was_not_reached_by_a_mail_to_many_stands_in_the_inbox(cast: Cast) -> None:
    with faulty(RCPT="550 5.1.1 no such user") as server:
        box, lost = open_box(cast), person("lost")
        by_server(box, server.port)
        batch = queue_many(box.mailbox.pk, [lost], "Closed in August", "Away", cast.agent, uuid4())
        bulk.continue_batch(cast.account.pk, batch.pk)
        with account_scope(cast.account.pk):
            mail = Mail.objects.get(kind="bulk")
        client = cast.client(cast.agent)
        assert lost in client.get(f"/a/{cast.slug}/inbox/done/").content.decode()
        send(cast.account.pk, mail.pk)
    for view in ("all", "mine"):
        shown = client.get(f"/a/{cast.slug}/inbox/{view}/").content.decode()
        assert lost in shown and "Not delivered" in shown
    assert lost not in client.get(f"/a/{cast.slug}/inbox/done/").content.decode()


def test_of_a_mail_that_is_put_off_it_is_said_why_and_when_it_is_tried_again(cast: Cast) -> None:
    with faulty(RCPT="450 4.2.1 come back") as server:
        box = open_box(cast)
        by_server(box, server.port)
        conversation, _ = write_to(box)
        mail = mail_of(cast, answer(cast, conversation))
        send(cast.account.pk, mail.pk)
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert "no time or room at the moment" in shown and "450 4.2.1 come back" in shown
    assert "Next attempt: " in shown and "it is tried again." in shown


def test_an_answer_to_a_deleted_conversation_says_what_it_answers(cast: Cast) -> None:
    box, anna, first = open_box(cast), person(), new_id()
    gone, _ = came(box, letter(anna, box.address, id=first))
    delete(box, gone)
    conversation, _ = came(box, letter(anna, box.address, "Any news?", reply_to_id=first))
    page = f"/a/{cast.slug}/inbox/all/{conversation}/"
    shown = cast.client(cast.agent).get(page).content.decode()
    assert shown.index("The conversation that it answers was deleted") < shown.rindex("Any news?")
