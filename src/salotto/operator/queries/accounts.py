"""The list of accounts, and one account with all that an operator asks about it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from salotto.accounts.models import Account
from salotto.billing import history
from salotto.billing.days import today
from salotto.billing.history import InvoiceRow, Paged, before, page_of
from salotto.billing.models import Invoice, InvoiceState, Payment, State
from salotto.billing.money import Money
from salotto.billing.standing import Standing, standing
from salotto.billing.upcoming import Upcoming, next_renewal
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope
from salotto.operator.queries import histories
from salotto.operator.queries.lists import AuditRow, audit_entries
from salotto.seats.models import SeatChange, SeatRequest
from salotto.seats.queries import Plan, plan

PAGE = 50
FEW = 8
"""Rows of each history on an account's page."""
LONGEST = 100
UNPAID = "unpaid_any"
STATES = {**{state.value: (state.value,) for state in State}, UNPAID: (State.PAST_DUE, State.UNPAID)}
"""What the list can be narrowed to, and the states that this means."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the list shows it. `ends_at`: of the trial, or the next renewal, by its own clock."""

    id: int
    name: str
    slug: str
    email: str
    read_only: bool
    state: str
    seats: int
    in_use: int
    gateway: str
    ends_at: datetime | None
    time_zone: str
    invoice_id: int | None
    invoice_name: str
    invoice_kind: str
    invoice_state: str
    invoice_total: Money | None

    @property
    def state_word(self) -> str:
        """The state in the reader's language."""
        return str(State(self.state).label)

    @property
    def invoice_word(self) -> str:
        """The state of the last invoice in the reader's language."""
        return str(InvoiceState(self.invoice_state).label) if self.invoice_state else ""


@cache
def _sql() -> str:
    return (Path(__file__).parent.parent / "sql" / "accounts.sql").read_text(encoding="utf-8")


def statement(search: str, state: str, cursor: str, limit: int) -> tuple[str, dict[str, Any]]:
    """The list's one query and its values."""
    values: dict[str, Any] = {"before": before(cursor), "limit": limit}
    where, order = ["a.id < %(before)s"], "a.id DESC"
    if states := STATES.get(state):
        names = ", ".join(f"'{name}'" for name in states)
        where.append(f"s.state IN ({names})")
        if state == UNPAID:  # few among many: their own index leads
            where.append("s.account_id < %(before)s")
            order = "s.account_id DESC"
    if search := search.replace("\x00", "").strip()[:LONGEST]:
        values["search"] = f"%{_literal(search)}%"
        where.append("(a.name ILIKE %(search)s OR a.slug ILIKE %(search)s OR u.email ILIKE %(search)s)")
    return _sql().replace("{where}", " AND ".join(where)).replace("{order}", order), values


def _literal(search: str) -> str:
    for sign in "\\%_":
        search = search.replace(sign, f"\\{sign}")
    return search


def accounts(*, search: str = "", state: str = "", cursor: str = "", limit: int = PAGE) -> Paged[AccountRow]:
    """Accounts, newest first; `search` is part of a name, short name or primary admin's address.

    `state` is a key of `STATES`; any other finds all. One query.
    """
    sql, values = statement(search, state, cursor, limit + 1)
    with connection.cursor() as db:
        db.execute(sql, values)
        rows = [_row(*row) for row in db.fetchall()]
    return page_of(rows, limit)


def _row(*row: Any) -> AccountRow:
    (id_, name, slug, read_only, email, state, _quantity, _next, gateway, _cycle, end, trial_end, zone,
     seats, agents, invoice, series, number, kind, invoice_state, total, currency) = row  # fmt: skip
    ends = trial_end if state == State.TRIAL else end
    return AccountRow(
        id=id_,
        name=name,
        slug=slug,
        email=email,
        read_only=read_only,
        state=state,
        seats=seats or 0,
        in_use=agents or 0,
        gateway=gateway,
        ends_at=ends,
        time_zone=zone,
        invoice_id=invoice,
        invoice_name=Invoice(series=series, number=number).name if invoice else "",
        invoice_kind=kind or "",
        invoice_state=invoice_state or "",
        invoice_total=Money(total, currency) if invoice else None,
    )


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account: where it stands, and the newest of each of its histories."""

    account: Account
    standing: Standing
    plan: Plan
    upcoming: Upcoming | None
    changes: list[SeatChange]
    invoices: list[InvoiceRow]
    payments: list[Payment]
    ledger: list[histories.Entry]
    balance: list[history.BalanceRow]
    requests: list[SeatRequest]
    audit: list[AuditRow]

    @property
    def balances(self) -> list[Money]:
        """What the account has to its credit (or, negative, carries), per currency."""
        return [Money(amount, currency) for currency, amount in self.standing.balance.items() if amount]

    @property
    def may_anchor(self) -> bool:
        """Whether its billing cycle can still be set: nothing was ever bought."""
        sub = self.standing.subscription
        return sub.price_id is None and sub.period_start is None

    @property
    def anchor_day(self) -> str:
        """The day of the billing cycle that was set, in ISO form, or ""."""
        sub = self.standing.subscription
        return today(sub.time_zone, sub.anchor).isoformat() if sub.anchor else ""


def account(account_id: int) -> Account:
    """An account by its id; raises Missing."""
    rows = Account.objects.select_related("primary_admin")
    found = rows.filter(pk=account_id).first() if account_id < 2**63 else None
    if found is None:
        raise Missing()
    return found


def account_named(slug: str) -> Account:
    """An account by its short name or its id, as people type it; raises Missing."""
    wanted = slug.strip().replace("\x00", "")
    found = Account.objects.select_related("primary_admin").filter(slug=wanted).first()
    if found is None and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        return account(int(wanted))
    if found is None:
        raise Missing()
    return found


def account_view(account_id: int) -> AccountView:
    """Everything on an account's page; raises Missing. A dozen queries, whatever there is."""
    found = account(account_id)
    with account_scope(account_id):
        here = plan()
        st = standing(account_id)
        return AccountView(
            account=found,
            standing=st,
            plan=here,
            upcoming=next_renewal(st, here.in_use),
            changes=histories.changes(limit=FEW).rows,
            invoices=history.invoices(found, limit=FEW).rows,
            payments=histories.payments(limit=FEW).rows,
            ledger=histories.ledger(limit=FEW).rows,
            balance=history.balance_changes(found, limit=FEW).rows,
            requests=histories.requests(limit=FEW).rows,
            audit=audit_entries(account_id=account_id, limit=FEW).rows,
        )
