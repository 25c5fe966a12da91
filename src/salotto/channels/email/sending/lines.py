"""Connections to SMTP servers, kept for the next mail.

A line is used by one thread at a time, for at most `MOST_MAILS` mails and `LONGEST` seconds; one
that has rested is asked (RSET) whether it is still there. A server that cannot be reached is left
alone for a while, and so is one that took longer for a mail than it may, so that what waits for it
does not keep senders from other servers.

Each step has an end of its own, whatever the server does: one that says a byte a minute would
otherwise outlast the time after which a sender counts as lost (`patience.LOST_AFTER`), and the
mail would be sent once more by another.
"""

import atexit
import smtplib
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

from django.conf import settings

from salotto.channels.email import reaching, troubles
from salotto.channels.email.sending.outcome import Never, NotNow, answer
from salotto.channels.email.troubles import Trouble

MOST_MAILS = 50
LONGEST = 300.0
MOST_RESTING = 4
"""Resting lines of one server in this process."""
ALONE = 30.0
"""Seconds that a server which cannot be reached is left alone."""
ALONE_SLOW = 120.0
"""And one that exceeded its time, which has cost more."""
COMMAND_SECONDS = 60.0
"""For one answer of a server."""
OPEN_SECONDS = 120.0
"""For all that is said until a new line is signed in."""
ASK_SECONDS = 5.0
"""For the answer whether a line that has rested is still there."""
BYE_SECONDS = 2.0
"""For a polite end."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and how to get in. `token` gives an OAuth 2 access token, new if asked `True`;
    `ours`: the installation's own, which may stand anywhere; `at_most`: seconds to open a line, and
    as many to hand a mail over, up to its end, if fewer than usual."""

    key: str
    host: str
    port: int
    security: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[bool], str] | None = field(default=None, compare=False, repr=False)
    ours: bool = False
    at_most: float | None = field(default=None, compare=False)


def _packed(given: str) -> str:
    """As SASL has its values in SMTP (RFC 4954 4)."""
    return b64encode(given.encode()).decode()


def own_name() -> str:
    """What we call ourselves (EHLO), without asking the DNS."""
    return settings.MAIL_DOMAIN or urlsplit(settings.PUBLIC_URL).hostname or "localhost"


class Line(smtplib.SMTP):
    """A connection to one server, signed in."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.opened = monotonic()
        self.mails = 0
        self.too_slow = False
        self._cutting = threading.Lock()
        self._wire: socket.socket | None = None
        super().__init__(local_hostname=own_name(), timeout=COMMAND_SECONDS)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cut the connection if the block is not done by then; `too_slow` says so. Once the block is
        left, whether that has happened does not change any more."""
        over = threading.Event()
        timer = threading.Timer(seconds, self._cut, [over])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            with self._cutting:
                over.set()
            timer.cancel()

    def _cut(self, over: threading.Event) -> None:
        with self._cutting:
            if over.is_set():
                return
            self.too_slow = True
            if self._wire is not None:
                with suppress(OSError):  # it is closed
                    self._wire.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Connect, secure, greet and sign in. Raises Trouble and what smtplib raises."""
        with self.within(self.target.at_most or OPEN_SECONDS):
            self.greet()
            if self.target.security == "starttls":
                self.start_tls()
            self.sign_in()

    def greet(self) -> None:
        """Connect, and say who we are."""
        self._host = self.target.host
        code, words = self.connect(self.target.host, self.target.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self.ehlo_or_helo_if_needed()

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        if self.target.ours:
            sock = socket.create_connection((host, port), timeout=reaching.CONNECT_SECONDS)
            sock.settimeout(COMMAND_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            sock = reaching.connect(host, port)
        # a way to end it that TLS does not replace, not even while it is being agreed upon
        self._wire = sock.dup()
        if self.too_slow:
            sock.close()
            raise Trouble(troubles.SLOW)
        return reaching.secure(sock, host) if self.target.security == "tls" else sock

    def close(self) -> None:
        """End the connection, if there is one."""
        super().close()
        if self._wire is not None:
            self._wire.close()

    def start_tls(self) -> None:
        """Never without: a server that does not offer it (any more) gets neither mail nor password."""
        if not self.has_extn("starttls"):
            raise Trouble(troubles.NO_TLS)
        code, words = self.docmd("STARTTLS")
        if code != 220 or self.sock is None:
            raise Trouble(troubles.NO_TLS, answer(code, words))
        self.sock = reaching.secure(self.sock, self.target.host)
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.ehlo_or_helo_if_needed()

    def sign_in(self) -> None:
        """As the target says."""
        if self.target.token is not None:
            self._with_token(self.target.token)
        elif (self.target.username + self.target.password).isascii():
            if self.target.username:
                self.login(self.target.username, self.target.password)
        else:
            self._beyond_ascii(self.target.username, self.target.password)

    def _beyond_ascii(self, username: str, password: str) -> None:
        """Sign in with a name or password that `login` cannot write. In PLAIN they are UTF-8 (RFC 4616 2);
        where there is none, LOGIN is tried with the same."""
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("auth"):
            raise smtplib.SMTPNotSupportedError("SMTP AUTH extension not supported by server.")
        if "PLAIN" in self.esmtp_features["auth"].upper().split():
            code, words = self.docmd("AUTH", "PLAIN " + _packed(f"\0{username}\0{password}"))
        else:
            code, words = self.docmd("AUTH", "LOGIN " + _packed(username))
            if code == 334:
                code, words = self.docmd(_packed(password))
        if code not in (235, 503):  # as `login`: 503 says that we are signed in
            raise smtplib.SMTPAuthenticationError(code, words)

    def _with_token(self, token: Callable[[bool], str]) -> None:
        try:
            self._xoauth2(token(False))
        except smtplib.SMTPAuthenticationError:  # withdrawn early, or of a moment ago
            self._xoauth2(token(True))

    def _xoauth2(self, token: str) -> None:
        first = f"user={self.target.username}\x01auth=Bearer {token}\x01\x01"
        # A 334 brings the reasons of a refusal, to be answered by an empty line.
        self.auth("XOAUTH2", lambda challenge=None: first if challenge is None else "")

    def usable(self) -> bool:
        """Whether it may carry another mail, asking the server."""
        if self.mails >= MOST_MAILS or monotonic() - self.opened > LONGEST:
            return False
        try:
            self.wait_for(ASK_SECONDS)
            with self.within(ASK_SECONDS):
                return self.rset()[0] == 250 and not self.too_slow
        except (smtplib.SMTPException, OSError):
            return False
        finally:
            self.wait_for(COMMAND_SECONDS)

    def wait_for(self, seconds: float) -> None:
        """How long an answer may take from now on."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def drop(self) -> None:
        """End it, politely if that is possible."""
        with suppress(smtplib.SMTPException, OSError), self.within(BYE_SECONDS):
            self.wait_for(BYE_SECONDS)
            self.quit()
        self.close()

    def leave(self) -> None:
        """End it at once: say so, and wait for no answer."""
        with suppress(smtplib.SMTPException, OSError):
            self.wait_for(0.2)
            self.putcmd("QUIT")
        self.close()


class Lines:
    """The lines of this process; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resting: dict[Target, list[Line]] = {}
        self._alone: dict[Target, tuple[float, str]] = {}

    @contextmanager
    def line(self, target: Target) -> Iterator[Line]:
        """A line to this server; it rests afterwards if the block ended well. Raises NotNow."""
        line = self._rested(target) or self._new(target)
        try:
            yield line
        except Never:  # about that mail alone
            self._rest(line)
            raise
        except BaseException as error:
            line.close()
            if isinstance(error, NotNow) and error.server:
                self._leave_alone(target, str(error), ALONE_SLOW if error.slow else ALONE)
            raise
        self._rest(line)

    def forget(self, target: Target | None = None) -> None:
        """End resting lines and try lost servers again; of one server, or of all."""
        with self._lock:
            gone = [
                line
                for key in list(self._resting)
                if target in (None, key)
                for line in self._resting.pop(key)
            ]
            for key in [key for key in self._alone if target in (None, key)]:
                del self._alone[key]
        for line in gone:
            line.drop()

    def end(self) -> None:
        """End resting lines as the process ends, which waits for nobody."""
        with self._lock:
            gone = [line for lines in self._resting.values() for line in lines]
            self._resting.clear()
        for line in gone:
            line.leave()

    def _rested(self, target: Target) -> Line | None:
        while True:
            with self._lock:
                resting = self._resting.get(target)
                line = resting.pop() if resting else None
            if line is None or line.usable():
                return line
            line.drop()

    def _rest(self, line: Line) -> None:
        line.mails += 1
        with self._lock:
            resting = self._resting.setdefault(line.target, [])
            keep = len(resting) < MOST_RESTING and line.sock is not None
            if keep:
                resting.append(line)
            stale = [] if len(self._resting) < 100 else self._pop_old()
        for old in stale if keep else [*stale, line]:
            old.drop()

    def _pop_old(self) -> list[Line]:
        """Of very many servers, the lines that have grown old: servers come and go."""
        old = [
            line for lines in self._resting.values() for line in lines if monotonic() - line.opened > LONGEST
        ]
        self._resting = {
            key: kept
            for key, lines in self._resting.items()
            if (kept := [one for one in lines if one not in old])
        }
        return old

    def _new(self, target: Target) -> Line:
        self._refuse_lost(target)
        line = Line(target)
        try:
            line.open()
        except (Trouble, smtplib.SMTPException, OSError) as error:
            line.close()
            words = Trouble(troubles.SLOW).text if line.too_slow else said(error).text
            self._leave_alone(target, words, ALONE_SLOW if line.too_slow else ALONE)
            raise NotNow(words, server=True) from error
        return line

    def _leave_alone(self, target: Target, words: str, seconds: float) -> None:
        with self._lock:
            self._alone[target] = (monotonic() + seconds, words)

    def _refuse_lost(self, target: Target) -> None:
        with self._lock:
            until, words = self._alone.get(target, (0.0, ""))
            if until and until < monotonic():
                del self._alone[target]
        if until > monotonic():
            raise NotNow(words, server=True)


def said(error: Exception) -> Trouble:
    """Why a server cannot be used: our sentence, and its own words where it had some."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Trouble(troubles.REFUSED, answer(error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPResponseException):
        return Trouble(troubles.BROKEN, answer(error.smtp_code, error.smtp_error))
    return troubles.of(error)


LINES = Lines()
"""Those of this process."""
atexit.register(LINES.end)
