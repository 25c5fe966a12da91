"""Signatures that others accept, and refuse when a word was changed."""

import dkim
import pytest

from salotto.channels.email.composing.dkim import dns_record, new_key, sign

MAIL = (
    b"From: Bottega <ciao@bottega.example>\r\nTo: anna@example.com\r\nSubject: Your order\r\n"
    b"Date: Mon, 23 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@bottega.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nX-Other: 1\r\n\r\nIt is on its way.\r\n"
)
PRIVATE, PUBLIC = new_key()


def dns(name: bytes, timeout: int = 5) -> bytes:
    """The DNS of this test: one record."""
    wanted, value = dns_record("salotto", "bottega.example", PUBLIC)
    return value.encode() if name.decode().rstrip(".") == wanted else b""


def signed(mail: bytes = MAIL) -> bytes:
    return sign(mail, domain="bottega.example", selector="salotto", key_pem=PRIVATE)


def accepted(mail: bytes) -> bool:
    return bool(dkim.verify(mail, dnsfunc=dns))


def test_a_signed_mail_is_accepted_and_is_otherwise_the_same() -> None:
    mail = signed()
    assert accepted(mail)
    assert mail.endswith(MAIL)
    assert b"a=rsa-sha256; c=relaxed/relaxed; d=bottega.example;" in mail
    assert max(map(len, mail.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"on its way", b"on my way"),
        (b"anna@example.com", b"eve@example.com"),
        (b"Your order", b"Your password"),
        (b"\r\nTo:", b"\r\nFrom: eve@example.com\r\nTo:"),
        (b"\r\nTo:", b"\r\nSubject: second\r\nTo:"),
        (b"\r\nTo:", b"\r\nReply-To: eve@example.com\r\nTo:"),
        (b"text/plain", b"text/html"),
    ],
)
def test_a_changed_mail_is_refused(before: bytes, after: bytes) -> None:
    mail = signed()
    assert before in mail
    assert not accepted(mail.replace(before, after, 1))


def test_what_servers_on_the_way_do_breaks_nothing() -> None:
    mail = b"Received: from a by b; now\r\n" + signed().replace(b"Your order", b"Your  order")
    assert accepted(mail.replace(b"X-Other: 1\r\n", b""))


def test_another_key_is_refused() -> None:
    other, _ = new_key()
    assert not accepted(sign(MAIL, domain="bottega.example", selector="salotto", key_pem=other))


@pytest.mark.parametrize(
    ("mail", "key", "word"),
    [
        (MAIL, "no key", "cannot be signed"),
        (MAIL, "", "cannot be signed"),
        (b"To: a@b.example\r\n\r\nx", PRIVATE, "without a sender"),
    ],
)
def test_what_cannot_be_signed_is_refused_with_a_word(mail: bytes, key: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        sign(mail, domain="bottega.example", selector="salotto", key_pem=key)
