"""Giving money back to cards: what an open credit note says is done once, or settled by a person.

The gateway is asked outside of any transaction, with a key made of the note's id. A session's
advisory lock keeps two from one refund, so that what a person settles is not given back as well.
"""

import logging
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions.credits import account_of, payment_of, post
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.actions.reconciling import refunded_here
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import GatewayError, GatewayRefused
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, Payment, Subscription, Transaction
from salotto.billing.operators import must_operate
from salotto.billing.standing import account_now
from salotto.billing.tasks import send_refund_refused
from salotto.core import audit, turns
from salotto.core.errors import Conflict, Invalid
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope, all_accounts

log = logging.getLogger("salotto.billing")

REFUSED = "refund.refused"
BALANCE, GIVEN = "balance", "given"


class BadSettlement(Invalid):
    """422: not a way to settle a refund, or no reason."""

    code = "bad_settlement"
    sentence = _(
        "Say whether it goes to the balance or was given back otherwise, and why. Nothing was changed."
    )


class NothingToSettle(Conflict):
    """409: not an open refund."""

    code = "nothing_to_settle"
    sentence = _("This is no refund that is still open. Nothing was changed.")


class RefundUnderWay(Conflict):
    """409: the gateway is being asked, or has not answered."""

    code = "refund_under_way"
    sentence = _(
        "The gateway is being asked for this refund, or has not answered. Nothing was changed. Try later."
    )


def give_back(account_id: int, note_id: int) -> bool:
    """Refund what an open credit note says, at the gateway, and close it; True if that was done.

    Can be repeated after any crash: the gateway gives back once per note. False also while
    another one is at it. Raises GatewayError when the gateway refuses, of which the operators
    are told once, or does not answer.
    """
    with turns.alone(_lock_of(note_id)) as mine:
        return mine and _give_back(account_id, note_id)


def _give_back(account_id: int, note_id: int) -> bool:
    note, paid = _open_note(account_id, note_id)
    if note is None or paid is None:
        return False
    try:
        gateway(paid.gateway).refund(paid.intent, -note.due, f"refund:{note.pk}")
    except GatewayRefused as refusal:
        _tell(account_id, note, str(refusal))
        raise
    return _given_back(account_id, note, paid)


def _open_note(account_id: int, note_id: int) -> tuple[Invoice | None, Payment | None]:
    """The credit note, if it is open, and the payment that its money came from."""
    with account_scope(account_id):
        rows = Invoice.objects.filter(pk=note_id, kind=InvoiceKind.CREDIT_NOTE, state=InvoiceState.OPEN)
        note: Invoice | None = rows.first()
        return note, payment_of(Invoice.objects.get(pk=note.corrects_id)) if note else None


def _tell(account_id: int, note: Invoice, why: str) -> None:
    """Write the first refusal down, and have the operators told."""
    with subscription_of(account_id):
        subject = f"invoice {note.pk}"
        if AuditEntry.objects.filter(account_id=account_id, verb=REFUSED, subject=subject).exists():
            return
        amount = {"amount": -note.due, "currency": note.currency}
        audit.record(account_id, None, REFUSED, subject, why=why[:500], **amount)
        send_refund_refused.defer(account_id=account_id, note_id=note.pk, why=why[:500])


def _given_back(account_id: int, note: Invoice, paid: Payment) -> bool:
    with subscription_of(account_id) as sub:
        closed = _close(sub, note)
        if closed:
            _post_cash(sub, note, paid, "")
            audit.record(account_id, None, "payment.refunded", f"payment {paid.pk}", amount=-note.due)
    return closed


def _close(sub: Subscription, note: Invoice) -> bool:
    rows = Invoice.objects.filter(pk=note.pk, state=InvoiceState.OPEN)
    return bool(rows.update(state=InvoiceState.PAID, paid_at=account_now(sub)))


def _post_cash(sub: Subscription, note: Invoice, paid: Payment | None, memo: str) -> None:
    """Money has gone; with `paid`: through the gateway, which the nightly comparison looks at."""
    key = paid.pk if paid else None
    now = account_now(sub)
    given: list[Any] = [sub.account_id, now, "refund", note.pk, key, note.due, note.currency, memo]
    with connection.cursor() as db:
        db.execute("SELECT billing_post_cash(%s, %s, %s, %s, %s, %s, %s, %s)", given)


def settle_refund(note_id: int, to: str, reason: str, operator: User | None) -> str:
    """Close an open refund that the gateway refuses; what became of it: "card", "balance", "given".

    `to` "balance": the gateway is asked once more, and if it refuses, the money is credited to
    the account's balance. `to` "given": it was given back otherwise (at the gateway's own pages,
    by transfer), and is booked as that. Raises OperatorsOnly, Missing, BadSettlement,
    NothingToSettle, RefundUnderWay.
    """
    actor = must_operate(operator)
    reason = reason.strip()[:200]
    if to not in (BALANCE, GIVEN) or not reason:
        raise BadSettlement()
    account_id = account_of(note_id)
    with turns.alone(_lock_of(note_id)) as mine:
        if not mine:
            raise RefundUnderWay()
        note, paid = _open_note(account_id, note_id)
        if note is None or paid is None:
            raise NothingToSettle()
        if to == BALANCE:
            return _to_balance(account_id, note, reason, actor)
        return _otherwise(account_id, note, paid, reason, actor)


def _to_balance(account_id: int, note: Invoice, reason: str, actor: int | None) -> str:
    try:
        _give_back(account_id, note.pk)
        return "card"
    except GatewayRefused:
        _credit(account_id, note, reason, actor)
        return BALANCE
    except GatewayError as error:
        raise RefundUnderWay() from error


def _credit(account_id: int, note: Invoice, reason: str, actor: int | None) -> None:
    with subscription_of(account_id) as sub:
        _close(sub, note)
        now = account_now(sub)
        entry = Transaction(account_id=account_id, at=now, kind="credit", invoice_id=note.pk, memo=reason)
        entry.save(force_insert=True)
        post(entry, note.currency, receivable=-note.due, balance=note.due)
        save(sub)  # a quote knows the balance
        _record(sub, note, "refund.credited", reason, actor)


def _otherwise(account_id: int, note: Invoice, paid: Payment, reason: str, actor: int | None) -> str:
    """Book as given back: at the gateway, as far as that knows of it, else by other means."""
    try:
        there = gateway(paid.gateway).retrieve(paid.intent).refunded
    except GatewayError as error:
        raise RefundUnderWay() from error
    with subscription_of(account_id) as sub:
        unbooked = there - refunded_here([paid]).get(paid.pk, 0)
        _close(sub, note)
        _post_cash(sub, note, paid if unbooked >= -note.due else None, reason)
        _record(sub, note, "refund.given", reason, actor)
    return GIVEN


def _record(sub: Subscription, note: Invoice, verb: str, reason: str, actor: int | None) -> None:
    amount = {"amount": -note.due, "currency": note.currency}
    audit.record(sub.account_id, actor, verb, f"invoice {note.pk}", reason=reason, **amount)


def give_back_open(limit: int = 100) -> int:
    """Every refund that is still owed, the oldest first; how many were made."""
    with all_accounts():
        rows = Invoice.objects.filter(kind=InvoiceKind.CREDIT_NOTE, state=InvoiceState.OPEN)
        waiting = list(rows.order_by("id").values_list("account_id", "id")[:limit])
    return sum(_tried(account_id, note_id) for account_id, note_id in waiting)


def _tried(account_id: int, note_id: int) -> bool:
    try:
        return give_back(account_id, note_id)
    except GatewayError as error:
        log.error("Credit note %s of account %s is not given back: %s", note_id, account_id, error)
        return False


def _lock_of(note_id: int) -> str:
    """Whoever holds it has the refund to itself."""
    return f"salotto.billing.refund:{note_id}"
