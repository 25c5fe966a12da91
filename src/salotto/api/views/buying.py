"""Quotes and purchases."""

from uuid import UUID

from django.http import HttpResponse

from salotto.accounts.members import must_be_primary_admin
from salotto.api import queries, schemas, shapes
from salotto.api.auth import ApiRequest
from salotto.api.rest import operation, said
from salotto.billing import actions
from salotto.billing.models import Payment
from salotto.billing.queries import quote_seats
from salotto.seats.queries import must_seat_everybody

PURCHASE = {200: schemas.Purchase, 202: schemas.Purchase}


@operation("POST", "quotes", may=must_be_primary_admin, gives={200: schemas.Quote}, tag="Buying")
def make_quote(request: ApiRequest, given: schemas.QuoteIn) -> HttpResponse:
    """What more seats cost right now.

    Every figure of the purchase dialog, held for 15 minutes at most. Nothing is stored, nothing is
    charged. Only for the primary admin (rule S1).
    """
    made = quote_seats(given.add, by=request.auth, currency=given.currency or "", cycle=given.cycle or "")
    if made.is_first:
        must_seat_everybody(made.quantity_to)
    return said(shapes.quote(made))


@operation("POST", "purchases", may=must_be_primary_admin, gives=PURCHASE, tag="Buying", whole=False)
def buy(request: ApiRequest, given: schemas.PurchaseIn) -> HttpResponse:
    """Buy what a quote says.

    For exactly its amount, charged to the current payment method. 200: paid, the seats are there. 202: the
    outcome is not known yet, or a `challenge` waits for a person; go on with `…/continue`. 422 `declined`:
    nothing was charged. The same quote again is the same purchase, with or without an Idempotency-Key.
    Only for the primary admin (rule S1).
    """
    return _outcome(request, actions.buy(given.quote, given.add, by=request.auth))


@operation(
    "GET",
    "purchases/{uuid:purchase}",
    may=must_be_primary_admin,
    gives={200: schemas.Purchase},
    refuses=(404,),
    tag="Buying",
)
def get_purchase(request: ApiRequest, purchase: UUID) -> HttpResponse:
    """What became of a purchase.

    As it was last known; it does not ask the gateway. Only for the primary admin.
    """
    return said(shapes.purchase(queries.purchase(request.auth.account, purchase)))


@operation(
    "POST",
    "purchases/{uuid:purchase}/continue",
    may=must_be_primary_admin,
    gives=PURCHASE,
    refuses=(404,),
    tag="Buying",
    whole=False,
)
def continue_purchase(request: ApiRequest, purchase: UUID) -> HttpResponse:
    """Go on with a purchase.

    After the challenge, and to ask how it went: asks the gateway and settles. With an Idempotency-Key the
    answer stays the one of the first time, so take none, or a new one, to ask again. Only for the primary
    admin.
    """
    found = queries.purchase(request.auth.account, purchase)
    return _outcome(request, actions.continue_purchase(found.payment.pk, by=request.auth))


@operation(
    "POST",
    "purchases/{uuid:purchase}/give-up",
    may=must_be_primary_admin,
    gives=PURCHASE,
    refuses=(404,),
    tag="Buying",
    whole=False,
)
def give_up_purchase(request: ApiRequest, purchase: UUID) -> HttpResponse:
    """Leave a challenge.

    Cancelled at the gateway first; if it has succeeded meanwhile, it is settled, and `state` is `paid`.
    Only for the primary admin.
    """
    found = queries.purchase(request.auth.account, purchase)
    return _outcome(request, actions.give_up(found.payment.pk, by=request.auth))


def _outcome(request: ApiRequest, payment: Payment) -> HttpResponse:
    """200 when it is over, 202 while it is not."""
    found = queries.purchase(request.auth.account, payment.pk)
    status = 202 if found.payment.state == "charging" else 200
    return said(shapes.purchase(found, payment.challenge), status)
