"""Jobs of the email channel."""

from procrastinate.contrib.django import app


@app.task(queue="mail-in")
def take_in(account_id: int, mailbox_id: int) -> None:
    """Job: take in the mails of a mailbox that wait, oldest first."""
