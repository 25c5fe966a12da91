"""What a mail of a mailbox would look like, by the code that writes the real ones; nothing is
stored and nothing is sent."""

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from salotto.accounts.members import Member
from salotto.channels.email.actions.chats import chat_subject
from salotto.channels.email.actions.queueing import from_address, sender_name
from salotto.channels.email.carrying import Asked, chat_text, why_it_comes
from salotto.channels.email.composing.body import COLOUR, Look, Quoted, sign_off, write_body
from salotto.channels.email.images import kind_of_image
from salotto.channels.email.languages import language_for
from salotto.channels.email.models import Mailbox
from salotto.channels.email.subjects import reply_subject
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Blob

_LOGO = "cid:logo@salotto.invalid"


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as its reader would see it: `html` is a whole document, with the logo in it; `bare`
    without a company's look; `new_subject` is what a mail is called that answers none."""

    sender: str
    address: str
    subject: str
    text: str
    html: str
    bare: bool
    new_subject: str = ""


def answer(mailbox: Mailbox, by: Member) -> Preview:
    """An agent's answer; `mailbox` may have changes that are not saved."""
    with override(language_for(mailbox)):
        said = _("Hello Anna,\n\nyour order left this morning and will be with you on Thursday.")
        asked = _("Where is my order?")
        quote = Quoted("Anna Rossi", timezone.localtime(clock.now() - timedelta(hours=2)), asked)
        found = _preview(mailbox, said, reply_subject(asked), by, quote=quote)
        return replace(found, new_subject=mailbox.subject)


def acknowledgement(mailbox: Mailbox) -> Preview:
    """What goes out by itself when somebody writes."""
    with override(language_for(mailbox)):
        return _preview(mailbox, mailbox.auto_reply, reply_subject(_("Where is my order?")), None)


def chat(mailbox: Mailbox, by: Member) -> Preview:
    """What the visitor of a chat gets who has left before the answer came."""
    company = mailbox.company or mailbox.account.name
    with override(language_for(mailbox)):
        said = _("Yes, the blue one is here again. Shall we put one aside for you?")
        asked = Asked("Anna", clock.now(), [_("Have you got the blue one again?")])
        text = chat_text([("", said)], why_it_comes(company), asked)
        return _preview(mailbox, text, chat_subject(mailbox, ""), by, links=False)


def written(mailbox: Mailbox, said: str, subject: str, by: Member) -> Preview:
    """What an agent is about to send to many, as it stands."""
    return _preview(mailbox, said, subject, by, leave="https://…")


def _preview(mailbox: Mailbox, said: str, subject: str, by: Member | None, **more: Any) -> Preview:
    """`more` is as `write_body` takes it."""
    language = language_for(mailbox)
    company = mailbox.company or mailbox.account.name
    address = from_address(mailbox)
    signature = sign_off(mailbox.signature, agent=by.user.name if by else "", company=company, email=address)
    look = _look(mailbox, company)
    text, html = write_body(said, signature=signature, look=look, language=language, **more)
    return Preview(
        sender=sender_name(mailbox, by.user.name if by else "", language),
        address=address,
        subject=subject,
        text=text,
        html=html.replace(_LOGO, logo_data(mailbox)),
        bare=look is None,
    )


def _look(mailbox: Mailbox, company: str) -> Look | None:
    if not (mailbox.colour or mailbox.footer or mailbox.logo_id):
        return None
    logo = _LOGO if mailbox.logo_id else ""
    return Look(company=company, colour=mailbox.colour or COLOUR, logo=logo, footer=mailbox.footer)


def logo_data(mailbox: Mailbox) -> str:
    """The logo as a `data:` address; "" without one."""
    with account_scope(mailbox.account_id):
        found = Blob.objects.filter(pk=mailbox.logo_id or 0).values_list("content", flat=True).first()
    if found is None:
        return ""
    content = bytes(found)
    return f"data:{kind_of_image(content)};base64,{b64encode(content).decode()}"
