"""One request, with where the account stands and what each answer would do."""

from dataclasses import dataclass

from salotto.accounts.models import Account, User
from salotto.accounts.queries import member_of
from salotto.billing.actions.quantities import PAYING
from salotto.billing.models import State
from salotto.billing.standing import Standing, standing
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation
from salotto.seats.models import RequestWord, SeatRequest
from salotto.seats.queries import OPEN, Plan, plan, request_of, words_of


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request; `left` is the number of seats after the next renewal, if it is scheduled.

    `words` are what was said about it, the oldest first, `older` the cursor of those before, or "".
    `inbox` is the short name of support's account, if the conversation about it is there and the
    reader sees that inbox.
    """

    request: SeatRequest
    standing: Standing
    plan: Plan
    left: int
    words: list[RequestWord]
    older: str
    inbox: str

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


def request_view(request_id: int, reader: User, cursor: str = "") -> RequestView:
    """A request of any account; raises Missing."""
    request = request_of(request_id)
    st = standing(request.account_id)
    with account_scope(request.account_id):
        here = plan()
        words, older = words_of(request.pk, cursor=cursor)
    left = st.subscription.quantity_next
    if request.state == SeatRequest.State.REQUESTED:
        left += -request.quantity if request.kind == SeatRequest.Kind.REMOVE else request.quantity
    return RequestView(request, st, here, left, words, older, _inbox(request, reader))


def _inbox(request: SeatRequest, reader: User) -> str:
    if request.support_account_id is None:
        return ""
    found = Account.objects.filter(pk=request.support_account_id).first()
    member = member_of(reader, found.slug) if found else None
    if member is None or not member.can_read:
        return ""
    with account_scope(member.account.pk):  # an admin may have deleted it
        is_there = Conversation.objects.filter(pk=request.support_conversation_id).exists()
    return member.account.slug if is_there else ""
