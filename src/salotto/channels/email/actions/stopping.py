"""Stopping a mail to many: who has not got it yet does not get it."""

from django.db import transaction
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email.models import Batch, BatchRecipient, BatchState, Mail, MailState
from salotto.core import audit, clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import must_act_still


def stop_many(batch_id: int, by: Member) -> int:
    """Leave out everybody of a batch who waits, and take its mails out of the line that have not
    begun to be sent; how many people it was. Raises Missing, Forbidden, ReadOnly."""
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        batch = Batch.objects.filter(pk=batch_id).first()
        if batch is None:
            raise Missing
        words = _("%(name)s stopped it.") % {"name": by.user.name}
        waiting = BatchRecipient.objects.filter(batch=batch, state=BatchState.WAITING)
        left_out = int(waiting.update(state=BatchState.REFUSED, error=words))
        left_out += _take_out_of_line(batch, words)
        audit.record(by.account.pk, by.user.pk, "mail.stopped", f"batch {batch.pk}", people=left_out)
    return left_out


def _take_out_of_line(batch: Batch, words: str) -> int:
    begun = BatchRecipient.objects.filter(batch=batch).exclude(conversation=None).values("conversation")
    queued = Mail.objects.filter(kind="bulk", state=MailState.QUEUED, conversation__in=begun)
    changes = {"state": MailState.FAILED, "error": words, "next_try_at": None, "changed_at": clock.now()}
    return int(queued.update(**changes))
