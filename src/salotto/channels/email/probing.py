"""Trying a server before its settings are kept: how far one gets, step by step.

Nothing is written, nothing in the mailbox is changed, no mail is sent.
"""

import smtplib
from dataclasses import dataclass, replace
from time import monotonic

from salotto.channels.email import oauth, troubles
from salotto.channels.email.actions.connecting import Settings, checked
from salotto.channels.email.imap.connection import Connection, Place
from salotto.channels.email.models import Auth, Server, Way
from salotto.channels.email.sending.lines import Line, Target
from salotto.channels.email.sending.outcome import answer
from salotto.channels.email.troubles import Trouble
from salotto.core.sealing import CannotOpen, unseal

CONNECT, SECURE, SIGN_IN, FOLDER = "connect", "secure", "sign_in", "folder"
_ORDER = {Way.IN: (CONNECT, SECURE, SIGN_IN, FOLDER), Way.OUT: (CONNECT, SECURE, SIGN_IN)}
_FAILS_AT = {
    troubles.CERTIFICATE: SECURE,
    troubles.NO_TLS: SECURE,
    troubles.REFUSED: SIGN_IN,
    troubles.WITHDRAWN: SIGN_IN,
    troubles.PROVIDER: SIGN_IN,
    troubles.FULL: SIGN_IN,
    troubles.CANNOT_OPEN: SIGN_IN,
    troubles.NO_FOLDER: FOLDER,
}
"""The step at which a trouble shows; any other one shows when we connect."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `name` is connect, secure, sign_in or folder; `trouble` is "" when it went well
    (see `troubles.said`), None when it was not reached."""

    name: str
    trouble: str | None = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """All steps, how long they took together, and how many mails lie in the folder."""

    steps: tuple[Step, ...]
    seconds: float
    mails: int | None = None

    @property
    def works(self) -> bool:
        """Whether every step went well."""
        return all(step.trouble == "" for step in self.steps)


def probe(way: str, given: Settings, kept: Server | None = None) -> Probe:
    """Try these settings; without a password, with the one of the same server that is kept. Takes
    up to a minute where a server answers slowly. Raises Invalid for settings that cannot be."""
    given = checked(given, way)
    began, mails, trouble = monotonic(), None, ""
    try:
        found = _with_secret(given, kept)
        if way == Way.IN:
            mails = _look(found, kept)
        else:
            _greet(found, kept)
    except Exception as error:  # whatever a server does: the admin is told
        trouble = _text(error)
    steps = _steps(Way(way), given, trouble)
    return Probe(steps, monotonic() - began, mails)


def _text(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Trouble(troubles.REFUSED, answer(error.smtp_code, error.smtp_error)).text
    if isinstance(error, smtplib.SMTPResponseException):
        return Trouble(troubles.BROKEN, answer(error.smtp_code, error.smtp_error)).text
    return troubles.of(error).text


def _with_secret(given: Settings, kept: Server | None) -> Settings:
    if given.auth != Auth.PASSWORD or given.password:
        return given
    same = kept is not None and (kept.host, kept.port, kept.username) == (
        given.host,
        given.port,
        given.username,
    )
    if kept is None or not same:
        raise Trouble(troubles.REFUSED)
    try:
        return replace(given, password=unseal(kept.secret))
    except CannotOpen as error:
        raise Trouble(troubles.CANNOT_OPEN) from error


def _look(given: Settings, kept: Server | None) -> int:
    place = Place(given.host, given.port, given.security, given.auth, given.username)
    link = Connection(place, lambda: _secret(given, kept))
    try:
        return link.examine(given.folder).exists
    finally:
        link.close()


def _secret(given: Settings, kept: Server | None) -> str:
    if given.auth in (Auth.GOOGLE, Auth.MICROSOFT) and kept is not None:
        return oauth.access_token(kept)
    return given.password


def _greet(given: Settings, kept: Server | None) -> None:
    signs_in = given.auth != Auth.NONE
    provided = kept if given.auth in (Auth.GOOGLE, Auth.MICROSOFT) else None
    target = Target(
        "probe",
        given.host,
        given.port,
        given.security,
        given.username if signs_in else "",
        given.password,
        token=(lambda fresh: oauth.access_token(provided)) if provided else None,
    )
    line = Line(target)
    try:
        line.open()
    finally:
        line.drop()


def _steps(way: Way, given: Settings, trouble: str) -> tuple[Step, ...]:
    wanted = [name for name in _ORDER[way] if _applies(name, given)]
    if not trouble:
        return tuple(Step(name) for name in wanted)
    failed = _FAILS_AT.get(trouble.partition("\n")[0], CONNECT)
    at = wanted.index(failed) if failed in wanted else 0
    return tuple(
        Step(name, "" if place < at else trouble if place == at else None)
        for place, name in enumerate(wanted)
    )


def _applies(name: str, given: Settings) -> bool:
    if name == SECURE:
        return given.security != "none"
    return name != SIGN_IN or given.auth != Auth.NONE
