"""Trying a mail server's settings, step by step, with the server's own words where it fails."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.channels.email import reaching, troubles
from salotto.channels.email.models import Auth, Security, Way
from salotto.channels.email.sending import lines
from salotto.channels.email.sending.lines import Line, Target
from salotto.channels.email.troubles import Trouble

SMTP_SECONDS = 45.0
"""For all that is said to an SMTP server; somebody waits for the page."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, in the reader's language, whether it worked, and what was said."""

    name: str
    ok: bool
    words: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is tried; `secret` is the password, or gives an OAuth 2 access token when asked."""

    way: str
    host: str
    port: int
    security: str
    auth: str
    username: str
    folder: str
    secret: Callable[[], str]


def steps(attempt: Attempt) -> list[Step]:
    """Connect as the settings say, and sign in; the last step is the one that failed, if one did.
    Nothing is read or sent."""
    done: list[Step] = []
    walk = _imap(attempt) if attempt.way == Way.IN else _smtp(attempt)
    name = _("Connected")
    try:
        for step in walk:
            name = step.name
            if step.ok:
                done.append(step)
    except Trouble as trouble:
        sentence, detail = troubles.said(trouble.text)
        done.append(Step(name, False, sentence, detail))
    return done


def _begun(name: str) -> Step:
    """Announces a step, so that a failure has its name."""
    return Step(name, False)


def _reach(attempt: Attempt) -> Iterator[Step]:
    yield _begun(_("Server found"))
    places = reaching.places(attempt.host, attempt.port)
    yield Step(_("Server found"), True, str(ip_address(str(places[0][1][0]).split("%")[0])))


def _imap(attempt: Attempt) -> Iterator[Step]:
    from salotto.channels.email.imap.connection import Connection, Place

    yield from _reach(attempt)
    place = Place(attempt.host, attempt.port, attempt.security, attempt.auth, attempt.username)
    yield _begun(_("Connected"))
    link = Connection(place)
    try:
        yield Step(_("Connected"), True, _secured(attempt.security))
        yield _begun(_("Signed in"))
        link.sign_in(attempt.secret)
        yield Step(_("Signed in"), True, attempt.username)
        yield _begun(_("Folder found"))
        folder = link.examine(attempt.folder)
        yield Step(_("Folder found"), True, _what_is_there(folder.exists, link.can_idle))
    finally:
        link.close()


def _what_is_there(count: int, idle: bool) -> str:
    soon = _("new mail is announced at once") if idle else _("new mail is looked for every minute")
    mails = ngettext("%(count)d mail", "%(count)d mails", count) % {"count": count}
    return f"{mails}; {soon}"


def _secured(security: str) -> str:
    return _("not encrypted") if security == Security.NONE else _("encrypted, with a valid certificate")


def _smtp(attempt: Attempt) -> Iterator[Step]:
    """By the line that mails are sent by."""
    yield from _reach(attempt)
    yield _begun(_("Connected"))
    line = Line(Target("", attempt.host, attempt.port, attempt.security))
    try:
        with line.within(SMTP_SECONDS):
            yield from _smtp_steps(attempt, line)
    finally:
        line.leave()


def _smtp_steps(attempt: Attempt, line: Line) -> Iterator[Step]:
    with _in_words(line):
        line.greet()
    yield Step(_("Connected"), True, _secured(Security.TLS) if attempt.security == Security.TLS else "")
    if attempt.security == Security.STARTTLS:
        yield _begun("STARTTLS")
        with _in_words(line):
            line.start_tls()
        yield Step("STARTTLS", True, _secured(Security.STARTTLS))
    if attempt.auth != Auth.NONE:
        yield _begun(_("Signed in"))
        with _in_words(line):
            line.target = _who(line.target, attempt)
            line.sign_in()
        yield Step(_("Signed in"), True, attempt.username)


def _who(target: Target, attempt: Attempt) -> Target:
    """With what is needed to sign in, which is asked for only now."""
    if attempt.auth == Auth.PASSWORD:
        return replace(target, username=attempt.username, password=attempt.secret())
    return replace(target, username=attempt.username, token=lambda fresh: attempt.secret())


@contextmanager
def _in_words(line: Line) -> Iterator[None]:
    """With errors in words."""
    try:
        yield
    except (Trouble, OSError, smtplib.SMTPException, ValueError) as error:
        if line.too_slow:
            raise Trouble(troubles.SLOW) from error
        raise lines.said(error) from error
