"""Mail of the team's own, of lists and of machines: none of it passes for a customer's."""

from typing import Any

import pytest

from salotto.channels.email.marks import HEADER, mark_of
from salotto.channels.email.models import Mail, Mailbox, Participant
from salotto.core.tenancy import account_scope
from tests.channels.email.post import Post, add_agent, letter, new_id, open_post, person, sent_by_us


@pytest.fixture
def post() -> Post:
    return open_post()


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
    (raw,) = post.receive(letter(writer, anna, "Done by phone", reply_to_id=first, Cc=post.address))
    message = post.messages(conversation)[-1]
    assert (raw.message_id, message.kind, message.author_id) == (message.pk, "reply", None)
    assert message.data == {"email": True, "outside": True}
    found = post.conversation(conversation)
    assert (found.unread, found.waiting_since, found.preview_ours) == (0, None, True)
    with account_scope(post.account):
        people = Participant.objects.filter(conversation_id=conversation)
        assert writer not in people.values_list("address", flat=True) or whose == "agent"


def test_an_absence_note_of_our_own_mailbox_is_no_answer(post: Post) -> None:
    anna = person()
    conversation, first = begun(post, anna)
    post.receive(letter(post.address, anna, "Away", reply_to_id=first, Auto_Submitted="auto-replied"))
    assert post.messages(conversation)[-1].kind == "note"
    assert post.conversation(conversation).unread == 1


def test_a_conversation_that_the_team_begins_elsewhere_is_with_whom_it_wrote_to(post: Post) -> None:
    anna = person()
    (raw,) = post.receive(letter(post.address, f"Anna <{anna}>", "We have news"))
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
        letter(post.address, person("bruno"), "From elsewhere"),
    )
    assert answers(post) == [anna]
