"""What needs a person, on one page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.billing.models import Invoice, Payment, WebhookEvent
from salotto.operator.queries import lists
from salotto.operator.queries.accounts import UNPAID, AccountRow, accounts
from salotto.seats.models import SeatRequest

FEW = 6
CHECKED = "books.checked"
"""The verb of the nightly check in the audit log."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The last check of the books: when, and how much it has found."""

    at: datetime
    findings: int

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return self.findings == 0

    @property
    def says(self) -> str:
        """The result in a sentence."""
        if self.sound:
            return _("Every invariant holds, and the gateways agree.")
        text = ngettext("%(n)d thing does not agree.", "%(n)d things do not agree.", self.findings)
        return text % {"n": self.findings}


@dataclass(frozen=True, slots=True)
class Overview:
    """The first few of each; `more` names the lists that go on."""

    requests: list[SeatRequest]
    payments: list[Payment]
    refunds: list[Invoice]
    unpaid: list[AccountRow]
    webhooks: list[WebhookEvent]
    checked: Checked | None
    more: frozenset[str]

    @property
    def quiet(self) -> bool:
        """Whether nothing needs a person."""
        return not (self.requests or self.payments or self.refunds or self.unpaid or self.webhooks)


def overview() -> Overview:
    """Six short lists, a query or a few each."""
    requests = lists.waiting_requests(FEW + 1)
    payments = lists.open_payments(limit=FEW + 1).rows
    refunds = lists.open_refunds(FEW + 1)
    unpaid = accounts(state=UNPAID, limit=FEW + 1).rows
    webhooks = lists.late_webhooks(FEW + 1)
    sizes = {
        "requests": len(requests), "payments": len(payments), "refunds": len(refunds), "unpaid": len(unpaid)
    }  # fmt: skip
    return Overview(
        requests=requests[:FEW],
        payments=payments[:FEW],
        refunds=refunds[:FEW],
        unpaid=unpaid[:FEW],
        webhooks=webhooks[:FEW],
        checked=_checked(),
        more=frozenset(name for name, size in sizes.items() if size > FEW),
    )


def _checked() -> Checked | None:
    rows = lists.audit_entries(account_id=0, verb=CHECKED, limit=1).rows
    return Checked(rows[0].at, int(rows[0].detail.get("findings", 0))) if rows else None
