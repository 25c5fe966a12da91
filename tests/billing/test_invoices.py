"""What an invoice is made of, and how people read it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from salotto.accounts.models import Account
from salotto.billing import history, wording
from salotto.billing.invoices import MOST_LINES, InvoiceView, Line, TaxLine, compose, line_detail
from salotto.billing.models import Catalogue, Invoice, Posting
from salotto.core.tenancy import account_scope
from tests.billing.invoicing import AT, JUNE, SELLER, THREE_SEATS, VAT, document, issue, unissued
from tests.cast import Cast

HERE = Account(pk=7, name="Bottega Conti", slug="bottega", language="en", time_zone="UTC")


def view(zone: str = "UTC", **changes: object) -> InvoiceView:
    return InvoiceView.of(unissued(changes.pop("account", HERE), **changes), zone)  # type: ignore[arg-type]


def test_totals_follow_from_lines_and_taxes() -> None:
    doc = document(HERE, balance_used=1000, carried=36)
    names = ("subtotal", "tax", "total", "balance_used", "carried", "due")
    assert [doc[name] for name in names] == [3800, 836, 4636, 1000, 36, 3600]


def test_the_document_holds_every_column_but_id_and_number() -> None:
    columns = {field.column for field in Invoice._meta.concrete_fields}
    assert set(document(HERE)) == columns - {"id", "number"}
    assert json.loads(json.dumps(document(HERE, payment_id=uuid4()))) is not None


@pytest.mark.parametrize(
    ("at", "zone", "kind", "series"),
    [
        (datetime(2026, 6, 11, tzinfo=UTC), "UTC", "invoice", "2026"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/Rome", "invoice", "2027"),
        (datetime(2027, 1, 1, 4, tzinfo=UTC), "America/New_York", "invoice", "2026"),
        (datetime(2026, 6, 11, tzinfo=UTC), "UTC", "credit_note", "C2026"),
    ],
)
def test_a_series_is_a_year_by_the_catalogues_clock(at: datetime, zone: str, kind: str, series: str) -> None:
    doc = document(HERE, issued_at=at, kind=kind, catalogue=Catalogue(time_zone=zone))
    assert doc["series"] == series


def test_an_open_invoice_is_payable_for_the_catalogues_days_a_paid_one_is_paid() -> None:
    open_, paid = document(HERE), document(HERE, state="paid")
    assert datetime.fromisoformat(open_["payable_until"]) == AT + timedelta(days=14)
    assert (open_["paid_at"], datetime.fromisoformat(paid["paid_at"])) == (None, AT)
    assert datetime.fromisoformat(paid["payable_until"]) == AT


def test_without_details_it_is_made_out_to_the_account() -> None:
    doc = document(HERE, details=None)
    assert (doc["buyer"]["name"], doc["buyer"]["country"], doc["language"]) == ("Bottega Conti", "", "en")


def test_it_is_issued_once_numbered_without_a_gap_and_posted(cast: Cast) -> None:
    first, second = issue(cast.account), issue(cast.account, balance_used=1000, carried=36)
    assert second.number == first.number + 1
    with account_scope(cast.account.pk):
        sums: dict[str, int] = {}
        for posting in Posting.objects.filter(transaction__invoice=second.pk):
            sums[posting.ledger] = sums.get(posting.ledger, 0) + posting.amount
    assert sums == {"receivable": 3600, "revenue": -3800, "tax": -836, "balance": 1036}


def test_an_issued_invoice_is_never_changed(cast: Cast) -> None:
    invoice = issue(cast.account)
    with account_scope(cast.account.pk), pytest.raises(IntegrityError):
        Invoice.objects.filter(pk=invoice.pk).update(total=1, subtotal=1, tax=0, due=1)


def test_a_period_has_one_invoice(cast: Cast) -> None:
    issue(cast.account, cycle_start=JUNE[0])
    with pytest.raises(IntegrityError):
        issue(cast.account, cycle_start=JUNE[0])


def test_s7_conversations_is_a_line_of_its_own_with_its_arithmetic() -> None:
    line = view().lines[0]
    assert line.title == "Conversations: 3 seats"
    assert line.detail == "11–30 June 2026: 3 × €19.00 × 20 of 30 days"
    assert (line.quantity, line.unit, line.amount) == ("3", "€19.00 a month", "€38.00")


YEAR = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
UNEVEN = datetime(2026, 6, 11, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "zone", "words"),
    [
        (Line("seats_cycle", 13, 1900, "month", *JUNE, None, 24700), "UTC", "1–30 June 2026: 13 × €19.00"),
        (Line("seats_cycle", 13, 1900, "month", *JUNE, JUNE[0], 24700), "UTC", "1–30 June 2026: 13 × €19.00"),
        (
            Line("seats_cycle", 13, 1900, "month", *JUNE, AT, 16467),
            "UTC",
            "11–30 June 2026: 13 × €19.00 × 20 of 30 days",
        ),
        (
            Line("seats_cycle", 1, 22800, "year", *YEAR, None, 22800),
            "UTC",
            "1 June 2026 – 31 May 2027: 1 × €228.00",
        ),
        (
            Line("seats_cycle", 1, 1900, "month", *JUNE, None, 1900),
            "Europe/Rome",
            "1 June – 1 July 2026: 1 × €19.00",
        ),
        (replace(THREE_SEATS, at=UNEVEN), "UTC", "11–30 June 2026: 3 × €19.00 × 19 days 15:00:00 of 30 days"),
        (replace(THREE_SEATS, at=JUNE[0]), "UTC", "1–30 June 2026: 3 × €19.00"),
        (
            replace(THREE_SEATS, at=JUNE[1] - timedelta(hours=1)),
            "UTC",
            "30 June 2026: 3 × €19.00 × 01:00:00 of 30 days",
        ),
        (replace(THREE_SEATS, at=JUNE[1]), "UTC", "1 July 2026: 3 × €19.00 × 0 of 30 days"),
        (replace(THREE_SEATS, quantity=12000), "UTC", "11–30 June 2026: 12,000 × €19.00 × 20 of 30 days"),
    ],
)
def test_a_line_says_which_days_and_what_share(line: Line, zone: str, words: str) -> None:
    assert line_detail(line.as_json(), "EUR", zone, "en") == words


def test_it_is_in_its_own_language_whoever_reads_it() -> None:
    italian = Account(pk=8, name="Conti", slug="conti", language="it", time_zone="Europe/Rome")
    shown = view("Europe/Rome", account=italian)
    assert shown.language == "it"
    assert (shown.issued, shown.total) == ("11 giugno 2026", "46,36\xa0€")
    assert shown.lines[0].detail.startswith("11 giugno – 1 luglio 2026: 3 × 19,00\xa0€")
    assert (shown.seller.country, shown.taxes[0].rate) == ("Italia", "VAT 22%")


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", 3800, "¥3,800"), ("KWD", 3800, "KWD\xa03.800"), ("ISK", 3800, "ISK\xa03,800")],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: int, shown: str) -> None:
    assert view(currency=currency, lines=[replace(THREE_SEATS, amount=amount)], taxes=[]).total == shown


def sums(**changes: object) -> list[tuple[str, str]]:
    return [(row.label, row.amount) for row in view(**changes).sums]  # type: ignore[arg-type]


def test_the_sums_say_what_is_used_and_what_is_left() -> None:
    assert sums() == [
        ("Subtotal", "€38.00"), ("Tax", "€8.36"), ("Total", "€46.36"), ("To be paid", "€46.36"),
    ]  # fmt: skip
    assert sums(balance_used=1000, carried=36, state="paid")[3:] == [
        ("Paid from your balance", "-€10.00"), ("Carried to the next invoice", "-€0.36"),
        ("Paid", "€36.00"),
    ]  # fmt: skip
    assert sums(balance_used=-36)[3:] == [
        ("Carried from earlier invoices", "€0.36"), ("To be paid", "€46.72"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("to_balance", "says"),
    [
        (4636, [("Credited to your balance", "€46.36")]),
        (1000, [("Credited to your balance", "€10.00"), ("Credited to the card", "€36.36")]),
        (0, [("Credited to the card", "€46.36")]),
    ],
)
def test_a_credit_note_says_where_the_money_goes(to_balance: int, says: list[tuple[str, str]]) -> None:
    note = sums(
        kind="credit_note", state="paid", lines=[replace(THREE_SEATS, amount=-3800)],
        taxes=[TaxLine("VAT", 2200, "", -3800, -836)], balance_used=-to_balance,
    )  # fmt: skip
    assert note[2:] == [("Total", "-€46.36"), *says]


def test_a_seller_without_a_country_shows_no_tax() -> None:
    shown = view(taxes=[])
    assert shown.taxes == () and "Tax" not in [row.label for row in shown.sums]


@pytest.mark.parametrize(
    ("note", "words"),
    [("reverse_charge", "Reverse charge: the recipient owes the VAT"), ("export", "No VAT: the customer is")],
)
def test_it_says_why_no_tax_is_charged(note: str, words: str) -> None:
    shown = view(taxes=[TaxLine("", 0, note, 3800, 0)])
    assert [text.startswith(words) for text in shown.notes] == [True]
    assert (shown.taxes[0].rate, shown.taxes[0].base, shown.taxes[0].amount) == ("VAT 0%", "€38.00", "€0.00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "open"}, "Payable by 25 June 2026"),
        ({"state": "paid"}, "Paid on 11 June 2026"),
        ({"state": "void"}, "Cancelled by a credit note"),
        ({"kind": "credit_note", "state": "paid"}, "Credited on 11 June 2026"),
    ],
)
def test_it_says_whether_it_is_paid(changes: dict[str, str], words: str) -> None:
    assert view(**changes).standing == words  # type: ignore[arg-type]


def test_a_credit_note_names_the_invoice_that_it_corrects(cast: Cast) -> None:
    invoice = issue(cast.account)
    text = "Charged twice on 11 June"
    line = Line("correction", 1, 0, "month", None, None, None, -3800, text)
    note = issue(
        cast.account, kind="credit_note", corrects_id=invoice.pk, lines=[line], state="paid",
        taxes=[TaxLine("VAT", 2200, "", -3800, -836)],
    )  # fmt: skip
    shown = history.invoice_view(cast.account, note.pk)
    assert shown.title == f"Credit note {note.name}" and note.name.startswith("C2026-")
    assert (shown.corrects, shown.lines[0].title, shown.total) == (invoice.name, text, "-€46.36")


def test_more_lines_than_anyone_reads_are_summed_in_one() -> None:
    shown = view(lines=[THREE_SEATS] * (MOST_LINES + 50), taxes=[VAT])
    assert len(shown.lines) == MOST_LINES + 1
    assert (shown.lines[-1].title, shown.lines[-1].amount) == ("50 more lines", "€1,900.00")


def test_the_sandbox_is_named_on_the_document() -> None:
    assert view().sandbox and not view(gateway="stripe").sandbox


def test_the_seller_is_the_catalogues_of_that_day(cast: Cast) -> None:
    invoice = issue(cast.account)
    assert invoice.seller == {
        "name": SELLER.seller_name,
        "address": SELLER.seller_address,
        "country": "IT",
        "vat_number": SELLER.seller_vat_number,
        "email": SELLER.support_email,
    }


def test_compose_touches_no_database() -> None:
    with connection.execute_wrapper(_forbidden):
        compose(
            account=HERE, details=None, catalogue=SELLER, currency="EUR", lines=[THREE_SEATS], taxes=[VAT],
            gateway="stripe", issued_at=AT,
        )  # fmt: skip


def _forbidden(*args: object) -> None:
    raise AssertionError("a pure function asks the database")


@pytest.mark.parametrize(
    ("late", "price", "words"),
    [
        (0, 0, "20 of 30 days"),
        (20, 5700, "20 of 30 days"),  # 3,799.97 cents are 3,800 all the same
        (20, 0, "19 days 23:59:40 of 30 days"),
        (20, 570_000, "19 days 23:59:40 of 30 days"),  # 379,997 cents are not
    ],
)
def test_the_share_of_a_period_gives_the_very_amount(late: int, price: int, words: str) -> None:
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    at = datetime(2026, 6, 11, 0, 0, late, tzinfo=UTC)
    assert wording.share(start, end, at, "en", price) == words
