"""The bytes of a mail that goes out, from its rows."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

from salotto.channels.email import marks, unsubscribing
from salotto.channels.email.addresses import reply_address
from salotto.channels.email.models import Mail
from salotto.channels.email.recipients import Person, as_people
from salotto.channels.email.sending.outcome import NotNow
from salotto.core import clock
from salotto.inbox.models import Attachment


def write(mail: Mail) -> bytes:
    """The mail as it leaves, in the caller's account scope. Raises NotNow when a file is missing."""
    files = list(Attachment.objects.select_related("blob").filter(message_id=mail.message_id or 0)[:100])
    if len(files) < mail.files:
        raise NotNow(
            f"{mail.files - len(files)} of {mail.files} files are missing; the mail is not sent without them."
        )
    made = EmailMessage(policy=SMTP)
    for name, value in _headers(mail).items():
        made[name] = value
    made.set_content(mail.text)
    for file in files:
        kind, _, subtype = file.type.partition("/")
        made.add_attachment(bytes(file.blob.content), maintype=kind, subtype=subtype, filename=file.name)
    return made.as_bytes()


def _headers(mail: Mail) -> dict[str, Any]:
    return {
        "From": formataddr((mail.sender_name, mail.sender)),
        "To": _list(as_people(mail.to)) or "undisclosed-recipients:;",
        "Subject": mail.subject,
        "Date": format_datetime(mail.dated or clock.now()),
        "Message-ID": f"<{mail.header_id}>",
        **_answering(mail),
        **extra_headers(mail),
    }


def _answering(mail: Mail) -> dict[str, str]:
    found = {
        "Cc": _list(as_people(mail.cc)),
        "Reply-To": formataddr((mail.sender_name, answers_to(mail))),
        "In-Reply-To": f"<{mail.in_reply_to}>" if mail.in_reply_to else "",
        "References": " ".join(f"<{one}>" for one in mail.references),
    }
    return {name: value for name, value in found.items() if value}


def answers_to(mail: Mail) -> str:
    """Where answers go: into the conversation; those to a forwarded mail start one of their own."""
    signed = "" if mail.kind == "forward" else reply_address(mail.account_id, mail.conversation_id)
    return signed or mail.sender


def extra_headers(mail: Mail) -> dict[str, str]:
    """What other programs read: that it is ours, automatic, or can be unsubscribed from."""
    found = {marks.HEADER: marks.mark_of(mail.account_id)}
    if mail.automatic:
        found |= {"Auto-Submitted": mail.automatic, "X-Auto-Response-Suppress": "All"}
    if mail.kind == "bulk":
        found |= unsubscribing.headers(mail.account_id, mail.conversation.contact_id)
    return found


def _list(people: tuple[Person, ...]) -> str:
    return ", ".join(formataddr(person) for person in people)
