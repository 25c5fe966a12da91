"""Email support: asking for seats to be removed, or added."""

from django.http import HttpResponse

from salotto.accounts.members import must_administer, must_be_primary_admin
from salotto.api import actions, queries, schemas, shapes
from salotto.api.auth import ApiRequest
from salotto.api.rest import AFTER, LIMIT, operation, said
from salotto.seats import actions as seats


@operation(
    "GET",
    "seat-requests",
    may=must_administer,
    gives={200: schemas.SeatRequests},
    refuses=(422,),
    tag="Requests",
)
def list_seat_requests(request: ApiRequest, after: str = AFTER, limit: int = LIMIT) -> HttpResponse:
    """What support was asked for.

    Newest first; at most one is open. For admins.
    """
    return said(shapes.requests(queries.requests(request.auth.account, after, limit)))


@operation(
    "POST", "seat-requests", may=must_be_primary_admin, gives={201: schemas.SeatRequest}, tag="Requests"
)
def ask_support(request: ApiRequest, given: schemas.SeatRequestIn) -> HttpResponse:
    """Ask support for fewer or for more seats.

    A removal takes effect at the end of the paid period, without credit, when support has scheduled it
    (rules S13 and 18). One request at a time (409 `request_open`). Only for the primary admin (rule S2).
    """
    ask = seats.request_more if given.kind == "add" else seats.request_removal
    return said(shapes.request(ask(given.quantity, given.note, by=request.auth)), 201)


@operation(
    "GET",
    "seat-requests/{int:seat_request}",
    may=must_administer,
    gives={200: schemas.SeatRequest},
    refuses=(404,),
    tag="Requests",
)
def get_seat_request(request: ApiRequest, seat_request: int) -> HttpResponse:
    """One request, and what became of it.

    For admins.
    """
    return said(shapes.request(queries.request_of(request.auth.account, seat_request)))


@operation(
    "DELETE",
    "seat-requests/{int:seat_request}",
    may=must_be_primary_admin,
    gives={200: schemas.SeatRequest},
    refuses=(404,),
    tag="Requests",
)
def take_back_seat_request(request: ApiRequest, seat_request: int) -> HttpResponse:
    """Take a request back.

    Possible until it is effective; the seats stay then. Only for the primary admin (rule S2).
    """
    found = queries.request_of(request.auth.account, seat_request)
    actions.withdraw_request(found.pk, by=request.auth)
    return said(shapes.request(queries.request_of(request.auth.account, found.pk)))
