"""What the next renewal takes (rules 18 and 19)."""

from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.errors import NoRenewal, QuantityNext
from salotto.billing.models import State
from salotto.billing.quotes import MOST
from salotto.billing.signals import quantity_changed
from salotto.billing.standing import account_now
from salotto.core import audit

PAYING = (State.ACTIVE, State.PAST_DUE, State.UNPAID)
"""A plan that renews, though it may have to be paid first."""


def schedule_quantity(
    account_id: int,
    quantity_next: int,
    *,
    actor_id: int | None,
    kind: str,
    reason: str,
    may_grow: bool = False,
) -> None:
    """Let the account renew at another number of seats, 0 to as many as it has now.

    `may_grow`: or at more, which support adds after the end of self-service (rule S14).

    `kind` is the seat ledger's. The seats stay usable until the next renewal that happens: of an
    account that owes, the one after it has paid. Raises NoRenewal (409) without a plan, and
    QuantityNext (409) unless the number is possible.
    """
    with subscription_of(account_id) as sub:
        if sub.state not in PAYING:
            raise NoRenewal()
        if not 0 <= quantity_next <= (MOST if may_grow else max(sub.quantity, sub.quantity_next)):
            raise QuantityNext()
        before, sub.quantity_next = sub.quantity_next, quantity_next
        save(sub, "quantity_next")
        audit.record(
            account_id, actor_id, "seats.scheduled", before=before, after=quantity_next, reason=reason
        )
        quantity_changed.send(
            type(sub),
            account_id=account_id,
            actor_id=actor_id,
            kind=kind,
            quantity=sub.quantity,
            quantity_next=quantity_next,
            reason=reason,
            at=account_now(sub),
        )
