"""What tests of requests to support share: a paying cast, and an operator."""

from salotto.accounts.models import User
from salotto.billing.models import Subscription
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange, SeatRequest
from salotto.seats.queries import Plan, plan
from tests.billing.shop import add_card, buy
from tests.cast import Cast, new_user


def paying(cast: Cast, seats: int = 10) -> Cast:
    """The cast with a card and this many seats bought."""
    add_card(cast.primary_admin)
    buy(cast.primary_admin, seats)
    return cast


def operator() -> User:
    """Somebody who runs the installation."""
    user = new_user("Olga Ferri")
    User.objects.filter(pk=user.pk).update(is_operator=True)
    user.refresh_from_db()
    return user


def plan_of(cast: Cast) -> Plan:
    with account_scope(cast.account.pk):
        return plan()


def ledger(cast: Cast) -> list[tuple[str, int, int]]:
    """Kind, seats after and seats at renewal, oldest first."""
    with account_scope(cast.account.pk):
        rows = SeatChange.objects.order_by("id")
        return list(rows.values_list("kind", "seats_after", "seats_at_renewal"))


def request_now(cast: Cast) -> SeatRequest:
    """The newest request as the database has it."""
    with account_scope(cast.account.pk):
        found: SeatRequest = SeatRequest.objects.order_by("-id").select_related("asked_by")[0]
    return found


def next_seats(cast: Cast) -> int:
    """What the next renewal takes."""
    with account_scope(cast.account.pk):
        return int(Subscription.objects.get().quantity_next)
