"""The purchase dialog: a price, a payment, and what became of it.

Each page is a fragment for the dialog's script, and a whole page without it.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_primary_admin
from salotto.billing import actions
from salotto.billing.actions import methods
from salotto.billing.errors import NoMethod, OtherQuantity, QuoteOver
from salotto.billing.gateways.cards import TEST_CARDS
from salotto.billing.gateways.stripe_csp import with_stripe
from salotto.billing.models import Payment, PaymentKind, PaymentState
from salotto.billing.prices import currencies
from salotto.billing.queries import payment as find_payment
from salotto.billing.quotes import Quote, gateway_of, make_quote, quantity_of
from salotto.billing.standing import Standing, standing
from salotto.core.errors import Missing, Refused
from salotto.desk.seats.queries import bought_with
from salotto.desk.seats.shapes import current_price, offer, terms_of
from salotto.seats.queries import must_seat_everybody, plan

SLIDER = 50
USUAL = 3


@require_http_methods(["GET", "HEAD", "POST"])
@for_primary_admin
@with_stripe
def buy(request: MemberRequest) -> HttpResponse:
    """The dialog with its first price; POST pays exactly that price."""
    if request.method != "POST":
        return _dialog(request)
    try:
        payment = actions.buy(request.POST.get("token", ""), request.POST.get("add", ""), by=request.member)
    except Refused as refused:
        return _refused(request, refused)
    return _outcome(request, payment)


@require_safe
@for_primary_admin
def quote(request: MemberRequest) -> HttpResponse:
    """The price of a number of seats, for the dialog; writes nothing."""
    st = standing(request.member.account.pk)
    context = _priced(request, st, request.GET)
    refused = context.get("refused")
    return render(request, "desk/seats/_quote.html", context, status=refused.status if refused else 200)


@require_POST
@for_primary_admin
@with_stripe
def card(request: MemberRequest) -> HttpResponse:
    """Add a card and go on with the purchase, which is charged to it."""
    try:
        methods.add_card(request.POST.get("reference", ""), by=request.member, current=True)
    except Refused as refused:
        return _refused(request, refused)
    return _dialog(request)


@require_POST
@for_primary_admin
@with_stripe
def go_on(request: MemberRequest, payment: UUID) -> HttpResponse:
    """What became of a payment: after the bank's question, and while we ask the bank."""
    try:
        return _outcome(request, actions.continue_purchase(payment, by=request.member))
    except Refused as refused:
        return _refused(request, refused, _asked_before(request, payment))


def _asked_before(request: MemberRequest, payment: UUID) -> dict[str, str] | None:
    """What a purchase that came to nothing was for, to offer it once more."""
    try:
        return terms_of(find_payment(request.member.account.pk, payment))
    except Missing:
        return None


@require_POST
@for_primary_admin
def give_up(request: MemberRequest, payment: UUID) -> HttpResponse:
    """The customer has closed the bank's question."""
    return _outcome(request, actions.give_up(payment, by=request.member))


def _dialog(
    request: MemberRequest, refused: Refused | None = None, terms: dict[str, str] | None = None
) -> HttpResponse:
    st = standing(request.member.account.pk)
    under_way = _under_way(st) if request.method != "POST" else None
    if under_way is not None:
        return _outcome(request, under_way)
    given = terms or (request.POST if request.method == "POST" else request.GET)
    context = _priced(request, st, given if "add" in given else {"add": str(_first_number(st))})
    context.update(_choices(st, context.get("quote")), slider=SLIDER, refusal=refused)
    error = refused or context.get("refused")
    return _page(request, "_buy.html", context, error.status if error else 200)


def _under_way(st: Standing) -> Payment | None:
    """A purchase that was left open: in another window, or before its outcome was known."""
    if st.open_payment is None:
        return None
    found = find_payment(st.account.pk, st.open_payment)
    return found if found.kind == PaymentKind.PURCHASE else None


def _first_number(st: Standing) -> int:
    """What the dialog begins with: a seat for every agent of a trial, else three."""
    return max(plan().in_use, 1) if st.is_first else USUAL


def _priced(request: MemberRequest, st: Standing, given: Any) -> dict[str, Any]:
    """`quote` and `offer` for what was asked, or `refused`."""
    try:
        add = quantity_of(given.get("add", ""))
        made = make_quote(st, add, currency=given.get("currency", ""), cycle=given.get("cycle", ""))
        if made.is_first:
            must_seat_everybody(made.quantity_to)
        return {"quote": made, "offer": offer(made, st), "add": add, **_means(st)}
    except Refused as refused:
        return {"refused": refused, "add": given.get("add", "")[:12], **_means(st)}


def _means(st: Standing) -> dict[str, Any]:
    """How the account pays."""
    name = gateway_of(st)
    cards = TEST_CARDS.values() if name == "sandbox" else []
    return {"sandbox": name == "sandbox", "stripe": name == "stripe", "test_cards": cards}


def _choices(st: Standing, made: Quote | None) -> dict[str, Any]:
    """What a first purchase may choose."""
    price = current_price(st)
    return {
        "first": st.is_first,
        "currencies": currencies(st.prices, st.now) if st.is_first else [],
        "currency": made.currency if made else (price.currency if price else ""),
        "cycle": made.cycle if made else st.subscription.cycle,
    }


def _outcome(request: MemberRequest, payment: Payment) -> HttpResponse:
    """Paid, waiting for the customer, unknown, or given up."""
    shared = {"payment": payment, "sandbox": payment.gateway == "sandbox"}
    if payment.state == PaymentState.PAID:
        return _page(request, "_bought.html", {"bought": bought_with(payment), **shared})
    if payment.state != PaymentState.CHARGING:
        return _page(request, "_left.html", {**shared, "terms": _query(terms_of(payment))})
    challenge = getattr(payment, "challenge", None)
    context = {"challenge": challenge, **shared}
    return _page(request, "_challenge.html" if challenge else "_asking.html", context, 202)


def _query(terms: dict[str, str] | None) -> str:
    return f"?{urlencode(terms)}" if terms else ""


def _refused(request: MemberRequest, refused: Refused, terms: dict[str, str] | None = None) -> HttpResponse:
    """The dialog again, with a fresh price and the reason: nothing was charged.

    `terms` are those of the purchase, when the request itself does not name them.
    """
    if not getattr(request, "htmx", False):
        return _dialog(request, refused, terms)
    renews = isinstance(refused, (QuoteOver, OtherQuantity, NoMethod))
    context = {"refused": refused, "renews": renews, "terms": _query(terms)}
    return render(request, "desk/seats/_refused.html", context, status=refused.status)


def _page(request: MemberRequest, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A fragment for the dialog's script; the same on a page of its own without it."""
    context = {**context, "section": "seats"}
    if getattr(request, "htmx", False):
        return render(request, f"desk/seats/{part}", context, status=status)
    return render(request, "desk/seats/alone.html", {**context, "part": f"desk/seats/{part}"}, status=status)
