"""Jobs of the inbox."""

from procrastinate.contrib.django import app

from salotto.inbox import upkeep


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="inbox.fold_tallies")
def fold_tallies(timestamp: int) -> None:
    """Job: fold the counters' deltas, every minute."""
    upkeep.fold_tallies()


@app.periodic(cron="41 3 * * *")
@app.task(queue="upkeep", queueing_lock="inbox.forget_files")
def forget_files(timestamp: int) -> None:
    """Job: bytes of files that nothing uses any more, every night."""
    upkeep.forget_files()
