"""Mails that are too large to be fetched from a mailbox, but for their headers."""

import hashlib
from email.message import EmailMessage

from salotto.channels.email import troubles
from salotto.channels.email.models import RawMail
from salotto.core.tenancy import account_scope
from tests.channels.email.post import Post, new_id

WHY = f"{troubles.TOO_LARGE}\n39.0 MB > 35 MB"


def large(post: Post, sender: str, text: str = "See the plans.", **headers: str) -> bytes:
    """A mail with a file that is taken for a large one."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Big <{sender}>", post.address, "The plans"
    mail["Message-ID"], mail["Date"] = f"<{new_id()}>", "Mon, 23 Nov 2026 10:00:00 +0100"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    mail.add_attachment(b"x" * 1000, maintype="application", subtype="pdf", filename="plan.pdf")
    return mail.as_bytes()


def headers_came(post: Post, mail: bytes, uid: int = 9, size: int = 0) -> RawMail:
    """Its headers are read from the mailbox, and taken in."""
    head = mail.partition(b"\n\n")[0] + b"\n\n"
    with account_scope(post.account):
        row = RawMail.objects.create(
            account_id=post.account, mailbox=post.mailbox, source="imap", folder="imap://x", uidvalidity=1,
            uid=uid, content=head, size=size or len(mail), digest=hashlib.sha256(head).hexdigest(), error=WHY,
        )  # fmt: skip
    post.take_in()
    return post.raw(row.pk)
