"""What the server that received a mail says against its sender is shown; nothing says for them."""

from typing import Any

import pytest

from salotto.channels.email.letters import DOUBTS, REFUTED, UNPROVEN
from salotto.channels.email.mime import parse
from salotto.channels.email.mime.parsed import SEVERAL
from salotto.channels.email.queries.composer import answer_to
from salotto.channels.email.verdict import is_refuted
from salotto.core.tenancy import account_scope
from tests.channels.email.post import Post, letter, new_id, open_post, person

RECEIVED = b"Received: from mail.evil.example by mx.shop.example; Fri, 20 Nov 2026 10:00:00 +0000\r\n"


def results(said: str, server: str = "mx.shop.example") -> bytes:
    return f"Authentication-Results: {server};\r\n {said}\r\n".encode()


GMAIL = results(
    "dkim=fail header.i=@customer.example header.s=s1 header.b=abcd;\r\n"
    " spf=fail (google.com: domain of anna@customer.example does not designate 1.2.3.4 as permitted sender)"
    " smtp.mailfrom=anna@customer.example;\r\n"
    " dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=customer.example",
    "mx.google.com",
)
MICROSOFT = (
    b"Authentication-Results: spf=fail (sender IP is 1.2.3.4)\r\n smtp.mailfrom=customer.example; dkim=none"
    b" (message not signed)\r\n header.d=none;dmarc=fail action=none\r\n header.from=customer.example;"
    b"compauth=fail reason=001\r\n"
)


@pytest.mark.parametrize(
    "head",
    [
        GMAIL,
        MICROSOFT,
        results("dmarc=fail (a (nested) comment; dmarc=pass) header.from=customer.example"),
        results("dmarc = fail"),
        results("DMARC=Fail"),
        results("spf=softfail smtp.mailfrom=x; dkim=fail header.d=x"),
        results("dmarc=fail", "mx.shop.example 1"),
        results("spf=fail") + results("dkim=fail"),
        results("dmarc=fail") + RECEIVED + results("dmarc=pass"),
        results("dmarc=fail") + results("dmarc=pass", "evil.example"),
        results("dmarc=fail") + results("dmarc=pass"),
        b"Return-Path: <x@y.example>\r\n" + RECEIVED + results("dmarc=fail"),
    ],
)
def test_what_speaks_against_the_sender(head: bytes) -> None:
    assert is_refuted(head + RECEIVED + b"From: anna@customer.example\r\n\r\nHello")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        results("none"),
        results("spf=pass; dkim=pass; dmarc=pass"),
        results("spf=fail; dkim=pass header.d=customer.example"),
        results("spf=fail; dkim=none"),
        results("spf=neutral; dkim=fail"),
        results("dkim=fail header.d=list.example; dkim=pass header.d=customer.example; spf=fail"),
        results("dmarc=pass; spf=fail; dkim=fail"),
        results("spf=temperror; dkim=temperror; dmarc=temperror"),
        results("x-dmarc=fail"),
        results("spf=pass reason=dmarc=fail"),
        results("spf=pass") + RECEIVED + results("dmarc=fail"),
        results("spf=pass") + results("dmarc=fail", "mx.elsewhere.example"),
        b"X-Note: Authentication-Results: x; dmarc=fail\r\n",
        b"ARC-Authentication-Results: i=1; mx.shop.example; dmarc=fail\r\n",
    ],
)
def test_what_does_not(head: bytes) -> None:
    assert not is_refuted(head + RECEIVED + b"From: anna@customer.example\r\n\r\ndmarc=fail")


@pytest.mark.parametrize(
    "head",
    [
        b"Authentication-Results: " + b"(" * 300_000,
        b"Authentication-Results: " + b"a;" * 300_000,
        b"Authentication-Results:\r\n " * 20_000,
        b"Authentication-Results: " + b"()" * 90_000 + b";dmarc=fail\r\n",
        b"\xff\x00: " * 50_000,
    ],
)
def test_whatever_is_in_it_is_read_quickly(head: bytes) -> None:
    from time import process_time

    before = process_time()
    is_refuted(head + b"\r\n\r\n")
    assert process_time() - before < 1.0


@pytest.fixture
def post() -> Post:
    return open_post()


def test_a_forged_sender_in_a_thread_is_marked_and_brings_nobody_in(post: Post) -> None:
    anna, eve, first = person(), person("eve"), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first))
    forged = GMAIL + RECEIVED + letter(anna, post.address, "Send it to me", reply_to_id=first, Cc=eve)
    (second,) = post.receive(forged)
    assert second.conversation_id == raw.conversation_id
    assert post.mail(second.message_id).problems == [REFUTED]
    assert post.mail(raw.message_id).problems == []
    (third,) = post.receive(letter(eve, post.address, "Well?", reply_to_id=first))
    assert third.conversation_id != raw.conversation_id


def test_a_forged_sender_begins_a_conversation_with_nobody_else_in_it(post: Post) -> None:
    anna, eve, first = person(), person("eve"), new_id()
    forged = GMAIL + RECEIVED + letter(anna, post.address, "Pay me", id=first, Cc=eve, Reply_To=eve)
    (raw,) = post.receive(forged)
    (second,) = post.receive(letter(eve, post.address, "Well?", reply_to_id=first))
    assert second.conversation_id != raw.conversation_id


def test_ids_that_a_forged_sender_names_do_not_bring_two_conversations_together(post: Post) -> None:
    anna, one, two = person(), new_id(), new_id()
    (raw,) = post.receive(letter(anna, post.address, "One", id=one))
    (forged,) = post.receive(GMAIL + RECEIVED + letter(anna, post.address, "Both", references=(two, one)))
    (late,) = post.receive(letter(anna, post.address, "Two", id=two))
    assert forged.conversation_id == raw.conversation_id != late.conversation_id


def test_a_forged_mail_is_answered_to_nobody_but_those_who_take_part(post: Post) -> None:
    anna, bruno, eve, first = person(), person("bruno"), person("eve"), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first, Cc=bruno))
    forged = letter(anna, post.address, "Send it", reply_to_id=first, Cc=f"{bruno}, {eve}", Reply_To=eve)
    post.receive(GMAIL + RECEIVED + forged)
    with account_scope(post.account):
        found = answer_to(raw.conversation_id or 0)
    assert found is not None
    assert (found.people.to, found.people.cc) == ((("", anna),), (("", bruno),))


def test_of_the_team_s_addresses_it_is_checked_by_ourselves(post: Post) -> None:
    (raw,) = post.receive(results("dmarc=pass") + letter(post.address, person("victim")))
    assert UNPROVEN in post.mail(raw.message_id).problems


def several(post: Post, anna: str, eve: str, head: str, **more: Any) -> bytes:
    """A mail whose From names Eve beside Anna, of whom the receiving server has checked one."""
    mail = letter("x@y.example", post.address, "Send it to my new account", **more)
    named = head.format(anna, eve).encode()
    return results(f"dmarc=pass header.from={eve}") + mail.replace(b"From: x@y.example", named)


SEVERAL_HEADS = [
    "From: {0}\nFrom: {1}",
    "From : {0}\nFrom: {1}",
    "From: {0}, {1}\nSender: {1}",
    "From: {1}, {0}",
    "From: {0}\nFrom: undisclosed",
]


@pytest.mark.parametrize("head", SEVERAL_HEADS[:4])
def test_who_stands_in_from_beside_another_is_not_known_and_lets_nobody_in(post: Post, head: str) -> None:
    anna, eve, first = person(), person("eve"), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first))
    ways: list[dict[str, Any]] = [{"Reply_To": eve}, {}]
    for more in ways:
        (forged,) = post.receive(several(post, anna, eve, head, reply_to_id=first, **more))
        assert post.conversation(forged.conversation_id).linked_id == raw.conversation_id
        assert SEVERAL in post.mail(forged.message_id).problems
        assert SEVERAL in DOUBTS
    (back,) = post.receive(letter(eve, post.address, "Well?", reply_to_id=first))
    assert back.conversation_id != raw.conversation_id


def test_two_who_take_part_may_write_together(post: Post) -> None:
    anna, bruno, carl, first = person(), person("bruno"), person("carl"), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first, Cc=bruno))
    both = several(post, anna, bruno, SEVERAL_HEADS[2], reply_to_id=first)
    (joined,) = post.receive(both)
    assert joined.conversation_id == raw.conversation_id
    (brings,) = post.receive(several(post, anna, bruno, SEVERAL_HEADS[2], reply_to_id=first, Cc=carl))
    assert brings.conversation_id != raw.conversation_id


def test_one_sender_is_in_from_however_often_from_says_so() -> None:
    anna, eve = "anna@customer.example", "eve@evil.example"
    found = [parse(head.format(anna, eve).encode() + b"\n\nHello").in_from for head in SEVERAL_HEADS]
    assert found == [False] * 5
    same = [f"From: Anna <{anna}>", f"From: {anna}\nFrom: {anna}", f"From: {anna}, Anna <{anna.upper()}>"]
    assert all(parse(f"{head}\n\nHello".encode()).in_from for head in same)
