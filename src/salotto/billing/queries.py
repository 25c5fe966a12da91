"""Reads about an account's money."""

from uuid import UUID

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.models import Invoice, InvoiceState, Payment, PaymentState
from salotto.billing.quotes import Quote, make_quote, quantity_of
from salotto.billing.standing import standing
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope


def quote_seats(add: object, *, by: Member, currency: str = "", cycle: str = "") -> Quote:
    """What `add` more seats cost right now; writes nothing.

    `currency` and `cycle` ('month', 'year') matter for a first purchase only. Raises
    Forbidden unless `by` is the primary admin (rule S1), BadQuantity, NoPrice, NoSuchCycle,
    PastDue (rule 21), SaleOver and SelfServiceOver (rule S14), OverGatewayLimit (rule S5).
    """
    must_be_primary_admin(by)
    wanted = quantity_of(add)
    return make_quote(standing(by.account.pk), wanted, currency=currency, cycle=cycle)


def last_decline(account_id: int) -> str:
    """Why the newest try to collect an open invoice failed: one of `port.REASONS`; "" for none."""
    with account_scope(account_id):
        owed = Invoice.objects.filter(state=InvoiceState.OPEN).values("pk")
        tries = Payment.objects.filter(invoice_id__in=owed, state=PaymentState.FAILED)
        found: str | None = tries.order_by("-at").values_list("error_code", flat=True).first()
    return found or ""


def payment(account_id: int, payment_id: UUID) -> Payment:
    """A payment of the account; raises Missing."""
    with account_scope(account_id):
        found: Payment | None = Payment.objects.select_related("method").filter(pk=payment_id).first()
    if found is None:
        raise Missing()
    return found
