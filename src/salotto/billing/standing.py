"""One look at everything that an account's prices rest on."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models

from salotto.accounts.models import Account
from salotto.billing.models import (
    BillingDetails,
    Catalogue,
    PaymentMethod,
    Price,
    State,
    Subscription,
    TaxRate,
)
from salotto.core import clock
from salotto.core.errors import Missing

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that prices of an account rest on, as of one look at the database.

    `now` is the account's own clock, in whole seconds UTC; `balance` is minor units per
    currency, positive when we owe the customer; `open_payment` the one under way, if any.
    """

    now: datetime
    subscription: Subscription
    account: Account
    catalogue: Catalogue
    details: BillingDetails | None
    method: PaymentMethod | None
    prices: list[Price]
    rates: list[TaxRate]
    balance: dict[str, int]
    open_payment: UUID | None

    @property
    def is_first(self) -> bool:
        """Whether the next purchase starts the plan: in a trial, after it, or after its end."""
        return self.subscription.state in (State.TRIAL, State.LAPSED, State.ENDED)

    @property
    def period_over(self) -> bool:
        """Whether a renewal is due that has not been made."""
        end = self.subscription.period_end
        return self.subscription.state == State.ACTIVE and end is not None and end <= self.now


def account_now(subscription: Subscription) -> datetime:
    """The account's own clock: the real one, or ahead of it in the sandbox; whole seconds."""
    return (clock.now() + timedelta(seconds=subscription.ahead)).replace(microsecond=0)


@cache
def _sql() -> str:
    text = (Path(__file__).parent / "sql" / "standing.sql").read_text(encoding="utf-8")
    return text[text.index("SELECT") :]


def standing(account_id: int) -> Standing:
    """One query. Raises Missing for an account without a subscription."""
    with connection.cursor() as db:
        db.execute(_sql(), [account_id])
        row = db.fetchone()
    if row is None:
        raise Missing()
    s, a, c, d, m, prices, rates, balance, payment = (_json(value) for value in row)
    subscription = _revive(Subscription, s)
    return Standing(
        now=account_now(subscription),
        subscription=subscription,
        account=_revive(Account, a),
        catalogue=_revive(Catalogue, c),
        details=_revive(BillingDetails, d) if d else None,
        method=_revive(PaymentMethod, m) if m else None,
        prices=[_revive(Price, p) for p in prices],
        rates=[_revive(TaxRate, r) for r in rates],
        balance={currency: int(amount) for currency, amount in balance.items()},
        open_payment=payment,
    )


def _json(value: Any) -> Any:
    """Django's cursors give JSON as text."""
    return json.loads(value) if isinstance(value, str) else value


def _revive(model: type[Row], row: dict[str, Any]) -> Row:
    """A model instance from a row that came as JSON."""
    fields = model._meta.concrete_fields
    found = model(**{f.attname: f.to_python(row[str(f.column)]) for f in fields})
    found._state.adding = False
    found._state.db = "default"
    return found
