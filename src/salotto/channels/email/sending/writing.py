"""The bytes of a mail that goes out, from its rows."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from salotto.channels.email import marks, quoting, unsubscribing
from salotto.channels.email.addresses import reply_address
from salotto.channels.email.composing import dkim
from salotto.channels.email.composing.body import COLOUR, Look, Pictures, Quoted, sign_off, write_body
from salotto.channels.email.composing.mail import File, Outgoing, compose
from salotto.channels.email.languages import language_for
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.queries import sending as queries
from salotto.channels.email.queries.threads import MOST_FORWARDS
from salotto.channels.email.quoting import Head
from salotto.channels.email.recipients import as_people
from salotto.channels.email.sending import pictures
from salotto.channels.email.sending.outcome import Never, NotNow
from salotto.core import clock
from salotto.core.addresses import ascii_domain
from salotto.core.sealing import CannotOpen, unseal
from salotto.inbox.models import Attachment

_LOGO = "logo@salotto.invalid"
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def write(mail: Mail, *, ascii_only: bool = False) -> bytes:
    """The mail as it leaves, signed where its domain signs, or as it leaves by a server that takes no
    addresses beyond ASCII; in the caller's account scope.

    Raises NotNow when a file is missing or the key cannot be opened, Never for what can be no
    mail.
    """
    try:
        made = _outgoing(mail, _own_files(mail))
        return signed(mail.sender, compose(replace(made, ascii_only=ascii_only)))
    except ValueError as error:
        raise Never(error) from error


def _own_files(mail: Mail) -> list[Attachment]:
    """The files of its message. Raises NotNow when one is missing: nothing is sent without."""
    found = queries.files_of(mail)
    if len(found) < mail.files:
        missing = mail.files - len(found)
        raise NotNow(f"{missing} of {mail.files} files are missing; the mail is not sent without them.")
    return found


def _outgoing(mail: Mail, own: list[Attachment]) -> Outgoing:
    leave = _leave(mail)
    below = _below(mail)
    quoted = pictures.of_answered(below) if below and mail.kind != "forward" else []
    rows = [*own, *pictures.that_fit(quoted, own)]
    shown = pictures.placed(mail, rows, [*own, *quoted])
    said, quote = _said(mail, below, shown)
    text, html = _body(mail, said, quote, leave)
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
        files=[*pictures.as_files(rows, shown, html, len(own)), *_logo(mail.mailbox)],
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


def _body(mail: Mail, said: str, quote: Quoted | None, leave: str) -> tuple[str, str]:
    """Text and HTML with the mailbox's look and signature, in the mail's language; `leave` is where
    one asks for no more mails."""
    mailbox = mail.mailbox
    company = mailbox.company or mailbox.account.name
    author = mail.message.author if mail.message else None
    return write_body(
        said,
        signature=sign_off(
            mailbox.signature, agent=author.name if author else "", company=company, email=mail.sender
        ),
        look=_look(mailbox, company),
        quote=quote,
        language=mail.language or language_for(mailbox, mail.conversation.contact.language),
        leave=leave,
        links=mail.kind != "chat",
    )


def _below(mail: Mail) -> Mail | None:
    """The mail that stands below what is said: passed on, or answered and no longer than our own
    copy quotes."""
    if mail.kind == "forward":
        return queries.forwarded_by(mail)
    if mail.kind != "reply" or mail.text == _written(mail):
        return None
    found = queries.answered_by(mail)
    return found if found and len(found.text) <= quoting.LIMIT else None


def _said(mail: Mail, below: Mail | None, shown: Pictures) -> tuple[str, Quoted | None]:
    """What the author wrote, and what stands below it."""
    if below is None:
        return mail.text, None
    if mail.kind == "forward":
        return mail.text, _passed_on(mail, below, shown, MOST_FORWARDS)
    return _written(mail), replace(_quoted(mail, below), pictures=shown)


def _written(mail: Mail) -> str:
    return mail.message.body if mail.message else ""


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


def _passed_on(mail: Mail, found: Mail, shown: Pictures, depth: int) -> Quoted:
    """A mail with its head, and what it passes on itself."""
    source = queries.forwarded_by(found) if found.kind == "forward" and depth > 1 else None
    below = _passed_on(mail, source, shown, depth - 1) if source else None
    head = Head((found.sender_name, found.sender), as_people(found.to), as_people(found.cc), found.subject)
    return replace(_quoted(mail, found), pictures=shown, below=below, head=head)


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
