"""What is sold: prices, dates, terms, seller, tax."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import OperatorRequest
from salotto.billing import wording
from salotto.billing.actions import catalogue as actions
from salotto.operator.queries.catalogue import catalogue as look
from salotto.operator.views.common import acted, operator_page, show, sure, text


@require_safe
@operator_page
def catalogue(request: OperatorRequest) -> HttpResponse:
    """Everything in the catalogue, with a form for each part."""
    return _page(request)


def _page(request: OperatorRequest, status: int = 200, **context: Any) -> HttpResponse:
    countries = wording.countries(get_language() or "en")
    return show(request, "catalogue", "catalogue", status, view=look(), countries=countries, **context)


def _act(request: OperatorRequest, form: str, act: Callable[[], str]) -> HttpResponse:
    return acted(request, act, lambda: redirect("operator_catalogue"), _page, form)


@require_POST
@operator_page
def price(request: OperatorRequest) -> HttpResponse:
    """A version of a price. POST `currency`, `amount`, `new_from`, `existing_from`, `sure`."""

    def act() -> str:
        actions.add_price(
            text(request, "currency"),
            text(request, "amount"),
            by=request.operator,
            new_from=text(request, "new_from"),
            existing_from=text(request, "existing_from"),
            sure=sure(request),
        )
        return _("The price is in the catalogue.")

    return _act(request, "price", act)


@require_POST
@operator_page
def dates(request: OperatorRequest) -> HttpResponse:
    """The dates of sale. POST `sale_ends_on`, `extra_sale_ends_on`, `sure`."""

    def act() -> str:
        actions.set_dates(
            by=request.operator,
            sale_ends_on=text(request, "sale_ends_on"),
            extra_sale_ends_on=text(request, "extra_sale_ends_on"),
            sure=sure(request),
        )
        return _("The dates of sale are saved.")

    return _act(request, "dates", act)


@require_POST
@operator_page
def terms(request: OperatorRequest) -> HttpResponse:
    """Trial, payment days, time zone and support."""

    def act() -> str:
        names = ("trial_days", "payment_days", "time_zone", "support_email", "support_account")
        given: dict[str, Any] = {name: text(request, name) for name in names}
        actions.set_terms(by=request.operator, **given)
        return _("The terms are saved.")

    return _act(request, "terms", act)


@require_POST
@operator_page
def seller(request: OperatorRequest) -> HttpResponse:
    """Who sells. POST `name`, `address`, `country`, `vat_number`."""

    def act() -> str:
        names = ("name", "address", "country", "vat_number")
        actions.set_seller(by=request.operator, **{name: text(request, name) for name in names})
        return _("The seller is saved. The next invoices show it.")

    return _act(request, "seller", act)


@require_POST
@operator_page
def tax(request: OperatorRequest) -> HttpResponse:
    """A rate of tax. POST `country`, `name`, `percent`, `valid_from`, `sure`."""

    def act() -> str:
        parts = (text(request, name) for name in ("country", "name", "percent", "valid_from"))
        actions.set_tax_rate(*parts, by=request.operator, sure=sure(request))
        return _("The rate is in the catalogue.")

    return _act(request, "tax", act)


@require_POST
@operator_page
def remove_tax(request: OperatorRequest) -> HttpResponse:
    """Take a rate out. POST `country`, `valid_from`."""

    def act() -> str:
        actions.remove_tax_rate(text(request, "country"), text(request, "valid_from"), by=request.operator)
        return _("The rate is out of the catalogue. Invoices that were issued keep it.")

    return _act(request, "tax", act)
