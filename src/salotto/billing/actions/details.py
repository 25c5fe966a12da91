"""What the primary admin sets about invoices: whom they are made out to, and how often."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from salotto.accounts.locking import people_of
from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing import vat, wording
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.errors import NoSuchCycle, PurchaseUnderWay
from salotto.billing.models import BillingDetails, Cycle, Payment, PaymentState, State, Subscription
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid

FIELDS = ("legal_name", "address", "country", "vat_number", "email", "reference")
RENEWS = (State.ACTIVE, State.PAST_DUE, State.UNPAID)


LONGEST = {"legal_name": 200, "address": 500, "email": 254, "reference": 100}
"""Characters that the columns take."""


class TooLong(Invalid):
    """422: a text that does not fit."""

    code = "too_long"
    sentence = _("One of the texts is too long. Nothing was changed. Shorten it.")


class NoPlan(Conflict):
    """409: there is nothing that renews."""

    code = "no_plan"
    sentence = _("There is no plan that renews yet. Nothing was changed. The cycle is chosen when you buy.")


def save_details(
    *,
    by: Member,
    legal_name: str,
    address: str = "",
    country: str = "",
    vat_number: str = "",
    email: str = "",
    reference: str = "",
) -> BillingDetails:
    """Whom the next invoices are made out to; quotes of before are void, since the tax may differ.

    The VAT number is checked offline and kept in one form. Raises Forbidden unless `by` is the
    primary admin now, Invalid for an empty name, an unknown country or what is no address, BadVatNumber,
    VatNeedsCountry, TooLong, and PurchaseUnderWay: a payment keeps the details it was claimed with.
    """
    must_be_primary_admin(by)
    country = _country(country)
    given = {
        "legal_name": _line(legal_name, LONGEST["legal_name"]),
        "address": _lines(address),
        "country": country,
        "vat_number": vat.checked(country, vat_number),
        "email": _email(email),
        "reference": _line(reference, LONGEST["reference"]),
    }
    if not given["legal_name"]:
        raise Invalid(_("A name is needed. Nothing was changed."), code="legal_name")
    with _primary_admin(by) as sub:
        return _write(sub, by, given)


def _write(sub: Subscription, by: Member, given: dict[str, str]) -> BillingDetails:
    details: Any = BillingDetails.objects.filter(account_id=sub.account_id).first()
    details = details or BillingDetails(account_id=sub.account_id)
    changed = [name for name in FIELDS if getattr(details, name) != given[name]]
    if not changed:
        return details  # type: ignore[no-any-return]
    if Payment.objects.filter(state=PaymentState.CHARGING).exists():
        raise PurchaseUnderWay()
    for name in changed:
        setattr(details, name, given[name])
    details.save()
    save(sub)
    audit.record(sub.account_id, by.user.pk, "billing.details_changed", fields=changed)
    return details  # type: ignore[no-any-return]


def change_cycle(cycle: str, by: Member) -> Subscription:
    """Renew monthly ("month") or yearly ("year") from the next renewal on (rules S9, S10).

    Raises Forbidden unless `by` is the primary admin now, NoSuchCycle, and NoPlan (409)
    while nothing renews.
    """
    must_be_primary_admin(by)
    if cycle not in Cycle.values:
        raise NoSuchCycle()
    with _primary_admin(by) as sub:
        if sub.state not in RENEWS:
            raise NoPlan()
        before = sub.cycle_next
        if before != cycle:
            sub.cycle_next = Cycle(cycle)
            save(sub, "cycle_next")
            audit.record(sub.account_id, by.user.pk, "billing.cycle_changed", before=before, after=cycle)
    return sub


@contextmanager
def _primary_admin(by: Member) -> Iterator[Subscription]:
    """The lock on the money, then on the people: in this order, as everywhere in billing.

    Raises Forbidden if `by` has handed the role over since the request began.
    """
    with subscription_of(by.account.pk) as sub, people_of(by) as now:
        must_be_primary_admin(now)
        yield sub


def _line(text: str, longest: int) -> str:
    line = " ".join(text.replace("\x00", "").split())
    if len(line) > longest:
        raise TooLong()
    return line


def _lines(text: str) -> str:
    lines = [_line(line, LONGEST["address"]) for line in text.splitlines()]
    address = "\n".join(line for line in lines if line)
    if len(address) > LONGEST["address"]:
        raise TooLong()
    return address


def _email(text: str) -> str:
    address = _line(text, LONGEST["email"])
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(
                _("This is no email address. Nothing was changed. Correct it."), code="email"
            ) from None
    return address


def _country(code: str) -> str:
    code = code.strip().upper()
    if code and code not in dict(wording.countries("en")):
        raise Invalid(_("There is no such country. Nothing was changed."), code="country")
    return code
