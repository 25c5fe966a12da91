"""Answers to a conversation that was deleted: where it was, one conversation for each person, and
a line that says so."""

from typing import Any

import pytest

from salotto.channels.email.actions.receiving import receive
from salotto.channels.email.actions.storing import Arrival
from salotto.channels.email.addresses import reply_address
from salotto.channels.email.queries.receiving import place_of
from salotto.channels.email.queries.routing import route
from salotto.core.tenancy import account_scope
from salotto.desk.lines import in_words
from salotto.inbox.models import Conversation
from tests.channels.email.post import Post, delete, letter, new_id, open_post, person, sent_by_us


@pytest.fixture
def post(settings: Any) -> Post:
    """An account's second inbox: what names none goes to the first."""
    settings.MAIL_DOMAIN = "in.salotto.example"
    return open_post(open_post(name="First").owner, name="Second")


def deleted(post: Post, anna: str) -> tuple[int, str, str]:
    """A conversation with Anna that was deleted, and the ids of her mail and of our answer."""
    first = new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first))
    assert raw.conversation_id is not None
    ours = sent_by_us(post, raw.conversation_id)
    delete(post, raw.conversation_id)
    return raw.conversation_id, first, ours


def lines(post: Post, conversation: int) -> list[str]:
    """The status lines of a conversation, as an agent reads them."""
    found = [message for message in post.messages(conversation) if message.kind == "status"]
    return [in_words(one.data, author=None, author_name="", reader=0, names={}) for one in found]


def test_an_answer_to_the_signed_address_comes_to_the_inbox_where_the_conversation_was(post: Post) -> None:
    anna = person()
    gone, _, _ = deleted(post, anna)
    signed = reply_address(post.account, gone)
    place = place_of(signed)
    assert place is not None and place.mailbox == post.mailbox.pk
    receive([(place, Arrival("smtp", letter(anna, signed), anna, (signed,)))])
    post.take_in()
    with account_scope(post.account):
        assert Conversation.objects.get().inbox_id == post.mailbox.inbox_id
        assert route(post.account, [signed]) == post.mailbox.pk


def test_all_answers_of_one_person_come_into_one_conversation_that_says_what_it_answers(post: Post) -> None:
    anna = person()
    gone, first, ours = deleted(post, anna)
    signed = reply_address(post.account, gone)
    raws = [
        *post.receive(letter(anna, post.address, "To your answer", reply_to_id=ours)),
        *post.receive(letter(anna, signed, "Without an id"), recipients=(signed,)),
        *post.receive(letter(anna, post.address, "To my own mail", references=(first,))),
    ]
    (found,) = post.conversations()
    assert {raw.conversation_id for raw in raws} == {found.pk}
    assert post.bodies(found.pk) == ["To your answer", "Without an id", "To my own mail"]
    assert lines(post, found.pk) == ["The conversation that it answers was deleted"]


def test_answers_that_come_together_come_into_one_conversation(post: Post) -> None:
    anna = person()
    gone, first, ours = deleted(post, anna)
    post.receive(
        letter(anna, reply_address(post.account, gone), "One"),
        letter(anna, post.address, "Two", reply_to_id=first),
        letter(anna, post.address, "Three", reply_to_id=ours),
    )
    (found,) = post.conversations()
    assert post.bodies(found.pk) == ["One", "Two", "Three"]


def test_nobody_comes_into_what_somebody_else_has_begun_so(post: Post) -> None:
    anna, eve = person(), person("eve")
    gone, first, ours = deleted(post, anna)
    post.receive(letter(anna, post.address, "Mine", reply_to_id=first))
    (raw,) = post.receive(letter(eve, reply_address(post.account, gone), "Mine too", reply_to_id=ours))
    mine, hers = post.conversations()
    assert (raw.conversation_id, post.bodies(mine.pk)) == (hers.pk, ["Mine"])
    assert lines(post, hers.pk) == lines(post, mine.pk)


def test_what_is_there_comes_before_what_was_deleted(post: Post) -> None:
    anna, there = person(), new_id()
    gone, first, _ = deleted(post, anna)
    (stays,) = post.receive(letter(anna, post.address, id=there))
    post.receive(letter(anna, post.address, "Anew", reply_to_id=first))
    (raw,) = post.receive(letter(anna, reply_address(post.account, gone), reply_to_id=there))
    assert raw.conversation_id == stays.conversation_id
    assert stays.conversation_id is not None and lines(post, stays.conversation_id) == []


def test_once_the_new_one_is_deleted_as_well_another_begins_in_the_same_inbox(post: Post) -> None:
    anna = person()
    gone, first, _ = deleted(post, anna)
    (raw,) = post.receive(letter(anna, post.address, reply_to_id=first))
    assert raw.conversation_id is not None
    delete(post, raw.conversation_id)
    for number in (gone, raw.conversation_id):
        place = place_of(reply_address(post.account, number))
        assert place is not None and place.mailbox == post.mailbox.pk
    (again,) = post.receive(letter(anna, reply_address(post.account, gone), "Hello?"))
    (found,) = post.conversations()
    assert again.conversation_id == found.pk
