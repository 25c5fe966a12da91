"""Rows and quotes as programs get them. Pure; words and money in the active language."""

from typing import Any

from django.utils.translation import get_language

from salotto.accounts import queries as accounts
from salotto.accounts.models import User
from salotto.api import schemas
from salotto.api.queries import Purchase
from salotto.billing import money
from salotto.billing.errors import why_declined
from salotto.billing.gateways import gateway
from salotto.billing.history import InvoiceRow, Paged
from salotto.billing.invoices import instant
from salotto.billing.models import Invoice
from salotto.billing.quotes import Quote
from salotto.billing.standing import Standing
from salotto.billing.upcoming import Upcoming, next_renewal
from salotto.seats.models import SeatChange, SeatRequest
from salotto.seats.queries import Plan


def cash(amount: int, currency: str) -> schemas.Money:
    """Money, in the reader's language."""
    shown = money.Money(amount, currency).shown(get_language() or "en")
    return schemas.Money(amount=amount, currency=currency, shown=shown)


def each(row: Any, *names: str) -> dict[str, Any]:
    """Several amounts of something that has a currency."""
    return {name: cash(getattr(row, name), row.currency) for name in names}


def plain(row: Any, *names: str) -> dict[str, Any]:
    """Several fields as they are."""
    return {name: getattr(row, name) for name in names}


def seats(st: Standing, plan: Plan) -> schemas.Seats:
    """The plan of an account."""
    sub = st.subscription
    coming = next_renewal(st, plan.in_use)
    return schemas.Seats(
        **plain(sub, "state", "quantity_next", "cycle", "cycle_next", "period_end"),
        **plain(plan, "seats", "in_use", "free"),
        read_only=st.account.read_only,
        currency=sub.currency or None,
        trial_ends_at=sub.trial_ends_at,
        renewal=_renewal(coming) if coming else None,
    )


def _renewal(coming: Upcoming) -> schemas.Renewal:
    return schemas.Renewal(
        **plain(coming, "at", "cycle"),
        **each(coming, "subtotal", "tax", "total", "amount"),
        seats=coming.quantity,
    )


def named(user: User | None) -> schemas.Named | None:
    """A person, or None for Salotto itself."""
    return schemas.Named(id=user.pk, name=user.name) if user else None


def change(row: SeatChange) -> schemas.SeatChange:
    """A row of the seat ledger."""
    return schemas.SeatChange(
        **plain(row, "id", "at", "kind", "seats_at_renewal", "reason"),
        seats=row.seats_after,
        actor=named(row.actor),
    )


def changes(page: Paged[SeatChange]) -> schemas.SeatChanges:
    """A page of the seat ledger."""
    return schemas.SeatChanges(rows=[change(row) for row in page.rows], next=page.next or None)


def person(row: accounts.Person) -> schemas.Person:
    """A member."""
    return schemas.Person(**plain(row, "id", "name", "email", "role", "access"))


def people(page: accounts.People) -> schemas.People:
    """A page of members."""
    return schemas.People(rows=[person(row) for row in page.rows], next=page.next or None)


def quote(q: Quote) -> schemas.Quote:
    """A quote with its token."""
    return schemas.Quote(
        **plain(q, "id", "token", "at", "expires_at", "is_first", "add", "quantity_from", "quantity_to"),
        **plain(q, "next_from", "next_to", "delta", "cycle", "period_start", "period_end", "gateway"),
        **each(q, "unit", "subtotal", "total", "balance_used", "carried", "amount"),
        tax=schemas.Tax(
            name=q.tax_name, basis_points=q.tax_points, note=q.tax_note, amount=cash(q.tax, q.currency)
        ),
        next=schemas.Following(
            starts_at=q.period_end,
            subtotal=cash(q.next_subtotal, q.currency),
            tax=cash(q.next_tax, q.currency),
            total=cash(q.next_total, q.currency),
        ),
        needs_payment_method=bool(q.amount) and q.method_id is None and gateway(q.gateway).takes_cards,
    )


def purchase(found: Purchase, challenge: Any = None) -> schemas.Purchase:
    """A purchase; `challenge` is what the customer has to do at this moment."""
    row, invoice = found.payment, found.invoice
    return schemas.Purchase(
        **plain(row, "id", "state", "quantity_from", "quantity_to", "next_from", "next_to", "delta"),
        **plain(row, "created_at", "settled_at"),
        **each(row, "total", "balance_used", "carried", "amount"),
        invoice=schemas.InvoiceName(id=invoice.pk, name=invoice.name) if invoice else None,
        challenge=dict(challenge) if challenge else None,
        problem=_problem(row.error_code) if row.state == "failed" else None,
    )


def _problem(code: str) -> schemas.Problem:
    return schemas.Problem(code=code or "declined", message=str(why_declined(code)), field=None)


def invoices(page: Paged[InvoiceRow]) -> schemas.Invoices:
    """A page of invoices."""
    return schemas.Invoices(rows=[_invoice_row(row) for row in page.rows], next=page.next or None)


def _invoice_row(row: InvoiceRow) -> schemas.InvoiceRow:
    return schemas.InvoiceRow(
        **plain(row, "id", "name", "kind", "state", "issued_at", "payable_until"),
        total=cash(row.total.amount, row.total.currency),
        due=cash(row.due.amount, row.due.currency),
    )


def invoice(row: Invoice) -> schemas.Invoice:
    """An invoice with its lines."""
    return schemas.Invoice(
        **plain(row, "id", "name", "kind", "state", "issued_at", "payable_until", "paid_at"),
        **plain(row, "gateway", "language"),
        **each(row, "subtotal", "tax", "total", "balance_used", "carried", "due"),
        corrects=row.corrects_id,
        purchase=row.payment_id,
        lines=[_line(line, row.currency) for line in row.lines],
        taxes=[_tax(tax, row.currency) for tax in row.taxes],
        seller=_party(row.seller),
        buyer=_party(row.buyer),
    )


def _line(line: dict[str, Any], currency: str) -> schemas.InvoiceLine:
    return schemas.InvoiceLine(
        **{name: line[name] for name in ("what", "quantity", "cycle", "text")},
        starts_at=instant(line["from"]),
        ends_at=instant(line["to"]),
        at=instant(line["at"]),
        unit=cash(line["unit"], currency),
        amount=cash(line["amount"], currency),
    )


def _tax(tax: dict[str, Any], currency: str) -> schemas.InvoiceTax:
    return schemas.InvoiceTax(
        **{name: tax[name] for name in ("name", "basis_points", "note")},
        base=cash(tax["base"], currency),
        amount=cash(tax["amount"], currency),
    )


def _party(given: dict[str, str]) -> schemas.Party:
    return schemas.Party(**{name: given.get(name) or "" for name in schemas.Party.model_fields})


def request(row: SeatRequest) -> schemas.SeatRequest:
    """A request to support."""
    return schemas.SeatRequest(
        **plain(row, "id", "kind", "state", "quantity", "seats_then", "note", "asked_at", "answer"),
        **plain(row, "answered_at", "effective_at", "closed_at"),
        asked_by=schemas.Named(id=row.asked_by_id, name=row.asked_by.name),
    )


def requests(page: Paged[SeatRequest]) -> schemas.SeatRequests:
    """A page of requests."""
    return schemas.SeatRequests(rows=[request(row) for row in page.rows], next=page.next or None)
