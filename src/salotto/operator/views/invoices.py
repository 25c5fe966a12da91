"""Invoices and credit notes: the list, one, its PDF, and what corrects or settles it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import OperatorRequest
from salotto.billing.pdf import pdf_of
from salotto.core.errors import Missing
from salotto.operator.queries import lists
from salotto.operator.queries.accounts import account_named
from salotto.operator.queries.catalogue import terms_today
from salotto.operator.queries.invoices import invoice_page
from salotto.operator.settlements import correct, settle, settle_refund
from salotto.operator.views.common import BIGGEST, acted, asked, operator_page, show, text

FILTERS = ("kind", "state", "account", "number")


@require_safe
@operator_page
def invoices(request: OperatorRequest) -> HttpResponse:
    """The list; GET `kind`, `state`, `account` (short name), `number`, `after`."""
    wanted = {name: asked(request, name) for name in FILTERS}
    page = None
    with suppress(Missing):  # an account that is not there has no invoices: an empty list
        page = lists.invoices(
            kind=wanted["kind"],
            state=wanted["state"],
            account=account_named(wanted["account"]) if wanted["account"] else None,
            number=wanted["number"],
            cursor=asked(request, "after"),
        )
    return show(request, "invoices", "invoices", page=page, wanted=wanted)


@require_safe
@operator_page
def one(request: OperatorRequest, account: int, invoice: int) -> HttpResponse:
    """An invoice or credit note as the customer sees it, with what may be done."""
    return _page(request, account, invoice)


def _page(
    request: OperatorRequest, account: int, invoice: int, status: int = 200, **context: Any
) -> HttpResponse:
    view = invoice_page(_fits(account), _fits(invoice))
    return show(request, "invoice", "invoices", status, view=view, today=terms_today(), **context)


@require_safe
@operator_page
def pdf(request: OperatorRequest, account: int, invoice: int) -> HttpResponse:
    """The PDF."""
    view = invoice_page(_fits(account), _fits(invoice)).document
    response = HttpResponse(pdf_of(view), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{view.name}.pdf"'
    return response


def _fits(number: int) -> int:
    if number > BIGGEST:
        raise Missing()
    return number


def _act(
    request: OperatorRequest, account: int, invoice: int, form: str, act: Callable[[], str]
) -> HttpResponse:
    invoice_page(_fits(account), _fits(invoice))

    def again(asking: OperatorRequest, **context: Any) -> HttpResponse:
        return _page(asking, account, invoice, **context)

    return acted(request, act, lambda: redirect("operator_invoice", account, invoice), again, form)


@require_POST
@operator_page
def paid(request: OperatorRequest, account: int, invoice: int) -> HttpResponse:
    """Mark as paid an invoice of the gateway `invoice`. POST `day`."""

    def act() -> str:
        settle(account, invoice, text(request, "day"), by=request.operator)
        return _("The invoice is marked as paid.")

    return _act(request, account, invoice, "paid", act)


@require_POST
@operator_page
def credit_note(request: OperatorRequest, account: int, invoice: int) -> HttpResponse:
    """Take an invoice back, whole or in part. POST `amount` (empty: all), `to`, `reason`, `left`."""

    def act() -> str:
        names = ("amount", "to", "reason", "left")
        given = {name: text(request, name) for name in names}
        note = correct(account, invoice, **given, by=request.operator)
        return _("Credit note %(name)s is issued.") % {"name": note.name}

    return _act(request, account, invoice, "credit_note", act)


@require_POST
@operator_page
def refund(request: OperatorRequest, account: int, invoice: int) -> HttpResponse:
    """Settle a refund that the gateway refuses. POST `to` (`balance`, `given`), `reason`."""

    def act() -> str:
        to, reason = text(request, "to"), text(request, "reason")
        return settle_refund(account, invoice, to, reason, by=request.operator)

    return _act(request, account, invoice, "refund", act)
