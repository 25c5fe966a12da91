"""What an invoice is made of, and how it is read: pure, without I/O.

`compose` gives the document that the SQL function `billing_issue` writes; `InvoiceView` is
the same for people, in the invoice's language. The page and the PDF are both made from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from salotto.accounts.models import Account
from salotto.billing import wording
from salotto.billing.models import BillingDetails, Catalogue, Invoice, InvoiceKind, InvoiceState
from salotto.billing.money import Money

MOST_LINES = 200
"""Lines shown one by one; what is beyond is summed in one more, so that no document is endless."""
LONGEST = 500
"""Characters of a line's own words."""


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
    return None if instant is None else instant.astimezone(UTC).isoformat()


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


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer, as they were when the invoice was issued."""

    name: str
    address: tuple[str, ...]
    country: str
    vat_number: str
    email: str
    reference: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line in words: "Conversations: 3 seats", "11–30 June 2026: 3 × €19.00 × 20 of 30 days"."""

    title: str
    detail: str
    quantity: str
    unit: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaxView:
    """The tax at one rate: "VAT 22%", on what, how much."""

    rate: str
    base: str
    amount: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure below the lines; `strong` for the total and for what is left to pay."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as people read it: every text in `language`, every amount with its currency.

    `words` are the headings; `standing` says in a sentence whether it is paid. Of a credit
    note `corrects` is the number of the invoice that it takes back, and `payable` is "".
    """

    id: int
    name: str
    title: str
    language: str
    state: str
    state_word: str
    standing: str
    sandbox: str
    issued: str
    payable: str
    corrects: str
    corrects_id: int | None
    seller: Party
    buyer: Party
    lines: tuple[LineView, ...]
    taxes: tuple[TaxView, ...]
    sums: tuple[Sum, ...]
    notes: tuple[str, ...]
    total: str
    due: str
    words: dict[str, str]

    @classmethod
    def of(cls, invoice: Invoice, zone: str, corrected: Invoice | None = None) -> "InvoiceView":
        """The view of a row, with dates in the time zone `zone`; `corrected`: see `corrects`."""
        with translation.override(invoice.language):
            reading = _Reading(invoice, zone)
            reading.takes_back_open = corrected is not None and corrected.state == InvoiceState.VOID
            return reading.view(corrected.name if corrected else "")

    def figures(self) -> list[str]:
        """Every amount, in the order of reading."""
        lines = [text for line in self.lines for text in (line.unit, line.amount)]
        taxes = [text for tax in self.taxes for text in (tax.base, tax.amount)]
        return [text for text in (*lines, *taxes, *(row.amount for row in self.sums)) if text]


class _Reading:
    """Puts one invoice into words; the invoice's language is active while it does."""

    takes_back_open = False
    """A credit note over an invoice that was never paid: no money goes anywhere."""

    def __init__(self, invoice: Invoice, zone: str) -> None:
        self.invoice, self.zone, self.language = invoice, zone, invoice.language

    def view(self, corrects: str) -> InvoiceView:
        row = self.invoice
        return InvoiceView(
            id=row.pk,
            name=row.name,
            title=f"{InvoiceKind(row.kind).label} {row.name}",
            language=row.language,
            state=row.state,
            state_word=str(InvoiceState(row.state).label),
            standing=self.standing(),
            sandbox=_("Sandbox: simulated, no money has moved.") if row.gateway == "sandbox" else "",
            issued=self.day(row.issued_at),
            payable="" if row.kind == InvoiceKind.CREDIT_NOTE else self.day(row.payable_until),
            corrects=corrects,
            corrects_id=row.corrects_id,
            seller=self.party(row.seller),
            buyer=self.party(row.buyer),
            lines=self.lines(),
            taxes=tuple(self.tax(tax) for tax in row.taxes),
            sums=tuple(self.sums()),
            notes=tuple(dict.fromkeys(filter(None, (note_of(tax["note"]) for tax in row.taxes)))),
            total=self.money(row.total),
            due=self.money(row.due),
            words=headings(),
        )

    def money(self, amount: int) -> str:
        return Money(amount, self.invoice.currency).shown(self.language)

    def day(self, instant: datetime) -> str:
        return wording.long_date(instant, self.zone, self.language)

    def standing(self) -> str:
        row = self.invoice
        if row.kind == InvoiceKind.CREDIT_NOTE:
            return _("Credited on %(day)s") % {"day": self.day(row.issued_at)}
        if row.state == InvoiceState.VOID:
            return str(InvoiceState.VOID.label)
        if row.state == InvoiceState.PAID:
            return _("Paid on %(day)s") % {"day": self.day(row.paid_at or row.issued_at)}
        return _("Payable by %(day)s") % {"day": self.day(row.payable_until)}

    def party(self, given: dict[str, str]) -> Party:
        lines = (line.strip() for line in given.get("address", "").splitlines())
        country = given.get("country", "")
        return Party(
            name=given.get("name", ""),
            address=tuple(line for line in lines if line),
            country=wording.country(country, self.language) if country else "",
            vat_number=given.get("vat_number", ""),
            email=given.get("email", ""),
            reference=given.get("reference", ""),
        )

    def lines(self) -> tuple[LineView, ...]:
        shown = [self.line(line) for line in self.invoice.lines[:MOST_LINES]]
        rest = self.invoice.lines[MOST_LINES:]
        if rest:
            title = _("%(n)s more lines") % {"n": wording.number(len(rest), self.language)}
            shown.append(LineView(title, "", "", "", self.money(sum(line["amount"] for line in rest))))
        return tuple(shown)

    def line(self, line: dict[str, Any]) -> LineView:
        if line["what"] == "correction":
            title = line["text"][:LONGEST] or _("Correction")
            return LineView(title, "", "", "", self.money(line["amount"]))
        seats = wording.seats(line["quantity"], self.language)
        return LineView(
            title=f"{_('Conversations')}: {seats}",
            detail=line_detail(line, self.invoice.currency, self.zone, self.language),
            quantity=wording.number(line["quantity"], self.language),
            unit=per_cycle(self.money(line["unit"]), line["cycle"]),
            amount=self.money(line["amount"]),
        )

    def tax(self, tax: dict[str, Any]) -> TaxView:
        name = f"{tax['name'] or _('VAT')} {wording.percent(tax['basis_points'], self.language)}"
        return TaxView(name, self.money(tax["base"]), self.money(tax["amount"]))

    def sums(self) -> Sequence[Sum]:
        row = self.invoice
        found = [Sum(_("Subtotal"), self.money(row.subtotal))]
        if row.taxes:
            found.append(Sum(_("Tax"), self.money(row.tax)))
        found.append(Sum(_("Total"), self.money(row.total), strong=True))
        if row.kind == InvoiceKind.CREDIT_NOTE and not self.takes_back_open:
            return [*found, *self.given_back()]
        if row.balance_used:
            label = (
                _("Paid from your balance") if row.balance_used > 0 else _("Carried from earlier invoices")
            )
            found.append(Sum(label, self.money(-row.balance_used)))
        if row.carried:
            found.append(Sum(_("Carried to the next invoice"), self.money(-row.carried)))
        return [*found, Sum(self.due_label(), self.money(row.due), strong=True)]

    def given_back(self) -> list[Sum]:
        """Where a credit note's money goes: to the balance, and the rest to the card."""
        row = self.invoice
        parts = ((_("Credited to your balance"), row.balance_used), (_("Credited to the card"), row.due))
        return [Sum(label, self.money(-amount), strong=True) for label, amount in parts if amount]

    def due_label(self) -> str:
        if self.invoice.kind == InvoiceKind.CREDIT_NOTE:
            return _("Credited")
        if self.invoice.state == InvoiceState.OPEN:
            return _("To be paid")
        return pgettext("an amount", "Paid")  # by card or by transfer


def line_detail(line: dict[str, Any], currency: str, zone: str, language: str) -> str:
    """The days and the arithmetic of a stored line of seats, in words.

    "11–30 June 2026: 3 × €19.00 × 20 of 30 days"; a whole period without its share.
    """
    start, end = instant(line["from"]), instant(line["to"])
    sum_ = f"{wording.number(line['quantity'], language)} × {Money(line['unit'], currency).shown(language)}"
    if start is None or end is None:
        return sum_
    at = instant(line["at"]) or start
    if at > start:  # bought part-way, or the account came back late
        whole = line["quantity"] * line["unit"]
        sum_ = f"{sum_} × {wording.share(start, end, at, language, whole)}"
        start = min(at, end)
    return f"{wording.span(start, end, zone, language)}: {sum_}"


def per_cycle(price: str, cycle: str) -> str:
    """A price with its period, in the active language: "€19.00 a month"."""
    return (_("%(price)s a year") if cycle == "year" else _("%(price)s a month")) % {"price": price}


def instant(text: str | None) -> datetime | None:
    """The reverse of `moment`."""
    return None if text is None else datetime.fromisoformat(text)


def note_of(note: str) -> str:
    """Why no tax is charged, as the invoice must say; "" where it is charged."""
    if note == "reverse_charge":
        return _("Reverse charge: the recipient owes the VAT (Article 196, Directive 2006/112/EC).")
    if note == "export":
        return _("No VAT: the customer is established outside the European Union.")
    return ""


def headings() -> dict[str, str]:
    """The fixed words of the document, in the active language."""
    return {
        "from": _("From"),
        "to": _("Billed to"),
        "issued": _("Issued"),
        "payable": _("Payable by"),
        "vat_number": _("VAT number"),
        "reference": _("Your reference"),
        "corrects": _("Corrects invoice"),
        "description": _("Description"),
        "quantity": _("Seats"),
        "unit": _("Price per seat"),
        "amount": _("Amount"),
        "rate": _("Rate"),
        "base": _("Net"),
        "tax": _("Tax"),
        "page": _("Page {n} of {m}"),
    }
