"""Lists across accounts: requests, purchases that need a person, invoices, webhooks, audit log."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from salotto.accounts.models import Account, User
from salotto.accounts.paging import after, cursor_of
from salotto.billing.actions.refunds import REFUSED
from salotto.billing.history import Paged, before, page_of
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, Payment, PaymentState, WebhookEvent
from salotto.core import clock
from salotto.core.errors import Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import all_accounts
from salotto.seats.models import SeatRequest
from salotto.seats.queries import OPEN

PAGE = 50
MOST_VERBS = 200
STUCK = timedelta(minutes=10)
"""The reconciler asks after two minutes: what is open after ten is worth a look."""
LATE = timedelta(minutes=10)
"""A webhook is handled within seconds."""


def requests(*, state: str = "", cursor: str = "", limit: int = PAGE) -> Paged[SeatRequest]:
    """Open requests, newest first; `state` is "requested", "scheduled" or "" for both."""
    with all_accounts():
        rows = SeatRequest.objects.select_related("account", "asked_by")
        wanted = (state,) if state in OPEN else OPEN
        rows = rows.filter(state__in=wanted, id__lt=before(cursor)).order_by("-id")
        return page_of(list(rows[: limit + 1]), limit)


def waiting_requests(limit: int) -> list[SeatRequest]:
    """Requests that nobody has decided, the oldest first."""
    with all_accounts():
        rows = SeatRequest.objects.select_related("account", "asked_by")
        return list(rows.filter(state=SeatRequest.State.REQUESTED).order_by("asked_at")[:limit])


def open_payments(*, cursor: str = "", limit: int = PAGE) -> Paged[Payment]:
    """Open payments that need a person, or have been open for long; the oldest first."""
    with all_accounts():
        rows = Payment.objects.select_related("account", "actor").filter(state=PaymentState.CHARGING)
        rows = rows.filter(Q(needs_person=True) | Q(created_at__lt=clock.now() - STUCK))
        if place := _place(cursor):
            at, account = place
            rows = rows.filter(Q(created_at__gt=at) | Q(created_at=at, account_id__gt=account))
        found = list(rows.order_by("created_at", "account_id")[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return Paged(shown, cursor_of(shown[-1].created_at.isoformat(), shown[-1].account_id) if more else "")


def _place(cursor: str) -> tuple[datetime, int] | None:
    """Where a cursor continues; an account has one open payment at most."""
    found = after(cursor)
    try:
        return (datetime.fromisoformat(found[0]), found[1]) if found else None
    except ValueError:
        return None


def account_of_payment(payment_id: UUID) -> int:
    """Whose payment this is; raises Missing."""
    with all_accounts():
        found = Payment.objects.filter(id=payment_id).values_list("account_id", flat=True).first()
    if found is None:
        raise Missing()
    return int(found)


def late_webhooks(limit: int) -> list[WebhookEvent]:
    """Webhooks that are not handled, though there was time; the oldest first, without bodies."""
    rows = WebhookEvent.objects.filter(handled_at=None, received_at__lt=clock.now() - LATE)
    return list(rows.defer("body").order_by("id")[:limit])


def open_refunds(limit: int) -> list[Invoice]:
    """Refunds that were refused, or have not gone back though there was time; the oldest first."""
    with all_accounts():
        rows = Invoice.objects.select_related("account").defer("lines", "taxes", "seller", "buyer")
        rows = rows.filter(kind=InvoiceKind.CREDIT_NOTE, state=InvoiceState.OPEN)
        told = AuditEntry.objects.filter(
            account_id=OuterRef("account_id"),
            verb=REFUSED,
            subject=Concat(Value("invoice "), Cast(OuterRef("id"), CharField())),
        )
        rows = rows.filter(Q(issued_at__lt=clock.now() - STUCK) | Exists(told))
        return list(rows.order_by("id")[:limit])


def invoices(
    *,
    kind: str = InvoiceKind.INVOICE,
    state: str = "",
    account: Account | None = None,
    number: str = "",
    cursor: str = "",
    limit: int = PAGE,
) -> Paged[Invoice]:
    """Invoices or credit notes of all accounts or of one, newest first.

    `state` is one of InvoiceState or "" for all; `number` is a whole number like 2026-000123,
    of either kind. One query.
    """
    with all_accounts():
        page = page_of(list(_invoices(kind, state, account, number, cursor)[: limit + 1]), limit)
    return page


def _invoices(
    kind: str, state: str, account: Account | None, number: str, cursor: str
) -> "QuerySet[Invoice]":
    rows: QuerySet[Invoice] = Invoice.objects.select_related("account").defer(
        "lines", "taxes", "seller", "buyer"
    )
    rows = rows.filter(id__lt=before(cursor)).order_by("-id")
    if account is not None:
        rows = rows.filter(account=account)
    if number.strip():
        return rows.filter(**_named(number))
    if state in InvoiceState.values:
        rows = rows.filter(state=state)
    return rows.filter(kind=kind if kind in InvoiceKind.values else InvoiceKind.INVOICE)


def _named(number: str) -> dict[str, Any]:
    series, _, digits = number.strip().upper().replace("\x00", "").rpartition("-")
    fits = digits.isascii() and digits.isdigit() and len(digits) < 19
    return {"series": series[:20], "number": int(digits) if fits else 0}


def invoice_named(number: str) -> Invoice | None:
    """The invoice or credit note with this number, of any account."""
    rows = invoices(number=number, limit=1).rows
    return rows[0] if rows else None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry of the audit log, with the names behind its numbers."""

    id: int
    at: datetime
    account_id: int
    account_name: str
    account_slug: str
    actor: str
    verb: str
    subject: str
    detail: dict[str, Any]

    @property
    def detail_text(self) -> str:
        """The detail in one line."""
        return ", ".join(f"{name}: {_plain(value)}" for name, value in self.detail.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def audit_entries(
    *,
    account_id: int | None = None,
    verb: str = "",
    actor_id: int | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> Paged[AuditRow]:
    """The audit log, newest first; account 0 is the installation. Three queries."""
    rows = AuditEntry.objects.filter(id__lt=before(cursor)).order_by("-id")
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    if verb := verb.strip()[:60].replace("\x00", ""):
        rows = rows.filter(verb=verb)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    return page_of(audit_rows(list(rows[: limit + 1])), limit)


def audit_rows(entries: list[AuditEntry]) -> list[AuditRow]:
    """Entries with names; two queries, whatever their number."""
    accounts = Account.objects.in_bulk({entry.account_id for entry in entries})
    actors = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    return [_audit_row(entry, accounts.get(entry.account_id), actors) for entry in entries]


def _audit_row(entry: AuditEntry, account: Account | None, actors: dict[int, User]) -> AuditRow:
    actor = actors.get(entry.actor_id) if entry.actor_id else None
    return AuditRow(
        id=entry.pk,
        at=entry.at,
        account_id=entry.account_id,
        account_name=account.name if account else "",
        account_slug=account.slug if account else "",
        actor=actor.email if actor else "",
        verb=entry.verb,
        subject=entry.subject,
        detail=entry.detail,
    )


VERBS = """
    WITH RECURSIVE kinds AS (
        (SELECT verb FROM core_audit ORDER BY verb LIMIT 1)
        UNION ALL
        SELECT (SELECT verb FROM core_audit a WHERE a.verb > k.verb ORDER BY verb LIMIT 1)
          FROM kinds k WHERE k.verb IS NOT NULL
    )
    SELECT verb FROM kinds WHERE verb IS NOT NULL LIMIT %s
"""


def verbs() -> list[str]:
    """Every verb of the log; one step of the index for each, however long the log is."""
    with connection.cursor() as db:
        db.execute(VERBS, [MOST_VERBS])
        return [row[0] for row in db.fetchall()]


def user_named(email: str) -> User | None:
    """A person by address."""
    return User.objects.filter(email__iexact=email.strip().replace("\x00", "")).first()
