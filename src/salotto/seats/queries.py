"""Reads about seats."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import connection

from salotto.accounts.models import Access, Membership
from salotto.billing.history import before, page_of
from salotto.billing.models import Payment, PaymentState
from salotto.core.errors import Missing
from salotto.core.tenancy import all_accounts
from salotto.seats.errors import MOST_NAMES, TooManyAgents
from salotto.seats.models import RequestWord, SeatPlan, SeatRequest, SupportTalk

WORDS = 50
"""What was said about a request, on one page."""
OPEN = (SeatRequest.State.REQUESTED, SeatRequest.State.SCHEDULED)


@dataclass(frozen=True)
class Plan:
    """How many seats the account has and how many agents hold one."""

    seats: int
    in_use: int

    @property
    def free(self) -> int:
        return self.seats - self.in_use


def plan() -> Plan:
    """The plan of the account whose scope is open; none has no seats."""
    row = SeatPlan.objects.values_list("seats", "agents").first()
    return Plan(*row) if row else Plan(0, 0)


def bought_just_now() -> int | None:
    """The seats of a first purchase that is being charged in the open scope, or None."""
    charging = Payment.objects.filter(state=PaymentState.CHARGING, is_first=True)
    found: int | None = charging.values_list("quantity_to", flat=True).first()
    return found


def agents_held() -> int:
    """How many agents the account of the open scope has.

    Inside a transaction nobody can become one until its end.
    """
    rows = SeatPlan.objects.values_list("agents", flat=True)
    if connection.in_atomic_block:
        rows = rows.select_for_update()
    return int(rows.first() or 0)


def agent_names() -> list[str]:
    """The names of the agents of the open scope, those who joined last first; at most 50."""
    agents = Membership.objects.filter(access=Access.AGENT).order_by("-id")
    return list(agents.values_list("user__name", flat=True)[:MOST_NAMES])


def must_seat_everybody(quantity: int) -> None:
    """Raises TooManyAgents if the open scope has more agents than `quantity` (rule 20)."""
    held = agents_held()
    if quantity < held:
        raise TooManyAgents(quantity, held, agent_names())


def open_request() -> SeatRequest | None:
    """What the account of the open scope has asked of support and is not settled yet."""
    found: SeatRequest | None = SeatRequest.objects.select_related("asked_by").filter(state__in=OPEN).first()
    return found


def last_request() -> SeatRequest | None:
    """The newest request of the open scope, open or not."""
    found: SeatRequest | None = SeatRequest.objects.select_related("asked_by").order_by("-id").first()
    return found


def own_request(request_id: int) -> SeatRequest:
    """A request of the open scope; raises Missing."""
    rows = SeatRequest.objects.select_related("asked_by")
    found: SeatRequest | None = rows.filter(pk=request_id).first() if 0 < request_id < 2**63 else None
    if found is None:
        raise Missing()
    return found


def words_of(request_id: int, *, cursor: str = "", limit: int = WORDS) -> tuple[list[RequestWord], str]:
    """What was said about a request of the open scope: the newest `limit`, the oldest of them
    first, and the cursor of those before them, or ""."""
    rows = RequestWord.objects.filter(request_id=request_id, id__lt=before(cursor)).order_by("-id")
    page = page_of(list(rows.select_related("author")[: limit + 1]), limit)
    return page.rows[::-1], page.next


def account_talked_about(support_account_id: int, conversation_id: int) -> int | None:
    """The account whose requests are talked about in this conversation of support's, if any."""
    with all_accounts():
        rows = SupportTalk.objects.filter(
            support_account_id=support_account_id, conversation_id=conversation_id
        )
        found: int | None = rows.values_list("account_id", flat=True).first()
    return found


def request_of(request_id: int) -> SeatRequest:
    """A request of any account, for operators; raises Missing."""
    with all_accounts():
        rows = SeatRequest.objects.select_related(
            "account", "account__primary_admin", "asked_by", "answered_by"
        )
        found: SeatRequest | None = rows.filter(pk=request_id).first() if 0 < request_id < 2**63 else None
    if found is None:
        raise Missing()
    return found


def asked_at(account_id: int, user_id: int) -> datetime | None:
    """When this admin has asked the primary admin for seats, within the last 24 hours."""
    found: datetime | None = cache.get(asking_key(account_id, user_id))
    return found


def asking_key(account_id: int, user_id: int) -> str:
    """The shared cache's key of that."""
    return f"seats.asked:{account_id}:{user_id}"
