"""Jobs of billing: each calls one action. Mails name rows, and are written when they are sent."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


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
