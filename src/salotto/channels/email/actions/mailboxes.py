"""Email inboxes: made, named, given a look, switched on and off, removed.

What cannot be is refused as a whole: `code` of the refusal is the name of the field that is wrong.
"""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from salotto.accounts.locking import setting_up
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email.addresses import is_role, keys_in
from salotto.channels.email.images import kind_of_image
from salotto.channels.email.models import (
    Batch,
    FromName,
    KnownId,
    Mailbox,
    NamedId,
    Position,
    RawMail,
    RawState,
    Server,
    Trial,
)
from salotto.channels.email.queries.receiving import place_of
from salotto.channels.email.recipients import is_address
from salotto.core import audit, turns
from salotto.core.addresses import email_key
from salotto.core.errors import Conflict, Invalid, Missing
from salotto.inbox.actions.files import keep
from salotto.inbox.models import Conversation, Inbox

NAME_LIMIT = 80
SUBJECT_LIMIT = 200
TEXT_LIMIT = 5_000
"""Characters of a signature, a footer, an acknowledgement."""
MOST_ALIASES = 50
LOGO_LIMIT = 200 * 1024
LONGEST_WAIT = 24 * 60
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LINE_SIGNS = re.compile(r"[\x00-\x1f\x7f]")
_TEXT_SIGNS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def create_mailbox(name: str, address: str, *, by: Member) -> Mailbox:
    """A new email inbox, switched on, with no way in or out yet but the forwarding address.
    Raises Forbidden, and Invalid with the field's name."""
    must_manage_channels(by)
    account = by.account
    with setting_up(by):
        given = {"name": _name(name), "address": _address(address)}
        _one_after_the_other()
        _must_be_free(by, None, [given["address"]])
        inbox = Inbox.objects.create(account=account, name=given["name"], channel="email")
        made: Mailbox = Mailbox.objects.create(account=account, inbox=inbox, address=given["address"])
        _note(made, by, "mailbox.added", address=made.address)
    return made


def change_mailbox(mailbox_id: int, *, by: Member, **given: Any) -> Mailbox:
    """Change the fields that are given: `name`, `address`, `aliases`, `enabled`, `from_name`,
    `company`, `subject`, `language`, `signature`, `colour`, `footer`, `auto_reply`. Raises Forbidden,
    Missing, and Invalid with the field's name."""
    must_manage_channels(by)
    given = checked(given)
    with setting_up(by):
        _one_after_the_other()
        mailbox = _locked(mailbox_id)
        if given.keys() & {"address", "aliases"}:
            _must_be_free(by, mailbox, _claims(mailbox, given))
        name = given.pop("name", None)
        changed = {field: value for field, value in given.items() if getattr(mailbox, field) != value}
        if changed:
            Mailbox.objects.filter(pk=mailbox.pk).update(**changed)
        renamed = name is not None and Inbox.objects.filter(pk=mailbox.inbox_id).exclude(name=name).update(
            name=name
        )
        fields = sorted([*changed, *(["name"] if renamed else [])])
        if fields:
            _note(mailbox, by, "mailbox.changed", fields=fields)
        mailbox.refresh_from_db()
    return mailbox


def checked(given: dict[str, Any]) -> dict[str, Any]:
    """The same fields as they are kept. Raises Invalid with the name of a field that cannot be."""
    return {name: _CHECKS[name](value) for name, value in given.items()}


def set_logo(mailbox_id: int, content: bytes | None, *, by: Member) -> None:
    """Keep a picture for the head of each mail, or take it away (None). Raises Forbidden,
    Missing, and Invalid for what is no PNG or JPEG, or too large."""
    must_manage_channels(by)
    if content is not None:
        _must_be_logo(content)
    with setting_up(by):
        mailbox = _locked(mailbox_id)
        logo = None if content is None else keep(by.account.pk, content)
        Mailbox.objects.filter(pk=mailbox.pk).update(logo_id=logo)
        _note(mailbox, by, "mailbox.logo", size=len(content or b""))


def choose_for_chats(mailbox_id: int, on: bool, minutes: int, *, by: Member) -> None:
    """Whether this mailbox carries on chats whose visitor has left, so many minutes after the
    answer; only one of the account does. Raises Forbidden, Missing, Invalid."""
    must_manage_channels(by)
    if not 1 <= minutes <= LONGEST_WAIT:
        raise Invalid(_("Choose between 1 minute and 24 hours (1440 minutes)."), code="minutes")
    with setting_up(by):
        _one_after_the_other()
        mailbox = _locked(mailbox_id)
        if on:
            Mailbox.objects.exclude(pk=mailbox.pk).filter(continues_chats=True).update(continues_chats=False)
        Mailbox.objects.filter(pk=mailbox.pk).update(continues_chats=on, chat_minutes=minutes)
        _note(mailbox, by, "mailbox.chats", on=on, minutes=minutes)


def remove_mailbox(mailbox_id: int, *, by: Member) -> None:
    """Remove an inbox that nothing has come to yet, with its settings and passwords. Raises
    Forbidden, Missing, Conflict for one with conversations or mails."""
    must_manage_channels(by)
    with setting_up(by):
        mailbox = _locked(mailbox_id)
        if not is_unused(mailbox):
            raise Conflict(
                _("This inbox has conversations or mails, so it is kept. Switch it off instead."),
                code="has_conversations",
            )
        _forget(mailbox)
        audit.record(
            by.account.pk, by.user.pk, "mailbox.removed", f"mailbox {mailbox_id}", address=mailbox.address
        )


def is_unused(mailbox: Mailbox) -> bool:
    """Whether nothing of value came to it or left by it; in the caller's account scope."""
    mails = RawMail.objects.filter(mailbox=mailbox).exclude(state=RawState.DELETED)
    return not (
        Conversation.objects.filter(inbox_id=mailbox.inbox_id).exists()
        or mails.exists()
        or Batch.objects.filter(mailbox=mailbox).exists()
    )


def _forget(mailbox: Mailbox) -> None:
    Position.objects.filter(server__mailbox=mailbox).delete()
    for model in (Server, Trial, RawMail):
        model.objects.filter(mailbox=mailbox).delete()
    KnownId.objects.filter(inbox_id=mailbox.inbox_id).delete()
    NamedId.objects.filter(inbox_id=mailbox.inbox_id).delete()
    Mailbox.objects.filter(pk=mailbox.pk).delete()
    Inbox.objects.filter(pk=mailbox.inbox_id).delete()


def _one_after_the_other() -> None:
    """Whoever claims an address, or the chats, waits for whoever does so at this moment, in any
    account: addresses in the installation's own domain are shared."""
    turns.take_turn("email.claims")


def _locked(mailbox_id: int) -> Mailbox:
    found: Mailbox | None = Mailbox.objects.select_for_update().filter(pk=mailbox_id).first()
    if found is None:
        raise Missing
    return found


def _note(mailbox: Mailbox, by: Member, verb: str, **detail: Any) -> None:
    audit.record(by.account.pk, by.user.pk, verb, f"mailbox {mailbox.pk}", **detail)


# What may be in a field


def _name(value: str) -> str:
    name = _line("name", NAME_LIMIT)(value)
    if not name:
        raise Invalid(_("Give the inbox a name, such as Support."), code="name")
    return name


def _address(value: str, field: str = "address") -> str:
    address = value.strip()
    if len(address) > 254 or not is_address(address):
        raise Invalid(_("This is not an email address. Enter one such as support@example.com."), code=field)
    return address


def _aliases(value: str) -> str:
    lines = [line.strip() for line in re.split(r"[\s,;]+", value) if line.strip()]
    if len(lines) > MOST_ALIASES:
        raise Invalid(
            ngettext_lazy("At most %d further address.", "At most %d further addresses.", MOST_ALIASES)
            % MOST_ALIASES,
            code="aliases",
        )
    for line in lines:
        if len(line) > 254 or not is_address(line):
            raise Invalid(_("“%(line)s” is not an email address.") % {"line": line[:80]}, code="aliases")
    return "\n".join({email_key(line): line for line in lines}.values())


def _from_name(value: str) -> str:
    if value not in FromName.values:
        raise Invalid(_("Choose from the list."), code="from_name")
    return value


def _language(value: str) -> str:
    if value and value not in dict(settings.LANGUAGES):
        raise Invalid(_("Choose from the list."), code="language")
    return value


def _colour(value: str) -> str:
    colour = value.strip().lower()
    if colour and not _COLOUR.fullmatch(colour):
        raise Invalid(_("A colour is written like #b4492a."), code="colour")
    return colour


def _line(field: str, most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        text = _LINE_SIGNS.sub(" ", value).strip()
        return _not_longer(text, most, field)

    return check


def _text(field: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        text = _TEXT_SIGNS.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
        return _not_longer(text, TEXT_LIMIT, field)

    return check


def _not_longer(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise Invalid(
            _("This is too long: at most %(most)d characters, not %(now)d.")
            % {"most": most, "now": len(text)},
            code=field,
        )
    return text


def _must_be_logo(content: bytes) -> None:
    if len(content) > LOGO_LIMIT:
        raise Invalid(_("The picture is larger than 200 kB. Choose a smaller one."), code="logo")
    if not kind_of_image(content):
        raise Invalid(_("This is no PNG and no JPEG picture, or it is damaged."), code="logo")


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "address": _address,
    "aliases": _aliases,
    "enabled": bool,
    "from_name": _from_name,
    "company": _line("company", NAME_LIMIT),
    "subject": _line("subject", SUBJECT_LIMIT),
    "language": _language,
    "signature": _text("signature"),
    "colour": _colour,
    "footer": _text("footer"),
    "auto_reply": _text("auto_reply"),
}


# Whose an address is


def _claims(mailbox: Mailbox, given: dict[str, Any]) -> list[str]:
    aliases = given.get("aliases", mailbox.aliases).splitlines()
    return [given.get("address", mailbox.address), *aliases]


def _must_be_free(by: Member, mailbox: Mailbox | None, claims: list[str]) -> None:
    """No address belongs to two inboxes: mail to it could go to one of them only."""
    others = Mailbox.objects.exclude(pk=mailbox.pk if mailbox else 0)
    taken = {
        key: name
        for *texts, name in others.values_list("address", "aliases", "inbox__name")[:1000]
        for key in keys_in(*texts)
    }
    for number, claim in enumerate(claims):
        field = "aliases" if number else "address"
        if claim and email_key(claim) in taken:
            words = _("The inbox “%(name)s” has this address already: %(address)s")
            raise Invalid(words % {"name": taken[email_key(claim)], "address": claim}, code=field)
        if _is_of_somebody_else(by, mailbox, claim):
            raise Invalid(_("This address is not free on this server. Choose another one."), code=field)


def _is_of_somebody_else(by: Member, mailbox: Mailbox | None, claim: str) -> bool:
    """Of an address in the installation's own mail domain, which accounts share."""
    if not settings.MAIL_DOMAIN or not email_key(claim).endswith(f"@{settings.MAIL_DOMAIN}"):
        return False
    place = place_of(claim)
    if is_role(claim):
        return place is None or place.account != by.account.pk
    return place is not None and place.mailbox != (mailbox.pk if mailbox else None)
