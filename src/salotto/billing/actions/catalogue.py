"""What is sold, by whom, until when: what operators set for the whole installation.

Every function takes `by`, an operator, or None for the command line, and raises OperatorsOnly.
Days are ISO texts, and begin at 00:00 in the catalogue's time zone. One that has passed is
refused (DayHasPassed) unless `sure`. Quotes are made anew from the catalogue when they are
claimed, so that none outlives what it rests on.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import Account, User
from salotto.billing import vat, wording
from salotto.billing.days import DayHasPassed, day_of, midnight, today, zone_of
from salotto.billing.models import Catalogue, Price, TaxRate
from salotto.billing.money import parse_amount
from salotto.billing.operators import OPERATION, must_operate
from salotto.core import audit, clock
from salotto.core.errors import Invalid, Missing

MOST_DAYS = 3650
PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?", re.ASCII)


class Negative(Invalid):
    """422: a price below nothing."""

    code = "negative"
    sentence = _("A price cannot be below 0. Nothing was changed.")


class BadRate(Invalid):
    """422: no rate of tax."""

    code = "bad_rate"
    sentence = _("Write the rate in per cent, like 22 or 7.7. Nothing was changed.")


@contextmanager
def _catalogue() -> Iterator[Catalogue]:
    """A transaction that holds the one row."""
    with transaction.atomic():
        yield Catalogue.objects.select_for_update(no_key=True).get(pk=1)


def add_price(
    currency: str,
    amount: str,
    *,
    by: User | None,
    new_from: str = "",
    existing_from: str = "",
    sure: bool = False,
) -> Price:
    """A version of the price of one seat and month, in `currency`, `amount` as people type it.

    `new_from`: the day from which first purchases pay it; empty is now. `existing_from`: the
    day from which renewals do; empty keeps existing customers at their price. Raises Invalid
    for no currency or amount, Negative, BadDay, DayHasPassed.
    """
    actor = must_operate(by)
    unit = parse_amount(amount, currency)
    if unit < 0:
        raise Negative()
    with _catalogue() as terms:
        price = Price(currency=currency.strip().upper(), unit_amount=unit, created_by=by)
        start, later = _day(new_from, terms, sure), _day(existing_from, terms, sure)
        price.new_from = midnight(start, terms.time_zone) if start else clock.now()
        price.existing_from = midnight(later, terms.time_zone) if later else None
        price.save(force_insert=True)
        audit.record(
            OPERATION, actor, "catalogue.price_added", f"price {price.pk}",
            currency=price.currency, amount=unit, new_from=str(price.new_from),
            existing_from=str(price.existing_from or ""),
        )  # fmt: skip
    return price


def set_dates(
    *, by: User | None, sale_ends_on: str = "", extra_sale_ends_on: str = "", sure: bool = False
) -> Catalogue:
    """The two dates of rule S14; empty is none.

    Raises BadDay, DayHasPassed, and Invalid if extra seats would end before the product does.
    """
    actor = must_operate(by)
    with _catalogue() as terms:
        given = {"sale_ends_on": day_of(sale_ends_on), "extra_sale_ends_on": day_of(extra_sale_ends_on)}
        for name, day in given.items():
            if day != getattr(terms, name):
                _must_come(day, terms, sure)
        first, second = given["sale_ends_on"], given["extra_sale_ends_on"]
        if second and (first is None or second < first):
            raise Invalid(
                _("Extra seats cannot end before the product itself. Nothing was changed."), code="order"
            )
        _write(terms, given, actor, "catalogue.dates_changed")
    return terms


def set_terms(
    *,
    by: User | None,
    trial_days: object,
    payment_days: object,
    time_zone: str,
    support_email: str = "",
    support_account: str = "",
) -> Catalogue:
    """Days of a trial and of an invoice, the catalogue's time zone, and where support is.

    `support_account` is the slug of the account whose inbox takes requests, or empty. Raises
    Invalid, BadZone, and Missing for an account that there is not.
    """
    actor = must_operate(by)
    given = {
        "trial_days": _days(trial_days),
        "payment_days": _days(payment_days),
        "time_zone": zone_of(time_zone),
        "support_email": _email(support_email),
        "support_account_id": _account(support_account),
    }
    with _catalogue() as terms:
        _write(terms, given, actor, "catalogue.terms_changed")
    return terms


def set_seller(
    *, by: User | None, name: str, address: str = "", country: str = "", vat_number: str = ""
) -> Catalogue:
    """Who sells, as the next invoices show it; without a country no tax is charged.

    The VAT number is checked offline. Raises Invalid, BadVatNumber, VatNeedsCountry.
    """
    actor = must_operate(by)
    country = _country(country) if country.strip() else ""
    given = {
        "seller_name": _line(name, 200),
        "seller_address": "\n".join(
            line for line in map(str.strip, _text(address, 500).splitlines()) if line
        ),
        "seller_country": country,
        "seller_vat_number": vat.checked(country, vat_number),
    }
    with _catalogue() as terms:
        _write(terms, given, actor, "catalogue.seller_changed")
    return terms


def set_tax_rate(
    country: str, name: str, percent: str, valid_from: str, *, by: User | None, sure: bool = False
) -> TaxRate:
    """A country's rate from a day on; the same day again corrects it.

    `name` as invoices show it ("VAT"); `percent` like 22 or 7.7. Raises Invalid, BadRate,
    BadDay, DayHasPassed. Issued invoices keep what they say.
    """
    actor = must_operate(by)
    key, points = _country(country), _points(percent)
    label = _line(name, 20)
    if not label:
        raise Invalid(_("The tax needs a name, like VAT. Nothing was changed."), code="name")
    with _catalogue() as terms:
        day = _day(valid_from, terms, sure) or today(terms.time_zone, clock.now())
        old = TaxRate.objects.filter(country=key, valid_from=day).first()
        rate, _made = TaxRate.objects.update_or_create(
            country=key, valid_from=day, defaults={"name": label, "basis_points": points}
        )
        audit.record(
            OPERATION, actor, "catalogue.tax_set", f"rate {rate.pk}", country=key, valid_from=str(day),
            before=old.basis_points if old else None, after=points,
        )  # fmt: skip
    return rate


def remove_tax_rate(country: str, valid_from: str, *, by: User | None) -> None:
    """Take a rate out of the catalogue; issued invoices keep it. Raises Missing."""
    actor = must_operate(by)
    with _catalogue():
        day = day_of(valid_from)
        rates = TaxRate.objects.filter(country=country.strip().upper())
        rate = rates.filter(valid_from=day).first() if day else None
        if rate is None:
            raise Missing()
        audit.record(
            OPERATION, actor, "catalogue.tax_removed", f"rate {rate.pk}",
            country=rate.country, valid_from=str(rate.valid_from), before=rate.basis_points,
        )  # fmt: skip
        rate.delete()


def _day(text: str, terms: Catalogue, sure: bool) -> date | None:
    day = day_of(text)
    _must_come(day, terms, sure)
    return day


def _must_come(day: date | None, terms: Catalogue, sure: bool) -> None:
    if day is not None and not sure and day < today(terms.time_zone, clock.now()):
        raise DayHasPassed()


def _write(terms: Catalogue, given: dict[str, Any], actor: int | None, verb: str) -> None:
    """Write what differs, with its values of before in the audit log; nothing if nothing does."""
    before = {name: getattr(terms, name) for name, value in given.items() if getattr(terms, name) != value}
    if not before:
        return
    for name in before:
        setattr(terms, name, given[name])
    terms.save(update_fields=list(before))
    detail = {name: [_plain(old), _plain(given[name])] for name, old in before.items()}
    audit.record(OPERATION, actor, verb, "catalogue", **detail)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, date) else value


def _days(given: object) -> int:
    text = str(given).strip()
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or int(text) > MOST_DAYS:
        raise Invalid(_("Enter a number of days, 0 to 3650. Nothing was changed."), code="bad_days")
    return int(text)


def _text(text: str, longest: int) -> str:
    clean = text.replace("\x00", "").strip()
    if len(clean) > longest:
        raise Invalid(_("One of the texts is too long. Nothing was changed. Shorten it."), code="too_long")
    return clean


def _line(text: str, longest: int) -> str:
    return _text(" ".join(text.split()), longest)


def _email(text: str) -> str:
    address = _line(text, 254)
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(_("This is no email address. Nothing was changed."), code="email") from None
    return address


def _account(slug: str) -> int | None:
    if not slug.strip():
        return None
    found = Account.objects.filter(slug=slug.strip()).values_list("pk", flat=True).first()
    if found is None:
        raise Missing(_("There is no account with this short name. Nothing was changed."), code="no_account")
    return found


def _country(code: str) -> str:
    code = code.strip().upper()
    if code not in dict(wording.countries("en")):
        raise Invalid(
            _("There is no such country. Use two letters, like IT. Nothing was changed."), code="country"
        )
    return code


def _points(percent: str) -> int:
    found = PERCENT.fullmatch(percent.strip().removesuffix("%").strip())
    points = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else -1
    if not 0 <= points <= 10_000:
        raise BadRate()
    return points
