"""What keeps our books and the gateways' the same, whatever was lost on the way.

Every minute `reconcile` goes on with payments that somebody or something has left open;
every night `compare` looks at both sides of the wire. Any number of workers may run either:
whoever comes second at a payment changes nothing.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, Sum

from salotto.billing.actions.collecting import call_person, resume
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import Intent
from salotto.billing.models import Payment, PaymentState, Posting
from salotto.billing.notices import send_findings
from salotto.billing.operators import OPERATION
from salotto.billing.verify import Violation, verify
from salotto.core import audit, clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import all_accounts

log = logging.getLogger("salotto.billing")

PATIENCE = timedelta(minutes=2)
"""So long whoever claimed a payment may be at work on it."""
TOO_LONG = timedelta(hours=1)
"""A payment that is open for longer needs a person."""
BATCH = 200
SLACK = timedelta(hours=1)
"""How far the gateway's clock may be from ours, and what is left to the reconciler."""
MOST_FINDINGS = 1000
WINDOW = timedelta(days=60)
"""So old are the payments that every night looks at: what was given back or taken late at the
gateway is found, whenever it was."""
LONGEST_WINDOW = timedelta(days=400)
"""The bound after a long time without a comparison."""
CHECKED = "books.checked"


def reconcile(now: datetime) -> int:
    """Go on with every payment that is open for more than two minutes; how many were closed.

    Those that wait for a person come last, so that they hold nobody up. One account's trouble
    is written to the log and stops no other.
    """
    closed = 0
    for stuck in (False, True):
        for payment in _open_before(now - PATIENCE, stuck):
            closed += _go_on(payment, now)
    return closed


def _open_before(instant: datetime, stuck: bool) -> Iterator[Payment]:
    """Open payments, oldest first, read in batches; each row is as of the reading."""
    after: tuple[datetime, UUID] | None = None
    while True:
        with all_accounts():
            rows = Payment.objects.select_related("method").filter(
                state=PaymentState.CHARGING, created_at__lte=instant, needs_person=stuck
            )
            if after is not None:
                rows = rows.filter(Q(created_at__gt=after[0]) | Q(created_at=after[0], id__gt=after[1]))
            batch = list(rows.order_by("created_at", "id")[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        after = (batch[-1].created_at, batch[-1].pk)


def _go_on(payment: Payment, now: datetime) -> bool:
    after = _safely(lambda: resume(payment, giving_up=True), payment)
    if after.state == PaymentState.CHARGING and now - payment.created_at > TOO_LONG:
        _safely(lambda: call_person(payment, "open for more than an hour"), payment)
    return after.state != PaymentState.CHARGING


def _safely(act: Callable[[], Payment], payment: Payment) -> Payment:
    """What the act gives, or the payment as it was: the next one is another account's."""
    try:
        return act()
    except Exception:
        log.exception("Payment %s of account %s could not be taken on", payment.pk, payment.account_id)
        connection.close_if_unusable_or_obsolete()
        return payment


def check_books(now: datetime) -> list[str]:
    """Compare with the gateways, verify every account, mail the operators what was found.

    Looks at the payments of the last sixty days, or of all since the last comparison that has
    reached their gateway, so that nights without a server or without that gateway are made up
    for. The audit log keeps when and how much, for the operator's overview and for the next
    comparison.
    """
    reached = _reached()
    found: list[str] = []
    for name in _names(_midnight(now - LONGEST_WINDOW)):
        longest = now - LONGEST_WINDOW
        day = min(now - WINDOW, max(reached.get(name, longest), longest))
        lines, whole = _compare_whole(name, _midnight(day))
        found += lines
        reached |= {name: now} if whole else {}
    found += [str(violation) for violation in verify()]
    for line in found[:MOST_FINDINGS]:
        log.error("The books do not agree: %s", line)
    if found:
        send_findings(found)
    until = {name: instant.isoformat() for name, instant in reached.items()}
    audit.record(OPERATION, None, CHECKED, findings=len(found), first=found[:3], reached=until)
    return found


def _reached() -> dict[str, datetime]:
    """When each gateway was last compared to the end, by its name."""
    rows = AuditEntry.objects.filter(account_id=OPERATION, verb=CHECKED, detail__has_key="reached")
    last = rows.order_by("-id").first()
    until: dict[str, str] = last.detail["reached"] if last else {}
    return {name: datetime.fromisoformat(instant) for name, instant in until.items()}


def compare(day: date) -> list[str]:
    """Our payments since the beginning of a day (UTC) against the gateways', in both directions.

    Gives a sentence for each that does not agree, at most a thousand per gateway. Payments of
    the last hour that are still open are the reconciler's.
    """
    since = datetime.combine(day, time(), UTC)
    return [line for name in _names(since) for line in _compare_whole(name, since)[0]]


def _compare_whole(name: str, since: datetime) -> tuple[list[str], bool]:
    """What does not agree with one gateway, and whether it could be asked."""
    try:
        return list(islice(_compare(name, since), MOST_FINDINGS)), True
    except Exception as error:  # not set up any more, or not to be reached
        log.exception("The gateway %s could not be compared", name)
        return [f"gateway {name}: could not be asked: {type(error).__name__}"], False


def _midnight(instant: datetime) -> datetime:
    return datetime.combine(instant.astimezone(UTC).date(), time(), UTC)


def _names(since: datetime) -> list[str]:
    with all_accounts():
        used = Payment.objects.filter(created_at__gte=since - SLACK).values_list("gateway", flat=True)
        return sorted({settings.BILLING_GATEWAY, *used.distinct().order_by()})


def _compare(name: str, since: datetime) -> Iterator[str]:
    port = gateway(name)
    if not port.takes_cards:
        return
    seen: set[UUID] = set()
    intents = iter(port.payments(since - SLACK))
    while batch := list(islice(intents, BATCH)):
        yield from _unknown_to_us(name, batch, seen)
    yield from _unknown_to_them(name, since, seen)


def _unknown_to_us(name: str, intents: Iterable[Intent], seen: set[UUID]) -> Iterator[str]:
    ours = {i.id: i for i in intents if _uuid(i.key) is not None}
    keys = [_uuid(i.key) for i in ours.values()]
    with all_accounts():
        rows = {p.pk: p for p in Payment.objects.filter(id__in=keys, gateway=name)}
        refunds = refunded_here(list(rows.values()))
    for intent in ours.values():
        key = _uuid(intent.key)
        if intent.captured and key is not None:
            seen.add(key)
        payment = rows.get(key) if key else None
        yield from _differences(name, intent, payment, refunds.get(key, 0) if key else 0)


def _differences(name: str, intent: Intent, payment: Payment | None, refunded: int) -> Iterator[str]:
    if not intent.captured:
        return
    kept = f"{intent.captured} {intent.currency}"
    if payment is None:
        yield f"gateway {name}, {intent.id}: captured {kept} for a payment that we do not have ({intent.key})"
        return
    where = f"gateway {name}, account {payment.account_id}, payment {payment.pk}"
    if payment.state != PaymentState.PAID:
        fresh = payment.state == PaymentState.CHARGING and clock.now() - payment.created_at < TOO_LONG
        if not fresh and intent.refunded < intent.captured:
            yield f"{where}: captured {kept}, but {payment.state}"
        return
    if (intent.captured, intent.currency) != (payment.amount, payment.currency):
        yield f"{where}: captured {kept}, not {payment.amount} {payment.currency}"
    if intent.refunded != refunded:
        yield f"{where}: refunded {intent.refunded} {intent.currency} there, {refunded} here"


def _unknown_to_them(name: str, since: datetime, seen: set[UUID]) -> Iterator[str]:
    """Paid payments of ours whose money the gateway has not taken."""
    with all_accounts():
        rows = Payment.objects.filter(
            gateway=name, state=PaymentState.PAID, amount__gt=0, created_at__gte=since
        ).order_by("created_at", "id")
        paid = rows.values_list("account_id", "id", "amount", "currency", "intent")
    for account_id, key, amount, currency, intent in paid.iterator():
        if key not in seen:
            yield (
                f"gateway {name}, account {account_id}, payment {key}: paid {amount} {currency} here,"
                f" nothing captured there ({intent or 'no payment'})"
            )


def refunded_here(payments: Collection[Payment]) -> dict[UUID, int]:
    """What our books say was given back of each payment at its gateway, in minor units."""
    rows = Posting.objects.filter(
        ledger="cash",
        amount__lt=0,
        account_id__in={payment.account_id for payment in payments},
        transaction__account_id__in={payment.account_id for payment in payments},
        transaction__payment_id__in=[payment.pk for payment in payments],
    )
    given = rows.values_list("transaction__payment_id").annotate(total=Sum("amount")).order_by()
    return {key: -int(total) for key, total in given}


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


__all__ = ["Violation", "check_books", "compare", "reconcile", "refunded_here"]
