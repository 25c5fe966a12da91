"""An account's histories, each whole: newest first, a page at a time, by key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import Account
from salotto.accounts.paging import after, cursor_of
from salotto.billing import history
from salotto.billing.history import BalanceRow, Paged, before, page_of
from salotto.billing.models import Payment, Posting, Transaction
from salotto.billing.money import Money
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange, SeatRequest

PAGE = 50
MOST_POSTINGS = 20
"""Postings of one transaction; the product writes five at most."""


@dataclass(frozen=True, slots=True)
class Side:
    """A posting: how much on the debit or the credit side of a ledger account."""

    ledger: str
    debit: Money | None
    credit: Money | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction of the money ledger, with its postings; per currency they sum to zero."""

    id: int
    at: datetime
    kind: str
    memo: str
    invoice_id: int | None
    invoice_name: str
    sides: list[Side]


@dataclass(frozen=True, slots=True)
class History:
    """One page of a history of an account; `part` is the template of its rows."""

    account: Account
    name: str
    title: Any
    part: str
    page: Paged[Any]


def ledger(*, cursor: str = "", limit: int = PAGE) -> Paged[Entry]:
    """The money ledger of the open scope; two queries."""
    rows = Transaction.objects.filter(id__lt=before(cursor)).select_related("invoice").order_by("-id")
    found = list(rows.defer("invoice__lines", "invoice__taxes")[: limit + 1])
    sides: dict[int, list[Side]] = {row.pk: [] for row in found}
    postings = Posting.objects.filter(transaction_id__in=list(sides)).order_by("id")
    for posting in postings[: MOST_POSTINGS * (limit + 1)]:
        sides[posting.transaction_id].append(_side(posting))
    return page_of([_entry(row, sides[row.pk]) for row in found], limit)


def _side(posting: Posting) -> Side:
    amount = Money(abs(posting.amount), posting.currency)
    is_debit = posting.amount >= 0
    return Side(posting.ledger, amount if is_debit else None, None if is_debit else amount)


def _entry(row: Transaction, sides: list[Side]) -> Entry:
    name = row.invoice.name if row.invoice else ""
    return Entry(row.pk, row.at, row.kind, row.memo, row.invoice_id, name, sides)


def payments(*, cursor: str = "", limit: int = PAGE) -> Paged[Payment]:
    """The payments of the open scope. Their ids are no numbers: the key is when, and the id."""
    rows = Payment.objects.select_related("actor").order_by("-created_at", "-id")
    if place := _place(cursor):
        at, payment = place
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=payment))
    found = list(rows[: limit + 1])
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return Paged(shown, cursor_of(f"{last.created_at.isoformat()} {last.pk}", 0) if last else "")


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    found = after(cursor)
    try:
        at, payment = found[0].split(" ") if found else ("", "")
        return (datetime.fromisoformat(at), UUID(payment)) if found else None
    except ValueError:
        return None


def changes(*, cursor: str = "", limit: int = PAGE) -> Paged[SeatChange]:
    """The seat ledger of the open scope."""
    rows = SeatChange.objects.select_related("actor").filter(id__lt=before(cursor)).order_by("-id")
    return page_of(list(rows[: limit + 1]), limit)


def requests(*, cursor: str = "", limit: int = PAGE) -> Paged[SeatRequest]:
    """What the account of the open scope has asked of support."""
    rows = SeatRequest.objects.select_related("asked_by").filter(id__lt=before(cursor)).order_by("-id")
    return page_of(list(rows[: limit + 1]), limit)


def balance(account: Account, *, cursor: str = "", limit: int = PAGE) -> Paged[BalanceRow]:
    """What has raised and lowered its balance."""
    return history.balance_changes(account, cursor=cursor, limit=limit)


Rows = Callable[[Account, str], Paged[Any]]
HISTORIES: dict[str, tuple[Any, str, Rows]] = {
    "payments": (_("Payments"), "_payments", lambda _account, cursor: payments(cursor=cursor)),
    "seats": (_("Seat ledger"), "_changes", lambda _account, cursor: changes(cursor=cursor)),
    "requests": (_("Requests"), "_asked", lambda _account, cursor: requests(cursor=cursor)),
    "ledger": (_("Money ledger"), "_ledger", lambda _account, cursor: ledger(cursor=cursor)),
    "balance": (_("Balance"), "_balance", lambda account, cursor: balance(account, cursor=cursor)),
}
"""By the name in the address; invoices and the audit log have lists of their own."""


def history_of(account: Account, name: str, cursor: str) -> History:
    """A page of the history of this name; raises Missing for one that there is not."""
    if name not in HISTORIES:
        raise Missing()
    title, part, rows = HISTORIES[name]
    with account_scope(account.pk):
        page = rows(account, cursor)
    return History(account, name, title, f"operator/{part}.html", page)
