"""What `salotto check` says about mail of the inboxes: the doors, mailboxes in trouble, what waits."""

import socket
from datetime import timedelta

from salotto.config.options import Options

LONG = timedelta(minutes=10)
_SECONDS = 3.0


def doors(options: Options) -> str:
    """What is wrong with receiving by SMTP and LMTP; "" when nothing is, or nothing is received."""
    from salotto.config.mail_in import place

    for text in (options.smtp_listen, options.lmtp_listen):
        if text and not _greets(*place(text)):
            return (
                f"Nothing receives mail at {text}: run `salotto serve` without --no-worker,"
                " or `salotto worker`; its log says whether the port was taken."
            )
    listens = options.smtp_listen or options.lmtp_listen
    if listens and not options.mail_domain:
        return "Mail is received, but every address is refused: set SALOTTO_MAIL_DOMAIN."
    return ""


def _greets(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host or "127.0.0.1", port), timeout=_SECONDS) as door:
            door.settimeout(_SECONDS)
            return door.recv(64).startswith(b"220")
    except OSError:
        return False


def troubles() -> list[str]:
    """What somebody should see to: mailboxes that cannot be read or sent by, mail that waits."""
    from salotto.channels.email.queries import mailboxes
    from salotto.core import clock

    found = [_postmaster()] if _postmaster() else []
    bad = [one for one in mailboxes.all_standings() if one.needs_help]
    if bad:
        names = ", ".join(one.mailbox.address or f"mailbox {one.mailbox.pk}" for one in bad[:3])
        found.append(f"{_mailboxes(len(bad))} in trouble ({names}): see `salotto email status --trouble`.")
    late = mailboxes.long_waiting(clock.now() - LONG)
    if late:
        found.append(f"{_mails(late)} more than ten minutes for being taken in: does the worker run?")
    dead = mailboxes.all_dead_count()
    if dead:
        found.append(
            f"{_mails(dead)} for an admin: unreadable, or for no inbox. See `salotto email waiting`."
        )
    return found


def _postmaster() -> str:
    from django.conf import settings

    from salotto.channels.email.queries import receiving

    if not settings.POSTMASTER or receiving.postmaster():
        return ""
    return f"SALOTTO_POSTMASTER is the address of no inbox: {settings.POSTMASTER}."


def _mailboxes(count: int) -> str:
    return "1 mailbox is" if count == 1 else f"{count} mailboxes are"


def _mails(count: int) -> str:
    return "1 mail waits" if count == 1 else f"{count} mails wait"
