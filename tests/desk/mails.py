"""Mails in the desk of a cast: a mailbox, what comes to it, and what an agent answers."""

from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from salotto.channels.email.models import Mail
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import File, reply, upload
from salotto.inbox.models import Attachment, Message
from salotto.inbox.signals import Draft
from tests.cast import Cast
from tests.channels.email.post import Post, letter, new_id, open_post, person

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f0005"
    "0001ff56c72f0d0000000049454e44ae426082"
)
ORDER = """<html><body><h1>Your order</h1><p>It is on its way.</p><img src="cid:mark@shop" alt="Mark">
<img src="{remote}" width="40" height="40" alt="Cup"><script>document.title = "run"</script></body></html>"""


def open_box(cast: Cast, **fields: Any) -> Post:
    """An email inbox of the cast's account."""
    return open_post(cast.primary_admin, **fields)


def came(post: Post, raw: bytes) -> tuple[int, int]:
    """Take a mail in; its conversation and its message."""
    [stored] = post.receive(raw)
    assert stored.conversation_id is not None and stored.message_id is not None
    return stored.conversation_id, stored.message_id


def write_to(post: Post, body: str = "Where is my order?", **more: Any) -> tuple[int, int]:
    """Anna writes a plain mail."""
    sender = more.pop("sender", f"Anna Rossi <{person()}>")
    return came(post, letter(sender, post.address, body, **more))


def order(
    post: Post, remote: str = "https://images.example/cup.png", *, sender: str = "", answers: str = ""
) -> bytes:
    """A mail with HTML, an image in it, an image of the web, and two files."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Shop <{sender or person('shop')}>", post.address
    mail["Subject"] = "Your order"
    if answers:
        mail["In-Reply-To"] = f"<{answers}>"
    mail["Cc"], mail["Message-ID"] = "Bo Lind <bo@example.com>", f"<{new_id()}>"
    mail.set_content("Your order is on its way.\n")
    mail.add_alternative(ORDER.format(remote=remote), subtype="html")
    parts = mail.get_payload()
    assert isinstance(parts, list) and isinstance(parts[1], EmailMessage)
    parts[1].add_related(PNG, maintype="image", subtype="png", cid="<mark@shop>", filename="mark.png")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="cup.png")
    mail.add_attachment(b"PK", maintype="application", subtype="octet-stream", filename="invoice.docm")
    return mail.as_bytes()


def answer(cast: Cast, conversation: int, body: str = "Here it is.", **draft: Any) -> int:
    """Sara answers; the message."""
    with account_scope(cast.account.pk):
        posted = reply(conversation, body, client_id=uuid4(), by=cast.agent, draft=Draft(**draft))
    return posted.message


def mail_of(cast: Cast, message: int) -> Mail:
    """The mail behind a message."""
    with account_scope(cast.account.pk):
        found: Mail = Mail.objects.get(message_id=message)
    return found


def fares(cast: Cast, message: int, state: str, error: str = "") -> None:
    """What a server would have made of it."""
    with account_scope(cast.account.pk):
        Mail.objects.filter(message_id=message).update(state=state, error=error)


def files_of(cast: Cast, message: int) -> list[Attachment]:
    """The files of a message."""
    with account_scope(cast.account.pk):
        return list(Attachment.objects.filter(message_id=message).order_by("place"))


def waiting_upload(cast: Cast, name: str = "note.txt", content: bytes = b"hello") -> int:
    """A file that Sara has uploaded."""
    with account_scope(cast.account.pk):
        return int(upload(File(name, "text/plain", content), by=cast.agent).pk)


def last_message(cast: Cast, conversation: int, kind: str = "reply") -> Message:
    """The newest message of a kind."""
    with account_scope(cast.account.pk):
        found: Message = Message.objects.filter(conversation_id=conversation, kind=kind).latest("id")
    return found
