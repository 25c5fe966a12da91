"""Each mail in the right conversation: one order, and nobody in somebody else's."""

from dataclasses import replace
from typing import Any

import pytest

from salotto.channels.email.addresses import reply_address
from salotto.channels.email.letters import body_digest, fingerprint
from salotto.channels.email.marks import mark_of
from salotto.channels.email.mime import parse
from salotto.channels.email.models import NamedId, Participant
from salotto.channels.email.queries.composer import answer_to
from salotto.channels.email.threading import is_same
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation
from tests.channels.email.post import Post, delete, letter, new_id, open_post, person, sent_by_us


@pytest.fixture
def post() -> Post:
    return open_post()


@pytest.fixture
def domain(settings: Any) -> str:
    settings.MAIL_DOMAIN = "in.salotto.example"
    return "in.salotto.example"


def begun(post: Post, anna: str, **options: Any) -> tuple[int, str]:
    """A conversation with Anna: its id, and the Message-ID that began it."""
    first = new_id()
    (raw,) = post.receive(letter(anna, post.address, "First", id=first, **options))
    assert raw.conversation_id is not None
    return raw.conversation_id, first


def test_in_reply_to_leads_into_the_conversation(post: Post) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    (raw,) = post.receive(letter(anna, post.address, "Second", reply_to_id=first))
    assert raw.conversation_id == conversation
    assert post.bodies(conversation) == ["First", "Second"]


def test_references_alone_lead_into_the_conversation_whatever_is_the_newest(post: Post) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    names = (new_id(), first, new_id())
    (raw,) = post.receive(letter(anna, post.address, "Second", references=names))
    assert raw.conversation_id == conversation


def test_in_reply_to_comes_before_references_and_the_newest_reference_first(post: Post) -> None:
    anna = person()
    (one, a), (two, b), (three, c) = (begun(post, anna) for _ in range(3))
    (raw,) = post.receive(letter(anna, post.address, reply_to_id=a, references=(b, c)))
    assert raw.conversation_id == one
    (raw,) = post.receive(letter(anna, post.address, references=(b, c)))
    assert raw.conversation_id == three
    assert two not in (one, three)


def test_what_we_sent_is_answered_into_its_conversation(post: Post) -> None:
    anna = person()
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    (raw,) = post.receive(letter(anna, post.address, "Thanks", reply_to_id=ours))
    assert raw.conversation_id == conversation


def test_the_subject_alone_never_threads(post: Post) -> None:
    anna = person()
    conversation, _ = begun(post, anna, subject="[#4711] My order")
    (raw,) = post.receive(letter(anna, post.address, subject="Re: [#4711] My order"))
    assert raw.conversation_id != conversation


def test_a_stranger_who_knows_an_id_begins_a_linked_conversation(post: Post) -> None:
    anna, eve = person(), person("eve")
    conversation, first = begun(post, anna)
    (raw,) = post.receive(letter(eve, post.address, "Me too", reply_to_id=first))
    other = post.conversation(raw.conversation_id)
    assert (other.pk != conversation, other.linked_id, other.contact.email) == (True, conversation, eve)
    line, message = post.messages(other.pk)
    assert (line.kind, line.data) == ("status", {"what": "linked", "conversation": conversation})
    assert (message.kind, message.body) == ("visitor", "Me too")
    assert post.bodies(conversation) == ["First"]


def test_a_stranger_stays_in_the_linked_conversation(post: Post) -> None:
    anna, eve = person(), person("eve")
    conversation, first = begun(post, anna)
    (raw,) = post.receive(letter(eve, post.address, "Me too", id="eve-1", reply_to_id=first))
    by_both, by_the_first = (
        letter(eve, post.address, "And?", reply_to_id="eve-1", references=(first, "eve-1")),
        letter(eve, post.address, "Hello?", reply_to_id=first),
    )
    for mail in (by_both, by_the_first):
        (again,) = post.receive(mail)
        assert again.conversation_id == raw.conversation_id
    (back,) = post.receive(letter(anna, post.address, "Mine", reply_to_id=first))
    assert back.conversation_id == conversation


def test_who_was_in_copy_takes_part(post: Post) -> None:
    anna, bruno = person(), person("bruno")
    conversation, first = begun(post, anna, Cc=f"Bruno <{bruno.upper()}>")
    (raw,) = post.receive(letter(bruno, post.address, "I am Bruno", reply_to_id=first))
    assert raw.conversation_id == conversation
    with account_scope(post.account):
        people = set(
            Participant.objects.filter(conversation_id=conversation).values_list("address", flat=True)
        )
    assert people == {anna, bruno}


def test_an_answer_by_another_address_counts_if_all_of_reply_to_take_part(post: Post) -> None:
    anna, form, eve = person(), person("form"), person("eve")
    conversation, first = begun(post, anna)
    (raw,) = post.receive(letter(form, post.address, reply_to_id=first, Reply_To=anna))
    assert raw.conversation_id == conversation
    (raw,) = post.receive(letter(form, post.address, reply_to_id=first, Reply_To=f"{anna}, {eve}"))
    assert raw.conversation_id != conversation


def test_reply_to_lends_nobody_the_answers_of_others(post: Post) -> None:
    """A stranger names Anna in Reply-To and a friend in Cc: an answer to all would tell them."""
    anna, eve, friend = person(), person("eve"), person("friend")
    conversation, first = begun(post, anna)
    (raw,) = post.receive(letter(eve, post.address, reply_to_id=first, Reply_To=anna, Cc=friend))
    assert raw.conversation_id != conversation
    assert post.conversation(raw.conversation_id).linked_id == conversation


@pytest.mark.parametrize("where", ["envelope", "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_a_signed_reply_address_leads_whoever_writes_into_the_conversation(
    post: Post, domain: str, where: str
) -> None:
    anna, elsewhere = person(), person("private")
    conversation, _ = begun(post, anna)
    signed = reply_address(post.account, conversation)
    to = signed if where == "To" else post.address
    headers: dict[str, Any] = {} if where in ("envelope", "To") else {where.replace("-", "_"): signed}
    envelope = (signed,) if where == "envelope" else ()
    (raw,) = post.receive(letter(elsewhere, to, "From my phone", **headers), recipients=envelope)
    assert raw.conversation_id == conversation


def test_a_signed_address_comes_before_all_ids(post: Post, domain: str) -> None:
    anna = person()
    (one, first), (two, _) = begun(post, anna), begun(post, anna)
    (raw,) = post.receive(letter(anna, reply_address(post.account, two), reply_to_id=first))
    assert (raw.conversation_id, one != two) == (two, True)


def test_a_signed_address_of_a_deleted_conversation_counts_for_nothing(post: Post, domain: str) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    delete(post, conversation)
    (raw,) = post.receive(letter(anna, reply_address(post.account, conversation), reply_to_id=first))
    (found,) = post.conversations()
    assert (raw.state, raw.conversation_id, found.linked_id) == ("done", found.pk, None)


def test_the_same_mail_to_two_inboxes_is_once_in_the_conversation_it_is_addressed_to(
    post: Post, domain: str
) -> None:
    anna = person()
    conversation, _ = begun(post, anna)
    other = open_post(post.owner, "Sales")
    mail = letter(anna, reply_address(post.account, conversation), "To both", Cc=other.address)
    (one,), (two,) = post.receive(mail), other.receive(mail)
    assert (one.state, two.state, two.conversation_id) == ("done", "duplicate", conversation)
    assert post.bodies(conversation) == ["First", "To both"]


def test_a_mail_that_is_overtaken_by_its_answer_joins_it(post: Post) -> None:
    anna = person()
    first = new_id()
    (second,) = post.receive(letter(anna, post.address, "Second", references=(first,)))
    (raw,) = post.receive(letter(anna, post.address, "First", id=first))
    assert raw.conversation_id == second.conversation_id
    (stranger,) = post.receive(letter(person("eve"), post.address, "Third", reply_to_id=first))
    assert stranger.conversation_id != second.conversation_id


def test_an_id_that_a_stranger_named_before_it_came_is_still_its_owner_s(post: Post) -> None:
    anna, eve = person(), person("eve")
    first = new_id()
    (forged,) = post.receive(letter(eve, post.address, "Give me that", references=(first,)))
    (second,) = post.receive(letter(anna, post.address, "Second", references=(first,)))
    (raw,) = post.receive(letter(anna, post.address, "First", id=first))
    assert raw.conversation_id == second.conversation_id != forged.conversation_id
    (third,) = post.receive(letter(anna, post.address, "Third", references=(first,)))
    assert third.conversation_id == second.conversation_id


def test_mails_of_one_batch_refer_to_each_other(post: Post) -> None:
    anna, bruno, eve = person(), person("bruno"), person("eve")
    a, b = new_id(), new_id()
    raws = post.receive(
        letter(anna, post.address, "A1", id=a),
        letter(bruno, post.address, "B2", references=(b,)),
        letter(anna, post.address, "A2", reply_to_id=a),
        letter(eve, post.address, "E1", reply_to_id=a),
        letter(bruno, post.address, "B1", id=b),
        letter(anna, post.address, "A1", id=a),
        letter(eve, post.address, "E2", reply_to_id=a),
    )
    states = [raw.state for raw in raws]
    assert states == ["done", "done", "done", "done", "done", "duplicate", "done"]
    of_anna, of_bruno, of_eve = post.conversations()
    assert post.bodies(of_anna.pk) == ["A1", "A2"]
    assert post.bodies(of_bruno.pk) == ["B2", "B1"]
    assert post.bodies(of_eve.pk) == ["E1", "E2"]
    assert (of_eve.linked_id, of_anna.linked_id) == (of_anna.pk, None)
    assert (raws[5].conversation_id, raws[5].message_id) == (of_anna.pk, raws[0].message_id)


def test_a_mail_without_an_id_gets_one_from_its_bytes_and_comes_once(post: Post) -> None:
    mail = letter(person(), post.address, id="")
    first, second = post.receive(mail, mail)
    assert (first.state, second.state) == ("done", "duplicate")
    assert post.mail(first.message_id).header_id.endswith(".invalid")


def test_a_mail_without_an_id_that_comes_by_two_ways_comes_once(post: Post) -> None:
    mail = letter(person(), post.address, id="")
    fetched = b"Return-Path: <a@b.example>\nReceived: from a by b;\n Fri, 20 Nov 2026 10:00:00 +0000\n" + mail
    forwarded = b"X-Spam-Status: No\r\nDelivered-To: x@y.example\r\n" + mail.replace(b"\n", b"\r\n")
    first, second = post.receive(fetched, forwarded)
    assert (first.state, second.state) == ("done", "duplicate")
    assert second.conversation_id == first.conversation_id


def test_notices_without_id_and_date_that_say_the_same_are_told_apart_by_when_they_left(post: Post) -> None:
    mail = letter(person(), post.address, "Somebody has rung", id="", date=None)
    way = b"Received: from b by c\n"
    first, second = b"Received: from a by b; 10:00\n" + mail, b"Received: from a by b; 10:01\n" + mail
    found = post.receive(first, second, way + first)
    assert [raw.state for raw in found] == ["done", "done", "duplicate"]


def test_the_same_mail_again_is_a_duplicate_that_points_to_the_first(post: Post) -> None:
    mail = letter(person(), post.address, id=new_id())
    (first,) = post.receive(mail)
    (again,) = post.receive(b"Received: from elsewhere\r\n" + mail)
    assert (again.state, again.conversation_id, again.message_id) == (
        "duplicate", first.conversation_id, first.message_id,
    )  # fmt: skip


def test_another_mail_with_an_id_that_is_taken_is_not_lost(post: Post) -> None:
    anna, reused = person(), new_id()
    post.receive(letter(anna, post.address, "One", id=reused, subject="One"))
    two, again = (
        post.receive(letter(anna, post.address, "Two", id=reused, subject="Two"))[0] for _ in range(2)
    )
    assert (two.state, again.state) == ("done", "duplicate")
    mail = post.mail(two.message_id)
    assert mail.header_id != reused
    assert "Another mail has the same Message-ID" in mail.problems[-1]


def test_mails_that_say_different_things_are_two_though_all_of_their_headers_are_the_same(post: Post) -> None:
    anna, reused = person(), new_id()
    mails = [letter(anna, post.address, text, id=reused) for text in ("One", "Two", "One", "Two")]
    raws = post.receive(*mails)
    assert [raw.state for raw in raws] == ["done", "done", "duplicate", "duplicate"]
    assert [raw.message_id for raw in raws[2:]] == [raw.message_id for raw in raws[:2]]


def test_a_copy_that_was_encoded_otherwise_or_came_by_a_list_is_the_same_mail(post: Post) -> None:
    mail = letter(person(), post.address, "Perché no?", id=new_id())
    quoted = mail.replace("Perché".encode(), b"Perch=C3=A9").replace(b" 8bit", b" quoted-printable")
    listed = b"List-Id: <all.shop.example>\n" + mail + b"-- \nTo leave this list, write to us.\n"
    raws = post.receive(mail, quoted, listed)
    assert quoted != mail
    assert [raw.state for raw in raws] == ["done", "duplicate", "duplicate"]


def test_a_mail_that_is_fetched_again_is_the_same_though_it_is_read_otherwise_by_now() -> None:
    raw = letter("anna@customer.example", "us@shop.example", "Hello")
    before = parse(raw)
    now = replace(before, text="Hello, read by a newer version", visible="Hello")
    one, other = (fingerprint(mail, body_digest(raw)) for mail in (before, now))
    assert one != other
    assert is_same(one, other)


def test_an_answer_that_bears_the_id_of_our_mail_is_taken_in_where_that_belongs(post: Post) -> None:
    anna = person()
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    (raw,) = post.receive(letter(anna, post.address, "My machine copies ids", id=ours))
    assert (raw.state, raw.conversation_id) == ("done", conversation)


def test_an_id_of_ours_that_a_stranger_bears_at_another_inbox_leads_nobody_to_them(post: Post) -> None:
    anna, eve = person(), person("eve")
    other = open_post(post.owner, "Sales")
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    forged = letter(eve, other.address, "Look here", id=ours, Cc=anna)
    hers, again = other.receive(forged, forged)
    (answer,) = other.receive(letter(anna, other.address, "For you alone", reply_to_id=ours))
    (joined,) = other.receive(letter(eve, other.address, "More of mine", reply_to_id=ours))
    assert (hers.state, again.state) == ("done", "duplicate")
    assert answer.conversation_id not in (conversation, hers.conversation_id)
    assert joined.conversation_id == hers.conversation_id


def test_an_id_of_a_customer_that_another_bears_at_another_inbox_leads_nobody_to_them(post: Post) -> None:
    anna, eve = person(), person("eve")
    other = open_post(post.owner, "Sales")
    conversation, first = begun(post, anna, Cc=eve)
    (hers,) = other.receive(letter(eve, other.address, "Look here", id=first, Cc=anna))
    (answer,) = other.receive(letter(anna, other.address, "For you alone", reply_to_id=first))
    assert answer.conversation_id not in (conversation, hers.conversation_id)


def test_our_own_mail_to_another_of_our_inboxes_keeps_its_id_there(post: Post) -> None:
    anna = person()
    other = open_post(post.owner, "Sales")
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    mark = mark_of(post.account)
    (copy,) = other.receive(
        letter(post.address, anna, "Our answer", id=ours, Cc=other.address, X_Salotto=mark)
    )
    (answer,) = other.receive(letter(anna, other.address, "Thanks to both", reply_to_id=ours))
    assert (copy.state, answer.conversation_id) == ("done", copy.conversation_id)


def test_ids_of_any_length_are_known_again(post: Post) -> None:
    anna, long = person(), b"x" * 5000 + b"@mua.example"
    (one,) = post.receive(letter(anna, post.address, id="long@mua").replace(b"long@mua", long))
    (two,) = post.receive(letter(anna, post.address, reply_to_id="long@mua").replace(b"long@mua", long))
    assert one.conversation_id == two.conversation_id


def test_a_deleted_mail_does_not_come_back_and_its_answers_begin_anew(post: Post) -> None:
    anna, first = person(), new_id()
    mail = letter(anna, post.address, id=first)
    (raw,) = post.receive(mail)
    assert raw.conversation_id is not None
    delete(post, raw.conversation_id)
    (again,) = post.receive(mail)
    assert (again.state, bytes(again.content), again.conversation_id) == ("deleted", b"", None)
    for one in (post.raw(raw.pk), again):
        assert (bytes(one.content), one.sender, one.recipients) == (b"", "", [])
    assert post.conversations() == []
    (answer,) = post.receive(letter(anna, post.address, "Hello?", reply_to_id=first))
    (found,) = post.conversations()
    assert (answer.state, found.linked_id) == ("done", None)


def test_a_mail_that_a_deleted_one_named_is_not_taken_for_deleted(post: Post) -> None:
    anna, eve, first = person(), person("eve"), new_id()
    (spam,) = post.receive(letter(eve, post.address, references=(first,)))
    assert spam.conversation_id is not None
    delete(post, spam.conversation_id)
    (raw,) = post.receive(letter(anna, post.address, id=first))
    assert raw.state == "done"


def test_only_the_nearest_twenty_unknown_ids_are_waited_for(post: Post) -> None:
    anna = person()
    names = tuple(new_id() for _ in range(30))
    post.receive(letter(anna, post.address, references=names))
    with account_scope(post.account):
        waited = set(NamedId.objects.values_list("value", flat=True))
    assert waited == set(names[-20:])


def test_ids_that_a_forger_names_together_keep_two_conversations_apart(post: Post) -> None:
    anna, eve = person(), person("eve")
    one, two = new_id(), new_id()
    post.receive(letter(eve, post.address, "Both", references=(one, two)))
    (answer,) = post.receive(letter(anna, post.address, "1b", references=(one,)))
    (other,) = post.receive(letter(anna, post.address, "2b", references=(two,)))
    (late,) = post.receive(letter(anna, post.address, "2a", id=two))
    assert answer.conversation_id != other.conversation_id == late.conversation_id


def test_another_account_s_ids_and_addresses_lead_nowhere(post: Post, domain: str) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    other = open_post()
    signed = reply_address(post.account, conversation)
    (raw,) = other.receive(letter(anna, signed, "Hello", reply_to_id=first), recipients=(signed,))
    (found,) = other.conversations()
    assert (raw.conversation_id, found.linked_id) == (found.pk, None)
    assert post.bodies(conversation) == ["First"]
    assert [message.kind for message in other.messages(found.pk)] == ["visitor"]


def test_two_inboxes_of_an_account_have_a_conversation_each(post: Post) -> None:
    anna = person()
    other = open_post(post.owner, "Sales")
    mail = letter(anna, post.address, id=new_id(), Cc=other.address)
    (one,), (two,) = post.receive(mail), other.receive(mail)
    assert one.conversation_id != two.conversation_id
    assert {found.contact_id for found in post.conversations()} == {post.conversations()[0].contact_id}


def test_a_conversation_that_others_are_linked_with_can_be_deleted(post: Post) -> None:
    anna, eve = person(), person("eve")
    conversation, first = begun(post, anna)
    post.receive(letter(eve, post.address, reply_to_id=first))
    delete(post, conversation)
    (found,) = post.conversations()
    assert (found.contact.email, found.linked_id) == (eve, None)


@pytest.mark.parametrize("name", ["Anna via X", "Per conto di: anna", "Support"])
def test_an_author_whom_only_reply_to_names_brings_nobody_in(post: Post, name: str) -> None:
    anna, carl = person(), person("carl")
    conversation, first = begun(post, anna)
    sender = f'"{name}" <{post.address if name == "Support" else carl}>'
    (raw,) = post.receive(letter(sender, post.address, reply_to_id=first, Reply_To=anna, Cc=carl))
    assert raw.conversation_id != conversation
    (raw,) = post.receive(letter(carl, post.address, reply_to_id=first))
    assert raw.conversation_id != conversation


@pytest.mark.parametrize("head", ["From: \nReply-To: {0}", "Sender: {0}", "From: =?utf-8?q?=3C{1}=3E?="])
def test_a_sender_who_does_not_stand_in_from_brings_nobody_in(post: Post, head: str) -> None:
    anna, carl = person(), person("carl")
    conversation, first = begun(post, anna)
    named = head.format(anna, anna.replace("@", "=40")).encode()
    copied, alone = (letter(carl, post.address, reply_to_id=first, **more) for more in ({"Cc": carl}, {}))
    (raw,) = post.receive(copied.replace(b"From: " + carl.encode(), named))
    assert raw.conversation_id != conversation
    (raw,) = post.receive(alone.replace(b"From: " + carl.encode(), named))
    assert raw.conversation_id == conversation


def test_a_list_that_names_its_authors_stays_in_the_conversation(post: Post) -> None:
    anna = person()
    shared = f'"Anna via Support" <{person("support")}>'
    (one,) = post.receive(letter(shared, post.address, id=(first := new_id()), Reply_To=anna))
    (two,) = post.receive(letter(shared, post.address, reply_to_id=first, Reply_To=anna))
    assert one.conversation_id == two.conversation_id


def test_who_reuses_an_id_of_somebody_else_finds_the_own_conversation_by_it(post: Post) -> None:
    anna, bob = person(), person("bob")
    conversation, first = begun(post, anna)
    (his,) = post.receive(letter(bob, post.address, "Bob's", id=first))
    (next_one,) = post.receive(letter(bob, post.address, "Bob's second", reply_to_id=first))
    assert his.conversation_id == next_one.conversation_id != conversation
    with account_scope(post.account):
        assert Conversation.objects.get(pk=his.conversation_id).linked_id is None


def test_an_own_address_with_a_tag_is_an_own_address(post: Post) -> None:
    local, _, domain = post.address.partition("@")
    (raw,) = post.receive(letter(person(), f"{local}+orders@{domain}"))
    with account_scope(post.account):
        found = answer_to(raw.conversation_id or 0)
    assert found is not None and not found.people.cc


def test_a_stranger_who_names_an_id_before_it_comes_and_copies_its_owner_does_not_get_its_mail(
    post: Post,
) -> None:
    anna, eve, first = person(), person("eve"), new_id()
    (hers,) = post.receive(letter(eve, post.address, "I wait", reply_to_id=first, Cc=anna))
    (raw,) = post.receive(letter(anna, post.address, "Mine", id=first))
    assert raw.conversation_id != hers.conversation_id
    assert post.conversation(raw.conversation_id).contact.email == anna


def test_a_colleague_s_answer_that_overtakes_the_mail_that_it_answers_is_joined_by_it(post: Post) -> None:
    anna, bruno, first = person(), person("bruno"), new_id()
    (answer,) = post.receive(letter(bruno, post.address, "Me too", reply_to_id=first, Cc=anna))
    (raw,) = post.receive(letter(anna, post.address, "We ask", id=first, Cc=bruno))
    assert raw.conversation_id == answer.conversation_id


def test_what_is_begun_in_somebody_s_name_with_others_in_copy_does_not_wait_for_their_mail(
    post: Post,
) -> None:
    anna, eve, carl, first = person(), person("eve"), person("carl"), new_id()
    forged = letter(f'"Anna via X" <{eve}>', post.address, reply_to_id=first, Reply_To=anna, Cc=carl)
    (hers,) = post.receive(forged)
    (raw,) = post.receive(letter(anna, post.address, "Mine", id=first))
    assert raw.conversation_id != hers.conversation_id
