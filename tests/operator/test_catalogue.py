"""What operators set in the catalogue, and what they are told when it cannot be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salotto.accounts.models import User
from salotto.billing.actions import catalogue as actions
from salotto.billing.actions.catalogue import BadRate, Negative
from salotto.billing.days import BadDay, BadZone, DayHasPassed
from salotto.billing.models import Catalogue, Price, TaxRate
from salotto.billing.operators import OperatorsOnly
from salotto.billing.vat import BadVatNumber, VatNeedsCountry
from salotto.core import clock
from salotto.core.errors import Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.operator.queries.catalogue import catalogue
from tests.billing import shop
from tests.cast import Cast, found_account

SOON = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
LATER = (datetime.now(UTC) + timedelta(days=80)).date().isoformat()


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    """The one catalogue is as it was after each test; rates of the Faroes are these tests' own."""
    with shop.catalogue():
        yield
    TaxRate.objects.filter(country="FO").delete()


def last_entry(verb: str) -> AuditEntry:
    found = AuditEntry.objects.filter(verb=verb, account_id=0).order_by("-id").first()
    assert found is not None
    return found


def test_a_price_begins_at_midnight_in_the_catalogues_time_zone(operator: User) -> None:
    with shop.catalogue(time_zone="Asia/Kolkata"):
        made = actions.add_price("isk", "1900", by=operator, new_from=SOON, existing_from=LATER)
    assert (made.currency, made.unit_amount) == ("ISK", 1900)
    assert (
        made.new_from.isoformat()
        == f"{(datetime.fromisoformat(SOON) - timedelta(days=1)).date()}T18:30:00+00:00"
    )
    assert made.existing_from is not None and made.created_by == operator
    entry = last_entry("catalogue.price_added")
    assert (entry.actor_id, entry.detail["amount"]) == (operator.pk, 1900)


def test_without_days_a_price_is_valid_at_once_for_first_purchases_alone() -> None:
    before = clock.now()
    made = actions.add_price("SEK", "190,00", by=None)
    assert before <= made.new_from <= clock.now()
    assert made.existing_from is None
    assert last_entry("catalogue.price_added").actor_id is None


@pytest.mark.parametrize(
    ("currency", "amount", "days", "refusal"),
    [
        ("EUR", "1.900", {}, Invalid),
        ("EUR", "nineteen", {}, Invalid),
        ("EUR", "19.999", {}, Invalid),
        ("EUR", "", {}, Invalid),
        ("EUR", "-1", {}, Negative),
        ("EUR", "9" * 30, {}, Invalid),
        ("XAU", "19", {}, Invalid),
        ("euro", "19", {}, Invalid),
        ("", "19", {}, Invalid),
        ("EUR", "19", {"new_from": "31.01.2030"}, BadDay),
        ("EUR", "19", {"new_from": "2030-02-30"}, BadDay),
        ("EUR", "19", {"new_from": "9999-01-01"}, BadDay),
        ("EUR", "19", {"new_from": "2020-01-01"}, DayHasPassed),
        ("EUR", "19", {"existing_from": "2020-01-01"}, DayHasPassed),
    ],
)
def test_a_price_that_cannot_be_changes_nothing(
    operator: User, currency: str, amount: str, days: dict[str, str], refusal: type[Invalid]
) -> None:
    before = Price.objects.count()
    with pytest.raises(refusal):
        actions.add_price(currency, amount, by=operator, **days)
    assert Price.objects.count() == before


def test_a_day_that_has_passed_is_taken_when_it_is_meant(operator: User) -> None:
    made = actions.add_price("NOK", "20", by=operator, new_from="2020-01-01", sure=True)
    assert made.new_from == datetime(2020, 1, 1, tzinfo=UTC)


def test_the_list_says_which_price_applies_today_and_what_comes(operator: User) -> None:
    old = actions.add_price(
        "DKK", "10", by=operator, new_from="2020-01-01", existing_from="2020-01-01", sure=True
    )
    here = actions.add_price("DKK", "20", by=operator)
    next_ = actions.add_price("DKK", "30", by=operator, new_from=SOON, existing_from=LATER)
    rows = {row.id: row for row in catalogue().prices}
    assert [rows[p.pk].new for p in (old, here, next_)] == ["past", "now", "later"]
    assert [rows[p.pk].existing for p in (old, here, next_)] == ["now", "never", "later"]


def test_only_operators_write_the_catalogue(cast: Cast) -> None:
    for member in cast.members().values():
        with pytest.raises(OperatorsOnly):
            actions.add_price("EUR", "1", by=member.user)
        with pytest.raises(OperatorsOnly):
            actions.set_dates(by=member.user, sale_ends_on=SOON)
        with pytest.raises(OperatorsOnly):
            actions.set_tax_rate("FO", "VAT", "25", "", by=member.user)


def test_s14_the_page_says_the_exact_instant_of_the_end_of_sale(pages: Any) -> None:
    with shop.catalogue(time_zone="Europe/Rome"):
        given = {"sale_ends_on": "2023-01-03"}
        refused = pages.post("/operator/catalogue/dates/", given)
        assert refused.status_code == 422 and 'name="sure"' in refused.text
        assert 'value="2023-01-03"' in refused.text
        assert pages.post("/operator/catalogue/dates/", {**given, "sure": "yes"}).status_code == 302
        assert (
            "Since 3 Jan 2023, 00:00 in Europe/Rome (2 Jan 2023, 23:00 UTC)"
            in pages.get("/operator/catalogue/").text
        )
    entry = last_entry("catalogue.dates_changed")
    assert entry.detail == {"sale_ends_on": [None, "2023-01-03"]}


def test_s14_extra_seats_do_not_end_before_the_product(operator: User) -> None:
    for dates in ({"extra_sale_ends_on": SOON}, {"sale_ends_on": LATER, "extra_sale_ends_on": SOON}):
        with pytest.raises(Invalid, match="order"):
            actions.set_dates(by=operator, **dates)
    actions.set_dates(by=operator, sale_ends_on=SOON, extra_sale_ends_on=LATER)
    terms = Catalogue.objects.get()
    assert str(terms.sale_ends_on) == SOON and str(terms.extra_sale_ends_on) == LATER


def test_saving_the_same_again_is_no_act(operator: User) -> None:
    actions.set_dates(by=operator, sale_ends_on=SOON)
    last = last_entry("catalogue.dates_changed").pk
    actions.set_dates(by=operator, sale_ends_on=SOON)
    assert last_entry("catalogue.dates_changed").pk == last


def test_terms_are_saved_with_what_they_were(operator: User) -> None:
    support = found_account("Aiuto")
    actions.set_terms(
        by=operator, trial_days="30", payment_days=10, time_zone="Pacific/Auckland",
        support_email=" help@example.com ", support_account=support.account.slug,
    )  # fmt: skip
    terms = Catalogue.objects.get()
    assert (terms.trial_days, terms.payment_days, terms.time_zone) == (30, 10, "Pacific/Auckland")
    assert (terms.support_email, terms.support_account_id) == ("help@example.com", support.account.pk)
    assert last_entry("catalogue.terms_changed").detail["trial_days"] == [14, 30]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"trial_days": "-1"}, Invalid),
        ({"trial_days": "1.5"}, Invalid),
        ({"trial_days": "99999"}, Invalid),
        ({"payment_days": "soon"}, Invalid),
        ({"time_zone": "Rome"}, BadZone),
        ({"time_zone": ""}, BadZone),
        ({"support_email": "nobody"}, Invalid),
        ({"support_account": "no-such-account"}, Missing),
    ],
)
def test_terms_that_cannot_be_change_nothing(
    operator: User, changed: dict[str, Any], refusal: type[Exception]
) -> None:
    before = Catalogue.objects.values().get()
    with pytest.raises(refusal):
        actions.set_terms(by=operator, **{"trial_days": 30, "payment_days": 5, "time_zone": "UTC", **changed})
    assert Catalogue.objects.values().get() == before


def test_the_sellers_vat_number_is_checked(operator: User) -> None:
    actions.set_seller(
        by=operator,
        name=" Salotto  Srl ",
        address="Via Roma 1\n\n 20100 Milano",
        country="it",
        vat_number="00743110157",
    )
    terms = Catalogue.objects.get()
    assert (terms.seller_name, terms.seller_address) == ("Salotto Srl", "Via Roma 1\n20100 Milano")
    assert (terms.seller_country, terms.seller_vat_number) == ("IT", "IT00743110157")
    with pytest.raises(BadVatNumber):
        actions.set_seller(by=operator, name="Salotto", country="IT", vat_number="00743110158")
    with pytest.raises(VatNeedsCountry):
        actions.set_seller(by=operator, name="Salotto", vat_number="00743110157")
    with pytest.raises(Invalid):
        actions.set_seller(by=operator, name="Salotto", country="QQ")


def test_a_rate_of_tax_is_set_corrected_and_removed(operator: User) -> None:
    actions.set_tax_rate("FO", "MVG", "25", SOON, by=operator)
    rate = actions.set_tax_rate("fo", "MVG", "25,5 %", SOON, by=operator)
    assert TaxRate.objects.filter(country="FO").count() == 1
    assert rate.basis_points == 2550
    assert last_entry("catalogue.tax_set").detail["before"] == 2500
    actions.remove_tax_rate("FO", SOON, by=operator)
    assert not TaxRate.objects.filter(country="FO").exists()
    with pytest.raises(Missing):
        actions.remove_tax_rate("FO", SOON, by=operator)


@pytest.mark.parametrize("percent", ["", "-1", "101", "22.555", "a lot", "1e1"])
def test_what_is_no_rate_is_refused(operator: User, percent: str) -> None:
    with pytest.raises(BadRate):
        actions.set_tax_rate("FO", "MVG", percent, SOON, by=operator)


def test_the_list_of_rates_says_what_applies_today(operator: User) -> None:
    for percent, day in (("20", "2020-01-01"), ("22", "2021-01-01"), ("25", SOON)):
        actions.set_tax_rate("FO", "MVG", percent, day, by=operator, sure=True)
    found = [(row.basis_points, row.when) for row in catalogue().rates if row.country == "FO"]
    assert found == [(2500, "later"), (2200, "now"), (2000, "past")]


def test_the_page_writes_the_day_of_a_rate_out(operator: User, pages: Any) -> None:
    actions.set_tax_rate("FO", "MVG", "25", "2020-03-11", by=operator, sure=True)
    text = pages.get("/operator/catalogue/").text
    assert ">11 March 2020<" in text and "from 11 March 2020" in text
    assert 'value="2020-03-11"' in text and ">2020-03-11<" not in text


def test_a_form_shows_its_refusal_and_what_was_typed(pages: Any) -> None:
    answer = pages.post("/operator/catalogue/price/", {"currency": "EUR", "amount": "1.900"})
    assert answer.status_code == 422
    assert "decimals or thousands" in answer.text and 'value="1.900"' in answer.text
    answer = pages.post("/operator/catalogue/tax/", {"country": "FO", "name": "MVG", "percent": "x"})
    assert answer.status_code == 422 and "per cent" in answer.text


def test_every_form_of_the_page_does_its_act(pages: Any) -> None:
    forms = {
        "price": {"currency": "PLN", "amount": "80"},
        "terms": {"trial_days": "7", "payment_days": "7", "time_zone": "Europe/Rome"},
        "seller": {"name": "Salotto", "country": "IT"},
        "tax": {"country": "FO", "name": "MVG", "percent": "25", "valid_from": SOON},
        "tax/remove": {"country": "FO", "valid_from": SOON},
    }
    for path, given in forms.items():
        answer = pages.post(f"/operator/catalogue/{path}/", given)
        assert (answer.status_code, answer["Location"]) == (302, "/operator/catalogue/"), path
    assert Price.objects.filter(currency="PLN", unit_amount=8000).exists()
    assert Catalogue.objects.get().trial_days == 7
