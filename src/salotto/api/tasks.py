"""Jobs of the API."""

from procrastinate.contrib.django import app

from salotto.api.actions import forget_calls


@app.periodic(cron="41 * * * *")
@app.task(queue="upkeep", queueing_lock="api.forget_old_calls")
def forget_old_calls(timestamp: int) -> None:
    """Job: keyed requests of more than a day ago are forgotten, every hour."""
    while forget_calls():
        pass
