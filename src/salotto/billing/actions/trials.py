"""The beginning of an account's subscription: its trial, if trials are still given."""

from datetime import timedelta

from django.db import transaction

from salotto.accounts.models import Account
from salotto.billing.due import REMINDERS, due_at
from salotto.billing.models import Catalogue, State, Subscription
from salotto.core import clock
from salotto.core.tenancy import account_scope


def begin(account: Account) -> bool:
    """The subscription of a new account; True if it starts with a trial.

    From the end of sale on there is none (rule S14): False. Reminders that would lie before
    today are left out. Raises IntegrityError if the account has a subscription.
    """
    catalogue = Catalogue.objects.get(pk=1)
    now = clock.now().replace(microsecond=0)
    over = catalogue.sale_ends_at()
    trial = over is None or now < over
    sub = Subscription(
        account=account, time_zone=account.time_zone, state=State.TRIAL if trial else State.LAPSED
    )
    if trial:
        sub.trial_ends_at = now + timedelta(days=catalogue.trial_days)
        sub.reminded = sum(days >= catalogue.trial_days for days in REMINDERS)
        sub.due_at = due_at(sub)
    with transaction.atomic(), account_scope(account.pk):
        sub.save(force_insert=True)
    return trial
