"""How inboxes, tests and mails that wait are put on the page: words and tones."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from salotto.channels.email import troubles
from salotto.channels.email.models import Auth, Server
from salotto.channels.email.queries.mailboxes import Doing, Standing
from salotto.channels.email.sending.targets import own_target
from salotto.channels.email.trying import Step
from salotto.core import clock
from salotto.desk import times
from salotto.inbox.models import Inbox

GOOD, WARNING, BAD, CALM = "olive", "ochre", "wine", "quiet"


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
    if sending is None or state.tone == BAD:
        return Row(inbox, standing, state)
    text = _("Sending: %(sentence)s") % {"sentence": sending.text}
    return Row(inbox, standing, State(text, BAD, sending.words))


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
        words = _("Nobody has looked into the mailbox since %(when)s. Ask whoever runs this server.")
        return State(words % {"when": when(server.worked_at)}, BAD)
    if doing == Doing.READING and standing.set_back:
        words = _(
            "Receiving. The mail server was put back to an earlier state, noticed at %(when)s: mails may be"
            " missing there. Those that were taken in are still here, and new ones come in as before."
        )
        return State(words % {"when": when(standing.set_back)}, WARNING)
    if doing == Doing.READING and server and server.worked_at and not (came and came > server.worked_at):
        return State(_("Receiving; looked into at %(when)s") % {"when": when(server.worked_at)}, GOOD)
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
    return _trouble(server)


def sending(standing: Standing) -> State:
    """By which way mails leave, and whether that works."""
    if not standing.mailbox.enabled:
        return State(_("Switched off"), CALM)
    server = standing.outgoing
    if server is None or not server.enabled:
        if settings.DEMO and keeps_mail():
            return State(_("To the mail of the demo; nothing leaves this machine"), GOOD)
        if keeps_mail():
            return State(_("Mails do not leave yet: this server keeps them to itself"), WARNING)
        return State(_("By this installation’s own mail server"), CALM)
    trouble = sending_trouble(standing)
    if trouble:
        return trouble
    return State(_("By %(host)s") % {"host": server.host}, GOOD if server.worked_at else CALM)


def keeps_mail() -> bool:
    """Whether this installation has no mail server, and writes mails to where it runs."""
    return own_target() is None


# Trying a server


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a test: `state` is good, bad, now or later; `words` are the server's own, `help` is
    what to do about a bad one, `note` what a good one has found. `time` is when it was done, or how
    long it has taken; `part` names the page where to mend it; `operator` is for whoever runs the
    server."""

    state: str
    text: str
    words: str = ""
    help: str = ""
    note: str = ""
    time: str = ""
    part: str = ""
    operator: str = ""


def steps_of(found: list[Step]) -> list[ShownStep]:
    """Steps of a connection test; the last one failed, if one did."""
    return [ShownStep("good", one.name, note=one.words) if one.ok else _failed(one) for one in found]


def _failed(one: Step) -> ShownStep:
    operator = ""
    if one.words == gettext(troubles.ISSUER):
        operator = _(
            "Add the issuer’s certificate to those of this system, or name a file with all trusted ones in"
            " SSL_CERT_FILE, and start Salotto again."
        )
    return ShownStep(
        "bad", one.name, one.detail, f"{one.words} {advice(one.words)}".strip(), operator=operator
    )


def advice(sentence: str) -> str:
    """What to do about a trouble, in the reader's language, whose own sentence does not say so."""
    if sentence in map(gettext, (troubles.SLOW, troubles.FULL, troubles.PROVIDER)):
        return _("Try again in a few minutes; if it stays so, check its name and the port.")
    if sentence == gettext(troubles.REFUSED):
        return _("Enter both again. Many providers want an app password, made in the account there.")
    if sentence == gettext(troubles.ISSUER):
        return _(
            "Whoever keeps the mail server can give it a certificate of a well-known issuer; whoever runs"
            " this server can have it trust the company’s own one."
        )
    if sentence == gettext(troubles.CERTIFICATE):
        return _("Enter the name that the certificate is for; the provider’s help says it.")
    if sentence == gettext(troubles.EXPIRED):
        return _("Whoever keeps the mail server has to renew it.")
    if sentence == gettext(troubles.BROKEN):
        return _("Check the port and the security; the provider’s help names both.")
    return ""


def providers_ready() -> dict[str, bool]:
    """Whether this installation can connect mailboxes at Google and at Microsoft."""
    return {name: bool(settings.MAIL_OAUTH[name][0]) for name in (Auth.GOOGLE, Auth.MICROSOFT)}
