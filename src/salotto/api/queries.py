"""Reads for programs that no other room makes."""

from dataclasses import dataclass
from uuid import UUID

from salotto.accounts.models import Account
from salotto.accounts.queries import Person, person
from salotto.billing.history import BIGGEST, Paged, before, page_of
from salotto.billing.models import Invoice, Payment, PaymentKind
from salotto.billing.queries import payment
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation, Status
from salotto.seats.models import SeatChange, SeatRequest


@dataclass(frozen=True, slots=True)
class Purchase:
    """A payment for seats, and the invoice that it has become."""

    payment: Payment
    invoice: Invoice | None


def purchase(account: Account, payment_id: UUID) -> Purchase:
    """A purchase of the account; raises Missing, for a renewal's payment too."""
    found = payment(account.pk, payment_id)
    if found.kind != PaymentKind.PURCHASE:
        raise Missing()
    with account_scope(account.pk):
        return Purchase(found, Invoice.objects.filter(payment_id=found.pk).first())


def seat_changes(account: Account, cursor: str, limit: int) -> Paged[SeatChange]:
    """The seat ledger, newest first."""
    with account_scope(account.pk):
        found = SeatChange.objects.select_related("actor").filter(id__lt=before(cursor))
        return page_of(list(found.order_by("-id")[: limit + 1]), limit)


def requests(account: Account, cursor: str, limit: int) -> Paged[SeatRequest]:
    """What the account has asked of support, newest first."""
    with account_scope(account.pk):
        found = SeatRequest.objects.select_related("asked_by").filter(id__lt=before(cursor))
        return page_of(list(found.order_by("-id")[: limit + 1]), limit)


def request_of(account: Account, request_id: int) -> SeatRequest:
    """One of these; raises Missing."""
    with account_scope(account.pk):
        rows = SeatRequest.objects.select_related("asked_by")
        found: SeatRequest | None = rows.filter(pk=min(request_id, BIGGEST)).first()
    if found is None:
        raise Missing()
    return found


def member(account: Account, user_id: int) -> Person:
    """A member as a list shows it; raises Missing."""
    found = person(account, user_id) if user_id <= BIGGEST else None
    if found is None:
        raise Missing()
    return found


def has_open_conversations(user_id: int) -> bool:
    """Whether open conversations are assigned to a member of the open scope."""
    return bool(Conversation.objects.filter(assignee_id=user_id, status=Status.OPEN).exists())
