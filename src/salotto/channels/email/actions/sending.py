"""Sending what is in line: each mail is claimed, handed over outside any transaction, and what
became of it is written down.

A sender that dies in between leaves a mail in state sending. It is tried again when its time is
over (`patience.LOST_AFTER`), under the same Message-ID: at least once, and nearly always once.
"""

import logging
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email import addresses
from salotto.channels.email.actions.queueing import send_soon
from salotto.channels.email.models import Mail, MailState, Server
from salotto.channels.email.queries import sending as queries
from salotto.channels.email.recipients import Recipients, as_people
from salotto.channels.email.sending import patience, targets
from salotto.channels.email.sending.delivering import deliver
from salotto.channels.email.sending.outcome import Never, NotNow, Refusal, Taken, shown
from salotto.core import clock
from salotto.core import mail as own_mail
from salotto.core.errors import Conflict, Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import must_act_still, tell

log = logging.getLogger("salotto.email")

WAITING = (MailState.QUEUED, MailState.SENDING)
_OFF = "This inbox is switched off. The mail waits until it is on again."
_WITH = ("mailbox__account", "conversation__contact", "message__author")


class NotWaiting(Conflict):
    """409: the mail is not in a state in which this can be done."""

    code = "not_waiting"


def send(account_id: int, mail_id: int) -> None:
    """Send one mail if it is due and nobody else is at it; write down what became of it."""
    with account_scope(account_id):
        mail = _claim(mail_id)
        if mail is None:
            return
        try:
            taken = _carry(mail)
        except Never as error:
            _fail(mail, str(error))
        except NotNow as error:
            _put_back(mail, str(error))
        except Exception as error:  # whatever it was: it is seen, and tried again
            log.exception("The mail %s of account %s could not be sent", mail_id, account_id)
            _put_back(mail, f"{type(error).__name__}: {error}")
        else:
            _note_taken(mail, taken)


def _claim(mail_id: int) -> Mail | None:
    """The mail, ours alone until it counts as lost; None if it is not due, or another's, or its
    server has had its share of this minute, or its inbox is off: it waits until that is on again."""
    now = clock.now()
    with transaction.atomic():
        due = Mail.objects.filter(pk=mail_id, state__in=WAITING, next_try_at__lte=now)
        rows = due.select_related(*_WITH).select_for_update(of=("self",), skip_locked=True)
        mail: Mail | None = rows.first()
        if mail is None:
            return None
        if not mail.mailbox.enabled:
            later = now + patience.WHILE_OFF
            Mail.objects.filter(pk=mail.pk).update(state=MailState.QUEUED, next_try_at=later, error=_OFF)
            return None
        allowed = _when_allowed(mail)
        if allowed is not None:
            Mail.objects.filter(pk=mail.pk).update(next_try_at=allowed)
            return None
        mail.state, mail.attempts = MailState.SENDING, mail.attempts + 1
        mail.changed_at, mail.next_try_at = now, now + patience.LOST_AFTER
        mail.save(update_fields=["state", "attempts", "changed_at", "next_try_at"])
    return mail


def _when_allowed(mail: Mail) -> Any:
    server = queries.outgoing_server(mail.mailbox_id)
    if server is None or not server.per_minute:
        return None
    with connection.cursor() as db:  # two senders of one mailbox count one after the other
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"email.rate {mail.mailbox_id}"])
    now = clock.now()
    return patience.when_allowed(queries.sent_within(mail.mailbox_id, now), server.per_minute, now)


def _carry(mail: Mail) -> Taken:
    """Hand the mail to its server. Raises NotNow and Never."""
    from salotto.channels.email.sending import writing  # what it loads, only a sender needs

    raw = writing.write(mail)
    server = queries.outgoing_server(mail.mailbox_id)
    try:
        taken = _hand_over(mail, server, raw)
    except NotNow as error:
        if error.server and server is not None:
            _note_trouble(server, str(error))
        raise
    if server is not None:
        _note_working(server)
    return taken


def _hand_over(mail: Mail, server: Server | None, raw: bytes) -> Taken:
    target = targets.own_target() if server is None else targets.target_of(server)
    sender, people = envelope_sender(mail, server), envelope_recipients(mail)
    if target is not None:
        return deliver(target, raw, sender, people)
    own_mail.send_now(raw, sender, list(people))
    return Taken()


def envelope_sender(mail: Mail, server: Server | None) -> str:
    """Where undeliverable mail comes back to: nobody for what we answer by ourselves (RFC 3834);
    a signed address if the installation sends; else the mailbox, as whose user its server knows
    us and for whose domain it may send (SPF)."""
    if mail.kind == "auto":
        return ""
    signed = addresses.return_address(mail.account_id, mail.pk) if server is None else ""
    return signed or mail.sender


def envelope_recipients(mail: Mail) -> tuple[str, ...]:
    """Who is to get it: those whom the server put off the last time, else everybody."""
    put_off = tuple(one.address for one in refusals(mail) if one.again)
    return put_off or everybody(mail)


def everybody(mail: Mail) -> tuple[str, ...]:
    """Every address that the mail is for, once."""
    return Recipients(as_people(mail.to), as_people(mail.cc), as_people(mail.bcc)).addresses


def refusals(mail: Mail) -> tuple[Refusal, ...]:
    """The recipients whom the server has not taken so far."""
    kept = mail.problems if isinstance(mail.problems, list) else []
    return tuple(Refusal(one["address"], one["words"], one["again"]) for one in kept if isinstance(one, dict))


# What became of it


def _note_taken(mail: Mail, taken: Taken) -> None:
    """Sent, at least to some: who was put off gets it later, who was refused is named."""
    refused = (*(one for one in refusals(mail) if not one.again), *taken.refused)
    words = _named(mail, refused)
    if any(one.again for one in taken.refused):
        _put_back(mail, words, refused)
        return
    state = MailState.FAILED if len(refused) >= len(everybody(mail)) else MailState.SENT
    _settle(mail, state=state, error=words, problems=_kept(refused), next_try_at=None)


def _named(mail: Mail, refused: Sequence[Refusal]) -> str:
    """Who was refused, in the server's words; of one recipient alone just these."""
    if len(everybody(mail)) == 1:
        return shown("\n".join(one.words for one in refused))
    return shown("\n".join(f"{one.address}: {one.words}" for one in refused))


def _kept(refused: Sequence[Refusal]) -> list[dict[str, Any]]:
    return [one.kept() for one in refused]


def _put_back(mail: Mail, words: str, refused: Sequence[Refusal] | None = None) -> None:
    """Later again, with growing pauses; after two days it has failed, with the last words."""
    now = clock.now()
    kept = {} if refused is None else {"problems": _kept(refused)}
    again = patience.next_try(mail.attempts, mail.dated or mail.created_at, now)
    if again is None:
        _give_up(mail, words, kept)
    else:
        _settle(mail, state=MailState.QUEUED, error=shown(words), next_try_at=again, **kept)


def _give_up(mail: Mail, words: str, kept: dict[str, Any]) -> None:
    """Out of patience: not sent; or sent, but for those who were put off to the end."""
    state = MailState.SENT if _some_got_it(mail, kept.get("problems") or mail.problems) else MailState.FAILED
    _settle(mail, state=state, error=shown(words), next_try_at=None, **kept)


def _some_got_it(mail: Mail, put_off: list[Any]) -> bool:
    return bool(put_off) and len(put_off) < len(everybody(mail))


def _fail(mail: Mail, words: str) -> None:
    _give_up(mail, words, {})


def _settle(mail: Mail, **changes: Any) -> None:
    """Write down what became of a claimed mail and tell open desks, unless it was claimed anew
    meanwhile or its conversation is gone."""
    with transaction.atomic():
        if not tell(mail.conversation_id, "delivery"):
            return
        mine = Mail.objects.filter(pk=mail.pk, state=MailState.SENDING, attempts=mail.attempts)
        if not mine.update(changed_at=clock.now(), **changes):
            transaction.set_rollback(True)


def _note_trouble(server: Server, words: str) -> None:
    Server.objects.filter(pk=server.pk).update(trouble=words, trouble_since=Coalesce("trouble_since", Now()))


def _note_working(server: Server) -> None:
    """Written at most once a minute: mails of one server must not wait for its row."""
    stale = Q(worked_at=None) | Q(worked_at__lt=Now() - patience.ONE_MINUTE) | ~Q(trouble="")
    Server.objects.filter(stale, pk=server.pk).update(worked_at=Now(), trouble="", trouble_since=None)


# By hand, and each minute


def retry_mail(mail_id: int, by: Member) -> None:
    """Try again now: a mail that was not sent, came back, or waits; of one that some have got,
    those whom a server refused. Raises Missing, NotWaiting, Forbidden, ReadOnly."""
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        mail = _lock(mail_id)
        refused = refusals(mail)
        if mail.state not in (MailState.FAILED, MailState.BOUNCED, MailState.QUEUED) and not (
            mail.state == MailState.SENT and refused
        ):
            if mail.state == MailState.SENDING:
                raise NotWaiting(_("This mail is being sent at this moment."))
            raise NotWaiting(_("This mail was sent. There is nothing to try again."))
        partly = mail.state != MailState.FAILED
        again = [Refusal(one.address, one.words, True) for one in refused] if partly else []
        now = clock.now()
        Mail.objects.filter(pk=mail.pk).update(
            state=MailState.QUEUED,
            attempts=0,
            next_try_at=now,
            dated=now,
            changed_at=now,
            problems=_kept(again),
        )
        send_soon(mail)


def cancel_mail(mail_id: int, by: Member) -> None:
    """Take a mail out of the line. Raises Missing, NotWaiting once it is on its way, Forbidden,
    ReadOnly."""
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        mail = _lock(mail_id)
        if mail.state != MailState.QUEUED:
            raise NotWaiting(_("This mail is not in line any more."))
        words = _("%(name)s stopped it.") % {"name": by.user.name}
        state = MailState.SENT if _some_got_it(mail, mail.problems) else MailState.FAILED
        Mail.objects.filter(pk=mail.pk).update(
            state=state, next_try_at=None, changed_at=clock.now(), error=words
        )


def _lock(mail_id: int) -> Mail:
    """An outgoing mail, locked after its conversation, whose desks are told. Raises Missing."""
    found = Mail.objects.filter(pk=mail_id).exclude(state=MailState.RECEIVED)
    conversation = found.values_list("conversation_id", flat=True).first()
    if conversation is None or not tell(conversation, "delivery"):
        raise Missing
    mail: Mail = Mail.objects.select_for_update().get(pk=mail_id)
    return mail


def send_due() -> int:
    """Queue the jobs of mails that are due and have none, and of those whose sender was lost;
    how many were due."""
    due = queries.due_mails(clock.now())
    for account, mail, kind in due:
        with transaction.atomic():
            send_soon(Mail(account_id=account, pk=mail, kind=kind))
    return len(due)
