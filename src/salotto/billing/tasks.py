"""Jobs of billing: each calls one action. Mails name rows, and are written when they are sent."""

from datetime import timedelta
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from salotto.core import clock


@app.task(queue="mail", retry=5)
def send_invoice(account_id: int, invoice_id: int) -> None:
    """Job: mail an invoice, with its PDF, to whom it is made out."""
    from salotto.billing.mails import send_invoice as send

    send(account_id, invoice_id)


@app.task(queue="mail", retry=5)
def send_failure(account_id: int, payment_id: str) -> None:
    """Job: say that a renewal could not be collected, and when it is tried again."""
    from salotto.billing.mails import send_failure as send

    send(account_id, payment_id)


@app.task(queue="billing", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def handle_webhook(event: int) -> None:
    """Job: act on a stored webhook; tried for about three hours, ever more slowly."""
    from salotto.billing.actions.webhooks import handle

    handle(event)


@app.task(queue="billing")
def deliver_sandbox_webhook(event_id: str) -> None:
    """Job: bring a webhook of the sandbox to our own door, signed, as from outside."""
    from salotto.billing.actions.webhooks import receive
    from salotto.billing.gateways.sandbox import webhook

    receive("sandbox", *webhook(event_id))


@app.task(queue="mail", retry=5)
def send_person_needed(account_id: int, payment_id: str) -> None:
    """Job: tell the operators of a payment that no program may decide."""
    from salotto.billing.notices import send_person_needed as send

    send(account_id, UUID(payment_id))


@app.periodic(cron="* * * * *")
@app.task(queue="billing", lock="billing.reconcile", queueing_lock="billing.reconcile")
def reconcile(timestamp: int) -> None:
    """Job: go on with what a crash or a lost answer has left open, every minute."""
    from salotto.billing.actions.reconciling import reconcile as run

    run(clock.now())


@app.periodic(cron="41 3 * * *")
@app.task(queue="billing", queueing_lock="billing.check_books")
def check_books(timestamp: int) -> None:
    """Job: compare yesterday with the gateways, verify every account, and mail what is found."""
    from salotto.billing.actions.reconciling import check_books as run

    run((clock.now() - timedelta(days=1)).date())


@app.task(queue="billing", retry=RetryStrategy(max_attempts=12, exponential_wait=3))
def forget_card(gateway_name: str, token: str) -> None:
    """Job: have a removed card forgotten at the gateway; tried for days."""
    from salotto.billing.gateways import gateway

    gateway(gateway_name).remove_card(token)
