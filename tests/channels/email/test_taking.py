"""From a stored mail to a message, whatever happens on the way."""

from tests.channels.email.post import letter, open_post, person


def test_a_mail_becomes_a_message_of_a_new_conversation() -> None:
    post = open_post()
    anna = person()
    (raw,) = post.receive(letter(f"Anna Neri <{anna}>", post.address, "Where is my parcel?"))
    assert raw.state == "done"
    (found,) = post.conversations()
    assert (found.pk, found.subject, found.unread, found.preview) == (
        raw.conversation_id, "A question", 1, "Where is my parcel?",
    )  # fmt: skip
    assert (found.contact.name, found.contact.email) == ("Anna Neri", anna)
    (message,) = post.messages(found.pk)
    assert (message.pk, message.kind, message.body) == (raw.message_id, "visitor", "Where is my parcel?")
    assert post.mail(message.pk).raw_id == raw.pk
