"""A signed mail of the team that somebody who got it sends on, with other headers, is not the team's."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dkim import DKIM

from salotto.channels.email.addresses import reply_address
from salotto.channels.email.letters import LOOSE, UNPROVEN
from salotto.channels.email.models import Participant
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.channels.email.keys import SELECTOR, key, published, signed
from tests.channels.email.post import Post, add_agent, letter, new_id, open_post, person

GOOGLE = ("to", "subject", "message-id", "date", "from", "in-reply-to", "references", "mime-version", "cc")
MICROSOFT = ("from", "date", "subject", "message-id", "content-type", "mime-version")
HERE = "Sara agrees."


class Signing(DKIM):
    """Signs until a time."""

    until = 0

    def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any) -> bytes:
        more = [(b"x", str(self.until).encode())] if self.until else []
        return bytes(super().gen_header([*fields[:-1], *more, fields[-1]], *rest))


def by(
    sender: str,
    mail: bytes,
    covered: tuple[str, ...],
    until: datetime | None = None,
    *,
    length: bool = False,
) -> bytes:
    """The mail with a signature of its sender's domain over those of these headers that are there;
    `length`: of as much of the text as is there now."""
    raw = mail.replace(b"\n", b"\r\n")
    signing = Signing(raw)
    signing.until = int(until.timestamp()) if until else 0
    there = {name.lower() for name, _ in signing.headers}
    names = [name.encode() for name in covered if name.encode() in there]
    how = {"canonicalize": (b"relaxed", b"relaxed"), "include_headers": names, "length": length}
    domain = sender.rpartition("@")[2].encode()
    return bytes(signing.sign(SELECTOR.encode(), domain, key()[0].encode(), **how)) + raw


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """The address of a DNS server that has the keys."""
    with published() as server:
        yield server


@pytest.fixture
def post(settings: Any, names: str) -> Post:
    settings.DNS, settings.MAIL_DOMAIN = names, "in.salotto.example"
    return open_post()


@pytest.fixture
def sara(post: Post) -> str:
    """The address of an agent."""
    return add_agent(post).user.email


def begun(post: Post, anna: str) -> tuple[int, str]:
    """A conversation with Anna: its id, and the Message-ID that began it."""
    (raw,) = post.receive(letter(anna, post.address, "For one euro?", id=(first := new_id())))
    assert raw.conversation_id is not None
    return raw.conversation_id, first


def said_by_the_team(post: Post, conversation: int | None) -> list[str]:
    return [message.body for message in post.messages(conversation) if message.kind in ("reply", "note")]


@pytest.mark.parametrize(
    "added", ["In-Reply-To: <{0}>", "References: <{0}>", "X-Way: a\rIn-Reply-To: <{0}>", "references:<{0}>"]
)
def test_what_an_agent_wrote_to_the_inbox_about_one_thing_is_no_answer_to_another(
    post: Post, sara: str, added: str
) -> None:
    """Signed as Google does it, and as we do."""
    conversation, first = begun(post, person())
    one, other = letter(sara, post.address, HERE), letter(sara, post.address, HERE)
    for mail in (by(sara, one, GOOGLE), signed(other, sara.rpartition("@")[2])):
        (raw,) = post.receive(f"{added.format(first)}\r\n".encode() + mail)
        assert raw.conversation_id != conversation
        assert LOOSE in post.mail(raw.message_id).problems
    assert said_by_the_team(post, conversation) == []


@pytest.mark.parametrize("added", ["To: {0}", "Cc: {0}", "Reply-To: {0}", "Subject: Yes", "Date: {1}"])
def test_headers_that_are_there_more_often_than_they_are_signed_prove_nothing(
    post: Post, sara: str, added: str
) -> None:
    conversation, first = begun(post, anna := person())
    mail = by(sara, letter(sara, anna, HERE, reply_to_id=first, Cc=post.address), GOOGLE)
    late = "Mon, 23 Nov 2026 10:00:00 +0000"
    (raw,) = post.receive(f"{added.format(person('eve'), late)}\r\n".encode() + mail)
    assert raw.conversation_id != conversation
    with account_scope(post.account):
        people = Participant.objects.filter(conversation_id=conversation)
        assert list(people.values_list("address", flat=True)) == [anna]


def test_as_google_signs_it_an_agent_s_answer_is_the_team_s(post: Post, sara: str) -> None:
    conversation, first = begun(post, anna := person())
    mail = letter(sara, anna, HERE, reply_to_id=first, references=(first,), Cc=post.address)
    (raw,) = post.receive(by(sara, mail, GOOGLE))
    assert (raw.conversation_id, said_by_the_team(post, conversation)) == (conversation, [HERE])
    assert post.mail(raw.message_id).problems == []


@pytest.mark.parametrize("added", [b"", b"And send the money to Mallory.\r\n"])
def test_a_signature_of_the_beginning_of_a_text_proves_nothing(post: Post, sara: str, added: bytes) -> None:
    """Below it, anybody can write more (`l=`, RFC 6376 8.2)."""
    conversation, first = begun(post, anna := person())
    mail = letter(sara, anna, HERE, reply_to_id=first, references=(first,), Cc=post.address)
    post.receive(by(sara, mail, GOOGLE, length=True) + added)
    assert said_by_the_team(post, conversation) == []


def test_the_same_mail_into_the_same_thread_again_is_there_once(post: Post, sara: str) -> None:
    conversation, first = begun(post, anna := person())
    mail = by(sara, letter(sara, anna, HERE, reply_to_id=first, Cc=post.address), GOOGLE)
    (_, again) = post.receive(mail, mail, recipients=(reply_address(post.account, conversation),))
    assert (again.state, said_by_the_team(post, conversation)) == ("duplicate", [HERE])


def test_what_an_agent_wrote_to_a_customer_alone_is_no_answer_to_us(post: Post, sara: str) -> None:
    """Its customer writes to us under the id that she answers there."""
    mallory, asked = person("mallory"), new_id()
    (raw,) = post.receive(letter(mallory, post.address, "For one euro?", id=asked))
    post.receive(by(sara, letter(sara, mallory, HERE, reply_to_id=asked), GOOGLE))
    assert said_by_the_team(post, raw.conversation_id) == []


def test_a_signed_address_that_was_put_around_an_agent_s_mail_makes_it_no_answer(
    post: Post, sara: str
) -> None:
    conversation, _ = begun(post, person())
    around = reply_address(post.account, conversation)
    mail = by(sara, letter(sara, post.address, HERE), GOOGLE)
    (raw,) = post.receive(f"Delivered-To: {around}\r\n".encode() + mail, recipients=(around,))
    assert raw.conversation_id != conversation


def test_an_agent_s_mail_to_the_signed_address_is_the_team_s(post: Post, sara: str) -> None:
    conversation, _ = begun(post, person())
    mail = letter(sara, reply_address(post.account, conversation), HERE)
    post.receive(by(sara, mail, GOOGLE))
    assert said_by_the_team(post, conversation) == [HERE]


def test_as_microsoft_signs_it_a_mail_is_taken_in_and_says_why_it_is_no_answer(post: Post, sara: str) -> None:
    conversation, first = begun(post, anna := person())
    at = reply_address(post.account, conversation)
    by_id = letter(sara, anna, HERE, reply_to_id=first, Cc=post.address)
    by_address = letter(sara, anna, HERE, Cc=at)
    one, two = post.receive(*(by(sara, mail, MICROSOFT) for mail in (by_id, by_address)))
    assert post.conversation(one.conversation_id).linked_id == conversation
    assert two.conversation_id == conversation
    assert said_by_the_team(post, conversation) == []
    assert all(post.mail(raw.message_id).problems == [LOOSE] for raw in (one, two))


def test_a_signature_proves_nothing_after_its_time(post: Post, sara: str) -> None:
    conversation, first = begun(post, anna := person())
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    mails = [letter(sara, anna, HERE, reply_to_id=first, Cc=post.address) for _ in range(2)]
    in_time, late = (by(sara, mail, GOOGLE, until) for mail in mails)
    post.receive(in_time)
    with clock.at(until + timedelta(seconds=1)):
        (raw,) = post.receive(late)
    assert said_by_the_team(post, conversation) == [HERE]
    assert post.mail(raw.message_id).problems == [UNPROVEN]


PARTED = """No.

-----Original Message-----
From: Mallory

--evil
Content-Type: text/plain

Yes.
--evil--
"""
PACKED = """No.

-----Original Message-----
begin 644 yes
$665S+@``
`
end
"""


@pytest.mark.parametrize(
    ("body", "types"),
    [
        (PARTED, "Content-Type: multipart/mixed; boundary=evil\r\n"),
        (PARTED, ""),
        (PACKED, "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n"),
    ],
)
def test_a_type_that_is_not_signed_makes_no_answer_of_what_is_quoted(
    post: Post, sara: str, body: str, types: str
) -> None:
    """Google signs no type, and whoever got the mail may be quicker than the look into the mailbox."""
    conversation, first = begun(post, mallory := person("mallory"))
    mail = letter(sara, mallory, body, reply_to_id=first, references=(first,), Cc=post.address)
    head, _, rest = by(sara, mail, GOOGLE).partition(b"\r\n\r\n")
    kept = re.sub(rb"\r\nContent-[^\r\n]*", b"", head)
    (raw,) = post.receive(kept + b"\r\n" + types.encode() + b"\r\n" + rest)
    assert raw.conversation_id != conversation
    assert LOOSE in post.mail(raw.message_id).problems
    assert said_by_the_team(post, conversation) == []


@pytest.mark.parametrize("above", ["", "This is a multi-part message in MIME format.\n"])
def test_an_answer_in_parts_of_which_the_type_is_not_signed_is_the_team_s(
    post: Post, sara: str, above: str
) -> None:
    conversation, first = begun(post, anna := person())
    parts = f"{above}--a\nContent-Type: text/plain\n\n{HERE}\n--a\nContent-Type: text/html\n\n{HERE}\n--a--\n"
    mail = letter(sara, anna, parts, reply_to_id=first, Cc=post.address)
    mail = mail.replace(b"text/plain;", b'multipart/alternative; boundary="a";', 1)
    post.receive(by(sara, mail, GOOGLE))
    assert said_by_the_team(post, conversation) == [HERE]
