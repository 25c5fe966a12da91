"""Trying again what was not delivered of a mail to many."""

from django.db import transaction

from salotto.accounts.members import Member
from salotto.channels.email.actions.sending import NotWaiting, retry_mail
from salotto.channels.email.models import Batch
from salotto.channels.email.queries import batches
from salotto.core import audit
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import must_act_still


def retry_many(batch_id: int, by: Member) -> int:
    """Try each mail of a batch again that was not sent or came back, but for addresses that do not
    exist; how many are tried. Raises Missing, Forbidden, ReadOnly."""
    with account_scope(by.account.pk):
        with transaction.atomic():
            must_act_still(by)
            if not Batch.objects.filter(pk=batch_id).exists():
                raise Missing
            mails = batches.lost_mails(batch_id)
            audit.record(
                by.account.pk, by.user.pk, "mail.retried_many", f"batch {batch_id}", people=len(mails)
            )
        return sum(_tried(mail, by) for mail in mails)


def _tried(mail: int, by: Member) -> bool:
    """Whether it is in line again; it may have been tried or deleted meanwhile."""
    try:
        retry_mail(mail, by)
    except (NotWaiting, Missing):
        return False
    return True
