"""A mail of which only the headers were fetched, since it is too large: it makes a conversation, and
the whole mail fills it in."""

import pytest

from salotto.accounts.models import Access
from salotto.channels.email.actions.fetching import complete
from salotto.channels.email.actions.retrying import dismiss_raw
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.models import KnownId, Mail, RawMail, RawState
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Attachment
from salotto.live.models import Event
from tests.channels.email.large import WHY, headers_came, large
from tests.channels.email.post import Post, add_agent, letter, open_post, person, sent_by_us


@pytest.fixture
def post() -> Post:
    return open_post()


def the_rest_comes(post: Post, raw: RawMail, mail: bytes) -> RawMail:
    complete(raw, mail)
    post.take_in()
    return post.raw(raw.pk)


def test_it_makes_a_conversation_that_says_what_is_missing_and_waits_for_the_rest(post: Post) -> None:
    sender = person("big")
    mail = large(post, sender)
    raw = headers_came(post, mail)
    assert (raw.state, raw.error, raw.attempts) == (RawState.FAILED, WHY, 0)
    found = post.conversation(raw.conversation_id)
    assert (found.contact.email, found.subject, found.unread) == (sender, "The plans", 1)
    [message] = post.messages(found.pk)
    assert message.body == "" and message.data["part"]["size"] == len(mail)
    kept = post.mail(message.pk)
    assert (kept.sender, kept.text, kept.problems, kept.files) == (sender, "", [], 0)


def test_the_whole_mail_fills_in_the_same_message_and_nothing_is_doubled(post: Post) -> None:
    mail = large(post, person("big"))
    told = headers_came(post, mail)
    raw = the_rest_comes(post, told, mail)
    assert (raw.state, raw.error, raw.message_id) == (RawState.DONE, "", told.message_id)
    [message] = post.messages(raw.conversation_id)
    assert (message.body, message.data) == ("See the plans.", {"email": True})
    assert len(post.conversations()) == 1
    assert post.conversation(raw.conversation_id).preview == "See the plans."
    with account_scope(post.account):
        assert list(Attachment.objects.values_list("message_id", "name")) == [(message.pk, "plan.pdf")]
        assert Mail.objects.get().text.strip() == "See the plans." and Mail.objects.get().files == 1
        assert Event.objects.filter(data__what="filled", data__message=message.pk).exists()
    [again] = post.receive(mail)
    assert again.state == RawState.DUPLICATE and len(post.bodies(raw.conversation_id)) == 1


def test_whole_mails_that_come_another_way_fill_it_in_once(post: Post) -> None:
    mail = large(post, person("big"))
    told = headers_came(post, mail)
    assert headers_came(post, mail, uid=10).state == RawState.DUPLICATE
    first, second = post.receive(mail, mail)
    assert (first.state, first.message_id) == (RawState.DONE, told.message_id)
    assert (second.state, second.message_id) == (RawState.DUPLICATE, told.message_id)
    assert post.raw(told.pk).state == RawState.DUPLICATE
    assert post.bodies(told.conversation_id) == ["See the plans."]
    assert post.mail(told.message_id).raw_id == first.pk


def test_once_it_is_here_another_mail_with_its_headers_is_shown_beside_it(post: Post) -> None:
    mail = large(post, person("big"))
    the_rest_comes(post, headers_came(post, mail), mail)
    [other] = post.receive(mail.replace(b"See the plans.", b"Pay to this account."))
    assert (other.state, post.bodies(other.conversation_id)) == (RawState.DONE, ["Pay to this account."])


def test_headers_of_a_mail_that_is_here_whole_are_nothing_new(post: Post) -> None:
    mail = large(post, person("big"))
    [whole] = post.receive(mail)
    assert headers_came(post, mail).state == RawState.DUPLICATE
    assert post.bodies(whole.conversation_id) == ["See the plans."]


def test_it_is_threaded_by_its_headers_and_later_answers_find_it(post: Post) -> None:
    sender = person("big")
    [first] = post.receive(letter(sender, post.address))
    ours = sent_by_us(post, first.conversation_id or 0)
    mail = large(post, sender, In_Reply_To=f"<{ours}>")
    raw = headers_came(post, mail)
    assert raw.conversation_id == first.conversation_id
    with account_scope(post.account):
        own = KnownId.objects.get(message_id=raw.message_id).value
    [later] = post.receive(letter(sender, post.address, "Have you seen it?", reply_to_id=own))
    assert later.conversation_id == first.conversation_id


@pytest.mark.parametrize(("headers", "answers"), [({}, 1), ({"Auto_Submitted": "auto-generated"}, 0)])
def test_it_is_acknowledged_once_as_any_other(headers: dict[str, str], answers: int) -> None:
    post = open_post(auto_reply="Thank you, we have it.")
    mail = large(post, person("big"), **headers)
    the_rest_comes(post, headers_came(post, mail), mail)
    with account_scope(post.account):
        assert Mail.objects.filter(kind="auto").count() == answers


def test_put_away_it_keeps_its_message_and_its_headers(post: Post) -> None:
    raw = headers_came(post, large(post, person("big")))
    dismiss_raw(raw.pk, by=add_agent(post) if post.owner.access == Access.NONE else post.owner)
    put_away = post.raw(raw.pk)
    assert put_away.state == RawState.DONE and b"The plans" in bytes(put_away.content)
    assert len(post.messages(raw.conversation_id)) == 1


def test_its_headers_and_other_mails_are_taken_in_together_as_they_came(post: Post) -> None:
    mail, sender = large(post, person("big")), person()
    with account_scope(post.account):
        store(post.account, post.mailbox.pk, [Arrival("smtp", letter(sender, post.address), sender)])
    raw = headers_came(post, mail)
    first, second = post.conversations()
    assert first.contact.email == sender and second.pk == raw.conversation_id
