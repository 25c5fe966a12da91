"""What an invoice is made of, before it has a number: pure, without I/O.

`compose` gives the document that the SQL function `billing_issue` writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from salotto.accounts.models import Account
from salotto.billing.models import BillingDetails, Catalogue


@dataclass(frozen=True, slots=True)
class Line:
    """A line: `amount` in minor units, without tax.

    `what`: "seats_prorated" (`quantity` more seats at `unit` per period, for the rest of
    [start, end) from `at` on), "seats_cycle" (a whole period) or "correction" (`text` says
    what is corrected). `unit` is the price of one seat for a whole period of `cycle`.
    """

    what: str
    quantity: int
    unit: int
    cycle: str
    start: datetime | None
    end: datetime | None
    at: datetime | None
    amount: int
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the invoice keeps it."""
        return {
            "what": self.what,
            "quantity": self.quantity,
            "unit": self.unit,
            "cycle": self.cycle,
            "from": moment(self.start),
            "to": moment(self.end),
            "at": moment(self.at),
            "amount": self.amount,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax at one rate: `amount` on `base`, minor units; `basis_points` 2200 is 22 %.

    `note`: "", "reverse_charge" or "export" (then nothing is charged, and the invoice says why).
    """

    name: str
    basis_points: int
    note: str
    base: int
    amount: int

    def as_json(self) -> dict[str, Any]:
        """As the invoice keeps it."""
        return {
            "name": self.name,
            "basis_points": self.basis_points,
            "note": self.note,
            "base": self.base,
            "amount": self.amount,
        }


def moment(instant: datetime | None) -> str | None:
    """An instant as ISO 8601 in UTC; None stays None."""
    return instant and instant.astimezone(UTC).isoformat()


def series_of(kind: str, issued_at: datetime, catalogue: Catalogue) -> str:
    """The series of numbers: the year by the catalogue's clock, credit notes with a C."""
    year = issued_at.astimezone(ZoneInfo(catalogue.time_zone)).year
    return f"C{year}" if kind == "credit_note" else str(year)


def compose(
    *,
    account: Account,
    details: BillingDetails | None,
    catalogue: Catalogue,
    currency: str,
    lines: Sequence[Line],
    taxes: Sequence[TaxLine],
    gateway: str,
    issued_at: datetime,
    balance_used: int = 0,
    carried: int = 0,
    cycle_start: datetime | None = None,
    payment_id: UUID | None = None,
    kind: str = "invoice",
    corrects_id: int | None = None,
    state: str = "open",
) -> dict[str, Any]:
    """The document for `billing_issue`: every column of an invoice but its id and number.

    Amounts in minor units of `currency`; the totals follow from the lines and taxes, and
    `due` = total − balance_used − carried. `state`: "open" (payable for the catalogue's days)
    or "paid" (paid at `issued_at`). JSON can carry it as it is.
    """
    subtotal, tax = sum(line.amount for line in lines), sum(line.amount for line in taxes)
    paid = state == "paid"
    payable = issued_at if paid else issued_at + timedelta(days=catalogue.payment_days)
    return {
        "account_id": account.pk,
        "kind": str(kind),
        "series": series_of(kind, issued_at, catalogue),
        "corrects_id": corrects_id,
        "currency": currency,
        "lines": [line.as_json() for line in lines],
        "taxes": [line.as_json() for line in taxes],
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
        "balance_used": balance_used,
        "carried": carried,
        "due": subtotal + tax - balance_used - carried,
        "seller": _seller(catalogue),
        "buyer": _buyer(account, details),
        "language": account.language,
        "gateway": gateway,
        "issued_at": moment(issued_at),
        "payable_until": moment(payable),
        "cycle_start": moment(cycle_start),
        "payment_id": str(payment_id) if payment_id else None,
        "state": str(state),
        "paid_at": moment(issued_at) if paid else None,
    }


def _seller(catalogue: Catalogue) -> dict[str, str]:
    return {
        "name": catalogue.seller_name,
        "address": catalogue.seller_address,
        "country": catalogue.seller_country,
        "vat_number": catalogue.seller_vat_number,
        "email": catalogue.support_email,
    }


def _buyer(account: Account, details: BillingDetails | None) -> dict[str, str]:
    if details is None:
        details = BillingDetails(legal_name=account.name)
    return {
        "name": details.legal_name or account.name,
        "address": details.address,
        "country": details.country,
        "vat_number": details.vat_number,
        "email": details.email,
        "reference": details.reference,
    }
