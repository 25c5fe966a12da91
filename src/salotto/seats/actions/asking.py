"""An admin who is not the primary one asks for seats (rule 15)."""

from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from salotto.accounts.members import Member, must_administer
from salotto.billing.models import Subscription
from salotto.billing.standing import account_now
from salotto.core import audit
from salotto.core.tenancy import account_scope
from salotto.seats import mails
from salotto.seats.errors import AlreadyAsked
from salotto.seats.queries import asking_key, plan

DAY = 24 * 3600


def ask_primary_admin(*, by: Member) -> datetime:
    """Mail the primary admin that seats are needed; when it was asked, by the account's clock.

    Once per admin and 24 hours. Raises Forbidden unless `by` is an admin, AlreadyAsked (409).
    """
    must_administer(by)
    with transaction.atomic(), account_scope(by.account.pk):
        now = account_now(Subscription.objects.get())
        if not cache.add(asking_key(by.account.pk, by.user.pk), now, DAY):
            raise AlreadyAsked()
        audit.record(by.account.pk, by.user.pk, "seats.asked_for")
        mails.send_asking(by, plan())
    return now
