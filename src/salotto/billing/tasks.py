"""Jobs of billing: each calls one action. Mails name rows, and are written when they are sent.

None has a `lock`: a worker that is killed would keep it, and the job could run nowhere. Each
may be done by any number of workers at once; a `queueing_lock` only keeps the queue short.
"""

from contextlib import suppress
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from salotto.core import clock


@app.task(queue="mail", retry=5)
def send_invoice(account_id: int, invoice_id: int) -> None:
    """Job: mail an invoice, with its PDF, to whom it is made out."""
    from salotto.billing.mails import send_invoice as send

    send(account_id, invoice_id)


@app.task(queue="mail", retry=5)
def send_failure(account_id: int, payment_id: str) -> None:
    """Job: say that a renewal could not be collected, and when it is tried again."""
    from salotto.billing.mails_dunning import send_failure as send

    send(account_id, UUID(payment_id))


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
@app.task(queue="billing", queueing_lock="billing.reconcile")
def reconcile(timestamp: int) -> None:
    """Job: go on with what a crash or a lost answer has left open, every minute."""
    from salotto.billing.actions.reconciling import reconcile as run

    run(clock.now())


@app.periodic(cron="41 3 * * *")
@app.task(queue="billing", queueing_lock="billing.check_books")
def check_books(timestamp: int) -> None:
    """Job: compare the books with the gateways, verify every account, and mail what is found."""
    from salotto.billing.actions.reconciling import check_books as run

    run(clock.now())


@app.periodic(cron="11 4 * * *")
@app.task(queue="upkeep", queueing_lock="billing.forget_events")
def forget_events(timestamp: int) -> None:
    """Job: what gateways have told us goes three months after it was dealt with, every night."""
    from salotto.billing.actions.webhooks import forget_events as forget

    while forget():
        pass


@app.task(queue="billing", retry=RetryStrategy(max_attempts=12, exponential_wait=3))
def forget_card(gateway_name: str, token: str) -> None:
    """Job: have a removed card forgotten at the gateway; tried for days."""
    from salotto.billing.gateways import gateway

    gateway(gateway_name).remove_card(token)


@app.periodic(cron="* * * * *")
@app.task(queue="billing", queueing_lock="billing.run_due")
def run_due(timestamp: int) -> None:
    """Job: reminders, renewals and retries whose time has come, every minute.

    Any number of workers may run it at once. One run is short, so that a server can stop; what
    is left is taken up by the next one, at once.
    """
    from salotto.billing.actions.due import AT_ONCE
    from salotto.billing.actions.due import run_due as run

    if run(AT_ONCE) == AT_ONCE:
        with suppress(AlreadyEnqueued):
            app.configure_task(run_due.name).defer(timestamp=timestamp)


@app.task(queue="billing", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def collect_payment(account_id: int, payment_id: str) -> None:
    """Job: collect a payment that was claimed in a transaction; after that the reconciler does."""
    from salotto.billing.actions.collecting import resume
    from salotto.billing.models import PaymentState
    from salotto.billing.queries import payment as find_payment

    payment = find_payment(account_id, UUID(payment_id))
    if payment.state == PaymentState.CHARGING:
        resume(payment)


@app.task(queue="billing", retry=RetryStrategy(max_attempts=10, exponential_wait=3))
def give_back(account_id: int, note_id: int) -> None:
    """Job: give back what a credit note says, at the gateway; tried for hours."""
    from salotto.billing.actions.refunds import give_back as act

    act(account_id, note_id)


@app.periodic(cron="*/10 * * * *")
@app.task(queue="billing", queueing_lock="billing.give_back_open")
def give_back_open(timestamp: int) -> None:
    """Job: refunds whose own job has given up are tried again, every ten minutes."""
    from salotto.billing.actions.refunds import give_back_open as act

    act()


@app.task(queue="mail", retry=5)
def send_refund_refused(account_id: int, note_id: int, why: str) -> None:
    """Job: tell the operators of a refund that the gateway has refused."""
    from salotto.billing.notices import send_refund_refused as send

    send(account_id, note_id, why)


@app.task(queue="mail", retry=5)
def send_trial_reminder(account_id: int, days: int) -> None:
    """Job: say that the trial ends in so many days."""
    from salotto.billing.mails_dunning import send_trial_reminder as send

    send(account_id, days)


@app.task(queue="mail", retry=5)
def send_trial_over(account_id: int) -> None:
    """Job: say that the trial is over, and what is so now."""
    from salotto.billing.mails_dunning import send_trial_over as send

    send(account_id)


@app.task(queue="mail", retry=5)
def send_overdue(account_id: int, invoice_id: int, reminder: int) -> None:
    """Job: remind of an invoice that is paid by hand."""
    from salotto.billing.mails_dunning import send_overdue as send

    send(account_id, invoice_id, reminder)


@app.task(queue="mail", retry=5)
def send_restored(account_id: int) -> None:
    """Job: say that the account is paid again and its agents can answer."""
    from salotto.billing.mails_dunning import send_restored as send

    send(account_id)
