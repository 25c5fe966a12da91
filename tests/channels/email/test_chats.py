"""A chat whose visitor has left goes on by mail, in the same conversation."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID, uuid4

import pytest
from django.db import connection

from salotto.channels.email.actions import chats
from salotto.channels.email.composing.marking import split_quote
from salotto.channels.email.mime import parse
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.sending.writing import write
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Inbox, Kind
from salotto.inbox.posting import Item, post
from salotto.inbox.support import asker
from tests.channels.email.post import Post, letter, open_post
from tests.threads import at_once


@pytest.fixture
def shop() -> Post:
    """A mailbox that carries chats on."""
    made = open_post()
    with account_scope(made.account):
        Mailbox.objects.update(continues_chats=True, chat_minutes=7)
    return made


def ask(
    shop: Post,
    email: str = "anna@visitors.example",
    visitor: UUID | None = None,
    *,
    text: str = "Is it blue?",
    language: str = "it",
    page: str = "",
) -> int:
    """A visitor writes on the site; the conversation."""
    with account_scope(shop.account):
        inbox = Inbox.objects.get(channel="web").pk
        item = Item(
            shop.account, uuid4(), Kind.VISITOR, text, inbox=inbox, data={"page": page} if page else {},
            visitor=visitor or uuid4(), name="Anna", email=email, language=language,
        )  # fmt: skip
        posted = post(item)
    assert posted
    return posted.conversation


def answer(shop: Post, conversation: int, text: str = "Yes, it is.") -> int:
    with account_scope(shop.account):
        return actions.reply(conversation, text, client_id=uuid4(), by=shop.owner).message


def looks(shop: Post, conversation: int) -> list[timedelta]:
    """How far ahead the looks in line are."""
    with connection.cursor() as db:
        db.execute(
            "SELECT scheduled_at - now() FROM procrastinate_jobs"
            " WHERE status = 'todo' AND queueing_lock = %s",
            [f"email.chat.{shop.account}.{conversation}"],
        )
        return [row[0] for row in db.fetchall()]


def mails(shop: Post) -> list[Mail]:
    with account_scope(shop.account):
        return list(Mail.objects.filter(kind="chat").order_by("id"))


def carried(shop: Post, conversation: int) -> Mail:
    """The mail that goes out now."""
    sent = chats.carry_on(shop.account, conversation)
    assert sent
    return sent


def as_sent(shop: Post, mail: Mail) -> EmailMessage:
    """The mail as its reader gets it."""
    with account_scope(shop.account):
        whole = Mail.objects.select_related("mailbox__account").get(pk=mail.pk)
        return message_from_bytes(write(whole), policy=default)


def body(shop: Post, mail: Mail, kind: str) -> str:
    """Its text or its HTML."""
    part = as_sent(shop, mail).get_body((kind,))
    assert part is not None
    return str(part.get_content())


def html_of(shop: Post, mail: Mail) -> str:
    return body(shop, mail, "html")


def answering(shop: Post, mail: Mail, style: str) -> bytes:
    """An answer to it, with the whole mail quoted as this program does."""
    said, text, page = "Then I take it.", body(shop, mail, "plain"), html_of(shop, mail)
    marked = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    made = EmailMessage()
    made["From"], made["To"] = "Anna <anna@visitors.example>", shop.address
    made["Message-ID"], made["In-Reply-To"] = f"<{uuid4().hex}@mua.example>", f"<{mail.header_id}>"
    if style == "outlook":
        sender, day = f"{mail.sender_name} <{mail.sender}>", "Montag, 23. November 2026 15:12"
        head = f"Von: {sender}\nGesendet: {day}\nAn: Anna\nBetreff: Chat"
        made.set_content(f"{said}\n\n________________________________\n{head}\n\n{text}")
        return made.as_bytes()
    heading = f"Il giorno lun 23 nov 2026 alle ore 15:12 {mail.sender_name} <{mail.sender}> ha scritto:"
    made.set_content(f"{said}\n\n{heading}\n\n{marked}\n")
    if style == "gmail":
        quote = (
            f'<div class="gmail_attr">{heading}<br></div><blockquote class="gmail_quote">{page}</blockquote>'
        )
        made.add_alternative(f'<div>{said}</div><br><div class="gmail_quote">{quote}</div>', subtype="html")
    return made.as_bytes()


def seen(shop: Post, conversation: int, message: int) -> None:
    with account_scope(shop.account):
        Conversation.objects.filter(pk=conversation).update(seen_by_visitor=message)


def test_an_answer_is_looked_after_when_the_delay_is_over(shop: Post) -> None:
    conversation = ask(shop)
    for text in ("Yes.", "Dark blue."):
        answer(shop, conversation, text)
    (ahead,) = looks(shop, conversation)
    assert timedelta(minutes=6) < ahead <= timedelta(minutes=7)


def test_what_was_not_seen_goes_out_as_one_mail(shop: Post) -> None:
    conversation = ask(shop)
    for text in ("Yes.", "Dark blue."):
        answer(shop, conversation, text)
    assert chats.carry_on(shop.account, conversation)
    (mail,) = mails(shop)
    assert mail.to == [["Anna", "anna@visitors.example"]]
    assert mail.text.startswith("Yes.\n\nDark blue.\n\n")
    assert "chat" in mail.subject.lower()


def test_the_mail_says_who_answers_why_it_comes_and_what_was_asked(shop: Post) -> None:
    conversation = ask(shop, language="en", page="https://www.shop.example/lamps")
    answer(shop, conversation)
    mail = carried(shop, conversation)
    assert mail.sender_name == f"{shop.owner.user.name.split()[0]} from {shop.owner.account.name}"
    said, heading, quote = split_quote(mail.text)
    assert said == ("Yes, it is.\n\nYou wrote to us in the chat on shop.example. To go on, answer this mail.")
    assert re.fullmatch(r"On \d+ \w+ 20\d\d at \d\d:\d\d, Anna wrote:", heading)
    assert quote == "Is it blue?"


def test_it_is_in_the_visitors_language_and_shows_no_agent_where_the_inbox_names_none(shop: Post) -> None:
    with account_scope(shop.account):
        Mailbox.objects.update(from_name="company", company="Bottega")
    conversation = ask(shop)
    answer(shop, conversation)
    mail = carried(shop, conversation)
    assert mail.sender_name == "Bottega"
    said, heading, _ = split_quote(mail.text)
    assert "Bottega" in said and "Anna" in heading
    assert mail.language == "it"


def test_only_what_was_written_since_the_last_mail_is_quoted(shop: Post) -> None:
    visitor = uuid4()
    conversation = ask(shop, visitor=visitor)
    answer(shop, conversation)
    carried(shop, conversation)
    answer(shop, conversation, "One more thing.")
    assert split_quote(carried(shop, conversation).text)[2] == ""
    for text in ("And green?", "Or red?"):
        ask(shop, visitor=visitor, text=text)
    answer(shop, conversation, "Both.")
    ask(shop, visitor=visitor, text="Written after the answer")
    assert split_quote(carried(shop, conversation).text)[2] == "And green?\n\nOr red?"


def test_a_visitor_names_no_other_site_and_their_words_bear_no_links(shop: Post) -> None:
    conversation = ask(shop, page="https://evil.example/shop.example", text="See https://evil.example/x")
    answer(shop, conversation, "We have https://shop.example/lamp")
    mail = carried(shop, conversation)
    assert "evil.example" not in split_quote(mail.text)[0]
    page = html_of(shop, mail)
    assert 'href="https://shop.example/lamp"' in page
    assert "See https://evil.example/x" in page and 'href="https://evil' not in page


@pytest.mark.parametrize("colour", ["", "#204060"])
@pytest.mark.parametrize("style", ["gmail", "apple", "outlook"])
def test_what_an_answer_quotes_of_the_mail_is_folded_off(shop: Post, colour: str, style: str) -> None:
    with account_scope(shop.account):
        Mailbox.objects.update(colour=colour, signature="{agent}\n{company}")
    conversation = ask(shop, page="https://shop.example/")
    answer(shop, conversation, "Yes.\n\nDark blue.")
    mail = carried(shop, conversation)
    parsed = parse(answering(shop, mail, style))
    assert parsed.visible.strip() == "Then I take it."
    (raw,) = shop.receive(answering(shop, mail, style))
    assert shop.bodies(conversation)[-1].strip() == "Then I take it."
    assert raw.conversation_id == conversation


def test_what_was_mailed_is_not_mailed_again(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    assert chats.carry_on(shop.account, conversation)
    assert chats.carry_on(shop.account, conversation) is None
    answer(shop, conversation, "One more thing.")
    assert chats.carry_on(shop.account, conversation)
    first, second = mails(shop)
    assert second.text.startswith("One more thing.\n\n")
    assert second.in_reply_to == first.header_id


def test_two_workers_mail_once(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    at_once(*[lambda: chats.carry_on(shop.account, conversation)] * 2)
    assert len(mails(shop)) == 1


def test_what_was_seen_is_not_mailed(shop: Post) -> None:
    conversation = ask(shop)
    seen(shop, conversation, answer(shop, conversation))
    assert chats.carry_on(shop.account, conversation) is None


def test_without_an_address_nothing_is_mailed(shop: Post) -> None:
    conversation = ask(shop, email="")
    answer(shop, conversation)
    assert chats.carry_on(shop.account, conversation) is None


def test_without_a_mailbox_for_chats_nobody_looks(shop: Post) -> None:
    with account_scope(shop.account):
        Mailbox.objects.update(continues_chats=False)
    conversation = ask(shop)
    answer(shop, conversation)
    assert looks(shop, conversation) == []
    assert chats.carry_on(shop.account, conversation) is None


def test_the_answer_to_the_mail_joins_the_chat(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    sent = chats.carry_on(shop.account, conversation)
    assert sent
    (raw,) = shop.receive(
        letter("Anna <anna@visitors.example>", shop.address, "Then I take it.", reply_to_id=sent.header_id)
    )
    assert raw.conversation_id == conversation
    assert shop.bodies(conversation) == ["Is it blue?", "Yes, it is.", "Then I take it."]


def test_a_stranger_with_the_mails_id_does_not_join_the_chat(shop: Post) -> None:
    conversation = ask(shop)
    answer(shop, conversation)
    sent = chats.carry_on(shop.account, conversation)
    assert sent
    (raw,) = shop.receive(letter("eve@evil.example", shop.address, reply_to_id=sent.header_id))
    assert raw.conversation_id != conversation


def test_what_is_said_about_a_request_to_support_is_not_mailed_as_a_chat(shop: Post) -> None:
    conversation = ask(shop, visitor=asker(2**40))
    answer(shop, conversation)
    assert looks(shop, conversation) == []
    assert chats.carry_on(shop.account, conversation) is None  # by a look that was in line before
    assert mails(shop) == []
