"""Jobs of the email channel."""

from procrastinate.contrib.django import app

from salotto.channels.email.actions import bulk, chats, sending


@app.task(queue="mail-in")
def take_in(account_id: int, mailbox_id: int) -> None:
    """Job: take in the mails of a mailbox that wait, oldest first."""
    from salotto.channels.email.actions.taking import take_in as take

    take(account_id, mailbox_id)


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="email.take_in_due")
def take_in_due(timestamp: int) -> None:
    """Job: mails that are due, and those whose job was lost, are taken in, every minute."""
    from salotto.channels.email.actions.retrying import take_in_due as take_due

    take_due()


@app.task(queue="mail-in")
def fetch_again(account_id: int, raw_id: int) -> None:
    """Job: fetch the rest of a mail of which only a part was kept."""
    from salotto.channels.email.imap import again  # imapclient, where it is needed

    again.fetch_again(account_id, raw_id)


@app.task(queue="mail-out")
def send_mail(account_id: int, mail_id: int) -> None:
    """Job: send one mail, if it is due."""
    sending.send(account_id, mail_id)


@app.task(queue="mail-out")
def send_trial(account_id: int, trial_id: int) -> None:
    """Job: send a mailbox's test mail."""
    from salotto.channels.email.actions.trying import send_trial as send

    send(account_id, trial_id)


@app.task(queue="mail-out")
def carry_chat_on(account_id: int, conversation_id: int) -> None:
    """Job: mail the answers that a chat's visitor has not seen."""
    chats.carry_on(account_id, conversation_id)


@app.task(queue="mail-bulk")
def send_bulk(account_id: int, mail_id: int) -> None:
    """Job: send one mail of many; nobody's reply waits for it."""
    sending.send(account_id, mail_id)


@app.task(queue="mail-bulk")
def continue_batch(account_id: int, batch_id: int) -> None:
    """Job: the next people of a mail to many."""
    bulk.continue_batch(account_id, batch_id)


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="email.send_due")
def send_due(timestamp: int) -> None:
    """Job: what is due to be tried again, and what a lost worker has left, every minute."""
    sending.send_due()
    bulk.continue_batches()
