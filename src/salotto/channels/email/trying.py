"""Trying a mail server's settings, step by step, with the server's own words where it fails."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.channels.email import reaching, troubles
from salotto.channels.email.models import Auth, Security, Way
from salotto.channels.email.troubles import Trouble


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
    yield from _reach(attempt)
    yield _begun(_("Connected"))
    link = _Smtp(attempt.host, attempt.port, tls=attempt.security == Security.TLS)
    try:
        yield Step(_("Connected"), True, _secured(Security.TLS) if attempt.security == Security.TLS else "")
        if attempt.security == Security.STARTTLS:
            yield _begun("STARTTLS")
            _said(lambda: link.starttls(context=ssl.create_default_context()))
            yield Step("STARTTLS", True, _secured(Security.STARTTLS))
        if attempt.auth != Auth.NONE:
            yield _begun(_("Signed in"))
            _said(lambda: _sign_in(link, attempt))
            yield Step(_("Signed in"), True, attempt.username)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            link.quit()
        link.close()


class _Smtp(smtplib.SMTP):
    """smtplib's client, on a connection that may be made."""

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        self._tls = tls
        _said(lambda: super(_Smtp, self).__init__(host, port, timeout=reaching.READ_SECONDS))
        self._host = host

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        sock = reaching.connect(host, port)
        return reaching.secure(sock, host) if self._tls else sock


def _sign_in(link: smtplib.SMTP, attempt: Attempt) -> None:
    secret = attempt.secret()
    link.ehlo_or_helo_if_needed()
    if attempt.auth == Auth.PASSWORD:
        link.login(attempt.username, secret)
    else:
        words = f"user={attempt.username}\x01auth=Bearer {secret}\x01\x01"
        link.auth("XOAUTH2", lambda challenge=None: words if not challenge else "")


def _said(what: Callable[[], Any]) -> None:
    """Do it, with errors in words."""
    try:
        what()
    except Trouble:
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise Trouble(troubles.REFUSED, f"{error.smtp_code} {_text(error.smtp_error)}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Trouble(troubles.NO_TLS, error) from error
    except smtplib.SMTPResponseException as error:
        raise Trouble(troubles.BROKEN, f"{error.smtp_code} {_text(error.smtp_error)}") from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise troubles.of(error) from error


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
