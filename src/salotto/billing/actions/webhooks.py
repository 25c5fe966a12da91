"""What gateways tell us: verified, stored once, handled by a job, in any order, any number of times.

An event is a hint to look: the payment is asked for at the gateway again, so an old, late or
repeated event does no more than the reconciler does every minute.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from salotto.billing.gateways import NAMES, gateway
from salotto.billing.gateways.port import Notice
from salotto.billing.models import Payment, PaymentState, SandboxObject, WebhookEvent
from salotto.core import clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope, all_accounts

PROBLEM_LENGTH = 2000
KEEP = timedelta(days=90)
"""Gateways repeat an event for some days at most; an older one would only be looked at again."""
FORGOTTEN_AT_ONCE = 1000


def receive(source: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Store a webhook and queue its handling; False for one that we have already.

    `raw` is the body, byte for byte. Raises Missing for a gateway that there is not, Forged
    for a webhook that is not the gateway's; then nothing is stored.
    """
    if source not in NAMES:
        raise Missing()
    return _store(gateway(source).read_webhook(raw, headers), raw)


def _store(notice: Notice, raw: bytes) -> bool:
    from salotto.billing.tasks import handle_webhook  # which calls `handle` below

    with transaction.atomic():
        row, made = WebhookEvent.objects.get_or_create(
            source=notice.source,
            event_id=notice.event_id,
            defaults={"kind": notice.kind[:100], "body": raw},
        )
        if made:
            handle_webhook.defer(event=row.pk)
    return made


def handle(event: int) -> None:
    """Go on with the payment that a stored event speaks of, if we have it and it is open.

    A failure is written down as the event's `problem` and raised, so that the job is tried
    again; an event that was handled before changes nothing.
    """
    row = WebhookEvent.objects.get(pk=event)
    if row.handled_at is not None:
        return
    try:
        _go_on(gateway(row.source).parse_webhook(bytes(row.body)))
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"[:PROBLEM_LENGTH]
        WebhookEvent.objects.filter(pk=event).update(problem=problem)
        raise
    WebhookEvent.objects.filter(pk=event).update(handled_at=clock.now(), problem="")


def _go_on(notice: Notice) -> None:
    from salotto.billing import actions  # the folder that this is a part of

    payment = _open_payment(notice)
    if payment is not None:
        with account_scope(payment.account_id):
            actions.resume(payment, giving_up=False)


def _open_payment(notice: Notice) -> Payment | None:
    named = Q(pk__isnull=True)
    if notice.intent:
        named |= Q(intent=notice.intent)
    with suppress(ValueError):  # another one's key, or none
        named |= Q(id=UUID(notice.key))
    with all_accounts():
        rows = Payment.objects.select_related("method").filter(
            named, state=PaymentState.CHARGING, gateway=notice.source
        )
        found: Payment | None = rows.first()
    return found


def forget_events(limit: int = FORGOTTEN_AT_ONCE) -> int:
    """Delete up to `limit` each of what is three months old: how many rows.

    Events that were handled, the sandbox's own copies of them, and its removed cards. Events
    that could not be handled stay, and so do the sandbox's payments, by whose keys a repeated
    charge or refund is found.
    """
    before = clock.now() - KEEP
    old = SandboxObject.objects.filter(kind__in=("event", "removed card"), created_at__lt=before)
    told = WebhookEvent.objects.filter(handled_at__lt=before)
    return _delete(told.order_by("handled_at"), limit) + _delete(old.order_by("created_at"), limit)


def _delete(rows: QuerySet[Any], limit: int) -> int:
    keys = list(rows.values_list("pk", flat=True)[:limit])
    return int(rows.model._default_manager.filter(pk__in=keys).delete()[0])
