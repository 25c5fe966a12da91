"""A trial: its beginning, its reminders and its end (rules S6, S14, 20)."""

from datetime import timedelta

from django.db import transaction

from salotto.accounts.actions import set_read_only
from salotto.accounts.locking import lock_people
from salotto.accounts.models import Account
from salotto.billing.actions import free
from salotto.billing.actions.locking import reschedule, save
from salotto.billing.due import REMINDERS, due_at
from salotto.billing.models import Catalogue, State, Subscription
from salotto.billing.signals import quantity_changed
from salotto.billing.standing import Standing, account_now
from salotto.billing.tasks import send_trial_over, send_trial_reminder
from salotto.core import audit, clock
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


def go_on(sub: Subscription, st: Standing) -> str:
    """The reminder that has come, or the end; in the transaction that holds the lock on `sub`.

    After a downtime only the latest reminder is sent. While a purchase is under way the end
    waits for it. Gives what was done, or "".
    """
    if sub.trial_ends_at is None:
        return ""
    left = sub.trial_ends_at - account_now(sub)
    if left <= timedelta():
        return "" if st.open_payment else _end(sub, st)
    come = sum(left <= timedelta(days=days) for days in REMINDERS)
    if come <= sub.reminded:
        return ""
    sub.reminded = come
    reschedule(sub, "reminded")
    send_trial_reminder.defer(account_id=sub.account_id, days=REMINDERS[come - 1])
    return "trial_reminder"


def _end(sub: Subscription, st: Standing) -> str:
    lock_people(sub.account_id)  # the end writes the account's row, which comes before the seat plan's
    if free.begin(sub, st):
        return "free_plan"
    sub.state = State.LAPSED
    save(sub, "state")
    set_read_only(sub.account_id, True)
    quantity_changed.send(
        Subscription, account_id=sub.account_id, actor_id=None, kind="trial_over",
        quantity=0, quantity_next=0, reason="trial over", at=account_now(sub),
    )  # fmt: skip
    audit.record(sub.account_id, None, "trial.over", reason="not bought")
    send_trial_over.defer(account_id=sub.account_id)
    return "trial_over"
