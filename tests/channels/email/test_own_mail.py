"""Mail of the team's own, of lists and of machines: none of it passes for a customer's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from salotto.channels.email.marks import HEADER, mark_of
from salotto.channels.email.models import Mail, Mailbox, Participant
from salotto.core.tenancy import account_scope
from tests.channels.email.keys import published, signed
from tests.channels.email.post import Post, add_agent, letter, new_id, open_post, person, sent_by_us


@pytest.fixture
def post() -> Post:
    return open_post()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """The address of a DNS server that has the keys."""
    with published() as server:
        yield server


@pytest.fixture(autouse=True)
def asks(settings: Any, names: str) -> None:
    settings.DNS = names


def by_domain(mail: bytes, address: str) -> bytes:
    """The mail, signed by the domain of this address."""
    return signed(mail, address.rpartition("@")[2])


def begun(post: Post, anna: str) -> tuple[int, str]:
    """A conversation with Anna: its id, and the Message-ID that began it."""
    first = new_id()
    (raw,) = post.receive(letter(anna, post.address, "First", id=first))
    assert raw.conversation_id is not None
    return raw.conversation_id, first


def test_our_own_mail_that_comes_back_is_a_duplicate(post: Post) -> None:
    anna = person()
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    (raw,) = post.receive(letter(post.address, anna, "Here you are", id=ours, Cc=post.address))
    assert (raw.state, raw.conversation_id) == ("duplicate", conversation)


def test_our_own_mail_by_way_of_a_list_is_known_by_its_mark(post: Post) -> None:
    anna = person()
    conversation, _ = begun(post, anna)
    ours = sent_by_us(post, conversation)
    mark: dict[str, Any] = {HEADER.replace("-", "_"): mark_of(post.account)}
    (raw,) = post.receive(letter(f"Support via All <{person('all')}>", post.address, id=ours, **mark))
    assert raw.state == "duplicate"


@pytest.mark.parametrize("whose", ["mailbox", "alias", "agent"])
def test_an_answer_from_elsewhere_is_the_team_s(post: Post, whose: str) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    alias = person("help")
    with account_scope(post.account):
        Mailbox.objects.filter(pk=post.mailbox.pk).update(aliases=f"\n {alias.upper()} \n")
    writer = {"mailbox": post.address, "alias": alias, "agent": add_agent(post).user.email}[whose]
    mail = letter(writer, anna, "Done by phone", reply_to_id=first, Cc=post.address)
    (raw,) = post.receive(by_domain(mail, writer))
    message = post.messages(conversation)[-1]
    assert (raw.message_id, message.kind, message.author_id) == (message.pk, "reply", None)
    assert message.data == {"email": True, "outside": True}
    found = post.conversation(conversation)
    assert (found.unread, found.waiting_since, found.preview_ours) == (0, None, True)
    with account_scope(post.account):
        people = Participant.objects.filter(conversation_id=conversation)
        assert writer not in people.values_list("address", flat=True) or whose == "agent"


def test_an_agent_who_answers_again_or_was_in_copy_is_still_the_team(post: Post) -> None:
    anna, marco = person(), add_agent(post).user.email
    first = new_id()
    (raw,) = post.receive(letter(anna, post.address, "First", id=first, Cc=marco))
    for text in ("One", "Two"):
        post.receive(by_domain(letter(marco, anna, text, reply_to_id=first, Cc=post.address), marco))
    kinds = [message.kind for message in post.messages(raw.conversation_id)]
    assert kinds == ["visitor", "reply", "reply"]


def test_an_agent_who_writes_as_a_customer_is_one(post: Post) -> None:
    marco, first = add_agent(post).user.email, new_id()
    mails = [letter(marco, post.address, id=first), letter(marco, post.address, reply_to_id=first)]
    raws = post.receive(*(by_domain(mail, marco) for mail in mails))
    kinds = [message.kind for message in post.messages(raws[0].conversation_id)]
    assert kinds == ["visitor", "visitor"]


def of_another(mail: bytes, domain: str) -> bytes:
    """A mail of somebody else in the domain, with this one's From on top."""
    writer, _, rest = mail.partition(b"\n")
    return writer + b"\r\n" + signed(b"From: boss@%s\n" % domain.encode() + rest, domain)


FORGED: dict[str, Callable[[bytes, str], bytes]] = {
    "unsigned": lambda mail, domain: mail,
    "signed by another domain": lambda mail, domain: signed(mail, "evil.example"),
    "signed by a domain below": lambda mail, domain: signed(mail, f"evil.{domain}"),
    "signed by a top-level domain": lambda mail, domain: signed(mail, domain.rpartition(".")[2]),
    "changed since": lambda mail, domain: signed(mail, domain).replace(b"Pay", b"Please pay"),
    "with another From": of_another,
    "with a result of its own": lambda mail, domain: (
        b"Authentication-Results: mx.shop.example; dkim=pass header.d=shop.example; dmarc=pass\n" + mail
    ),
    "with a broken signature": lambda mail, domain: (
        b"DKIM-Signature: v=1; d=%s; l=;;=\n" % domain.encode() + mail
    ),
}


@pytest.mark.parametrize("whose", ["mailbox", "agent"])
@pytest.mark.parametrize("how", list(FORGED))
def test_a_stranger_with_the_team_s_address_is_not_the_team(post: Post, how: str, whose: str) -> None:
    anna, eve = person(), person("eve")
    conversation, first = begun(post, anna)
    writer = post.address if whose == "mailbox" else add_agent(post).user.email
    mail = letter(writer, f"{post.address}, {eve}", "Pay here", reply_to_id=first)
    (raw,) = post.receive(FORGED[how](mail, writer.rpartition("@")[2]))
    assert raw.conversation_id != conversation
    assert [message.kind for message in post.messages(raw.conversation_id)] == ["status", "visitor"]
    found = post.conversation(raw.conversation_id)
    assert (found.linked_id, found.unread, found.contact.email) == (conversation, 1, writer)
    assert any("no signature proves" in problem for problem in post.mail(raw.message_id).problems)
    assert post.conversation(conversation).unread == 1


def test_nothing_begins_in_the_team_s_name_without_a_proof(post: Post) -> None:
    (raw,) = post.receive(letter(post.address, person("victim"), "We have news"))
    (message,) = post.messages(raw.conversation_id)
    assert message.kind == "visitor"


def test_without_the_dns_nothing_is_proven_and_nothing_lost(post: Post, settings: Any) -> None:
    settings.DNS = "127.0.0.1:1"
    anna = person()
    conversation, first = begun(post, anna)
    mails = [letter(post.address, anna, "Here", reply_to_id=first) for _ in range(3)]
    raws = post.receive(*(by_domain(mail, post.address) for mail in mails))
    assert all(raw.state == "done" and raw.conversation_id != conversation for raw in raws)


def test_an_absence_note_of_our_own_mailbox_is_no_answer(post: Post) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    away = letter(post.address, anna, "Away", reply_to_id=first, Auto_Submitted="auto-replied")
    post.receive(by_domain(away, post.address))
    assert post.messages(conversation)[-1].kind == "note"
    assert post.conversation(conversation).unread == 1


def test_a_conversation_that_the_team_begins_elsewhere_is_with_whom_it_wrote_to(post: Post) -> None:
    anna = person()
    (raw,) = post.receive(by_domain(letter(post.address, f"Anna <{anna}>", "We have news"), post.address))
    (found,) = post.conversations()
    assert (found.contact.email, found.contact.name, found.unread) == (anna, "Anna", 0)
    assert post.messages(found.pk)[0].kind == "reply"
    (answer,) = post.receive(letter(anna, post.address, reply_to_id=post.mail(raw.message_id).header_id))
    assert answer.conversation_id == found.pk


def test_a_form_on_the_own_site_is_from_who_filled_it_in(post: Post) -> None:
    anna = person()
    post.receive(letter(post.address, post.address, "A form", Reply_To=f"Anna <{anna}>"))
    (found,) = post.conversations()
    assert (found.contact.email, found.contact.name, found.unread) == (anna, "Anna", 1)


def test_a_sender_that_a_list_has_rewritten_is_who_wrote(post: Post) -> None:
    anna = person()
    post.receive(letter(f"'Anna Neri' via Help <{post.address}>", post.address, "Hi", Reply_To=anna))
    (found,) = post.conversations()
    assert (found.contact.email, found.contact.name) == (anna, "Anna Neri")


def test_certified_mail_is_from_who_wrote_it_and_not_from_its_provider(post: Post) -> None:
    anna = person()
    provider = f'"Per conto di: {anna}" <{person("posta-certificata")}>'
    post.receive(letter(provider, post.address, "Hi", Reply_To=anna))
    (found,) = post.conversations()
    assert (found.contact.email, found.contact.name) == (anna, "")


def test_a_rewritten_sender_takes_no_part_in_others_conversations(post: Post) -> None:
    anna, eve = person(), person("eve")
    conversation, first = begun(post, anna)
    (raw,) = post.receive(
        letter(f"Eve via Help <{post.address}>", post.address, reply_to_id=first, Reply_To=eve)
    )
    assert raw.conversation_id != conversation


def test_own_addresses_take_no_part(post: Post, settings: Any) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    other = open_post(post.owner, "Sales")
    key = f"{post.mailbox.key}@in.salotto.example"
    anna = person()
    (raw,) = post.receive(letter(anna, f"{post.address}, {key}", Cc=other.address))
    with account_scope(post.account):
        people = Participant.objects.filter(conversation_id=raw.conversation_id)
        assert list(people.values_list("address", flat=True)) == [anna]


@pytest.mark.parametrize("how", ["marked", "hops", "header"])
def test_a_mail_of_a_machine_is_marked_and_nobody_waits_for_an_answer(post: Post, how: str) -> None:
    headers: dict[str, Any] = {}
    if how == "marked":
        headers = {HEADER.replace("-", "_"): mark_of(post.account)}
    elif how == "header":
        headers = {"Precedence": "bulk"}
    mail = letter(person(), post.address, **headers)
    (raw,) = post.receive(b"Received: from a by b\r\n" * 51 + mail if how == "hops" else mail)
    (found,) = post.conversations()
    assert post.mail(raw.message_id).automatic != ""
    assert (found.unread, found.waiting_since) == (0, None)


def test_the_mark_of_another_account_is_no_loop(post: Post) -> None:
    mark: dict[str, Any] = {HEADER.replace("-", "_"): mark_of(open_post().account)}
    (raw,) = post.receive(letter(person(), post.address, **mark))
    assert post.mail(raw.message_id).automatic == ""


def test_a_mark_in_the_text_is_none(post: Post) -> None:
    (raw,) = post.receive(letter(person(), post.address, f"{HEADER}: {mark_of(post.account)}"))
    assert post.mail(raw.message_id).automatic == ""


def test_more_than_ten_automatic_mails_in_an_hour_are_a_loop(post: Post) -> None:
    robot = person("robot")
    post.receive(*(letter(robot, post.address, Auto_Submitted="auto-replied") for _ in range(10)))
    (tenth,) = post.receive(letter(robot, post.address))
    post.receive(letter(robot, post.address, Auto_Submitted="auto-replied"))
    (after,) = post.receive(letter(robot, post.address))
    automatic = [post.mail(raw.message_id).automatic for raw in (tenth, after)]
    assert automatic == ["", "loop"]


def answers(post: Post) -> list[str]:
    """Whom automatic answers went to."""
    with account_scope(post.account):
        mails = Mail.objects.filter(kind="auto").order_by("id")
        return [address for mail in mails for _, address in mail.to]


def test_who_begins_a_conversation_is_told_that_the_mail_has_arrived(post: Post) -> None:
    with account_scope(post.account):
        Mailbox.objects.filter(pk=post.mailbox.pk).update(auto_reply="We have got it.")
    anna, first = person(), new_id()
    post.receive(
        letter(anna, post.address, id=first),
        letter(anna, post.address, reply_to_id=first),
        letter(person("robot"), post.address, Auto_Submitted="auto-generated"),
        by_domain(letter(post.address, person("bruno"), "From elsewhere"), post.address),
    )
    assert answers(post) == [anna]
