"""What the next renewal will take, if nothing changes until then: pure."""

from dataclasses import dataclass
from datetime import datetime

from salotto.billing.errors import OverGatewayLimit
from salotto.billing.models import State
from salotto.billing.period import MONTHS
from salotto.billing.prices import price_for_renewal
from salotto.billing.quotes import due_now
from salotto.billing.standing import Standing
from salotto.billing.tax import tax_for


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next cycle invoice. Money in minor units of `currency`.

    `quantity` seats at `unit` for a period of `cycle`, from the instant `at` on; total =
    balance_used + carried + amount, and `amount` is what is to be paid then.
    """

    at: datetime
    quantity: int
    unit: int
    cycle: str
    currency: str
    subtotal: int
    tax_name: str
    tax_points: int
    tax: int
    total: int
    balance_used: int
    carried: int
    amount: int


def next_renewal(st: Standing, least: int = 0) -> Upcoming | None:
    """The coming renewal of an active plan, or None: nothing renews, or nothing is left.

    `least` is the number of seats that the account needs (rule 19: its agents), which it
    renews at when fewer are scheduled.
    """
    sub = st.subscription
    current = next((p for p in st.prices if p.pk == sub.price_id), None)
    quantity = max(sub.quantity_next, least)
    if sub.state not in (State.ACTIVE, State.PAST_DUE) or not sub.period_end or not current or not quantity:
        return None
    price = price_for_renewal(st.prices, current, sub.period_end)
    unit = price.unit_amount * MONTHS[sub.cycle_next]
    subtotal = quantity * unit
    tax = tax_for(st.catalogue, st.details, st.rates, sub.period_end)
    total = subtotal + tax.on(subtotal)
    return Upcoming(
        at=sub.period_end,
        quantity=quantity,
        unit=unit,
        cycle=sub.cycle_next,
        currency=price.currency,
        subtotal=subtotal,
        tax_name=tax.name,
        tax_points=tax.points,
        tax=total - subtotal,
        total=total,
        **met(st, total, price.currency),
    )


def met(st: Standing, total: int, currency: str) -> dict[str, int]:
    """As a renewal meets its total; what the gateway would refuse is shown all the same."""
    try:
        return due_now(st, total, currency)
    except OverGatewayLimit:
        used = min(st.balance.get(currency, 0), total)
        return {"balance_used": used, "carried": 0, "amount": total - used}
