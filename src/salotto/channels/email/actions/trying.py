"""A test mail of a mailbox to its own address: sent by its way out, awaited at its way in.

It is no message: it has no conversation, and is thrown away as soon as it has come back.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from salotto.accounts.locking import setting_up
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email import marks, trials, troubles
from salotto.channels.email.actions import allowance
from salotto.channels.email.actions.queueing import MailboxOff, NoAddress, from_address, must_find, new_id
from salotto.channels.email.actions.sending import where
from salotto.channels.email.composing.mail import Outgoing, compose
from salotto.channels.email.models import Mailbox, RawMail, RawState, Server, Trial
from salotto.channels.email.queries.sending import outgoing_server
from salotto.channels.email.queries.trials import has_way_in, running
from salotto.channels.email.sending import targets
from salotto.channels.email.sending.delivering import deliver
from salotto.channels.email.sending.outcome import Never, NotNow, Taken
from salotto.channels.email.sending.shares import ANSWERS, Place
from salotto.channels.email.sending.writing import signed
from salotto.core import audit, clock
from salotto.core import mail as own_mail
from salotto.core.tenancy import account_scope

log = logging.getLogger("salotto.email")


def begin_trial(mailbox_id: int, *, by: Member) -> Trial:
    """Have a test mail sent; the one that was begun a moment ago, if there is one. Raises
    Forbidden, Missing, NoAddress, MailboxOff."""
    must_manage_channels(by)
    with setting_up(by):
        mailbox = must_find(mailbox_id)
        address = from_address(mailbox)
        if not mailbox.enabled:
            raise MailboxOff
        if not address:
            raise NoAddress
        under_way = running(mailbox)
        if under_way is not None:
            return under_way
        made: Trial = Trial.objects.create(
            account_id=mailbox.account_id, mailbox=mailbox, address=address, returns=has_way_in(mailbox)
        )
        audit.record(by.account.pk, by.user.pk, "mailbox.tried", f"mailbox {mailbox_id}")
        _send_soon(made)
    return made


def _send_soon(trial: Trial, wait: timedelta | None = None) -> None:
    from salotto.channels.email.tasks import send_trial as job  # which calls actions itself

    at = clock.now() + wait if wait else None
    job.configure(schedule_at=at).defer(account_id=trial.account_id, trial_id=trial.pk)


def send_trial(account_id: int, trial_id: int) -> None:
    """Send a test mail, once, and note what the server says; later, if its server keeps enough
    senders as it is (`shares`)."""
    with account_scope(account_id):
        trial = Trial.objects.select_related("mailbox__account").filter(pk=trial_id, begun_at=None).first()
        if trial is None:
            return
        server = outgoing_server(trial.mailbox_id)
        with ANSWERS.place(account_id, where(server)) as place:
            if place.wait is not None:
                _send_soon(trial, place.wait)
            elif Trial.objects.filter(pk=trial_id, begun_at=None).update(begun_at=clock.now()):
                Trial.objects.filter(pk=trial_id).update(**_sent(trial, server, place))


def _sent(trial: Trial, server: Server | None, place: Place) -> dict[str, Any]:
    """Send it; what is to be noted."""
    try:
        taken = _hand_over(trial, server, place)
        place.answered()
    except (NotNow, Never) as error:
        return {"error": str(error)}
    except Exception as error:  # whatever it was, the admin who waits is told
        log.exception("The test mail %s of account %s could not be sent", trial.pk, trial.account_id)
        return {"error": f"{troubles.UNKNOWN}\n{type(error).__name__}: {error}"[:2000]}
    refused = "\n".join(one.words for one in taken.refused)
    return {"error": refused} if refused else {"accepted_at": clock.now(), "words": taken.words}


def _hand_over(trial: Trial, server: Server | None, place: Place) -> Taken:
    target = targets.own_target() if server is None else targets.target_of(server, place.at_most)
    Trial.objects.filter(pk=trial.pk).update(host=target.host if target else "")
    raw = _written(trial)
    if server is None and allowance.take(trial.account_id, 1, clock.now()) is not None:
        raise NotNow(troubles.MANY)
    if target is not None:
        return deliver(target, raw, trial.address, [trial.address])
    own_mail.send_now(raw, trial.address, [trial.address])
    return Taken()


def _written(trial: Trial) -> bytes:
    mailbox = trial.mailbox
    with translation.override(mailbox.account.language):
        subject, text = _words(mailbox)
    mail = Outgoing(
        sender=(mailbox.company or mailbox.account.name, trial.address),
        to=[("", trial.address)],
        subject=subject,
        text=text,
        message_id=new_id(trial.address),
        date=clock.now(),
        automatic="auto-generated",
        extra={
            marks.HEADER: marks.mark_of(trial.account_id),
            trials.HEADER: trials.value_of(trial.account_id, trial.pk),
        },
    )
    return signed(trial.address, compose(mail))


def _words(mailbox: Mailbox) -> tuple[str, str]:
    text = _(
        "An admin tries whether this mailbox sends and receives.\n\n"
        "Salotto waits for this mail and takes it away from its inbox by itself. In the mailbox at"
        " your provider you may delete it.\n\n%(url)s"
    )
    return _("Test mail of Salotto"), text % {"url": settings.PUBLIC_URL}


def came_back(raw: RawMail) -> bool:
    """Whether a mail that came in is a test mail, which then is noted and thrown away; in the
    caller's transaction and account scope."""
    trial = trials.trial_of(bytes(raw.content[: trials.HEAD]), raw.account_id)
    if trial is None:
        return False
    waiting = Trial.objects.filter(pk=trial, taken_at=None)
    waiting.update(seen_at=raw.received_at, source=raw.source, taken_at=clock.now())
    RawMail.objects.filter(pk=raw.pk).update(state=RawState.DELETED, content=b"", error="")
    return True
