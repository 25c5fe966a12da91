"""The bytes of a mail that goes out, from its rows."""

from email.utils import parseaddr

from salotto.channels.email import marks, unsubscribing
from salotto.channels.email.addresses import reply_address
from salotto.channels.email.composing import dkim
from salotto.channels.email.composing.headers import ascii_domain
from salotto.channels.email.composing.mail import File, Outgoing, compose
from salotto.channels.email.models import Domain, Mail
from salotto.channels.email.recipients import as_people
from salotto.channels.email.sending.outcome import Never, NotNow
from salotto.core import clock
from salotto.core.sealing import CannotOpen, unseal
from salotto.inbox.models import Attachment

MOST_FILES = 100


def write(mail: Mail) -> bytes:
    """The mail as it leaves, signed where its domain signs; in the caller's account scope.

    Raises NotNow when a file is missing or the key cannot be opened, Never for what can be no
    mail.
    """
    files = _files(mail)
    try:
        raw = compose(_outgoing(mail, files))
        return _signed(mail, raw)
    except ValueError as error:
        raise Never(error) from error


def _files(mail: Mail) -> list[File]:
    """The files of its message. Raises NotNow when one is missing: nothing is sent without."""
    rows = Attachment.objects.select_related("blob").filter(message_id=mail.message_id or 0)
    found = [
        File(row.name, row.type, bytes(row.blob.content), row.content_id, row.inline)
        for row in rows.order_by("place", "id")[:MOST_FILES]
    ]
    if len(found) < mail.files:
        missing = mail.files - len(found)
        raise NotNow(f"{missing} of {mail.files} files are missing; the mail is not sent without them.")
    return found


def _outgoing(mail: Mail, files: list[File]) -> Outgoing:
    bulk = mail.kind == "bulk"
    return Outgoing(
        sender=(mail.sender_name, mail.sender),
        to=as_people(mail.to),
        cc=as_people(mail.cc),
        bcc=as_people(mail.bcc),
        reply_to=[(mail.sender_name, answers_to(mail))],
        subject=mail.subject,
        text=mail.text,
        message_id=mail.header_id,
        date=mail.dated or clock.now(),
        files=files,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        automatic=mail.automatic,
        list_unsubscribe=unsubscribing.address(mail.account_id, mail.conversation.contact_id) if bulk else "",
        extra={marks.HEADER: marks.mark_of(mail.account_id)},
    )


def answers_to(mail: Mail) -> str:
    """Where answers go: into the conversation; those to a forwarded mail start one of their own."""
    signed = "" if mail.kind == "forward" else reply_address(mail.account_id, mail.conversation_id)
    return signed or mail.sender


def _signed(mail: Mail, raw: bytes) -> bytes:
    """With a DKIM signature, if the sender's domain has a key and signs."""
    name = ascii_domain(parseaddr(mail.sender)[1].rpartition("@")[2])
    domain = Domain.objects.filter(name=name, signs=True).exclude(private_key="").first()
    if domain is None:
        return raw
    try:
        key = unseal(domain.private_key)
    except CannotOpen as error:
        raise NotNow("The DKIM key was kept with another secret key of this installation.") from error
    return dkim.sign(raw, domain=name, selector=domain.selector, key_pem=key)
