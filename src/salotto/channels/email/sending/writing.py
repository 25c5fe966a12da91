"""The bytes of a mail that goes out, from its rows."""

from collections.abc import Collection
from dataclasses import replace
from zoneinfo import ZoneInfo

from salotto.channels.email import marks, quoting, unsubscribing
from salotto.channels.email.addresses import reply_address
from salotto.channels.email.composing import dkim
from salotto.channels.email.composing.body import COLOUR, Look, Quoted, sign_off, write_body
from salotto.channels.email.composing.headers import ascii_domain
from salotto.channels.email.composing.mail import File, Outgoing, compose
from salotto.channels.email.languages import language_for
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.queries import sending as queries
from salotto.channels.email.queries.threads import MOST_FORWARDS
from salotto.channels.email.quoting import Head
from salotto.channels.email.recipients import as_people
from salotto.channels.email.sending.outcome import Never, NotNow
from salotto.core import clock
from salotto.core.sealing import CannotOpen, unseal

_LOGO = "logo@salotto.invalid"
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def write(mail: Mail) -> bytes:
    """The mail as it leaves, signed where its domain signs; in the caller's account scope.

    Raises NotNow when a file is missing or the key cannot be opened, Never for what can be no
    mail.
    """
    try:
        return signed(mail.sender, compose(_outgoing(mail, _files(mail))))
    except ValueError as error:
        raise Never(error) from error


def _files(mail: Mail) -> list[File]:
    """The files of its message. Raises NotNow when one is missing: nothing is sent without."""
    found = [
        File(row.name, row.type, bytes(row.blob.content), row.content_id, row.inline)
        for row in queries.files_of(mail)
    ]
    if len(found) < mail.files:
        missing = mail.files - len(found)
        raise NotNow(f"{missing} of {mail.files} files are missing; the mail is not sent without them.")
    return found


def _outgoing(mail: Mail, files: list[File]) -> Outgoing:
    leave = _leave(mail)
    shown = [file.content_id for file in files if file.inline and file.content_id]
    text, html = _body(mail, shown, leave)
    files = [file if f"cid:{file.content_id}" in html else replace(file, inline=False) for file in files]
    return Outgoing(
        sender=(mail.sender_name, mail.sender),
        to=as_people(mail.to),
        cc=as_people(mail.cc),
        bcc=as_people(mail.bcc),
        reply_to=[(mail.sender_name, answers_to(mail))],
        subject=mail.subject,
        text=text,
        html=html,
        message_id=mail.header_id,
        date=mail.dated or clock.now(),
        files=[*files, *_logo(mail.mailbox)],
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        automatic=mail.automatic,
        list_unsubscribe=leave,
        extra={marks.HEADER: marks.mark_of(mail.account_id)},
    )


def _leave(mail: Mail) -> str:
    """Where whoever gets a mail to many asks for no more of them; "" for other mails."""
    bulk = mail.kind == "bulk"
    return unsubscribing.address(mail.account_id, mail.conversation.contact_id) if bulk else ""


def _body(mail: Mail, shown: Collection[str], leave: str) -> tuple[str, str]:
    """Text and HTML with the mailbox's look and signature, in the mail's language; `shown` are
    the content ids of the images that go along, `leave` is where one asks for no more mails."""
    mailbox = mail.mailbox
    company = mailbox.company or mailbox.account.name
    author = mail.message.author if mail.message else None
    said, quote = _said(mail, shown)
    return write_body(
        said,
        signature=sign_off(
            mailbox.signature, agent=author.name if author else "", company=company, email=mail.sender
        ),
        look=_look(mailbox, company),
        quote=quote,
        language=mail.language or language_for(mailbox, mail.conversation.contact.language),
        leave=leave,
    )


def _said(mail: Mail, shown: Collection[str]) -> tuple[str, Quoted | None]:
    """What the author wrote, and what stands below it."""
    if mail.kind == "forward":
        return mail.text, _forwarded(mail, shown)
    body = mail.message.body if mail.message else ""
    if mail.kind == "reply" and mail.text != body:
        quote = _answered(mail)
        return (body, quote) if quote else (mail.text, None)
    return mail.text, None


def _answered(mail: Mail) -> Quoted | None:
    """The mail that is answered, with as much of it as our own copy quotes."""
    found = queries.answered_by(mail)
    return _quoted(mail, found) if found and len(found.text) <= quoting.LIMIT else None


def _look(mailbox: Mailbox, company: str) -> Look | None:
    """The letter paper, if the mailbox has any."""
    if not (mailbox.colour or mailbox.footer or mailbox.logo_id):
        return None
    logo = f"cid:{_LOGO}" if mailbox.logo_id else ""
    return Look(company=company, colour=mailbox.colour or COLOUR, logo=logo, footer=mailbox.footer)


def _logo(mailbox: Mailbox) -> list[File]:
    """The logo, as a file that the HTML shows in place."""
    image = queries.logo_of(mailbox)
    if not image:
        return []
    kind = next((kind for start, kind in _IMAGES.items() if image.startswith(start)), "image/png")
    return [File(f"logo.{kind.partition('/')[2]}", kind, image, _LOGO, inline=True)]


def _forwarded(mail: Mail, shown: Collection[str]) -> Quoted | None:
    """The mail that is passed on, with its images in their places."""
    found = queries.forwarded_by(mail)
    return _passed_on(mail, found, shown, MOST_FORWARDS) if found else None


def _passed_on(mail: Mail, found: Mail, shown: Collection[str], depth: int) -> Quoted:
    """A mail with its head, and what it passes on itself."""
    source = queries.forwarded_by(found) if found.kind == "forward" and depth > 1 else None
    below = _passed_on(mail, source, shown, depth - 1) if source else None
    head = Head((found.sender_name, found.sender), as_people(found.to), as_people(found.cc), found.subject)
    return replace(_quoted(mail, found), content_ids=shown, below=below, head=head)


def _quoted(mail: Mail, found: Mail) -> Quoted:
    at = (found.dated or found.created_at).astimezone(ZoneInfo(mail.mailbox.account.time_zone))
    return Quoted(found.sender_name or found.sender, at, found.text, found.html)


def answers_to(mail: Mail) -> str:
    """Where answers go: into the conversation; those to a forwarded mail start one of their own."""
    signed = "" if mail.kind == "forward" else reply_address(mail.account_id, mail.conversation_id)
    return signed or mail.sender


def signed(sender: str, raw: bytes) -> bytes:
    """With a DKIM signature, if the domain of this address has a key and signs; in the caller's
    account scope. Raises NotNow when the key cannot be opened."""
    name = ascii_domain(sender.rpartition("@")[2])
    domain = queries.signing_domain(name)
    if domain is None:
        return raw
    try:
        key = unseal(domain.private_key)
    except CannotOpen as error:
        raise NotNow("The DKIM key was kept with another secret key of this installation.") from error
    return dkim.sign(raw, domain=name, selector=domain.selector, key_pem=key)
