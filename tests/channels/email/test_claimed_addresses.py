"""Whoever chats has only claimed their address: what its owner writes by mail is not theirs to read."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from salotto.channels.email.actions import chats
from salotto.channels.email.models import Mail, Mailbox
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import reply
from salotto.inbox.actions.parting import part_from_visitors
from salotto.inbox.models import Conversation, Kind
from salotto.inbox.posting import Item, post, post_all
from tests.cast import client_of
from tests.channels.email.post import Post, delete, letter, open_post, person
from tests.channels.sites import Shop, open_shop
from tests.servers import Server, Visitor, team_stream
from tests.threads import at_once, await_waiting

SECRET = "My order is 4711, Via Roma 1."


class Talk:
    """A visitor has claimed an address, was answered by mail, and its owner has written back, unless
    that is left to the test."""

    def __init__(self, server: Server, *, mailed: bool = True) -> None:
        self.shop: Shop = open_shop()
        self.post: Post = open_post(self.shop.owner, continues_chats=True)
        self.visitor: Visitor = self.shop.visitor(server)
        self.address = person()
        assert self.visitor.say("Hello, about my order", email=self.address).status == 200
        self.conversation = self.shop.conversation_of(self.visitor.id)
        self.answer("Which order do you mean?")
        assert self.carried()
        if mailed:
            self.mail(SECRET, self.conversation)

    def answer(self, text: str, conversation: int = 0) -> int:
        """An agent writes."""
        with account_scope(self.post.account):
            there = conversation or self.conversation
            return reply(there, text, client_id=uuid4(), by=self.shop.owner).message

    def mail(self, text: str, conversation: int) -> None:
        """The owner of the address answers the last mail that went out in this conversation."""
        with account_scope(self.post.account):
            last = Mail.objects.filter(conversation=conversation, kind="chat").latest("id").header_id
        (raw,) = self.post.receive(letter(self.address, self.post.address, text, reply_to_id=last))
        assert raw.conversation_id == conversation

    def now(self) -> int:
        """The conversation that the visitor writes in."""
        return self.shop.conversation_of(self.visitor.id)

    def lines(self, conversation: int) -> list[dict[str, Any]]:
        """What the status lines of a conversation say, without who took it over."""
        found = [one.data for one in self.post.messages(conversation) if one.kind == Kind.STATUS]
        return [data for data in found if data["what"] != "assigned"]

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


def test_who_claims_an_address_gets_no_answer_to_its_owner_however_they_go_on(talk: Talk) -> None:
    with talk.visitor.stream() as stream:
        stream.until_ready()
        assert talk.visitor.say("Are you still there?").status == 200
        second = talk.now()
        talk.answer("Your order 4711 goes to Via Roma 1.")  # to the owner, as an agent believes
        talk.mail("Thanks. My door code is 0815.", talk.conversation)
        talk.answer("We told the courier 0815.")
        talk.answer("Who is asking?", second)
        stream.until(lambda s: len([f for f in s.facts if f["data"].get("from") == "reply"]))
        assert {fact["conversation"] for fact in stream.facts} == {second}
    assert second != talk.conversation
    shown = str(talk.shown())
    assert "4711" not in shown and "0815" not in shown
    assert [text for text in talk.bodies() if text] == [
        *("Hello, about my order", "Which order do you mean?", "Are you still there?", "Who is asking?")
    ]
    sent = talk.carried()
    assert sent and sent.text.endswith("We told the courier 0815.") and "still there" not in sent.text


def test_agents_see_why_there_are_two_conversations(talk: Talk) -> None:
    talk.mail("One more thing.", talk.conversation)
    assert talk.lines(talk.conversation) == [{"what": "by_mail"}]
    talk.visitor.say("Are you still there?")
    second = talk.post.conversation(talk.now())
    assert second.linked_id == talk.conversation
    assert talk.lines(second.pk) == [{"what": "sequel", "conversation": talk.conversation}]
    assert second.contact.email == ""  # nobody has proven that it is theirs
    assert talk.post.bodies(second.pk) == ["Are you still there?"]


def test_agents_are_led_from_each_to_the_other_and_told_how_an_answer_goes(talk: Talk) -> None:
    owner = talk.shop.owner

    def page(conversation: int) -> str:
        path = f"/a/{owner.account.slug}/inbox/all/{conversation}/"
        return client_of(owner.user).get(path).content.decode()

    def link(conversation: int, words: str) -> str:
        return f'href="/a/{owner.account.slug}/c/{conversation}/">{words}</a>'

    assert "Open the new conversation" not in page(talk.conversation)
    talk.visitor.say("Are you still there?")
    second = talk.now()
    shown = page(talk.conversation)
    assert link(second, "Open the new conversation") in shown
    assert f"Mailed to {talk.address} after 5 minutes; the chat does not show it." in shown
    assert "Also mailed to" not in shown
    assert link(talk.conversation, "Open the earlier chat") in page(second)
    with account_scope(talk.post.account):
        Mailbox.objects.update(enabled=False)
    assert "Nothing can be mailed from here now" in page(talk.conversation)
    delete(talk.post, talk.conversation)
    assert "Open the earlier chat" not in page(second)


def test_the_chat_keeps_its_history_in_order_and_in_pages(talk: Talk) -> None:
    talk.visitor.say("number 0")
    account, there = talk.post.account, talk.now()
    with account_scope(account):
        post_all([Item(account, uuid4(), Kind.NOTE, "for the team", conversation=there)])
        post_all(
            [Item(account, uuid4(), Kind.VISITOR, f"number {n}", conversation=there) for n in range(1, 60)]
        )
    page = talk.visitor.ask("GET", "/w/messages?after=0").json
    said = page["messages"]
    assert (len(said), page["more"]) == (50, True)
    assert [one["id"] for one in said] == sorted(one["id"] for one in said)
    assert [one["body"] for one in said[:4]] == [
        *("Hello, about my order", "Which order do you mean?", "", "number 0")
    ]
    assert talk.visitor.ask("GET", f"/w/messages?before={said[3]['id']}").json["messages"] == said[:3]
    rest = talk.visitor.ask("GET", f"/w/messages?after={said[-1]['id']}").json["messages"]
    assert rest[-1]["body"] == "number 59" and len(rest) == 13


def test_what_was_written_before_the_mail_and_is_sent_again_is_there_once(talk: Talk) -> None:
    first = talk.post.messages(talk.conversation)[0]
    again = talk.visitor.say(first.body, first.client_id)
    assert again.json["message"]["id"] == first.pk
    assert [one.pk for one in talk.post.conversations()] == [talk.conversation]
    key = uuid4()
    new = talk.visitor.say("Are you still there?", key).json["message"]["id"]
    talk.answer("Who is asking?", talk.now())
    assert talk.visitor.say("Are you still there?", key).json["message"]["id"] == new
    assert len(talk.post.conversations()) == 2


def test_two_devices_of_a_visitor_go_on_in_one_conversation(talk: Talk) -> None:
    other = Visitor(talk.visitor.server, talk.visitor.key, talk.visitor.token)
    answers = at_once(lambda: talk.visitor.say("From the desk"), lambda: other.say("From the phone"))
    assert [answer.status for answer in answers] == [200, 200]
    assert sorted(talk.post.bodies(talk.now())) == ["From the desk", "From the phone"]
    assert len(talk.post.conversations()) == 2
    assert other.ask("GET", "/w/messages").json == talk.visitor.ask("GET", "/w/messages").json


def test_what_waits_while_the_mail_is_taken_in_begins_the_other_conversation(server: Server) -> None:
    talk = Talk(server, mailed=False)
    with ThreadPoolExecutor(1) as pool:
        with account_scope(talk.post.account), transaction.atomic():
            Conversation.objects.select_for_update().get(pk=talk.conversation)
            with connection.cursor() as db:
                db.execute("SELECT pg_backend_pid()")
                (pid,) = db.fetchone()
            waiting = pool.submit(talk.visitor.say, "Are you still there?")
            await_waiting(pid)
            part_from_visitors([talk.conversation])
        assert waiting.result().status == 200
    assert talk.now() != talk.conversation
    assert talk.post.bodies(talk.now()) == ["Are you still there?"]


def test_nothing_that_the_visitor_does_shows_where_they_have_no_part(talk: Talk) -> None:
    before = talk.post.conversation(talk.conversation)
    with team_stream(talk.visitor.server, talk.shop.owner) as desk:
        desk.until_ready()
        answered = talk.answer("Order 4711 is on its way.")
        for path, body in (
            ("/w/typing", {}),
            ("/w/seen", {"message": answered}),
            ("/w/email", {"email": person()}),
        ):
            assert talk.visitor.ask("POST", path, body).status == 204
        assert talk.visitor.say("Are you still there?").status == 200
        talk.visitor.ask("POST", "/w/typing", {})
        desk.until(lambda s: any(event.data["kind"] == "typing" for event in s.events if event.name == "now"))
        typed = [event.data for event in desk.events if event.name == "now"]
        assert {fact["conversation"] for fact in typed if fact["kind"] == "typing"} == {talk.now()}
    after = talk.post.conversation(talk.conversation)
    assert after.seen_by_visitor == before.seen_by_visitor
    assert after.contact.email == talk.address


def test_the_chat_hears_at_once_that_a_mail_came(server: Server) -> None:
    talk = Talk(server, mailed=False)
    with talk.visitor.stream() as stream:
        stream.until_ready()
        talk.mail(SECRET, talk.conversation)
        stream.until(lambda s: s.facts)
        assert SECRET not in str(stream.events)
    assert talk.bodies()[-1] is None


def test_each_mail_of_the_owner_ends_the_visitors_part_again(talk: Talk) -> None:
    talk.visitor.say("Are you still there?", email=talk.address)
    second = talk.now()
    talk.answer("Who is asking?", second)
    assert chats.carry_on(talk.post.account, second)
    talk.mail("It is me.", second)
    talk.visitor.say("And now?")
    third = talk.post.conversation(talk.now())
    assert third.linked_id == second
    assert talk.bodies() == [
        *("Hello, about my order", "Which order do you mean?", None),
        *("Are you still there?", "Who is asking?", None, "And now?"),
    ]


def test_a_deleted_conversation_leaves_the_later_ones_to_the_visitor(talk: Talk) -> None:
    talk.visitor.say("Are you still there?")
    delete(talk.post, talk.conversation)
    assert talk.bodies() == ["Are you still there?"]
    assert talk.post.conversation(talk.now()).linked_id is None


def test_a_mail_is_answered_by_mail_when_chats_are_carried_on_no_more(talk: Talk) -> None:
    with account_scope(talk.post.account):
        Mailbox.objects.update(continues_chats=False)
    talk.answer("To Via Roma 1.")
    sent = talk.carried()
    assert sent and sent.text == "To Via Roma 1."
    talk.visitor.say("Are you still there?", email=talk.address)
    talk.answer("Yes, we are.", talk.now())
    assert chats.carry_on(talk.post.account, talk.now()) is None


def test_what_the_team_writes_elsewhere_is_neither_shown_nor_mailed_again(talk: Talk) -> None:
    talk.visitor.say("Are you still there?")
    data = {"email": True, "outside": True}
    with account_scope(talk.post.account):
        post(Item(talk.post.account, uuid4(), Kind.REPLY, "4711.", conversation=talk.now(), data=data))
    assert talk.bodies()[-2:] == ["Are you still there?", None]
    assert chats.carry_on(talk.post.account, talk.now()) is None
