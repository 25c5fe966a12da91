"""A test mail on its way, step by step: when, with which words, and what to do where it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from salotto.channels.email import statuses, troubles
from salotto.channels.email.models import Trial
from salotto.channels.email.queries.mailboxes import Doing, Standing
from salotto.core import clock
from salotto.desk.email import shapes
from salotto.desk.email.shapes import ShownStep

PATIENCE = timedelta(minutes=2)
"""After which a test mail that has not come back counts as lost for now."""
WATCHED = timedelta(minutes=20)
"""For so long the page looks whether it arrives all the same."""


@dataclass(frozen=True, slots=True)
class Round:
    """A test mail: its steps, and after how many milliseconds to look again (0: it has ended)."""

    trial: Trial
    steps: list[ShownStep]
    again: int
    total: str = ""

    @property
    def running(self) -> bool:
        """Whether there is more to wait for."""
        return self.again > 0

    @property
    def hopeful(self) -> bool:
        """Whether a step is under way."""
        return self.running and any(step.state == "now" for step in self.steps)


def round_of(trial: Trial, standing: Standing) -> Round:
    """How far a test mail has got, in words. One that this installation keeps for itself, without a
    mail server, is not waited for."""
    waited = clock.now() - trial.created_at
    kept = bool(trial.accepted_at and not trial.host and not trial.taken_at)
    steps = [_queued(trial), _sent(trial)]
    if trial.returns and not trial.error and not kept:
        steps += [_seen(trial, standing), _taken(trial)]
    end = trial.taken_at if trial.returns else trial.accepted_at
    total = seconds(end - trial.created_at) if end and not kept else ""
    ended = bool(total or trial.error or kept or waited > WATCHED)
    return Round(trial, steps, 0 if ended else 5000 if waited > PATIENCE else 1200, total)


def seconds(length: timedelta) -> str:
    """A length of time as the reader writes it: "2.4 s", "3 min"."""
    if length < timedelta(seconds=100):
        return _("%(n)s s") % {"n": number_format(max(0.0, length.total_seconds()), 1)}
    return _("%(n)s min") % {"n": number_format(length // timedelta(minutes=1))}


def _clock(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S}" if moment else ""


def _since(moment: datetime | None) -> str:
    """For a step that goes on: how long it has taken, in whole seconds."""
    length = clock.now() - moment if moment else timedelta()
    if length >= timedelta(seconds=100):
        return seconds(length)
    return _("%(n)s s") % {"n": number_format(max(0, int(length.total_seconds())))}


def _late(trial: Trial) -> bool:
    return clock.now() - trial.created_at > PATIENCE


def _queued(trial: Trial) -> ShownStep:
    if trial.begun_at:
        return ShownStep("good", _("In line to be sent"), time=_clock(trial.created_at))
    if not _late(trial):
        return ShownStep("now", _("In line to be sent"), time=_since(trial.created_at))
    return ShownStep(
        "bad",
        _("In line to be sent"),
        help=_("Nobody takes it up. Ask whoever runs this server."),
        operator=_("No worker runs: start `salotto serve` without --no-worker, or `salotto worker`."),
    )


def _sent(trial: Trial) -> ShownStep:
    host = trial.host or _("the mail server")
    if trial.error:
        return _refused(trial, host)
    if not (trial.accepted_at and trial.begun_at):
        text = _("Accepted by %(host)s") % {"host": host}
        if trial.begun_at:
            return ShownStep("now", text, time=_since(trial.begun_at))
        return ShownStep("later", text)
    took, at = seconds(trial.accepted_at - trial.begun_at), _clock(trial.accepted_at)
    if trial.host:
        text = _("Accepted by %(host)s in %(time)s") % {"host": host, "time": took}
        return ShownStep("good", text, trial.words, time=at)
    if settings.DEMO:
        kept = _("It lies in the mail of the demo; nothing leaves this machine.")
        return ShownStep("good", _("Handed over in %(time)s") % {"time": took}, help=kept, time=at)
    return ShownStep(
        "good",
        _("Handed over in %(time)s") % {"time": took},
        help=_("It stays on this server, which has no mail server to send by. Enter one of your own, or ask"
               " whoever runs this server."),
        time=at,
        part="sending",
        operator=_("SALOTTO_MAIL_URL names the mail server that this installation sends by."),
    )  # fmt: skip


def _refused(trial: Trial, host: str) -> ShownStep:
    sentence, words = troubles.said(trial.error)
    if not words and sentence[:1].isdigit():
        sentence, words = "", sentence
    reason = (
        sentence
        or statuses.meaning(words)
        or _("The server’s words say why. Check the address and the settings of sending.")
    )
    advice = shapes.advice(sentence)
    text = _("Not accepted by %(host)s") % {"host": host}
    time = _clock(trial.begun_at)
    return ShownStep("bad", text, words, f"{reason} {advice}".strip(), time=time, part="sending")


def _seen(trial: Trial, standing: Standing) -> ShownStep:
    if trial.seen_at:
        after = seconds(trial.seen_at - trial.created_at)
        text = _("Back after %(time)s, %(way)s") % {"time": after, "way": _way(trial)}
        return ShownStep("good", text, time=_clock(trial.seen_at))
    if trial.accepted_at is None:
        return ShownStep("later", _("Back in the mailbox"))
    if standing.incoming and standing.doing in (Doing.TROUBLE, Doing.QUIET):
        return _unread(standing)
    if not _late(trial):
        return ShownStep("now", _("On its way"), time=_since(trial.accepted_at))
    return ShownStep(
        "bad",
        _("It has not come back after %(time)s") % {"time": seconds(clock.now() - trial.accepted_at)},
        help=_what_to_do(),
        note=_last_look(standing),
        part="receiving" if standing.incoming else "connect",
    )


def _unread(standing: Standing) -> ShownStep:
    """The mailbox cannot be read at the moment: no need to wait for that to be found out."""
    state, server = shapes.receiving(standing), standing.incoming
    advice = shapes.advice(troubles.said(server.trouble)[0]) if server else ""
    quiet = standing.doing == Doing.QUIET
    return ShownStep(
        "bad",
        _("The mailbox is not read at the moment"),
        state.words,
        f"{state.text} {advice}".strip(),
        part="" if quiet else "receiving",
        operator=_("No worker runs: start `salotto serve` without --no-worker, or `salotto worker`.")
        if quiet
        else "",
    )


def _last_look(standing: Standing) -> str:
    """When the mailbox was last read without it."""
    server = standing.incoming
    if server is None or server.worked_at is None:
        return ""
    return _("The mailbox was read last at %(time)s.") % {"time": _clock(server.worked_at)}


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


def _taken(trial: Trial) -> ShownStep:
    if trial.taken_at:
        text = _("Taken in, and put away: your team does not see it")
        return ShownStep("good", text, time=_clock(trial.taken_at))
    if trial.seen_at and _late(trial):
        help_ = _("It waits to be taken in. Ask whoever runs this server.")
        worker = _("No worker runs: start `salotto serve` without --no-worker, or `salotto worker`.")
        return ShownStep("bad", _("Taken in"), help=help_, operator=worker)
    if trial.seen_at:
        return ShownStep("now", _("Taken in"), time=_since(trial.seen_at))
    return ShownStep("later", _("Taken in"))
