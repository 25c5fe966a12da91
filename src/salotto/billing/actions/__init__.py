"""Every write about an account's money, one verb each."""

from salotto.billing.actions.collecting import resume
from salotto.billing.actions.due import run_due, step
from salotto.billing.actions.purchases import buy, continue_purchase, give_up
from salotto.billing.actions.quantities import schedule_quantity
from salotto.billing.actions.renewals import pay_invoice, renew

__all__ = [
    "buy",
    "continue_purchase",
    "give_up",
    "pay_invoice",
    "renew",
    "resume",
    "run_due",
    "schedule_quantity",
    "step",
]
