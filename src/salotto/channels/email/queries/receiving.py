"""Whose mail it is that somebody brings."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db import connection

from salotto.accounts.models import Account
from salotto.billing.models import Catalogue
from salotto.channels.email import addresses
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.queries.routing import inbox_of, route
from salotto.core.tenancy import account_scope, all_accounts

# One look into an index (migration 0014), whoever asks and however often: anybody may guess.
_CLAIMS = r"""
    SELECT account_id, id
      FROM email_mailbox
     WHERE string_to_array(lower(address || E'\n' || aliases), E'\n') @> ARRAY[lower(%s)]
     ORDER BY id
     LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail goes: a mailbox, or an account's unrouted mail (None)."""

    account: int
    mailbox: int | None


def place_of(address: str) -> Place | None:
    """Where mail to this address of our mail domain goes; None for any other address.

    A mailbox that is switched off takes mail all the same, and answers to a conversation that
    was deleted go where it was.
    """
    if addresses.is_role(address):
        return _of_postmaster(address)
    local = addresses.local_part(address)
    if not local or "\x00" in address:
        return None
    thread = addresses.thread_of(address)
    if thread is not None:
        return _of_conversation(thread.account, thread.conversation)
    returned = addresses.returned_mail(address)
    if returned is not None:
        return _of_mail(returned.account, returned.mail)
    return _by_key(local) or _by_address(address)


def _of_conversation(account: int, conversation: int) -> Place:
    with account_scope(account):
        inbox = inbox_of(conversation)
        mailbox = Mailbox.objects.filter(inbox_id=inbox or 0).values_list("pk", flat=True).first()
        return Place(account, mailbox or _usual(account))


def _of_mail(account: int, mail: int) -> Place:
    with account_scope(account):
        mailbox = Mail.objects.filter(pk=mail).values_list("mailbox_id", flat=True).first()
        return Place(account, mailbox or _usual(account))


def _of_postmaster(address: str) -> Place | None:
    """The mailbox that `SALOTTO_POSTMASTER` names; else, of the account of support, or without one
    of the oldest, the one with this address, or the usual one."""
    if named := postmaster():
        return named
    account = _host()
    if account is None:
        return None
    with account_scope(account):
        return Place(account, route(account, [address]) or _usual(account))


def postmaster() -> Place | None:
    """The mailbox whose address `SALOTTO_POSTMASTER` is, if it names any."""
    named = settings.POSTMASTER
    return (_by_key(addresses.local_part(named) or "") or _by_address(named)) if named else None


def _host() -> int | None:
    support = Catalogue.objects.values_list("support_account", flat=True).first()
    return support or Account.objects.order_by("pk").values_list("pk", flat=True).first()


def _usual(account: int) -> int | None:
    """The mailbox for mail that names none (any more): the one that carries chats on, else the
    oldest."""
    with account_scope(account):
        found = Mailbox.objects.order_by("-continues_chats", "pk")
        usual: int | None = found.values_list("pk", flat=True).first()
    return usual


def _by_key(local: str) -> Place | None:
    with all_accounts():
        found = Mailbox.objects.filter(key=local).values_list("account_id", "pk").first()
    return found and Place(*found)


def _by_address(address: str) -> Place | None:
    """The mailbox with this address or alias; of two that claim it, the older."""
    with all_accounts(), connection.cursor() as db:
        db.execute(_CLAIMS, [addresses.untagged(address)])
        found = db.fetchone()
    return found and Place(*found)


def place_by_hook(key: str, secret: str) -> Place | None:
    """The mailbox with this key and this secret of its raw-mail address, else None."""
    with all_accounts():
        found = Mailbox.objects.filter(key=key).values_list("account_id", "pk", "hook_digest").first()
    account, mailbox, digest = found or (0, 0, "")
    given = sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    right = hmac.compare_digest(given, digest or "0" * 64)
    return Place(account, mailbox) if right and digest else None
