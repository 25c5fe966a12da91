"""Jobs of the event log."""

from procrastinate.contrib.django import app

from salotto.live import era


@app.periodic(cron="41 * * * *")
@app.task(queue="upkeep", queueing_lock="live.prune")
def prune(timestamp: int) -> None:
    """Job: events that no listener may still ask for go, every hour."""
    era.prune()
