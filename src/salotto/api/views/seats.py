"""The plan and its ledger."""

from django.http import HttpResponse

from salotto.accounts.members import must_administer
from salotto.api import queries, schemas, shapes
from salotto.api.auth import ApiRequest
from salotto.api.rest import AFTER, LIMIT, operation, said
from salotto.billing.standing import standing
from salotto.seats.queries import plan


@operation("GET", "seats", may=must_administer, gives={200: schemas.Seats}, tag="Seats")
def get_seats(request: ApiRequest) -> HttpResponse:
    """The plan: seats, who uses them, what renews.

    How many seats there are, are in use and are free, where the plan stands, and what the next renewal
    takes if nothing changes. For admins.
    """
    return said(shapes.seats(standing(request.auth.account.pk), plan()))


@operation(
    "GET", "seats/changes", may=must_administer, gives={200: schemas.SeatChanges}, refuses=(422,), tag="Seats"
)
def list_seat_changes(request: ApiRequest, after: str = AFTER, limit: int = LIMIT) -> HttpResponse:
    """The seat ledger.

    Every change of the number of seats: who, when, how many and why; newest first. For admins.
    """
    return said(shapes.changes(queries.seat_changes(request.auth.account, after, limit)))
