"""What a connection may not do, and what it learns from us."""

import asyncio
import smtplib
import ssl
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import uvloop

from salotto.channels.email.addresses import forwarding_address
from tests.channels.email.post import Post, open_post
from tests.channels.email.receiver.doors import DOMAIN, HOST, SIZE, Running, Talk, receiving, stored
from tests.mailservers.certificates import Certificate
from tests.mailservers.dovecot import await_that


@pytest.fixture
def post() -> Post:
    return open_post()


def to(post: Post) -> str:
    return forwarding_address(post.mailbox.key)


SMUGGLED = (
    b"\r\nMAIL FROM:<evil@customer.example>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
)


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r\n\x00.\r\n"]
)
def test_only_a_dot_between_whole_line_ends_ends_a_mail(door: Running, post: Post, end: bytes) -> None:
    with Talk(door.port) as talk:
        talk.begin(to(post))
        talk.send(b"Subject: one\r\n\r\nbody" + end + SMUGGLED % to(post).encode())
        assert talk.answer().startswith("250")
        assert talk.say("QUIT").startswith("221")
    (mail,) = stored(post.account)
    assert b"smuggled" in bytes(mail.content) and mail.sender == "anna@customer.example"


def test_a_mail_that_breaks_off_is_not_stored(door: Running, post: Post) -> None:
    with Talk(door.port) as talk:
        talk.begin(to(post))
        talk.send(b"Subject: half\r\n\r\nhalf of it\r\n.")
    with Talk(door.port) as talk:
        talk.begin(to(post))
        talk.send(b"Subject: whole\r\n\r\n")
        assert talk.say(".").startswith("250")
    assert [b"whole" in bytes(mail.content) for mail in stored(post.account)] == [True]


def test_the_size_is_announced_and_held(door: Running, post: Post) -> None:
    with smtplib.SMTP(HOST, door.port, local_hostname="test") as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(SIZE)
        assert client.docmd("MAIL", f"FROM:<a@b.example> SIZE={SIZE + 1}")[0] == 552
        assert client.docmd("MAIL", f"FROM:<a@b.example> SIZE={SIZE}")[0] == 250
        client.rcpt(to(post))
        code, words = client.data(b"x" * 70 + b"\r\n" + b"y" * SIZE)
        assert code == 552 and b"too large" in words
        client.mail("a@b.example")
        client.rcpt(to(post))
        assert client.data(b"Subject: small\r\n\r\n")[0] == 250
    assert len(stored(post.account)) == 1
    await_that(lambda: door.receiver.limits.bytes == 0, "nothing takes room any more")


def test_lmtp_says_it_for_each_recipient(door: Running, post: Post) -> None:
    with Talk(door.lmtp) as talk:
        talk.begin(to(post), to(post), hello="LHLO test")
        talk.send(b"x" * (SIZE + 1) + b"\r\n.\r\n")
        assert [talk.answer()[:3], talk.answer()[:3]] == ["552", "552"]
        assert talk.say("NOOP").startswith("250")


def test_mails_that_are_too_much_together_are_to_come_again(post: Post) -> None:
    with receiving(most_bytes=1000) as door, Talk(door.port) as one, Talk(door.port) as other:
        one.begin(to(post))
        other.begin(to(post))
        one.send(b"x" * 800 + b"\r\n")
        await_that(lambda: door.receiver.limits.bytes >= 800, "half a mail is here")
        other.send(b"y" * 800 + b"\r\n")
        assert other.say(".").startswith("452")
        assert one.say(".").startswith("250")
        await_that(lambda: door.receiver.limits.bytes == 0, "nothing takes room any more")


@pytest.mark.parametrize("lmtp", [False, True])
def test_a_mail_that_goes_round_in_circles_is_refused(door: Running, post: Post, lmtp: bool) -> None:
    hop = b"Received: from a by b\r\n\twith ESMTP; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    for hops, code in ((50, "250"), (51, "554")):
        with Talk(door.lmtp if lmtp else door.port) as talk:
            talk.begin(to(post), hello="LHLO test" if lmtp else "EHLO test")
            talk.send(hop * hops + b"Subject: x\r\n\r\n" + b"received: in the text\r\n" * 60)
            assert talk.say(".").startswith(code)
    assert len(stored(post.account)) == 1


def test_nothing_is_to_be_learned_and_nobody_signs_in(door: Running, post: Post) -> None:
    with smtplib.SMTP(HOST, door.port, local_hostname="test") as client:
        client.ehlo()
        assert set(client.esmtp_features) == {"size", "8bitmime", "smtputf8", "pipelining"}
        assert client.docmd("VRFY", to(post)) == client.docmd("VRFY", f"nobody@{DOMAIN}")
        assert client.docmd("EXPN", "all")[0] == 502
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 502
        assert client.docmd("HELP")[0] == 214
        assert client.docmd("BDAT", "3 LAST")[0] == 500


def test_mail_comes_before_recipients_and_they_before_the_mail(door: Running, post: Post) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        assert talk.say("MAIL FROM:<a@b.example>").startswith("503")
        talk.say("EHLO test")
        assert talk.say(f"RCPT TO:<{to(post)}>").startswith("503")
        assert talk.say("DATA").startswith("503")
        talk.say("MAIL FROM:<a@b.example>")
        assert talk.say("DATA").startswith("503")
        assert talk.say("MAIL FROM:<a@b.example>").startswith("503")
        assert talk.say("RSET").startswith("250")
        assert talk.say("MAIL FROM:<a@b.example>").startswith("250")


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00",
        b"MAIL FROM:<a\x00b@c.example>",
        b"MAIL FROM:<\xff@c.example>",
        b"MAIL FROM:<" + b"a" * 400 + b"@c.example>",
        b"MAIL FROM:<@@@@>",
        b"MAIL FROM:",
        b"MAIL",
        b"EHLO",
        b"X" * 5000,
        b"X" * 200_000,
        b"",
        b"MAIL FROM:<a@b.example> BODY=BINARYMIME",
        b"MAIL FROM:<a@b.example> AUTH=<> X=1",
    ],
)
def test_nonsense_is_refused_and_the_connection_goes_on(door: Running, line: bytes) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        assert talk.say(line)[0] == "5"
        assert talk.say("NOOP").startswith("250")


def test_commands_may_be_sent_ahead(door: Running, post: Post) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        talk.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<" + to(post).encode() + b">\r\nDATA\r\n")
        assert [talk.answer()[:3] for _ in range(3)] == ["250", "250", "354"]
        talk.send(b"Subject: x\r\n\r\n.\r\nMAIL FROM:<c@d.example>\r\nQUIT\r\n")
        assert [talk.answer()[:3] for _ in range(3)] == ["250", "250", "221"]
    assert len(stored(post.account)) == 1


def test_who_guesses_addresses_is_sent_away(door: Running) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        talk.say("MAIL FROM:<a@b.example>")
        answers = [talk.say(f"RCPT TO:<guess{n}@{DOMAIN}>")[:3] for n in range(21)]
        assert answers == ["550"] * 20 + ["421"]
        assert talk.answer() == ""


def guess(port: int, address: str) -> list[str]:
    """Fifteen unknown recipients in a connection; the answers, as far as they come."""
    with Talk(port, address) as talk:
        found = [talk.answer()[:3]]
        lines = ["EHLO test", "MAIL FROM:<a@b.example>", *(f"RCPT TO:<guess{n}@{DOMAIN}>" for n in range(15))]
        for line in lines:
            if found[-1] == "421":
                break
            found.append(talk.say(line)[:3])
    return found


def test_who_guesses_in_many_connections_is_not_answered_for_a_while(post: Post) -> None:
    with receiving(guesses=1.0, most_guesses=30) as door:
        assert [guess(door.port, "127.0.0.7").count("550") for _ in range(2)] == [15, 15]
        assert guess(door.port, "127.0.0.7")[-2:] == ["550", "421"]
        assert guess(door.port, "127.0.0.7") == ["421"]
        with Talk(door.port, "127.0.0.8") as other:
            assert other.begin(to(post)).startswith("354")
        for _ in range(4):  # a mail server on our own machine asks for others
            assert guess(door.port, HOST).count("550") == 15


def test_who_tries_to_sign_in_again_and_again_is_sent_away(door: Running) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        answers = [talk.say("AUTH PLAIN AGEAYg==")[:3] for _ in range(4)]
        assert answers == ["502", "502", "502", "421"] and talk.answer() == ""


def test_who_asks_the_same_again_and_again_is_sent_away(door: Running) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        answers = [talk.say("NOOP")[:3] for _ in range(21)]
        assert answers[-1] == "421" and set(answers[:-1]) == {"250"}


def test_a_mail_has_a_hundred_recipients_at_most(door: Running, post: Post) -> None:
    with Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        talk.say("MAIL FROM:<a@b.example>")
        answers = [talk.say(f"RCPT TO:<{to(post)}>")[:3] for _ in range(101)]
    assert answers == ["250"] * 100 + ["452"]


def test_connections_are_bounded_for_each_address_and_for_all() -> None:
    with receiving(connections=4, per_address=2) as door:
        held = [Talk(door.port, address) for address in ("127.0.0.2", "127.0.0.2", "127.0.0.3")]
        assert [talk.answer()[:3] for talk in held] == ["220"] * 3
        with Talk(door.port, "127.0.0.2") as third:
            assert third.answer().startswith("421") and third.answer() == ""
        with Talk(door.port, "127.0.0.3") as fourth:
            assert fourth.answer().startswith("220")
            with Talk(door.port, "127.0.0.4") as fifth:
                assert fifth.answer().startswith("421")
        for talk in held:
            talk.__exit__()
        await_that(lambda: door.receiver.limits.open == 0, "nothing is held")
        with Talk(door.port, "127.0.0.2") as again:
            assert again.answer().startswith("220")


def test_who_says_nothing_is_sent_away() -> None:
    with receiving(command_seconds=0.2) as door, Talk(door.port) as talk:
        assert talk.answer().startswith("220")
        assert talk.answer().startswith("421")
        assert talk.answer() == ""


def test_a_mail_that_takes_too_long_is_not_stored(post: Post) -> None:
    with receiving(data_seconds=0.3) as door, Talk(door.port) as talk:
        talk.begin(to(post))
        talk.send(b"Subject: slow\r\n")
        assert talk.answer().startswith("421")
    assert stored(post.account) == []


def test_a_mail_that_trickles_in_is_sent_away_and_a_modem_is_not(post: Post) -> None:
    with receiving(span=0.6, data_seconds=60) as door, Talk(door.port) as modem, Talk(door.port) as slow:
        modem.begin(to(post))
        slow.begin(to(post))
        modem.send(b"Subject: modem\r\n\r\n")
        slow.sock.settimeout(0.05)
        said = b""
        while not said:
            modem.send(b"y" * 998 + b"\r\n")
            with suppress(TimeoutError):
                slow.send(b"x")
                said = slow.sock.recv(100)
        assert said.startswith(b"421")
        assert modem.say(".").startswith("250")
    assert len(stored(post.account)) == 1


def test_who_talks_and_brings_no_mail_is_sent_away(post: Post) -> None:
    with receiving(talk_seconds=0.3) as door, Talk(door.port) as talk:
        talk.answer()
        answers = [talk.say("RSET")[:3]]
        while answers[-1] == "250" and len(answers) < 900:
            answers.append(talk.say("RSET")[:3])
            Event().wait(0.01)
        assert answers[-1] in ("421", "")
    with receiving() as door, Talk(door.port) as talk:
        talk.begin(to(post))
        door.receiver.limits.talk_seconds = 0.1  # from this mail on
        assert talk.say("Subject: x\r\n\r\n.").startswith("250")
        assert talk.answer().startswith("421")


def test_the_end_of_the_server_is_said(post: Post) -> None:
    with receiving() as door, Talk(door.port) as talk:
        assert talk.begin(to(post)).startswith("354")
        door.stop()
        assert talk.answer().startswith("421")
    assert stored(post.account) == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(Path(tmp_path_factory.mktemp("tls")), "localhost")


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_starttls_where_there_is_a_certificate(loop: Any, certificate: Certificate, post: Post) -> None:
    from salotto.channels.email.receiver.listening import certificate as context_of

    context = context_of(str(certificate.chain), str(certificate.key))
    trusting = ssl.create_default_context(cafile=str(certificate.authority))
    with receiving(loop, context) as door, smtplib.SMTP("localhost", door.port, local_hostname="t") as client:
        client.ehlo()
        assert "starttls" in client.esmtp_features
        client.starttls(context=trusting)
        client.ehlo()
        assert not {"starttls", "auth"} & set(client.esmtp_features)
        client.sendmail("a@b.example", to(post), b"Subject: sealed\r\n\r\n" + b"x" * 100_000 + b"\r\n")
    assert len(bytes(stored(post.account)[0].content)) == 100_021


def test_what_was_said_before_tls_is_forgotten(certificate: Certificate, post: Post) -> None:
    from salotto.channels.email.receiver.listening import certificate as context_of

    context = context_of(str(certificate.chain), str(certificate.key))
    with receiving(context=context) as door, Talk(door.port) as talk:
        talk.answer()
        talk.say("EHLO test")
        talk.send(b"STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\n")
        assert talk.answer().startswith("220")
        trusting = ssl.create_default_context(cafile=str(certificate.authority))
        talk.sock.settimeout(5)
        with trusting.wrap_socket(talk.sock, server_hostname="localhost") as secure:
            secure.sendall(b"NOOP\r\n")
            assert secure.recv(100).startswith(b"250")
            secure.sendall(b"RCPT TO:<%s>\r\n" % to(post).encode())
            assert secure.recv(100).startswith(b"503")
