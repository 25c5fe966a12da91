"""What a mail of ours is said to have been is what the server has got."""

from email import message_from_bytes
from email.message import Message

from salotto.channels.email.queries.originals import original_of
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, upload
from salotto.inbox.signals import Draft
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import open_outbox


def told(mail: Message) -> list[object]:
    """Everything in a mail but the lines between its parts."""
    heads = [(name, value) for name, value in mail.items() if name != "Content-Type"]
    return [heads, *((part.get_content_type(), part.get_payload(decode=True)) for part in mail.walk())]


def test_a_mail_is_written_again_as_it_left() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        with account_scope(box.account):
            file = upload(File("a.bin", "application/octet-stream", b"\0\1\2" * 999), by=box.post.owner)
        mail = box.sent(box.reply("Grüße\n\nSara", draft=Draft(cc=("b@b.example",), attachments=(file.pk,))))
        assert mail.state == "sent"
        ((_, _, left),) = server.mails
    again = original_of(mail.message_id or 0, by=box.post.owner)
    assert told(message_from_bytes(again)) == told(message_from_bytes(left))
