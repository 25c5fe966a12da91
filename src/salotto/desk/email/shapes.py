"""How inboxes, tests and mails that wait are put on the page: words and tones."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from salotto.channels.email import troubles
from salotto.channels.email.models import Auth, Server, Trial
from salotto.channels.email.queries.mailboxes import Doing, Standing
from salotto.channels.email.trying import Step
from salotto.core import clock
from salotto.desk import times
from salotto.inbox.models import Inbox

GOOD, WARNING, BAD, CALM = "olive", "ochre", "wine", "quiet"
PATIENCE = 120
"""Seconds after which a test mail that has not come back counts as lost for now."""


@dataclass(frozen=True, slots=True)
class State:
    """A sentence with its tone; `words` are a server's own."""

    text: str
    tone: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An inbox in the list."""

    inbox: Inbox
    standing: Standing | None
    state: State


def when(moment: datetime) -> str:
    """The time of today, "yesterday 14:02", or the day: "23 November, 10:12"."""
    local = timezone.localtime(moment)
    days = (timezone.localtime(clock.now()).date() - local.date()).days
    hour = f"{local:%H:%M}"
    if days == 0:
        return hour
    if days == 1:
        return _("yesterday %(time)s") % {"time": hour}
    return _("%(day)s, %(time)s") % {"day": times.short_date(local.date()), "time": hour}


def rows(inboxes: list[Inbox], standings: list[Standing]) -> list[Row]:
    """Every inbox with how it fares."""
    known = {standing.mailbox.inbox_id: standing for standing in standings}
    return [_row(inbox, known.get(inbox.pk)) for inbox in inboxes]


def _row(inbox: Inbox, standing: Standing | None) -> Row:
    if standing is None:
        return Row(inbox, None, State(_("Answers visitors of your site"), GOOD))
    sending = sending_trouble(standing)
    state = receiving(standing)
    return Row(inbox, standing, sending if sending and state.tone != BAD else state)


def receiving(standing: Standing) -> State:
    """How receiving goes, in a sentence."""
    server, came = standing.incoming, standing.last_came
    doing = standing.doing
    if doing == Doing.OFF:
        return State(_("Switched off"), CALM)
    if doing == Doing.TROUBLE and server:
        return _trouble(server)
    if doing == Doing.CONNECTING:
        return State(_("Connecting…"), WARNING)
    if doing == Doing.QUIET and server and server.worked_at:
        words = _("Nobody has looked into the mailbox since %(when)s. Does the server’s worker run?")
        return State(words % {"when": when(server.worked_at)}, BAD)
    if doing == Doing.READING and server and server.worked_at:
        return State(_("Receiving; all was well at %(when)s") % {"when": when(server.worked_at)}, GOOD)
    if came:
        return State(_("Receiving; the last mail came at %(when)s") % {"when": when(came)}, GOOD)
    return State(_("Nothing comes in yet"), WARNING)


def _trouble(server: Server) -> State:
    sentence, words = troubles.said(server.trouble)
    if server.trouble_since is None:
        return State(sentence, BAD, words)
    text = _("%(sentence)s Since %(when)s.") % {"sentence": sentence, "when": when(server.trouble_since)}
    return State(text, BAD, words)


def sending_trouble(standing: Standing) -> State | None:
    """What is wrong with the own outgoing server, None when nothing is."""
    server = standing.outgoing
    if not standing.mailbox.enabled or server is None or not server.enabled or not server.trouble:
        return None
    found = _trouble(server)
    return State(_("Sending: %(sentence)s") % {"sentence": found.text}, BAD, found.words)


def sending(standing: Standing) -> State:
    """By which way mails leave, and whether that works."""
    server = standing.outgoing
    if server is None or not server.enabled:
        return State(_("By this installation’s own mail server"), CALM)
    trouble = sending_trouble(standing)
    if trouble:
        return trouble
    return State(_("By %(host)s") % {"host": server.host}, GOOD if server.worked_at else CALM)


# Trying a server


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a test: `state` is good, bad, now or later; `words` are the server's own, `help` is
    what to do about a bad one, `note` what a good one has found."""

    state: str
    text: str
    words: str = ""
    help: str = ""
    note: str = ""


def steps_of(found: list[Step]) -> list[ShownStep]:
    """Steps of a connection test; the last one failed, if one did."""
    return [
        ShownStep("good", one.name, note=one.words)
        if one.ok
        else ShownStep("bad", one.name, one.detail, one.words)
        for one in found
    ]


# A test mail


@dataclass(frozen=True, slots=True)
class Round:
    """A test mail on its way: its steps, and whether there is more to wait for."""

    trial: Trial
    steps: list[ShownStep]
    running: bool
    total: str = ""


def round_of(trial: Trial) -> Round:
    """How far a test mail has got, in words. One that this installation keeps for itself (without
    SALOTTO_MAIL_URL) is not waited for."""
    late = (clock.now() - trial.created_at).total_seconds() > PATIENCE
    kept = bool(trial.accepted_at and not trial.host and not trial.taken_at)
    steps = [_queued(trial, late), *_sent(trial)]
    if trial.returns and not trial.error and not kept:
        steps += [_seen(trial, late), _taken(trial, late)]
    end = trial.taken_at if trial.returns else trial.accepted_at
    total = _seconds((end - trial.created_at).total_seconds()) if end and not kept else ""
    return Round(trial, steps, not (total or trial.error or late or kept), total)


def _queued(trial: Trial, late: bool) -> ShownStep:
    if trial.begun_at is None and late:
        help_ = _("Nobody takes it: start `salotto serve` without --no-worker, or `salotto worker`.")
        return ShownStep("bad", _("In line to be sent"), help=help_)
    return ShownStep("good" if trial.begun_at else "now", _("In line to be sent"))


def _sent(trial: Trial) -> list[ShownStep]:
    host = trial.host or _("the mail server")
    if trial.error:
        sentence, words = troubles.said(trial.error)
        if not words and sentence[:1].isdigit():
            sentence, words = "", sentence
        advice = sentence or _("The server’s words say why. Check the address and the settings of sending.")
        return [ShownStep("bad", _("Not accepted by %(host)s") % {"host": host}, words, advice)]
    if trial.accepted_at and trial.begun_at:
        took = _seconds((trial.accepted_at - trial.begun_at).total_seconds())
        if not trial.host:
            note = _("Written to where this installation keeps its mail. It does not leave: ask whoever"
                     " runs it to set SALOTTO_MAIL_URL.")  # fmt: skip
            return [ShownStep("good", _("Handed over in %(time)s") % {"time": took}, help=note)]
        words = _("Accepted by %(host)s in %(time)s") % {"host": host, "time": took}
        return [ShownStep("good", words, trial.words)]
    state = "now" if trial.begun_at else "later"
    return [ShownStep(state, _("Accepted by %(host)s") % {"host": host})]


def _seen(trial: Trial, late: bool) -> ShownStep:
    if trial.seen_at:
        after = _seconds(max(0.0, (trial.seen_at - trial.created_at).total_seconds()))
        return ShownStep("good", _("Back after %(time)s, %(way)s") % {"time": after, "way": _way(trial)})
    if trial.accepted_at is None:
        return ShownStep("later", _("Back in the mailbox"))
    if not late:
        return ShownStep("now", _("On its way"))
    return ShownStep("bad", _("It has not come back in two minutes"), help=_what_to_do())


def _what_to_do() -> str:
    return _(
        "It was accepted, so look in the mailbox itself. If it is there, check how mail is received; if it"
        " is among the spam, check the sender domain; if it is nowhere, check the address and whether its"
        " mail is forwarded to us. It is noted here whenever it arrives."
    )


def _way(trial: Trial) -> str:
    ways = {
        "imap": _("read by IMAP"),
        "smtp": _("delivered to us by SMTP"),
        "lmtp": _("delivered to us by LMTP"),
        "http": _("handed over by HTTP"),
    }
    return ways.get(trial.source, trial.source)


def _taken(trial: Trial, late: bool) -> ShownStep:
    if trial.taken_at:
        return ShownStep("good", _("Taken in, and put away: your team does not see it"))
    if trial.seen_at and late:
        return ShownStep("bad", _("Taken in"), help=_("It waits. Does the server’s worker run?"))
    return ShownStep("now" if trial.seen_at else "later", _("Taken in"))


def _seconds(seconds: float) -> str:
    return _("%(n).1f s") % {"n": seconds} if seconds < 100 else _("%(n)d min") % {"n": seconds // 60}


def providers_ready() -> dict[str, bool]:
    """Whether this installation can connect mailboxes at Google and at Microsoft."""
    return {name: bool(settings.MAIL_OAUTH[name][0]) for name in (Auth.GOOGLE, Auth.MICROSOFT)}
