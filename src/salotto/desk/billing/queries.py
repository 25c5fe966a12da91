"""The seat ledger as a story: who changed the number of seats, when, how and why."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from salotto.accounts.models import Account
from salotto.billing import wording
from salotto.billing.history import Paged, before, page_of
from salotto.billing.models import Invoice
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange

PAGE = 25
INVOICE = re.compile(
    r"invoice (?:(?P<id>[0-9]{1,18})|(?P<series>\w{1,10})-(?P<number>[0-9]{6,12}))", re.ASCII
)
"""How a ledger row names the invoice that it came with, by its id or by its name."""

Kind = SeatChange.Kind
BEFORE = (Kind.TRIAL, Kind.TRIAL_OVER, Kind.NOT_SOLD)
"""What a first purchase follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger in words; `who` is "" for Salotto itself.

    `seats` is the number from then on, `why` the reason as it was given; `invoice_id` and
    `invoice_name` the invoice that came with it.
    """

    id: int
    at: datetime
    who: str
    kind: str
    what: str
    why: str
    seats: int
    invoice_id: int | None
    invoice_name: str


def seat_history(account: Account, *, cursor: str = "", limit: int = PAGE) -> Paged[Entry]:
    """The ledger, newest first; two queries."""
    with account_scope(account.pk):
        found = SeatChange.objects.filter(id__lt=before(cursor)).annotate(who=F("actor__name"))
        rows = list(found.order_by("-id")[: limit + 1])
        invoices = _invoices([row.reason for row in rows])
    earlier = [*rows[1:], None]
    entries = [_entry(row, past, invoices) for row, past in zip(rows, earlier, strict=True)]
    return page_of(entries, limit)


def _entry(row: SeatChange, past: SeatChange | None, invoices: dict[str, Invoice]) -> Entry:
    invoice = invoices.get(row.reason)
    return Entry(
        id=row.pk,
        at=row.at,
        who=getattr(row, "who", None) or "",
        kind=row.kind,
        what=sentence(row, past),
        why="" if invoice else why(row.reason),
        seats=row.seats_after,
        invoice_id=invoice.pk if invoice else None,
        invoice_name=invoice.name if invoice else "",
    )


def sentence(row: SeatChange, past: SeatChange | None) -> str:
    """What happened, in one sentence; `past` is the row before it."""
    had, due = (past.seats_after, past.seats_at_renewal) if past else (0, 0)
    now, later = row.seats_after, row.seats_at_renewal
    bought = later - due if past and due < had else now - had
    texts: dict[str, str] = {
        Kind.TRIAL: _("Trial with %(now)s started"),
        Kind.TRIAL_OVER: _("Trial over, %(now)s left"),
        Kind.BOUGHT: _("%(change)s bought, %(now)s now"),
        Kind.RENEWED: _("Renewed with %(now)s"),
        Kind.REMOVAL_SCHEDULED: _("Removal of %(less)s scheduled, %(later)s from the next renewal"),
        Kind.REMOVAL_WITHDRAWN: _("Removal taken back, %(later)s from the next renewal"),
        Kind.REMOVED: _("%(gone)s removed, %(now)s left"),
        Kind.NOT_SOLD: _("Started without a trial"),
    }
    if row.kind == Kind.BOUGHT and past and past.kind in BEFORE:
        return _("First purchase: %(now)s") % {"now": _seats(now)}
    values = {
        "now": _seats(now),
        "later": _seats(later),
        "change": _seats(bought),
        "less": _seats(due - later),
        "gone": _seats(had - now),
    }
    return texts.get(row.kind, row.kind) % values


def _seats(count: int) -> str:
    return wording.seats(max(0, count), get_language() or "en")


def why(reason: str) -> str:
    """A reason that Salotto writes itself, in the reader's language; any other as it stands."""
    known = {
        "trial": _("Every new account has one"),
        "the sale is over": _("Conversations is no longer sold"),
        "all seats removed": _("All seats were to be removed"),
        "trial over": _("Nothing was bought"),
        "taken back": _("Taken back by the account"),
        "purchase": "",  # the sentence has said it
        "renewal": "",
    }
    if reason.startswith("request ") and reason[8:].isdigit():
        return _("Request %(name)s") % {"name": reason[8:]}
    return known.get(reason, reason)


def _invoices(reasons: list[str]) -> dict[str, Invoice]:
    """The invoice behind each reason that names one, in the open scope."""
    named = {reason: found for reason in reasons if (found := INVOICE.fullmatch(reason))}
    if not named:
        return {}
    wanted = Q()
    for found in named.values():
        wanted |= Q(pk=found["id"]) if found["id"] else Q(series=found["series"], number=found["number"])
    rows = list(Invoice.objects.filter(wanted).only("account_id", "series", "number"))
    keys = {key: row for row in rows for key in (str(row.pk), row.name)}
    behind = {reason: keys.get(reason.removeprefix("invoice ")) for reason in named}
    return {reason: row for reason, row in behind.items() if row}
