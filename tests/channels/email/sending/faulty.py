"""A server at the boundary for what Postfix cannot be made to do: it answers each command as it
is told, signs in with a token, hangs up, or says nothing.

with faulty(RCPT=hang_up) as server:
    by_server(post, server.port)
"""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
Answer = str | Callable[["Faulty", "Session", str], str | None]
"""What is answered to a command; None: nothing (any more)."""


@dataclass
class Session:
    """One connection: what came in it so far."""

    link: socket.socket
    sender: str = ""
    last: str = ""
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class Faulty:
    """The server. `mails` are (sender, recipients, bytes), `sessions` all connections there were."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.sessions: list[Session] = []
        self.tokens: list[str] = []
        self.listening = socket.create_server((HOST, 0))
        self.port: int = self.listening.getsockname()[1]
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                link, _ = self.listening.accept()
            except OSError:
                return
            session = Session(link)
            self.sessions.append(session)
            self.threads.append(threading.Thread(target=self._talk, args=[session]))
            self.threads[-1].start()

    def _talk(self, session: Session) -> None:
        with session.link, session.link.makefile("rb") as file, suppress(OSError):
            if not self._say(session, "GREETING", "", "220 faulty"):
                return
            while line := file.readline():
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                session.commands.append(text)
                verb = text.split(" ")[0].upper()
                if not self._do(session, verb, text, file):
                    return

    def _do(self, session: Session, verb: str, text: str, file: Any) -> bool:
        usual = {"EHLO": EHLO, "QUIT": "221 bye", "DATA": "354 go on", "AUTH": "235 OK"}.get(verb, "250 OK")
        if verb == "MAIL":
            session.sender, session.recipients = _inside(text), []
        if not self._say(session, verb, text, usual) or verb == "QUIT":
            return False
        return not session.last.startswith("354") or self._take(session, file)

    def _take(self, session: Session, file: Any) -> bool:
        lines = []
        while (line := file.readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        if not line:
            return False
        mail = (session.sender, list(session.recipients), b"".join(lines))
        known = len(self.mails)
        self.mails.append(mail)
        going_on = self._say(session, "END", "", "250 2.0.0 taken")
        if self.answers.get("END") not in (None, hang_up) and known < len(self.mails):
            self.mails.remove(mail)
        return going_on

    def _say(self, session: Session, verb: str, text: str, usual: str) -> bool:
        answer: str | Answer | None = self.answers.get(verb, usual)
        answer = answer(self, session, text) if callable(answer) else answer
        if verb == "RCPT" and (answer or "").startswith("25"):
            session.recipients.append(_inside(text))
        if answer is None:
            return False
        session.last = answer
        session.link.sendall(answer.encode() + b"\r\n")
        return not answer.startswith("421")

    def close(self) -> None:
        """End it and all connections."""
        self.stopping.set()
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for session in self.sessions:
            with suppress(OSError):
                session.link.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)


EHLO = "250-faulty\r\n250-SIZE 1000000\r\n250-AUTH PLAIN XOAUTH2\r\n250 8BITMIME"


def _inside(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


def hang_up(server: Faulty, session: Session, text: str) -> None:
    """The connection ends without an answer."""


def say_nothing(server: Faulty, session: Session, text: str) -> None:
    """No answer comes, until the server is closed."""
    server.stopping.wait(30)


def by_token(server: Faulty, session: Session, text: str) -> str:
    """XOAUTH2 with the tokens that are good now."""
    _, mechanism, given = text.split(" ")
    user, _, bearer = base64.b64decode(given).decode().rstrip("\x01").partition("\x01auth=Bearer ")
    if mechanism == "XOAUTH2" and user.startswith("user=") and bearer in server.tokens:
        return "235 2.7.0 Welcome"
    session.link.sendall(b"334 " + base64.b64encode(b'{"status":"401"}') + b"\r\n")
    session.link.recv(100)
    return "535 5.7.8 The token is not good"


def to(refused: dict[str, str]) -> Callable[[Faulty, Session, str], str]:
    """Some recipients are refused, each with an answer of its own."""
    return lambda server, session, text: refused.get(_inside(text), "250 OK")


@contextmanager
def faulty(**answers: Answer) -> Iterator[Faulty]:
    """A server for the length of the block; answers by command, GREETING and END (of the data)."""
    server = Faulty(answers)
    try:
        yield server
    finally:
        server.close()


def by_name(server: Faulty, session: Session, text: str) -> str:
    """Takes Jörg with his password, by PLAIN and by LOGIN."""
    _, mechanism, given = text.split(" ")
    said = base64.b64decode(given).decode()
    if mechanism == "LOGIN":
        session.link.sendall(b"334 UGFzc3dvcmQ6\r\n")
        said = f"\0{said}\0{base64.b64decode(session.link.recv(200)).decode()}"
    return "235 Welcome" if said == "\0jörg\0geheim €" else "535 5.7.8 Wrong password"
