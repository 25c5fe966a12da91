"""Where nobody may answer, visitors leave a message, and an address to answer to (rule 20)."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from salotto.accounts.actions import set_read_only
from salotto.accounts.members import Member
from salotto.channels.email.models import Mailbox
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Contact, Inbox
from salotto.live.models import Event
from tests.channels.sites import Shop
from tests.servers import Server, Visitor


def stand(owner: Member, read_only: bool) -> None:
    """As billing sets it, in its transaction."""
    with transaction.atomic():
        set_read_only(owner.account.pk, read_only)


def hello(visitor: Visitor) -> Any:
    return visitor.ask("POST", "/w/hello", {"site": visitor.key, "token": visitor.token}).json


def emails(shop: Shop) -> list[str]:
    with account_scope(shop.owner.account.pk):
        return list(Contact.objects.order_by("id").values_list("email", flat=True))


def test_rule_20_a_read_only_account_asks_for_a_message_and_then_is_a_chat_again(
    shop: Shop, server: Server
) -> None:
    visitor = shop.visitor(server)
    assert hello(visitor)["leave"] is False and len(hello(visitor)["team"]) == 1
    stand(shop.owner, True)
    closed = hello(visitor)
    assert closed["leave"] is True and closed["team"] == []
    assert closed["words"]["greeting"] == "Leave us a message"
    stand(shop.owner, False)
    again = hello(visitor)
    assert again["leave"] is False and len(again["team"]) == 1
    assert again["words"]["greeting"] == "Hello! How can we help?"


def test_rule_20_messages_still_go_in(shop: Shop, server: Server) -> None:
    stand(shop.owner, True)
    visitor = shop.visitor(server)
    assert visitor.say("Do you ship to Malta?", email=" anna@example.com ").status == 200
    assert shop.bodies() == ["Do you ship to Malta?"]
    assert emails(shop) == ["anna@example.com"]


def test_an_address_is_kept_only_where_there_is_none(shop: Shop, server: Server) -> None:
    visitor = shop.visitor(server)
    for address in ("", "first@example.com", "second@example.com", ""):
        assert visitor.say("Hello", email=address).status == 200
    assert emails(shop) == ["first@example.com"]


def test_a_retry_keeps_the_address_too(shop: Shop, server: Server) -> None:
    visitor, name = shop.visitor(server), uuid4()
    assert visitor.say("Hello", name).status == 200
    assert visitor.say("Hello", name, email="anna@example.com").status == 200
    assert (shop.bodies(), emails(shop)) == (["Hello"], ["anna@example.com"])


def test_an_address_touches_nobody_elses_contact(shop: Shop, server: Server) -> None:
    shop.visitor(server).say("One")
    shop.visitor(server).say("Two", email="two@example.com")
    assert emails(shop) == ["", "two@example.com"]


@pytest.mark.parametrize(
    "address",
    [
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "a b@example.com",
        "a@example.com\nx",
        "a" * 250 + "@x.it",
    ],
)
def test_what_is_no_address_is_refused_with_all_of_it(mall: Shop, server: Server, address: str) -> None:
    before = mall.rows()
    answer = mall.visitor(server).say("Hello", email=address)
    assert (answer.status, answer.code) == (422, "bad_email")
    assert mall.rows() == before


@pytest.mark.parametrize("address", [7, None, ["a@example.com"], {"a": 1}, "x" * 5000])
def test_an_address_of_another_form_is_a_bad_request(mall: Shop, server: Server, address: Any) -> None:
    before = mall.rows()
    assert mall.visitor(server).say("Hello", email=address).status == 400
    assert mall.rows() == before


def test_an_address_of_254_characters_is_kept(shop: Shop, server: Server) -> None:
    address = "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".com"
    address = address.replace(".com", "." + "c" * (254 - len(address) + 3))
    assert len(address) == 254
    assert shop.visitor(server).say("Hello", email=address).status == 200
    assert emails(shop) == [address]


def carry_on(shop: Shop, on: bool = True) -> None:
    """A mailbox of the account carries its chats on by mail, or no longer."""
    account = shop.owner.account
    with account_scope(account.pk):
        place = Inbox.objects.create(account=account, name="Mail", channel="email")
        address = f"shop-{uuid4().hex[:8]}@shop.example"
        Mailbox.objects.create(account=account, inbox=place, address=address, continues_chats=on)


def test_where_answers_go_on_by_mail_visitors_are_asked_for_an_address_until_it_is_known(
    shop: Shop, server: Server
) -> None:
    visitor = shop.visitor(server)
    assert hello(visitor)["ask"] is False
    carry_on(shop)
    asked = hello(visitor)
    assert asked["ask"] is True and asked["leave"] is False
    assert asked["words"]["email"] == "Your email, if you cannot wait here"
    visitor.say("Do you ship to Malta?")
    assert hello(visitor)["ask"] is True
    assert visitor.ask("POST", "/w/email", {"email": "anna@example.com"}).status == 204
    assert hello(visitor)["ask"] is False
    assert emails(shop) == ["anna@example.com"]


@pytest.mark.parametrize("change", [{"enabled": False}, {"continues_chats": False}, None])
def test_nobody_is_asked_once_no_mailbox_carries_chats_on(
    shop: Shop, server: Server, change: dict[str, bool] | None
) -> None:
    visitor = shop.visitor(server)
    carry_on(shop)
    with account_scope(shop.owner.account.pk):
        Mailbox.objects.update(**change) if change else Mailbox.objects.all().delete()
    assert hello(visitor)["ask"] is False


def test_an_address_alone_is_kept_for_a_conversation_once_and_shown_to_the_team_live(
    shop: Shop, server: Server
) -> None:
    visitor = shop.visitor(server)
    assert visitor.ask("POST", "/w/email", {"email": "anna@example.com"}).status == 204
    assert shop.rows() == (0, 0, 0)
    visitor.say("Hello")
    for address in ("anna@example.com", "other@example.com", ""):
        assert visitor.ask("POST", "/w/email", {"email": address}).status == 204
    assert visitor.ask("POST", "/w/email", {"email": "anna@"}).status == 422
    assert emails(shop) == ["anna@example.com"]
    with account_scope(shop.owner.account.pk):
        told = Event.objects.filter(account_id=shop.owner.account.pk, data__what="contact")
        assert told.count() == 1
