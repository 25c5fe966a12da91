"""Trying the settings of an SMTP server, whatever it does."""

from contextlib import suppress
from typing import Any

import pytest

from salotto.channels.email import trying
from salotto.channels.email.trying import Attempt, Step, steps
from tests.channels.email.sending.faulty import Faulty, Session, faulty

TLS_RECORD = b"\x16\x03\x03\x3f\xff"


def tried(server: Faulty, **changes: Any) -> list[Step]:
    given = {
        "security": "none",
        "auth": "password",
        "username": "info",
        "secret": lambda: "secret",
        **changes,
    }
    return steps(Attempt("out", "127.0.0.1", server.port, folder="INBOX", **given))


def trickle(begin: bytes, go_on: bytes = b"") -> Any:
    """An answer without end, a byte every now and then; it begins after `go_on` and an answer to it."""

    def answer(server: Faulty, session: Session, text: str) -> None:
        with suppress(OSError):
            if go_on:
                session.link.sendall(go_on)
                session.link.recv(1)
            session.link.sendall(begin)
            while not server.stopping.wait(0.02):
                session.link.sendall(b"x")

    return answer


def test_each_step_is_told() -> None:
    with faulty() as server:
        assert [(step.name, step.ok) for step in tried(server)] == [
            ("Server found", True), ("Connected", True), ("Signed in", True),
        ]  # fmt: skip
        assert server.mails == []
        assert [step.name for step in tried(server, auth="none")] == ["Server found", "Connected"]


def test_the_step_that_fails_has_the_servers_words() -> None:
    with faulty(AUTH="535 5.7.8 Wrong password") as server:
        last = tried(server)[-1]
        assert (last.name, last.ok, last.detail) == ("Signed in", False, "535 5.7.8 Wrong password")
        assert "refuses the user name" in last.words
        last = tried(server, security="starttls")[-1]
        assert (last.name, last.ok) == ("STARTTLS", False) and "TLS" in last.words
        assert sum(line.startswith("AUTH") for one in server.sessions for line in one.commands) >= 1
    with faulty(GREETING="554 Go away") as server:
        last = tried(server)[-1]
        assert (last.name, last.ok, last.detail) == ("Connected", False, "554 Go away")


@pytest.mark.parametrize(
    ("verb", "answer", "security", "step"),
    [
        ("GREETING", trickle(b"220-"), "none", "Connected"),
        ("GREETING", trickle(TLS_RECORD), "tls", "Connected"),
        ("STARTTLS", trickle(TLS_RECORD, b"220 go on\r\n"), "starttls", "STARTTLS"),
        ("AUTH", trickle(b"235-"), "none", "Signed in"),
    ],
)
def test_a_server_that_says_a_byte_at_a_time_is_not_heard_to_the_end(
    monkeypatch: pytest.MonkeyPatch, verb: str, answer: Any, security: str, step: str
) -> None:
    monkeypatch.setattr(trying, "SMTP_SECONDS", 1.0)
    offers = {"EHLO": "250-faulty\r\n250-AUTH PLAIN\r\n250 STARTTLS"}
    with faulty(**{**offers, verb: answer}) as server:
        last = tried(server, security=security)[-1]
        assert (last.name, last.ok) == (step, False)
        assert last.words == "The server does not answer in time."
