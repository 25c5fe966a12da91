"""Behind a Postfix that is set up with the very lines of the manual."""

import re
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from salotto.channels.email.addresses import forwarding_address
from tests.channels.email.post import open_post
from tests.channels.email.receiver.doors import DOMAIN, HOST, Running, stored
from tests.channels.email.receiver.test_receiving import send
from tests.mailservers.dovecot import await_that
from tests.mailservers.postfix import Postfix, postfix

MANUAL = Path(__file__).parents[4] / "docs/email.md"
STRANGER = """
mynetworks = 192.0.2.0/24
smtpd_relay_restrictions = permit_mynetworks, defer_unauth_destination
"""
"""The tests come from outside, as a sender of the internet does."""


def lines(lmtp: int) -> str:
    """The lines of the manual, for this domain and this port."""
    (block,) = re.findall(r"^# main\.cf\n(.*?)^```$", MANUAL.read_text(), re.DOTALL | re.MULTILINE)
    return str(block).replace("in.example.com", DOMAIN).replace(":2424", f":{lmtp}")


@pytest.fixture
def front(door: Running) -> Iterator[Postfix]:
    with postfix(lmtp=door.lmtp, extra=lines(door.lmtp) + STRANGER) as running:
        yield running


def test_the_lines_of_the_manual_bring_mail_in_and_refuse_what_is_for_nobody(
    door: Running, front: Postfix
) -> None:
    post = open_post()
    address = forwarding_address(post.mailbox.key)
    with smtplib.SMTP(HOST, front.port, local_hostname="mx.customer.example") as client:
        client.mail("anna@customer.example")
        assert client.rcpt(f"nobody@{DOMAIN}")[0] == 550
        assert client.rcpt("anna@elsewhere.example")[0] in (454, 554)
        client.rset()
    send(front.port, [address, f"postmaster@{DOMAIN}"])
    await_that(lambda: stored(post.account), "the mail comes in")
    (mail,) = stored(post.account)
    assert (mail.source, mail.sender) == ("lmtp", "anna@customer.example")
    assert address in mail.recipients  # and the postmaster, if no account is older
    assert b"Subject: exact\r\n" in bytes(mail.content)
