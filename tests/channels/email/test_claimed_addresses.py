"""Whoever chats has only claimed their address: what its owner writes by mail is not theirs to read."""

from typing import Any
from uuid import uuid4

import pytest

from salotto.channels.email.actions import chats
from salotto.channels.email.models import Mail, Mailbox
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import reply
from salotto.inbox.models import Kind
from salotto.inbox.posting import Item, post
from tests.channels.email.post import Post, letter, open_post, person
from tests.channels.sites import Shop, open_shop
from tests.servers import Server, Visitor

SECRET = "My order is 4711, Via Roma 1."


class Talk:
    """A visitor has claimed an address, was answered by mail, and its owner has written back."""

    def __init__(self, server: Server) -> None:
        self.shop: Shop = open_shop()
        self.post: Post = open_post(self.shop.owner, continues_chats=True)
        self.visitor: Visitor = self.shop.visitor(server)
        self.address = person()
        assert self.visitor.say("Hello, about my order", email=self.address).status == 200
        self.conversation = self.shop.conversation_of(self.visitor.id)
        self.answer("Which order do you mean?")
        sent = self.carried()
        assert sent
        mail = letter(self.address, self.post.address, SECRET, reply_to_id=sent.header_id)
        (raw,) = self.post.receive(mail)
        assert raw.conversation_id == self.conversation

    def answer(self, text: str) -> int:
        """An agent writes."""
        with account_scope(self.post.account):
            return reply(self.conversation, text, client_id=uuid4(), by=self.shop.owner).message

    def carried(self) -> Mail | None:
        """What goes out by mail of what was answered."""
        return chats.carry_on(self.post.account, self.conversation)

    def shown(self) -> list[dict[str, Any]]:
        """What the visitor's browser gets of the conversation, whichever way it asks."""
        visitor = self.visitor
        listed = visitor.ask("GET", "/w/messages").json["messages"]
        hello = visitor.ask("POST", "/w/hello", {"site": visitor.key, "token": visitor.token}).json
        assert hello["conversation"]["messages"] == listed
        assert visitor.ask("GET", "/w/messages?after=0").json["messages"] == listed
        return list(listed)

    def bodies(self) -> list[str | None]:
        """The texts, None for what was only told."""
        return [None if one.get("email") else one["body"] for one in self.shown()]


@pytest.fixture
def talk(server: Server) -> Talk:
    return Talk(server)


def test_the_chat_says_that_a_mail_came_and_nothing_of_it(talk: Talk) -> None:
    last = talk.shown()[-1]
    assert (last["from"], last["body"], last["email"]) == ("visitor", "", True)
    assert SECRET not in str(talk.shown())
    assert SECRET in talk.post.bodies(talk.conversation)  # the team reads it


def test_what_answers_a_mail_goes_out_by_mail_and_is_not_shown(talk: Talk) -> None:
    answered = talk.answer("Order 4711 is on its way to Via Roma 1.")
    assert talk.visitor.ask("POST", "/w/seen", {"message": answered}).status == 204
    assert talk.bodies()[-2:] == [None, None]
    sent = talk.carried()
    assert sent and sent.to[0][1] == talk.address
    assert sent.text == "Order 4711 is on its way to Via Roma 1."
    assert talk.carried() is None


def test_who_writes_in_the_chat_again_is_answered_there(talk: Talk) -> None:
    talk.answer("To Via Roma 1.")
    assert talk.visitor.say("Are you still there?").status == 200
    seen = talk.answer("Yes, we are.")
    assert talk.bodies()[-4:] == [None, None, "Are you still there?", "Yes, we are."]
    talk.visitor.ask("POST", "/w/seen", {"message": seen})
    sent = talk.carried()
    assert sent and sent.text == "To Via Roma 1."


def test_a_mail_is_answered_by_mail_when_chats_are_carried_on_no_more(talk: Talk) -> None:
    with account_scope(talk.post.account):
        Mailbox.objects.update(continues_chats=False)
    talk.answer("To Via Roma 1.")
    sent = talk.carried()
    assert sent and sent.text == "To Via Roma 1."
    talk.visitor.say("Are you still there?")
    talk.answer("Yes, we are.")
    assert talk.carried() is None


def test_what_the_team_writes_elsewhere_is_neither_shown_nor_mailed_again(talk: Talk) -> None:
    talk.visitor.say("Are you still there?")
    data = {"email": True, "outside": True}
    with account_scope(talk.post.account):
        post(Item(talk.post.account, uuid4(), Kind.REPLY, "4711.", conversation=talk.conversation, data=data))
    assert talk.bodies()[-2:] == ["Are you still there?", None]
    assert talk.carried() is None
