"""Reads about what was: invoices, what is owed, the balance, the cards. Newest first, by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from salotto.accounts.models import Account
from salotto.billing.invoices import InvoiceView
from salotto.billing.models import (
    BillingDetails,
    Invoice,
    InvoiceKind,
    InvoiceState,
    PaymentMethod,
    Posting,
)
from salotto.billing.money import Money
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope

PAGE = 25
MOST_METHODS = 50
MOST_OPEN = 20
BIGGEST = 2**63 - 1
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """One page; `next` is the cursor of the following one, or ""."""

    rows: list[Row]
    next: str


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as a list shows it."""

    id: int
    name: str
    kind: str
    kind_word: str
    issued_at: datetime
    total: Money
    due: Money
    state: str
    state_word: str
    payable_until: datetime
    gateway: str


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A change of the balance: a positive amount is owed to the customer from then on.

    `kind` is the transaction's, or, of an invoice, "used", "carried" or "collected": what it
    did with the balance.
    """

    id: int
    at: datetime
    kind: str
    memo: str
    amount: Money
    invoice_id: int | None
    invoice_name: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card as a list shows it; `expired` by the account's clock."""

    pk: int
    gateway: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_current: bool
    expired: bool


def before(cursor: str) -> int:
    """The id that a page continues below; for no cursor of ours, the beginning."""
    fits = cursor.isascii() and cursor.isdigit() and len(cursor) <= 19
    return min(int(cursor), BIGGEST) if fits else BIGGEST


def page_of(rows: list[Row], limit: int) -> Paged[Row]:
    """A page from `limit` + 1 rows that carry an `id`."""
    shown = rows[:limit]
    more = str(shown[-1].id) if len(rows) > limit else ""  # type: ignore[attr-defined]
    return Paged(shown, more)


def invoices(account: Account, *, cursor: str = "", limit: int = PAGE) -> Paged[InvoiceRow]:
    """The account's invoices and credit notes, newest first."""
    with account_scope(account.pk):
        found = Invoice.objects.filter(id__lt=before(cursor)).order_by("-id")
        return page_of([_row(invoice) for invoice in found.only(*_SHOWN)[: limit + 1]], limit)


def open_invoices(account: Account) -> list[InvoiceRow]:
    """What is still to be paid, the oldest first."""
    with account_scope(account.pk):
        found = Invoice.objects.filter(state=InvoiceState.OPEN, kind=InvoiceKind.INVOICE, due__gt=0)
        return [_row(invoice) for invoice in found.only(*_SHOWN).order_by("id")[:MOST_OPEN]]


_SHOWN = (
    *("account_id", "series", "number", "kind", "issued_at", "payable_until"),
    *("total", "due", "currency", "state", "gateway"),
)


def _row(invoice: Invoice) -> InvoiceRow:
    return InvoiceRow(
        id=invoice.pk,
        name=invoice.name,
        kind=invoice.kind,
        kind_word=str(InvoiceKind(invoice.kind).label),
        issued_at=invoice.issued_at,
        total=Money(invoice.total, invoice.currency),
        due=Money(invoice.due, invoice.currency),
        state=invoice.state,
        state_word=str(InvoiceState(invoice.state).label),
        payable_until=invoice.payable_until,
        gateway=invoice.gateway,
    )


def invoice_view(account: Account, invoice_id: int) -> InvoiceView:
    """An invoice of this account, for its page and its PDF; raises Missing."""
    return view_of(account, invoice(account.pk, invoice_id))


def invoice(account_id: int, invoice_id: int) -> Invoice:
    """An invoice of this account; raises Missing."""
    with account_scope(account_id):
        found = Invoice.objects.filter(pk=invoice_id).first() if invoice_id <= BIGGEST else None
    if found is None:
        raise Missing()
    return found  # type: ignore[no-any-return]


def view_of(account: Account, row: Invoice) -> InvoiceView:
    """The view of an invoice, in the account's time zone."""
    corrected = invoice(account.pk, row.corrects_id) if row.corrects_id else None
    return InvoiceView.of(row, account.time_zone, corrected)


def methods(account: Account, now: datetime) -> list[CardRow]:
    """The account's cards that are not removed, the current one first."""
    with account_scope(account.pk):
        found = PaymentMethod.objects.filter(removed_at=None).order_by("-is_current", "id")
        return [_card(method, now) for method in found[:MOST_METHODS]]


def _card(method: PaymentMethod, now: datetime) -> CardRow:
    expired = (method.exp_year, method.exp_month) < (now.year, now.month)
    fields = ("pk", "gateway", "brand", "last4", "exp_month", "exp_year", "is_current")
    return CardRow(**{name: getattr(method, name) for name in fields}, expired=expired)


def details(account: Account) -> BillingDetails | None:
    """Whom the account's invoices are made out to, if it has said."""
    with account_scope(account.pk):
        return BillingDetails.objects.first()  # type: ignore[no-any-return]


def balance_changes(account: Account, *, cursor: str = "", limit: int = PAGE) -> Paged[BalanceRow]:
    """What has raised and lowered the balance, newest first."""
    with account_scope(account.pk):
        found = Posting.objects.filter(ledger="balance", id__lt=before(cursor))
        found = found.select_related("transaction__invoice").order_by("-id")[: limit + 1]
        return page_of([_change(posting) for posting in found], limit)


def _change(posting: Posting) -> BalanceRow:
    event, of = posting.transaction, posting.transaction.invoice
    return BalanceRow(
        id=posting.pk,
        at=event.at,
        kind=_kind(posting, event.kind, of),
        memo=event.memo,
        amount=Money(-posting.amount, posting.currency),
        invoice_id=event.invoice_id,
        invoice_name=of.name if of else "",
    )


def _kind(posting: Posting, kind: str, of: Invoice | None) -> str:
    if kind != "invoice" or of is None:
        return kind
    if posting.amount < 0:
        return "collected"
    return "used" if posting.amount == of.balance_used else "carried"
