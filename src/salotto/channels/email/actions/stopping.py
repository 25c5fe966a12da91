"""Taking mail out of the line: one, or whatever of a mail to many has not been sent yet."""

from collections.abc import Iterator

from django.db import transaction
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email import statuses
from salotto.channels.email.actions.sending import NotWaiting, lock_mail, some_got_it
from salotto.channels.email.models import Batch, BatchRecipient, BatchState, Mail, MailState
from salotto.core import audit, clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import must_act_still, tell

SLICE = 50
"""Mails of a batch that are taken out of the line in one transaction: whoever writes into one of
their conversations waits for no more."""


def cancel_mail(mail_id: int, by: Member) -> None:
    """Take a mail out of the line. Raises Missing, NotWaiting once it is on its way, Forbidden,
    ReadOnly."""
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        mail = lock_mail(mail_id)
        if mail.state != MailState.QUEUED:
            raise NotWaiting(_too_late(mail))
        _stop(mail, by)


def _too_late(mail: Mail) -> str:
    if mail.state == MailState.SENDING:
        return _("It is too late to stop this mail: it is being sent at this moment.")
    if mail.state == MailState.SENT:
        return _("It is too late to stop this mail: it has just been sent.")
    return _("This mail is not in line any more.")


def _stop(mail: Mail, by: Member) -> None:
    """A mail that some have got counts as sent; what is left of it can be tried again."""
    state = MailState.SENT if some_got_it(mail, mail.problems) else MailState.STOPPED
    Mail.objects.filter(pk=mail.pk).update(
        state=state, losses=0, next_try_at=None, changed_at=clock.now(), error=_words(by)
    )


def _words(by: Member) -> str:
    return statuses.STOPPED % {"name": by.user.name}


def stop_many(batch_id: int, by: Member) -> int:
    """Leave out everybody of a batch who waits, and take its mails out of the line that have not
    begun to be sent; how many people it was. Raises Missing, Forbidden, ReadOnly."""
    with account_scope(by.account.pk):
        with transaction.atomic():
            must_act_still(by)
            batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
            if batch is None:
                raise Missing
            waiting = BatchRecipient.objects.filter(batch=batch, state=BatchState.WAITING)
            people = int(waiting.update(state=BatchState.STOPPED, error=_words(by)))
            queued = _in_line(batch)
            audit.record(
                by.account.pk, by.user.pk, "mail.stopped", f"batch {batch.pk}", people=people + len(queued)
            )
        return people + sum(_take_out(part, by) for part in _parts(queued))


def _in_line(batch: Batch) -> list[tuple[int, int]]:
    """(conversation, mail) of the batch's mails that wait, in the order in which they are locked."""
    begun = BatchRecipient.objects.filter(batch=batch).exclude(conversation=None).values("conversation")
    queued = Mail.objects.filter(kind="bulk", state=MailState.QUEUED, conversation__in=begun)
    return list(queued.order_by("conversation_id").values_list("conversation_id", "id")[:10_000])


def _parts(mails: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    return (mails[at : at + SLICE] for at in range(0, len(mails), SLICE))


@transaction.atomic
def _take_out(mails: list[tuple[int, int]], by: Member) -> int:
    """Stop these and tell their conversations' desks; how many were still waiting."""
    there = [mail for conversation, mail in mails if tell(conversation, "delivery")]
    waiting = Mail.objects.select_for_update().filter(pk__in=there, state=MailState.QUEUED)
    stopped = list(waiting.order_by("id"))
    for mail in stopped:
        _stop(mail, by)
    return len(stopped)
