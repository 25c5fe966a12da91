"""The billing pages that are read: the plan, invoices, the balance, the seat ledger."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salotto.accounts.http import MemberRequest, for_admins
from salotto.billing import history
from salotto.billing.gateways import gateway
from salotto.billing.gateways.cards import TEST_CARDS
from salotto.billing.gateways.stripe_csp import with_stripe
from salotto.billing.money import Money
from salotto.billing.pdf import pdf_of
from salotto.billing.quotes import gateway_of
from salotto.billing.standing import standing
from salotto.desk.billing.queries import seat_history
from salotto.desk.billing.shapes import language, overview
from salotto.seats.queries import plan

FEW = 5
"""Rows of a list on the first page; the whole list has a page of its own."""


@require_safe
@for_admins
@with_stripe
def billing(request: MemberRequest) -> HttpResponse:
    """Plan, next renewal, cards, details, and the newest of each list."""
    account = request.member.account
    st = standing(account.pk)
    invoices, changes = history.invoices(account, limit=FEW), seat_history(account, limit=FEW)
    context = {
        "section": "billing",
        "board": overview(st, plan()),
        "open": history.open_invoices(account),
        "methods": history.methods(account, st.now),
        "details": st.details,
        "balance": balance_of(st.balance),
        "invoices": invoices,
        "few_invoices": {"rows": invoices.rows},
        "changes": changes,
        "few_changes": {"rows": changes.rows},
        "test_cards": TEST_CARDS.values(),
        "may_change": request.member.is_primary_admin,
    }
    return render(request, "desk/billing/billing.html", context)


def balance_of(balance: dict[str, int]) -> list[Money]:
    """What is on the balance, per currency, without what is zero."""
    return [Money(amount, currency) for currency, amount in sorted(balance.items()) if amount]


@require_safe
@for_admins
def invoices(request: MemberRequest) -> HttpResponse:
    """Every invoice, newest first; with htmx only the rows."""
    page = history.invoices(request.member.account, cursor=request.GET.get("after", ""))
    return _list(request, "invoices", {"page": page})


@require_safe
@for_admins
def invoice(request: MemberRequest, invoice: int) -> HttpResponse:
    """One invoice, word for word as in its PDF."""
    account = request.member.account
    row = history.invoice(account.pk, invoice)
    context = {
        "section": "billing",
        "invoice": history.view_of(account, row),
        "payable": row.state == "open" and row.due > 0 and takes_cards(account.pk),
        "may_change": request.member.is_primary_admin,
        "reader": language(),
    }
    return render(request, "desk/billing/invoice.html", context)


def takes_cards(account_id: int) -> bool:
    """Whether the account pays by card now, whatever an open invoice was issued for."""
    return gateway(gateway_of(standing(account_id))).takes_cards


@require_safe
@for_admins
def invoice_pdf(request: MemberRequest, invoice: int) -> HttpResponse:
    """The same as a file."""
    view = history.invoice_view(request.member.account, invoice)
    response = HttpResponse(pdf_of(view), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{view.name}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@for_admins
def balance(request: MemberRequest) -> HttpResponse:
    """What the balance is, and what has raised and lowered it."""
    account = request.member.account
    page = history.balance_changes(account, cursor=request.GET.get("after", ""))
    st = standing(account.pk)
    return _list(request, "balance", {"page": page, "balance": balance_of(st.balance)})


@require_safe
@for_admins
def changes(request: MemberRequest) -> HttpResponse:
    """The seat ledger: who, when, how many, why."""
    page = seat_history(request.member.account, cursor=request.GET.get("after", ""))
    return _list(request, "changes", {"page": page})


def _list(request: MemberRequest, name: str, context: dict[str, object]) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, f"desk/billing/_{name}.html", context)
    sandbox = gateway_of(standing(request.member.account.pk)) == "sandbox"
    return render(request, f"desk/billing/{name}.html", {**context, "section": "billing", "sandbox": sandbox})
