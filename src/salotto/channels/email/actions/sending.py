"""Sending what is in line: each mail is claimed, handed over outside any transaction, and what
became of it is written down.

A sender that dies in between leaves a mail in state sending. It is tried again when its time is
over (`patience.LOST_AFTER`), under the same Message-ID: at least once, and nearly always once.
Maybe it was that mail which has ended the process. So those that have lost a sender are sent one
at a time, and each loss is counted: after `patience.MOST_LOST` in a row the mail has failed.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email import addresses, troubles
from salotto.channels.email.actions import allowance
from salotto.channels.email.actions.queueing import send_soon
from salotto.channels.email.models import Mail, MailState, Server
from salotto.channels.email.queries import sending as queries
from salotto.channels.email.recipients import Recipients, as_people
from salotto.channels.email.sending import patience, targets
from salotto.channels.email.sending.delivering import deliver, needs_utf8
from salotto.channels.email.sending.lines import Target
from salotto.channels.email.sending.outcome import Never, NotNow, NoUtf8, Refusal, Taken, shown
from salotto.channels.email.sending.shares import ANSWERS, BULK, OURS, Place
from salotto.core import clock, turns
from salotto.core import mail as own_mail
from salotto.core.errors import Conflict, Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import must_act_still, tell

log = logging.getLogger("salotto.email")

WAITING = (MailState.QUEUED, MailState.SENDING)
_OFF = "This inbox is switched off. The mail waits until it is on again."
_LOST = "The process that sent mails has ended {} times while it was at this one."
_NO_DATABASE = "The database was away when the mail was about to be sent."
_MOVED = "The inbox sends by another server now."
_NOT_OURS = "Another sender has taken this mail meanwhile."
_LEFT = "Who was to get it has unsubscribed."
_SUSPECT = "email.suspect"
_PAUSES = (0.2, 1.0, 3.0, 10.0, 20.0)
"""Seconds between tries to write down what became of a mail while the database is away."""
_WITH = ("mailbox__account", "conversation__contact", "message__author")


class NotWaiting(Conflict):
    """409: the mail is not in a state in which this can be done."""

    code = "not_waiting"


def send(account_id: int, mail_id: int) -> None:
    """Send one mail if it is due, its server has a place for it (`shares`), and nobody else is at it;
    write down what became of it."""
    with account_scope(account_id), _place(account_id, mail_id) as place:
        with _no_locks_left():
            mail = _claim(mail_id, place)
        if mail is None:
            return
        try:
            _surely(_try(mail, place))
        finally:
            if mail.losses:
                turns.let_go(_SUSPECT)


@contextmanager
def _place(account_id: int, mail_id: int) -> Iterator[Place]:
    with _no_locks_left():
        found = Mail.objects.filter(pk=mail_id).values_list("mailbox_id", "kind").first()
        mailbox, kind = found or (0, "")
        server = queries.outgoing_server(mailbox)
    with (BULK if kind == "bulk" else ANSWERS).place(account_id, where(server)) as place:
        yield place


def where(server: Server | None) -> str:
    """What mails by the same server have in common, whoever's they are."""
    return f"{server.host.lower()}:{server.port}" if server else OURS


@contextmanager
def _no_locks_left() -> Iterator[None]:
    try:
        yield
    except Error:
        connection.close()  # with whatever it has locked
        raise


def _try(mail: Mail, place: Place) -> Callable[[], None]:
    """Carry the mail to its server; what is to be written down."""
    losses = mail.losses
    try:
        if losses >= patience.MOST_LOST:
            raise Never(_LOST.format(losses))
        server = queries.outgoing_server(mail.mailbox_id)
        if where(server) != place.server:
            raise NotNow(_MOVED)
        taken = _carry(mail, server, place)
        place.answered()
    except Never as error:
        words = str(error)
        return lambda: _fail(mail, words)
    except NotNow as error:
        words = str(error)
        return lambda: _put_off(mail, place, words)
    except Exception as error:  # whatever it was: it is seen, and tried again
        log.exception("The mail %s of account %s could not be sent", mail.pk, mail.account_id)
        words = f"{type(error).__name__}: {error}"
        return lambda: _put_off(mail, place, words)
    return lambda: _note_taken(mail, taken, server, place)


def _surely(write: Callable[[], None]) -> None:
    """Write down what a server has answered, although the database may be away for a moment:
    the mail would go out once more."""
    for pause in _PAUSES:
        try:
            return write()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
    return write()


def _claim(mail_id: int, place: Place) -> Mail | None:
    """The mail, ours alone until it counts as lost; None if it is not due, or another's, or waits
    for something else (`_waits`)."""
    now = clock.now()
    with transaction.atomic():
        due = Mail.objects.filter(queries.is_due(now), pk=mail_id, state__in=WAITING)
        rows = due.select_related(*_WITH).select_for_update(of=("self",), skip_locked=True)
        mail: Mail | None = rows.first()
        if mail is None or _waits(mail, now, place):
            return None
        if not mail.attempts:
            mail.tried_at = now
        mail.losses += mail.state == MailState.SENDING
        mail.state, mail.attempts = MailState.SENDING, mail.attempts + 1
        mail.changed_at, mail.next_try_at = now, now + patience.LOST_AFTER
        mail.save(update_fields=["state", "attempts", "losses", "tried_at", "changed_at", "next_try_at"])
    return mail


def _waits(mail: Mail, now: datetime, place: Place) -> bool:
    """Whether the mail has to wait, until when is written down: its inbox is off, its server keeps
    enough senders or has had its share of this minute, or another one that may have ended a sender
    is being sent. One to many is not sent at all if who gets it has unsubscribed since."""
    changes: dict[str, Any] = {}
    if not mail.mailbox.enabled:
        changes = {"state": MailState.QUEUED, "next_try_at": now + patience.WHILE_OFF, "error": _OFF}
    elif mail.kind == "bulk" and queries.has_left(mail):
        changes = {"state": MailState.STOPPED, "next_try_at": None, "changed_at": now, "error": _LEFT}
    elif place.wait is not None:
        changes = {"next_try_at": now + place.wait}
    elif (allowed := _when_allowed(mail)) is not None:
        changes = {"next_try_at": allowed}
    elif not _alone(mail, now):
        changes = {"next_try_at": now + patience.SOON}
    elif place.server == OURS and (later := _when_in_hour(mail, now)) is not None:
        changes = {"next_try_at": later, "error": troubles.MANY}
    if mail.mailbox.enabled and changes.get("next_try_at") and mail.kind != "bulk":
        send_soon(mail, at=changes["next_try_at"])
    return bool(changes and Mail.objects.filter(pk=mail.pk).update(**changes))


def _alone(mail: Mail, now: datetime) -> bool:
    """Whether the mail may be sent as to what it may do to its sender: of those that have lost one,
    no two at a time. The database takes the place back from a process that ends; should it not
    notice, nobody waits for ever."""
    if not mail.losses and mail.state != MailState.SENDING:
        return True
    return turns.try_alone(_SUSPECT) or mail.changed_at < now - 3 * patience.LOST_AFTER


def _when_in_hour(mail: Mail, now: datetime) -> datetime | None:
    people = len(envelope_recipients(mail))
    return allowance.take(mail.account_id, people, now, is_bulk=mail.kind == "bulk")


def _give_back(mail: Mail, place: Place, people: int) -> None:
    """These people have not got it, and do not count for this hour."""
    if place.server == OURS and people:
        allowance.give_back(mail.account_id, people, clock.now(), is_bulk=mail.kind == "bulk")


def _when_allowed(mail: Mail) -> datetime | None:
    server = queries.outgoing_server(mail.mailbox_id)
    if server is None or not server.per_minute:
        return None
    turns.take_turn(f"email.rate {mail.mailbox_id}")  # two senders count one after the other
    now = clock.now()
    is_bulk = mail.kind == "bulk"
    if is_bulk and queries.answers_wait(mail.mailbox_id, now + patience.ONE_MINUTE):
        return now + patience.ONE_MINUTE
    answers, bulk = queries.sent_within(mail.mailbox_id, now)
    return patience.when_allowed(answers, bulk, server.per_minute, now, is_bulk=is_bulk)


def _carry(mail: Mail, server: Server | None, place: Place) -> Taken:
    """Hand the mail to its server. Raises NotNow and Never; once the server has taken it, nothing
    comes before that is written down."""
    from salotto.channels.email.sending import writing  # what it loads, only a sender needs

    raw = writing.write(mail)
    try:
        return _hand_over(mail, server, raw, place)
    except NotNow as error:
        if error.server and server is not None:
            _note_trouble(server, str(error))
        raise


def _hand_over(mail: Mail, server: Server | None, raw: bytes, place: Place) -> Taken:
    target = targets.own_target() if server is None else targets.target_of(server, place.at_most)
    sender, people = envelope_sender(mail, server), envelope_recipients(mail)
    if target is None:
        own_mail.send_now(raw, sender, list(people))
        return Taken()
    try:
        return deliver(target, raw, sender, people, lambda: _keep(mail))
    except NoUtf8 as error:
        return _hand_over_without(mail, target, sender, people, str(error))


def _hand_over_without(mail: Mail, target: Target, sender: str, people: Sequence[str], words: str) -> Taken:
    """To a server that takes no addresses beyond ASCII: those who have one do not get the mail, the
    others read whom it was for. Raises NotNow and Never."""
    from salotto.channels.email.sending import writing

    left_out = tuple(Refusal(address, words, again=False) for address in people if needs_utf8(address))
    others = [address for address in people if not needs_utf8(address)]
    if not others or needs_utf8(sender):
        raise Never(words)
    taken = deliver(target, writing.write(mail, ascii_only=True), sender, others, lambda: _keep(mail))
    return Taken((*left_out, *taken.refused), taken.words)


def _keep(mail: Mail) -> None:
    """The mail is about to be its server's: it must be ours still, and stay so for as long as the
    answer may take; and the database must be there to write that down. Raises NotNow."""
    now = clock.now()
    ours = Mail.objects.filter(pk=mail.pk, state=MailState.SENDING, attempts=mail.attempts)
    renewed = now + patience.LOST_AFTER
    try:
        late = mail.changed_at < now - patience.ONE_MINUTE
        is_ours = ours.update(next_try_at=renewed) if late else ours.exists()
    except Error as error:
        connection.close()
        raise NotNow(_NO_DATABASE) from error
    if not is_ours:
        raise NotNow(_NOT_OURS)


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


def _put_off(mail: Mail, place: Place, words: str) -> None:
    """Nobody has got it, as far as is known."""
    _put_back(mail, words)
    _give_back(mail, place, len(envelope_recipients(mail)))


def _note_taken(mail: Mail, taken: Taken, server: Server | None, place: Place) -> None:
    """Sent, at least to some: who was put off gets it later, who was refused is named."""
    _note_who(mail, taken)
    _give_back(mail, place, sum(one.again for one in taken.refused))
    if server is not None:
        _note_working(server)


def _note_who(mail: Mail, taken: Taken) -> None:
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
    again = patience.next_try(mail.attempts, mail.tried_at or mail.dated or mail.created_at, now)
    if again is None:
        _give_up(mail, words, kept)
    else:
        _settle(mail, state=MailState.QUEUED, error=shown(words), next_try_at=again, **kept)


def _give_up(mail: Mail, words: str, kept: dict[str, Any]) -> None:
    """Out of patience: not sent; or sent, but for those who were put off to the end."""
    state = MailState.SENT if some_got_it(mail, kept.get("problems") or mail.problems) else MailState.FAILED
    _settle(mail, state=state, error=shown(words), next_try_at=None, **kept)


def some_got_it(mail: Mail, put_off: list[Any]) -> bool:
    """Whether only these, and not everybody, still have to get the mail."""
    return bool(put_off) and len(put_off) < len(everybody(mail))


def _fail(mail: Mail, words: str) -> None:
    _give_up(mail, words, {})


def _settle(mail: Mail, **changes: Any) -> None:
    """Write down what became of a claimed mail and tell open desks, unless it was claimed anew
    meanwhile or its conversation is gone. That of which somebody was not reached is open and unread
    again."""
    with transaction.atomic():
        if not tell(mail.conversation_id, "delivery", opens=matters(mail) and _is_lost(changes)):
            return
        mine = Mail.objects.filter(pk=mail.pk, state=MailState.SENDING, attempts=mail.attempts)
        if not mine.update(**{"changed_at": clock.now(), "losses": 0, **changes}):
            transaction.set_rollback(True)


def matters(mail: Mail) -> bool:
    """Whether somebody has to see that it did not arrive: a person has written it."""
    return bool(mail.kind != "auto")


def _is_lost(changes: dict[str, Any]) -> bool:
    """Whether it is not sent, at least not to everybody, and not tried again by itself."""
    state = changes.get("state")
    return state == MailState.FAILED or (state == MailState.SENT and bool(changes.get("error")))


def _note_trouble(server: Server, words: str) -> None:
    Server.objects.filter(pk=server.pk).update(trouble=words, trouble_since=Coalesce("trouble_since", Now()))


def _note_working(server: Server) -> None:
    """Written at most once a minute: mails of one server must not wait for its row."""
    stale = Q(worked_at=None) | Q(worked_at__lt=Now() - patience.ONE_MINUTE) | ~Q(trouble="")
    Server.objects.filter(stale, pk=server.pk).update(worked_at=Now(), trouble="", trouble_since=None)


# By hand, and each minute


def retry_mail(mail_id: int, by: Member) -> None:
    """Try again now: a mail that was not sent, was stopped, came back, or waits; of one that some
    have got, those whom a server refused; not one that came back from who knows whom. Raises Missing,
    NotWaiting, Forbidden, ReadOnly."""
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        mail = lock_mail(mail_id)
        refused = refusals(mail)
        if mail.state == MailState.SENDING:
            raise NotWaiting(_("This mail is being sent at this moment."))
        if mail.state == MailState.SENT and not refused:
            raise NotWaiting(_("This mail was sent. There is nothing to try again."))
        if mail.state == MailState.BOUNCED and not refused and len(everybody(mail)) > 1:
            raise NotWaiting(
                _(
                    "The report does not say which of its recipients this mail did not reach. Write to"
                    " who did not get it; trying again would send it to all of them once more."
                )
            )
        partly = mail.state not in (MailState.FAILED, MailState.STOPPED)
        again = [Refusal(one.address, one.words, True) for one in refused] if partly else []
        now = clock.now()
        Mail.objects.filter(pk=mail.pk).update(
            state=MailState.QUEUED,
            attempts=0,
            losses=0,
            error="" if mail.state == MailState.STOPPED else mail.error,
            next_try_at=now,
            tried_at=None,
            dated=now,
            changed_at=now,
            problems=_kept(again),
        )
        send_soon(mail)


def lock_mail(mail_id: int) -> Mail:
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
