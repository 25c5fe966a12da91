"""Mail leaves by a job: queued in the transaction that caused it, retried, never lost."""

import email
from base64 import b64decode, b64encode
from collections.abc import Sequence
from email.message import EmailMessage as ParsedMessage
from email.policy import SMTP
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

RETRY_MINUTES = (1, 4, 10, 15, 30, *(11 * [60]))
"""Minutes from a failed attempt to the next one: twelve hours together."""


class RawMail(EmailMessage):
    """A message that is sent byte for byte as it was queued."""

    def __init__(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        super().__init__(from_email=sender, to=recipients)
        self.raw = raw

    def message(self, **options: Any) -> Any:
        return email.message_from_bytes(self.raw, _class=ParsedMessage, policy=SMTP.clone(max_line_length=0))

    def recipients(self) -> list[str]:
        return list(self.to)


class QueuedBackend(BaseEmailBackend):
    """Django's mail functions end here; `MAIL_TRANSPORT` sends later, in a job."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each message that has recipients; the number queued."""
        queued = [m for m in email_messages if m.recipients()]
        for mail in queued:
            send_mail.defer(
                raw=b64encode(mail.message().as_bytes()).decode(),
                sender=mail.from_email,
                recipients=mail.recipients(),
            )
        return len(queued)


def send_now(raw: bytes, sender: str, recipients: list[str]) -> None:
    """Hand one message to the configured transport; raises what the transport raises."""
    connection = get_connection(**settings.MAIL_TRANSPORT)
    connection.send_messages([RawMail(raw, sender, recipients)])


class Patience(BaseRetryStrategy):
    """Waits of `RETRY_MINUTES`, one after the other; then the job has failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= len(RETRY_MINUTES):
            return None
        return RetryDecision(retry_in={"minutes": RETRY_MINUTES[job.attempts]})


@app.task(queue="mail", retry=Patience())
def send_mail(raw: str, sender: str, recipients: list[str]) -> None:
    """Job: send one queued mail; tried 17 times in twelve hours, at most an hour apart."""
    send_now(b64decode(raw), sender, recipients)
