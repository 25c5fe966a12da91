"""What tests of billing share: a price of their own, cards, and a few verbs.

The installation's one catalogue is shared by all tests of a process; a currency that only
tests use lets each have its price without touching anybody else's.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from salotto.accounts.members import Member
from salotto.billing import actions
from salotto.billing.gateways import gateway
from salotto.billing.models import Catalogue, Invoice, Payment, PaymentMethod, Price, Subscription, TaxRate
from salotto.billing.prices import price_for_new
from salotto.billing.queries import quote_seats
from salotto.billing.quotes import Quote
from salotto.core.clock import now
from salotto.core.tenancy import account_scope

CURRENCY = "CHF"
UNIT = 1900
GOOD = "4242424242424242"


def price(currency: str = CURRENCY, unit: int = UNIT) -> Price:
    """What a first purchase in this currency pays from now on, whatever other tests have sold it for."""
    valid = price_for_new(Price.objects.all(), currency, now())
    if valid is not None and valid.unit_amount == unit:
        return valid
    since = valid.new_from if valid else now() - timedelta(days=9000)
    return Price.objects.create(currency=currency, unit_amount=unit, new_from=since)


def use_gateway(by: Member, name: str) -> None:
    """Let the account pay through this gateway."""
    with account_scope(by.account.pk):
        Subscription.objects.update(gateway=name)


def add_card(by: Member, number: str = GOOD) -> PaymentMethod:
    """A test card of the sandbox, current."""
    port = gateway("sandbox")
    customer = port.ensure_customer(by.account.pk, by.account.name, by.user.email, subscription(by).customer)
    card = port.finish_card(customer, number)
    with account_scope(by.account.pk):
        Subscription.objects.update(customer=customer, gateway="sandbox")
        PaymentMethod.objects.filter(is_current=True).update(is_current=False)
        made: PaymentMethod = PaymentMethod.objects.create(
            account=by.account, gateway="sandbox", token=card.token, brand=card.brand, last4=card.last4,
            exp_month=card.exp_month, exp_year=card.exp_year, is_current=True, added_by=by.user,
        )  # fmt: skip
    return made


def quote(by: Member, add: object = 3, currency: str = CURRENCY, cycle: str = "") -> Quote:
    """A quote in the tests' currency."""
    price(currency)
    return quote_seats(add, by=by, currency=currency, cycle=cycle)


def buy(by: Member, add: int = 3, **options: Any) -> Payment:
    """Quote and buy in one go."""
    made = quote(by, add, **options)
    return actions.buy(made.token, add, by=by)


def subscription(by: Member) -> Subscription:
    """The account's subscription as of now."""
    with account_scope(by.account.pk):
        found: Subscription = Subscription.objects.get()
    return found


def invoices(by: Member) -> list[Invoice]:
    """The account's invoices, oldest first."""
    with account_scope(by.account.pk):
        return list(Invoice.objects.order_by("id"))


@contextmanager
def catalogue(**changes: Any) -> Iterator[Catalogue]:
    """The one catalogue with other terms for as long as the block runs."""
    before = Catalogue.objects.get(pk=1)
    Catalogue.objects.filter(pk=1).update(**changes)
    try:
        yield Catalogue.objects.get(pk=1)
    finally:
        before.save()


@contextmanager
def rates(**countries: Mapping[date, int]) -> Iterator[None]:
    """Rates of tax by country and first day, in hundredths of a per cent, while the block runs."""
    made = [
        TaxRate.objects.create(country=country, name="VAT", basis_points=points, valid_from=day)
        for country, of_country in countries.items()
        for day, points in of_country.items()
    ]
    try:
        yield
    finally:
        TaxRate.objects.filter(pk__in=[rate.pk for rate in made]).delete()


__all__ = ["CURRENCY", "GOOD", "UNIT", "add_card", "buy", "catalogue", "invoices", "now", "price", "quote"]
