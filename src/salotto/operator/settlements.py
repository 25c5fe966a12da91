"""What operators do about invoices and balances, from texts as a form or a command gives them."""

from salotto.accounts.models import User
from salotto.billing.models import Invoice


def settle(account_id: int, invoice_id: int, day: str, *, by: User | None) -> Invoice:
    """x"""
    raise NotImplementedError


def correct(
    account_id: int, invoice_id: int, amount: str, to: str, reason: str, *, by: User | None
) -> Invoice:
    """x"""
    raise NotImplementedError


def grant(account_id: int, amount: str, currency: str, reason: str, *, by: User | None, key: str) -> None:
    """x"""
    raise NotImplementedError
