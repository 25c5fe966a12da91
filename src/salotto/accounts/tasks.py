"""Jobs about people."""

from procrastinate.contrib.django import app

from salotto.accounts.actions import forget_unconfirmed


@app.periodic(cron="53 * * * *")
@app.task(queue="upkeep", queueing_lock="accounts.forget_unconfirmed")
def forget_unconfirmed_sign_ups(timestamp: int) -> None:
    """Job: a sign-up that nobody has confirmed for a week frees its address, every hour."""
    forget_unconfirmed()
