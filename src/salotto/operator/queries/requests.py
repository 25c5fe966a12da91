"""One request, with where the account stands and what each answer would do."""

from dataclasses import dataclass

from salotto.billing.actions.quantities import PAYING
from salotto.billing.models import State
from salotto.billing.standing import Standing, standing
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatRequest
from salotto.seats.queries import OPEN, Plan, plan, request_of


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request; `left` is the number of seats after the next renewal, if it is scheduled."""

    request: SeatRequest
    standing: Standing
    plan: Plan
    left: int

    @property
    def removes(self) -> bool:
        """Whether seats are to be removed."""
        return self.request.kind == SeatRequest.Kind.REMOVE

    @property
    def undecided(self) -> bool:
        """Whether it can be scheduled or declined."""
        return self.request.state == SeatRequest.State.REQUESTED

    @property
    def is_open(self) -> bool:
        """Whether it can be answered."""
        return self.request.state in OPEN

    @property
    def too_many(self) -> int:
        """Agents that would be left without a seat at the renewal (rule 19)."""
        return max(0, self.plan.in_use - self.left) if self.removes else 0

    @property
    def renews(self) -> bool:
        """Whether there is a renewal that it can take effect with."""
        sub = self.standing.subscription
        return sub.state in PAYING and sub.period_end is not None

    @property
    def owes(self) -> bool:
        """Whether that renewal waits until the account has paid (rule 21)."""
        return self.renews and self.standing.subscription.state != State.ACTIVE


def request_view(request_id: int) -> RequestView:
    """A request of any account; raises Missing."""
    request = request_of(request_id)
    st = standing(request.account_id)
    with account_scope(request.account_id):
        here = plan()
    left = st.subscription.quantity_next
    if request.state == SeatRequest.State.REQUESTED:
        left += -request.quantity if request.kind == SeatRequest.Kind.REMOVE else request.quantity
    return RequestView(request, st, here, left)
