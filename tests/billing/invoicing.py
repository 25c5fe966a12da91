"""Invoices and plans as a test needs them: issued by the same SQL as in the product."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection

from salotto.accounts.models import Account
from salotto.billing.history import invoice
from salotto.billing.invoices import Line, TaxLine, compose
from salotto.billing.models import BillingDetails, Catalogue, Invoice, Price, State, Subscription
from salotto.billing.period import period
from salotto.core.tenancy import account_scope

SELLER = Catalogue(
    time_zone="Europe/Rome",
    payment_days=14,
    seller_name="Officina Salotto S.r.l.",
    seller_address="Via dei Mille 12\n20129 Milano",
    seller_country="IT",
    seller_vat_number="IT00743110157",
    support_email="help@example.com",
)
JUNE = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
AT = datetime(2026, 6, 11, tzinfo=UTC)
THREE_SEATS = Line("seats_prorated", 3, 1900, "month", *JUNE, AT, 3800)
"""3 × €19.00 × 20 of 30 days."""
VAT = TaxLine("VAT", 2200, "", 3800, 836)


def document(account: Account, **changes: Any) -> dict[str, Any]:
    """An open invoice over three seats, €46.36."""
    given: dict[str, Any] = {
        "account": account,
        "details": BillingDetails(legal_name="Bottega Conti S.a.s.", country="IT", email="conti@example.com"),
        "catalogue": SELLER,
        "currency": "EUR",
        "lines": [THREE_SEATS],
        "taxes": [VAT],
        "gateway": "sandbox",
        "issued_at": AT,
    }
    return compose(**{**given, **changes})


def issue(account: Account, **changes: Any) -> Invoice:
    """Issue `document` and read it back."""
    with connection.cursor() as db:
        db.execute("SELECT invoice FROM billing_issue(%s::jsonb)", [json.dumps(document(account, **changes))])
        return invoice(account.pk, db.fetchone()[0])


def unissued(account: Account, **changes: Any) -> Invoice:
    """The row that `document` would become as number 123; nothing is written."""
    instants = ("issued_at", "payable_until", "paid_at", "cycle_start")
    row = document(account, **changes)
    row |= {name: row[name] and datetime.fromisoformat(row[name]) for name in instants}
    return Invoice(id=1, number=123, **row)


def activate(account: Account, *, quantity: int = 13, currency: str = "EUR", **changes: Any) -> Subscription:
    """An active monthly plan since 1 June 2026 at €19.00; the price is of a currency's own version."""
    price = Price.objects.create(currency=currency, unit_amount=changes.pop("unit", 1900), new_from=JUNE[0])
    span = period(JUNE[0], 0, "month", "UTC")
    columns: dict[str, Any] = {
        "state": State.ACTIVE, "quantity": quantity, "quantity_next": quantity, "high_water": quantity,
        "currency": currency, "price": price, "anchor": JUNE[0], "months": 0,
        "period_start": span.start, "period_end": span.end, "due_at": None, "gateway": "sandbox",
    }  # fmt: skip
    with account_scope(account.pk):
        Subscription.objects.update(**{**columns, **changes})
        return Subscription.objects.get()  # type: ignore[no-any-return]


def credit(account: Account, amount: int, currency: str = "EUR", memo: str = "Sorry for Tuesday") -> None:
    """Put an amount on the balance, as an operator does: revenue is less, the balance is more."""
    with connection.cursor() as db:
        db.execute(
            "WITH t AS (INSERT INTO billing_transaction (account_id, at, kind, memo, payment_id)"
            " VALUES (%s, %s, 'credit', %s, %s) RETURNING account_id, id)"
            " INSERT INTO billing_posting (account_id, transaction_id, ledger, amount, currency)"
            " SELECT t.account_id, t.id, side.ledger, side.amount, %s FROM t,"
            " (VALUES ('balance', -%s), ('revenue', %s)) AS side (ledger, amount)",
            [account.pk, AT, memo, uuid4(), currency, amount, amount],
        )


def days(count: int) -> datetime:
    """So many days after 1 June 2026."""
    return JUNE[0] + timedelta(days=count)
