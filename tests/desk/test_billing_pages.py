"""The billing pages: who may, what they show, what bad input gets."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.utils.translation import override

from salotto.accounts.members import Member
from salotto.billing import history
from salotto.billing.actions.methods import add_card
from salotto.billing.models import BillingDetails, Cycle, Payment, Subscription
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange
from tests.billing.invoicing import AT, activate, credit, days, issue
from tests.billing.shop import use_gateway
from tests.cast import Cast

READS = ("", "details/", "invoices/", "invoices/{id}/", "invoices/{id}/pdf/", "balance/", "seats/")
WRITES: dict[str, dict[str, str]] = {
    "details/": {"legal_name": "Other Ltd"},
    "cycle/": {"cycle": "year"},
    "cards/": {"reference": "4242424242424242"},
    "cards/1/current/": {},
    "cards/1/remove/": {},
    "invoices/{id}/pay/": {},
    "payments/00000000-0000-4000-8000-000000000000/": {},
}


def url(cast: Cast, path: str = "", number: int = 0) -> str:
    return f"/a/{cast.slug}/settings/billing/{path.format(id=number)}"


def page(cast: Cast, path: str = "", number: int = 0, by: Member | None = None) -> str:
    """The page's text, without markup."""
    answer = cast.client(by or cast.primary_admin).get(url(cast, path, number))
    assert answer.status_code == 200, answer.content
    return text_of(answer.content.decode())


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def sub(cast: Cast) -> Subscription:
    with account_scope(cast.account.pk):
        found: Subscription = Subscription.objects.get()
        return found


@pytest.mark.parametrize("path", READS)
def test_admins_read_others_do_not(cast: Cast, path: str) -> None:
    address = url(cast, path, issue(cast.account).pk)
    got = {name: cast.client(member).get(address).status_code for name, member in cast.members().items()}
    assert got == {
        "primary_admin": 200,
        "admin": 200,
        "agent": 403,
        "viewer": 403,
        "nobody": 403,
        "outsider": 404,
    }
    assert cast.client().get(address).status_code == 302


@pytest.mark.parametrize("path", WRITES)
def test_only_the_primary_admin_changes(cast: Cast, path: str) -> None:
    invoice, version = issue(cast.account), sub(cast).version
    others = {name: member for name, member in cast.members().items() if name != "primary_admin"}
    got = {
        name: cast.client(member).post(url(cast, path, invoice.pk), WRITES[path]).status_code
        for name, member in others.items()
    }
    assert got == {"admin": 403, "agent": 403, "viewer": 403, "nobody": 403, "outsider": 404}
    assert sub(cast).version == version
    assert history.details(cast.account) is None


@pytest.mark.parametrize("path", ["invoices/{id}/", "invoices/{id}/pdf/"])
def test_another_accounts_invoice_is_not_there(cast: Cast, path: str) -> None:
    theirs = issue(cast.outsider.account)
    assert cast.client(cast.primary_admin).get(url(cast, path, theirs.pk)).status_code == 404
    assert cast.client(cast.primary_admin).get(url(cast, path, 2**80)).status_code == 404


@pytest.mark.parametrize("act", ["current", "remove"])
def test_another_accounts_card_is_not_there(cast: Cast, act: str) -> None:
    with account_scope(cast.outsider.account.pk):
        Subscription.objects.update(gateway="sandbox")
    theirs = add_card("4242424242424242", cast.outsider)
    for card in (theirs.pk, 2**80):
        assert cast.client(cast.primary_admin).post(url(cast, f"cards/{card}/{act}/")).status_code == 404
    assert [card.is_current for card in history.methods(cast.outsider.account, AT)] == [True]


def test_another_accounts_invoice_is_not_paid(cast: Cast) -> None:
    theirs = issue(cast.outsider.account)
    assert cast.client(cast.primary_admin).post(url(cast, "invoices/{id}/pay/", theirs.pk)).status_code == 404
    nowhere = url(cast, f"payments/{uuid4()}/")
    assert cast.client(cast.primary_admin).get(nowhere).status_code == 404


def test_a_trial_says_how_long_it_runs(cast: Cast) -> None:
    shown = page(cast)
    assert "Trial" in shown and "14 days left" in shown and "Nothing is charged until you buy" in shown
    assert "None yet. Each purchase and each renewal brings one." in shown
    assert "Trial with 20 seats started" in shown


def test_the_next_renewal_is_shown_with_its_sum(cast: Cast) -> None:
    activate(cast.account)
    with clock.at(days(9)):
        shown = page(cast)
    assert "Next renewal, 1 July 2026 €247.00 13 seats × €19.00" in shown
    assert "Change to yearly at the next renewal" in shown
    assert "€2,964.00 a year without tax: a year costs twelve months" in shown


def test_a_scheduled_removal_and_the_balance_count_in_the_next_renewal(cast: Cast) -> None:
    activate(cast.account, quantity_next=10)
    credit(cast.account, 1000)
    with clock.at(days(9)):
        shown = page(cast)
    assert "€190.00 10 seats × €19.00" in shown
    assert "€10.00 come from the balance. To be paid then: €180.00." in shown
    assert "At the next renewal the plan goes from 13 seats to 10 seats." in shown


def test_rule_19_the_page_says_that_more_agents_are_assigned_than_would_remain(cast: Cast) -> None:
    activate(cast.account, quantity_next=1)
    with clock.at(days(9)):
        shown = page(cast)
    assert "it renews with 3 seats" in shown and "€57.00 3 seats × €19.00" in shown


def test_rule_23_free_seats_are_called_free(cast: Cast) -> None:
    activate(cast.account, currency="SEK", unit=0)
    with clock.at(days(9)):
        shown = page(cast)
    assert "Seats are free on this server." in shown and "free on this server" in shown


@pytest.mark.parametrize("state", ["past_due", "unpaid", "lapsed", "ended"])
def test_every_state_has_its_sentence(cast: Cast, state: str) -> None:
    activate(cast.account, state=state)
    with clock.at(days(40)):
        shown = page(cast)
    says = {
        "past_due": "could not be collected",
        "unpaid": "until the open invoice is paid",
        "lapsed": "The trial ended",
        "ended": "All seats were removed",
    }
    assert says[state] in shown


def test_rule_21_past_due_says_why_when_it_is_tried_next_and_when_it_becomes_read_only(cast: Cast) -> None:
    add = activate(cast.account, state="past_due", failed_at=days(30), retries=1)
    invoice = issue(cast.account)
    with account_scope(cast.account.pk):
        Payment.objects.create(
            account_id=cast.account.pk, kind="renewal", state="failed", version=add.version,
            at=days(32), created_at=days(32),
            total=4636, amount=4636, currency="EUR", gateway="sandbox", invoice_id=invoice.pk,
            error_code="insufficient_funds",
        )  # fmt: skip
    with clock.at(days(33)):
        shown = page(cast)
    assert "The card has not enough money." in shown
    assert "The next step is on 8 July 2026; from 22 July 2026 agents could only read." in shown
    assert f"Invoice {invoice.name} over €46.36 is open." in shown and "payable by" not in shown


def test_an_account_made_after_the_end_of_sale_has_had_no_trial(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        Subscription.objects.update(state="lapsed", trial_ends_at=None)
    shown = page(cast)
    assert "Plan No longer sold Conversations was no longer sold when this account was made." in shown
    assert "The trial ended" not in shown and "Trial over" not in shown.split("History of seats")[0]
    seats = cast.client(cast.primary_admin).get(f"/a/{cast.slug}/settings/seats/").content.decode()
    assert "None No longer sold" in text_of(seats)
    founding = cast.client(cast.primary_admin).get("/new-account/").content.decode()
    assert "trial" not in text_of(founding)


def test_an_open_invoice_can_be_paid_from_the_first_page(cast: Cast) -> None:
    use_gateway(cast.primary_admin, "sandbox")
    invoice = issue(cast.account)
    answer = cast.client(cast.primary_admin).get(url(cast)).content.decode()
    assert f"Invoice {invoice.name} over €46.36 is open, payable by 25 June 2026." in text_of(answer)
    assert url(cast, "invoices/{id}/pay/", invoice.pk) in answer and "Pay €46.36 now" in text_of(answer)
    by_admin = cast.client(cast.admin).get(url(cast)).content.decode()
    assert invoice.name in by_admin and "Pay €46.36 now" not in text_of(by_admin)


def test_with_the_gateway_invoice_no_card_is_asked_for(cast: Cast) -> None:
    activate(cast.account, gateway="invoice")
    issue(cast.account, gateway="invoice")
    with clock.at(days(9)):
        shown = page(cast)
    assert "You receive an invoice; payable within 14 days." in shown
    assert "Add a card" not in shown and "Pay €46.36 now" not in shown
    assert "sandbox" not in shown


@pytest.mark.parametrize("path", ["", "invoices/{id}/"])
@pytest.mark.parametrize(
    ("issued_for", "pays_by", "offered"), [("sandbox", "invoice", False), ("invoice", "sandbox", True)]
)
def test_a_card_is_offered_by_how_the_account_pays_now(
    cast: Cast, path: str, issued_for: str, pays_by: str, offered: bool
) -> None:
    use_gateway(cast.primary_admin, pays_by)
    shown = page(cast, path, issue(cast.account, gateway=issued_for).pk)
    assert ("Pay €46.36 now" in shown) is offered


@pytest.mark.parametrize("path", ["", "invoices/", "balance/", "invoices/{id}/"])
def test_the_sandbox_says_so_wherever_there_is_money(cast: Cast, path: str) -> None:
    activate(cast.account)
    invoice = issue(cast.account)
    with clock.at(days(9)):
        html = cast.client(cast.admin).get(url(cast, path, invoice.pk)).content.decode()
    assert '<span class="chip wine sandbox"' in html


def test_admins_see_no_buttons_that_they_may_not_use(cast: Cast) -> None:
    activate(cast.account)
    with clock.at(days(9)):
        shown = page(cast, by=cast.admin)
    assert "Only the primary admin can change it." in shown
    for button in ("Add a card", "Change to yearly", "Test card"):
        assert button not in shown


# The cycle.


def test_s9_the_cycle_changes_at_the_next_renewal(cast: Cast) -> None:
    before = activate(cast.account)
    client = cast.client(cast.primary_admin)
    with clock.at(days(9)):
        assert client.post(url(cast, "cycle/"), {"cycle": "year"}).status_code == 302
        shown = page(cast)
    after = sub(cast)
    assert (after.cycle, after.cycle_next, after.version) == (Cycle.MONTH, Cycle.YEAR, before.version + 1)
    assert "13 seats × €228.00" in shown and "€2,964.00" in shown
    assert "Change to monthly at the next renewal" in shown and "€247.00 a month without tax" in shown


@pytest.mark.parametrize(("cycle", "status"), [("", 422), ("week", 422), ("year", 409)])
def test_a_cycle_that_cannot_be_changes_nothing(cast: Cast, cycle: str, status: int) -> None:
    before = sub(cast)  # a trial: nothing renews
    answer = cast.client(cast.primary_admin).post(url(cast, "cycle/"), {"cycle": cycle})
    assert answer.status_code == status
    assert sub(cast).version == before.version


# Billing details.


def details(**changes: Any) -> dict[str, Any]:
    return {
        "legal_name": "Bottega Conti S.a.s.",
        "address": "Borgo 44\nFirenze",
        "country": "IT",
        "vat_number": "it 00743110157",
        "email": "conti@example.com",
        "reference": "PO 7",
        **changes,
    }


def test_billing_details_are_saved_and_shown(cast: Cast) -> None:
    before = sub(cast).version
    answer = cast.client(cast.primary_admin).post(url(cast, "details/"), details())
    assert answer.status_code == 302
    shown = page(cast, by=cast.admin)
    assert "Bottega Conti S.a.s. Borgo 44 Firenze Italy VAT number IT00743110157" in shown
    assert sub(cast).version == before + 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vat_number": "IT123"}, "One looks like IT00743110157."),
        ({"country": "DE"}, "One looks like DE136695976."),
        ({"country": ""}, "Choose the country"),
        ({"country": "ZZ"}, "Select a valid choice"),
        ({"legal_name": ""}, "This field is required"),
        ({"legal_name": "x" * 201}, "at most 200 characters"),
        ({"address": "x" * 501}, "at most 500 characters"),
        ({"email": "nobody"}, "valid email"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(cast: Cast, changes: dict[str, str], says: str) -> None:
    answer = cast.client(cast.primary_admin).post(url(cast, "details/"), details(**changes))
    assert answer.status_code == 422
    assert says in text_of(answer.content.decode())
    assert history.details(cast.account) is None


def test_countries_are_in_the_readers_language(cast: Cast) -> None:
    user = cast.primary_admin.user
    user.language = "it"
    user.save()
    html = cast.client(cast.primary_admin).get(url(cast, "details/")).content.decode()
    assert '<option value="DE">Germania</option>' in html


def test_admins_read_the_details_without_a_way_to_change_them(cast: Cast) -> None:
    html = cast.client(cast.admin).get(url(cast, "details/")).content.decode()
    assert "Only the primary admin can change it." in html and ">Save<" not in html


# Lists.


def test_invoices_come_a_page_at_a_time_newest_first(cast: Cast) -> None:
    names = [issue(cast.account).name for _ in range(history.PAGE + 3)]
    client = cast.client(cast.admin)
    html = client.get(url(cast, "invoices/")).content.decode()
    found = re.findall(r"2026-\d{6}(?=</a>)", html)
    assert found == names[::-1][: history.PAGE]
    after = re.search(r'href="\?after=(\d+)"', html)
    assert after
    rest = client.get(url(cast, f"invoices/?after={after[1]}"), HTTP_HX_REQUEST="true").content.decode()
    assert re.findall(r"2026-\d{6}(?=</a>)", rest) == names[:3][::-1]
    assert "<html" not in rest and "Show more" not in rest


@pytest.mark.parametrize("cursor", ["x", "-1", "٣", "9" * 30, "1.5", "%00", ""])
def test_a_cursor_of_nobody_is_no_error(cast: Cast, cursor: str) -> None:
    issue(cast.account)
    for path in ("invoices/", "balance/", "seats/"):
        assert cast.client(cast.admin).get(url(cast, f"{path}?after={cursor}")).status_code == 200


def test_the_balance_is_a_history(cast: Cast) -> None:
    credit(cast.account, 2500)
    invoice = issue(cast.account, balance_used=2000, carried=36, state="open")
    shown = page(cast, "balance/")
    assert "Credit €4.64" in shown
    assert "Credit Sorry for Tuesday +€25.00" in shown
    assert f"Used by an invoice {invoice.name} -€20.00" in shown
    assert f"Carried to the next invoice {invoice.name} -€0.36" in shown


def test_the_seat_ledger_reads_as_a_history(cast: Cast) -> None:
    invoice = issue(cast.account)
    giulia = cast.primary_admin.user
    rows = [
        ("bought", 10, 10, f"invoice {invoice.name}", giulia),
        ("bought", 13, 13, f"invoice {invoice.name}", giulia),
        ("removal_scheduled", 13, 10, "They asked by mail", giulia),
        ("removal_withdrawn", 13, 13, "taken back", giulia),
        ("removal_scheduled", 13, 11, "Fewer", giulia),
        ("bought", 13, 12, f"invoice {invoice.pk}", giulia),
        ("removed", 12, 12, f"invoice {invoice.pk}", None),
        ("renewed", 12, 12, "renewal", None),
        ("trial_over", 3, 0, "unpaid", None),
        ("not_sold", 3, 0, "the sale is over", None),
    ]
    with account_scope(cast.account.pk):
        for kind, seats, renewal, reason, actor in rows:
            SeatChange.objects.create(
                account=cast.account, at=AT, kind=kind, seats_after=seats, seats_at_renewal=renewal,
                reason=reason, actor=actor,
            )  # fmt: skip
    shown = page(cast, "seats/")
    for sentence in (
        "Trial with 20 seats started Every new account has one Giulia Conti",
        f"First purchase: 10 seats Invoice {invoice.name} Giulia Conti",
        f"3 seats bought, 13 seats now Invoice {invoice.name}",
        "Removal of 3 seats scheduled, 10 seats from the next renewal They asked by mail",
        "Removal taken back, 13 seats from the next renewal Taken back by the account",
        "1 seat bought, 13 seats now",
        "1 seat removed, 12 seats left",
        "Renewed with 12 seats Salotto",
        "Trial over, 3 seats left",
        "Started without a trial Conversations is no longer sold",
    ):
        assert sentence in shown


def test_every_kind_of_the_seat_ledger_has_a_sentence() -> None:
    from salotto.desk.billing.queries import sentence

    for kind in SeatChange.Kind.values:
        row = SeatChange(kind=kind, seats_after=2, seats_at_renewal=2)
        assert sentence(row, SeatChange(kind="renewed", seats_after=3, seats_at_renewal=3)) != kind


def test_an_act_of_the_primary_admin_is_audited(cast: Cast) -> None:
    activate(cast.account)
    client = cast.client(cast.primary_admin)
    with clock.at(days(9)):
        client.post(url(cast, "details/"), details())
        client.post(url(cast, "cycle/"), {"cycle": "year"})
    entries = AuditEntry.objects.filter(account_id=cast.account.pk, verb__startswith="billing.")
    assert [(e.verb, e.actor_id) for e in entries.order_by("id")] == [
        ("billing.details_changed", cast.primary_admin.user.pk),
        ("billing.cycle_changed", cast.primary_admin.user.pk),
    ]


def test_the_pages_ask_the_database_a_bounded_number_of_times(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    activate(cast.account)
    for _ in range(30):
        issue(cast.account)
    client = cast.client(cast.primary_admin)
    with clock.at(days(9)), override("en"), django_assert_max_num_queries(14):
        assert client.get(url(cast)).status_code == 200


def test_details_keep_one_row_per_account(cast: Cast) -> None:
    client = cast.client(cast.primary_admin)
    for name in ("One", "Two"):
        client.post(url(cast, "details/"), details(legal_name=name))
    with account_scope(cast.account.pk):
        assert [row.legal_name for row in BillingDetails.objects.all()] == ["Two"]


# Paying an open invoice.


def pay(cast: Cast, card: str) -> tuple[str, str]:
    """Pay a fresh invoice with this card; what the next page says, and the invoice's state."""
    activate(cast.account, period_end=days(3000))
    invoice = issue(cast.account)
    if card:
        add_card(card, cast.primary_admin)
    client = cast.client(cast.primary_admin)
    answer = client.post(url(cast, "invoices/{id}/pay/", invoice.pk), follow=True)
    return text_of(answer.content.decode()), history.invoice(cast.account.pk, invoice.pk).state


@pytest.mark.parametrize(
    ("card", "says", "state"),
    [
        ("4242424242424242", "€46.36 is paid. Thank you.", "paid"),
        ("4000000000000002", "The bank has declined the card. Nothing was charged.", "open"),
        ("4000000000009995", "The card has not enough money. Nothing was charged.", "open"),
        ("4000002760003184", "Your bank wants to know that it is you.", "open"),
        ("4000000000007734", "The bank has not said yet whether it is paid.", "open"),
        ("", "Nothing was charged", "open"),
    ],
)
def test_paying_says_what_became_of_it(cast: Cast, card: str, says: str, state: str) -> None:
    shown, after = pay(cast, card)
    assert says in shown
    assert after == state


def test_a_payment_that_the_bank_asks_about_has_a_page_that_can_be_reloaded(cast: Cast) -> None:
    activate(cast.account, period_end=days(3000))
    invoice = issue(cast.account)
    add_card("4000002760003184", cast.primary_admin)
    client = cast.client(cast.primary_admin)
    answer = client.post(url(cast, "invoices/{id}/pay/", invoice.pk))
    assert answer.status_code == 303
    assert "/payments/" in answer["Location"]
    for _ in range(2):
        assert "Your bank wants to know" in client.get(answer["Location"]).content.decode()
    again = client.post(answer["Location"])
    assert (again.status_code, again["Location"]) == (303, answer["Location"])


def test_an_invoice_is_paid_once(cast: Cast) -> None:
    invoice = issue(cast.account, state="paid")
    answer = cast.client(cast.primary_admin).post(url(cast, "invoices/{id}/pay/", invoice.pk))
    assert answer.status_code == 302
    assert "Thank you" not in page(cast)


def test_no_name_on_an_invoice_is_markup(cast: Cast) -> None:
    bad = '</article><script>alert("1")</script>'
    invoice = issue(cast.account, details=BillingDetails(legal_name=bad, address=bad, reference=bad))
    html = cast.client(cast.admin).get(url(cast, "invoices/{id}/", invoice.pk)).content.decode()
    assert bad not in html and html.count("&lt;script&gt;") == 3
