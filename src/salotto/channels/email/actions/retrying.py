"""Mails that were not taken in: another try, and a mailbox for those that had none."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salotto.accounts.locking import lock_member
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email.actions.fetching import fetch_again_soon
from salotto.channels.email.actions.storing import take_in_soon
from salotto.channels.email.mime import parse
from salotto.channels.email.models import Mailbox, RawMail, RawState
from salotto.channels.email.queries.dead import is_part
from salotto.channels.email.queries.routing import recipients_of, route
from salotto.channels.email.queries.waiting import mailboxes_with_waiting_mails
from salotto.core import audit, clock
from salotto.core.errors import Conflict, Missing
from salotto.core.tenancy import account_scope

STUCK = (RawState.FAILED, RawState.WAITING)
"""States in which a mail can be tried at once: one that waits for its next attempt too."""


def take_in_due() -> None:
    """Have the mails taken in whose time has come, and those whose job was lost."""
    for account_id, mailbox_id in mailboxes_with_waiting_mails():
        take_in_soon(account_id, mailbox_id)


def retry_raw(raw: int, *, by: Member) -> None:
    """Try a mail again now that could not be read. Raises Forbidden unless `by` is an admin,
    Missing, and Conflict when it has been taken in meanwhile."""
    with _administering(by):
        retry(by.account.pk, raw, by.user.pk)


def assign_raw(raw: int, mailbox: int, *, by: Member) -> None:
    """Give a mail that was for no inbox to this mailbox, which takes it in. Raises as
    `retry_raw`."""
    with _administering(by):
        route_raw(by.account.pk, raw, mailbox, by.user.pk)


def dismiss_raw(raw: int, *, by: Member) -> None:
    """Put a mail away of which only a part is here: the whole one stays in the mailbox that it lies
    in, and is not read from there again. Its message stays, if it has one, with its headers. Raises as
    `retry_raw`, Conflict also for a mail that is here whole."""
    with _administering(by):
        mail = _lock(raw, RawState.FAILED)
        if not is_part(mail.pk):
            raise Conflict(_("This mail is kept whole here. It stays until it can be read."), code="whole")
        gone = {"state": RawState.DELETED, "content": b""}
        left = {"state": RawState.DONE} if mail.message_id else gone
        RawMail.objects.filter(pk=raw).update(error="", **left)
        reason = mail.error.replace("\n", " ")
        audit.record(by.account.pk, by.user.pk, "mail.dismissed", f"mail {raw}", reason=reason)


@contextmanager
def _administering(by: Member) -> Iterator[None]:
    """A transaction of who is an admin, and stays one until it ends; raises Forbidden."""
    with account_scope(by.account.pk), transaction.atomic():
        must_manage_channels(lock_member(by))
        yield


def retry(account_id: int, raw: int, actor: int | None) -> None:
    """`retry_raw` for whoever runs the server, or as decided."""
    with account_scope(account_id), transaction.atomic():
        mail = _lock(raw, *STUCK)
        if mail.mailbox_id is None:
            raise _taken()
        if is_part(raw) and mail.size > settings.MAIL_LIMIT:
            raise Conflict(_too_large(mail.size), code="too_large")
        if not fetch_again_soon(account_id, raw):
            _wait(mail, mail.mailbox_id)
        audit.record(account_id, actor, "mail.retried", f"mail {raw}", reason=mail.error.replace("\n", " "))


def route_raw(account_id: int, raw: int, mailbox: int, actor: int | None) -> None:
    """`assign_raw` for whoever runs the server, or as decided."""
    with account_scope(account_id), transaction.atomic():
        mail = _lock(raw, RawState.UNROUTED)
        if not Mailbox.objects.filter(pk=mailbox).exists():
            raise Missing
        _wait(mail, mailbox)
        audit.record(account_id, actor, "mail.routed", f"mail {raw}", mailbox=mailbox)


def route_by_itself(account_id: int, raw: int, actor: int | None) -> int | None:
    """Give an unrouted mail to the mailbox that its recipients mean; None if they mean none."""
    with account_scope(account_id):
        mail = RawMail.objects.filter(pk=raw).first()
        if mail is None:
            raise Missing
        read = parse(bytes(mail.content))
        mailbox = route(account_id, recipients_of(read, mail.recipients))
    if mailbox is not None:
        route_raw(account_id, raw, mailbox, actor)
    return mailbox


def _lock(raw: int, *states: RawState) -> RawMail:
    found: RawMail | None = (
        RawMail.objects.select_for_update(no_key=True).defer("content").filter(pk=raw).first()
    )
    if found is None:
        raise Missing
    if found.state not in states:
        raise _taken()
    return found


def _too_large(size: int) -> str:
    words = gettext(
        "This mail has %(size)s MB, and mails of up to %(limit)s MB are taken in. Trying again helps only"
        " after whoever runs this server has raised that (SALOTTO_MAIL_LIMIT)."
    )
    most = settings.MAIL_LIMIT / (1 << 20)
    return words % {"size": f"{size / (1 << 20):.1f}", "limit": f"{most:g}"}


def _taken() -> Conflict:
    return Conflict(_("This mail does not wait any more. Reload to see what became of it."))


def _wait(mail: RawMail, mailbox: int) -> None:
    mail_again = RawMail.objects.filter(pk=mail.pk)
    mail_again.update(mailbox_id=mailbox, state=RawState.WAITING, attempts=0, next_try_at=clock.now())
    take_in_soon(mail.account_id, mailbox)
