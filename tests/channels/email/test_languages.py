"""Mails to customers are in their language, not in that of the account."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest

from salotto.accounts.models import Account
from salotto.channels.email import previewing
from salotto.channels.email.actions import queue_forward, queue_new
from salotto.channels.email.actions.mailboxes import change_mailbox
from salotto.channels.email.languages import language_header, language_of
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.sending.writing import write
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import reply
from salotto.inbox.models import Contact
from salotto.inbox.signals import Draft
from tests.channels.email.post import Post, letter, new_id, open_post, person

ENGLISH = "Hello, where is my order? I have been waiting for it since Monday."
GERMAN = "Guten Tag, wo ist meine Bestellung? Ich warte seit Montag."
ITALIAN = "Buongiorno, dove si trova il mio ordine? Non ho ancora ricevuto niente, grazie."


@pytest.mark.parametrize(
    ("text", "said", "language"),
    [
        (ENGLISH, "", "en"),
        (ENGLISH, "it", "en"),
        (ITALIAN, "", "it"),
        (ITALIAN, "en", "it"),
        ("Where is my order?", "", "en"),
        ("Dov'è il mio ordine?", "", "it"),
        (GERMAN, "en", "de"),
        ("Hola, no tengo mi pedido. Gracias, saludos.", "", "es"),
        ("ok", "", ""),
        ("ok", "en", "en"),
        ("ok", "de", "de"),
        ("Grazie mille", "en", ""),
        ("", "", ""),
        ("注文はどこですか", "", ""),
    ],
)
def test_a_language_counts_where_it_is_clear(text: str, said: str, language: str) -> None:
    assert language_of(text, said) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [("en-GB", "en"), ("IT", "it"), ("de, en", ""), ("x" * 50, ""), ("", "")],
)
def test_one_language_that_a_mail_names_is_read(header: str, language: str) -> None:
    assert language_header(f"To: a@b.c\r\nContent-Language: {header}\r\n\r\nHi".encode()) == language


def test_a_language_below_the_headers_says_nothing() -> None:
    assert language_header(b"To: a@b.c\r\n\r\nContent-Language: en\r\n") == ""


def italian_post(**fields: Any) -> Post:
    """A mailbox of an account that speaks Italian."""
    post = open_post(company="Bottega Serena", **fields)
    Account.objects.filter(pk=post.account).update(language="it")
    return post


def written(post: Post, text: str, customer: str = "", **headers: Any) -> int:
    """The conversation that somebody begins with this mail."""
    (raw,) = post.receive(letter(customer or person(), post.address, text, **headers))
    assert raw.conversation_id is not None
    return int(raw.conversation_id)


def answered(post: Post, conversation: int) -> tuple[Mail, EmailMessage]:
    """An answer with a quote, and how it leaves."""
    with account_scope(post.account):
        posted = reply(conversation, "It left.", client_id=uuid4(), by=post.owner, draft=Draft(quote=True))
        return leaving(Mail.objects.select_related("mailbox__account").get(message_id=posted.message))


def leaving(mail: Mail) -> tuple[Mail, EmailMessage]:
    with account_scope(mail.account_id):
        return mail, message_from_bytes(write(mail), policy=default)


def language_of_html(made: EmailMessage) -> str:
    page = made.get_body(("html",))
    assert page is not None
    return str(page.get_content()).partition('lang="')[2][:2]


def contact(post: Post, conversation: int) -> Contact:
    found: Contact = post.conversation(conversation).contact
    return found


@pytest.mark.parametrize(
    ("text", "language", "heading", "sender"),
    [
        (ENGLISH, "en", "On 20 November 2026 at 09:00, ", " from Bottega Serena"),
        (ITALIAN, "it", "Il giorno 20 novembre 2026 alle ore 09:00, ", " di Bottega Serena"),
        ("ok", "it", "Il giorno 20 novembre 2026 alle ore 09:00, ", " di Bottega Serena"),
        (GERMAN, "en", "On 20 November 2026 at 09:00, ", " from Bottega Serena"),
    ],
)
def test_an_answer_is_in_the_language_that_its_customer_writes(
    text: str, language: str, heading: str, sender: str
) -> None:
    post = italian_post()
    mail, made = answered(post, written(post, text))
    assert mail.sender_name == f"{post.owner.user.name.split()[0]}{sender}"
    assert heading in mail.text
    assert language_of_html(made) == language


def test_what_a_visitor_has_chosen_stays_and_what_is_unknown_is_noted_later() -> None:
    post = italian_post()
    anna, ben = person("Anna"), person("Ben")
    first = written(post, "ok", anna)
    assert contact(post, first).language == ""
    second = written(post, ENGLISH, anna.upper())
    assert contact(post, first).language == "en"
    written(post, ITALIAN, anna)
    assert contact(post, second).language == "en"
    with account_scope(post.account):
        Contact.objects.create(account_id=post.account, email=ben, language="de")
    assert contact(post, written(post, ENGLISH, ben)).language == "de"


def test_a_short_mail_may_name_its_language_and_a_machine_says_nothing() -> None:
    post = italian_post()
    said = b"Content-Language: en-US\r\n" + letter(person(), post.address, "ok")
    (raw,) = post.receive(said)
    assert contact(post, raw.conversation_id or 0).language == "en"
    assert contact(post, written(post, ENGLISH, Auto_Submitted="auto-replied")).language == ""


def test_where_the_text_says_too_little_the_html_beside_it_tells_the_language() -> None:
    post = italian_post()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = person(), post.address, f"<{new_id()}>"
    mail.set_content("Hi, see photo\n")
    said = f"<p>{ENGLISH}</p><blockquote type='cite'>{ITALIAN} {ITALIAN}</blockquote>"
    mail.add_alternative(f"<html><head><style>di del la {{}}</style></head>{said}</html>", subtype="html")
    (raw,) = post.receive(mail.as_bytes())
    assert contact(post, raw.conversation_id or 0).language == "en"


def test_an_inbox_may_have_one_language_for_all_mails() -> None:
    post = italian_post(language="en")
    mail, made = answered(post, written(post, ITALIAN))
    assert mail.sender_name.endswith(" from Bottega Serena")
    assert "On 20 November 2026" in mail.text
    assert language_of_html(made) == "en"


def test_a_sent_mail_keeps_its_language() -> None:
    post = italian_post()
    customer = person()
    conversation = written(post, "ok", customer)
    mail, made = answered(post, conversation)
    written(post, ENGLISH, customer)
    assert contact(post, conversation).language == "en"
    _, again = leaving(mail)
    assert language_of_html(again) == language_of_html(made) == "it"


def test_the_subject_that_nobody_wrote_is_the_customers_too() -> None:
    post = italian_post()
    known, fresh = person(), person()
    written(post, ENGLISH, known)
    begun = [
        post.conversation(queue_new(post.mailbox.pk, [to], [], [], "", "Hello", [], post.owner))
        for to in (known, fresh)
    ]
    assert [one.subject for one in begun] == [
        *("A message from Bottega Serena", "Un messaggio da Bottega Serena")
    ]


def test_an_acknowledgement_is_in_the_language_of_the_mail_that_it_answers() -> None:
    post = italian_post(auto_reply="We have got it.")
    conversation = written(post, ENGLISH)
    with account_scope(post.account):
        mail = Mail.objects.select_related("mailbox__account").get(conversation=conversation, kind="auto")
    assert language_of_html(leaving(mail)[1]) == "en"


def test_what_is_passed_on_is_in_the_language_of_whom_it_goes_to() -> None:
    post = italian_post()
    carrier = person()
    written(post, ENGLISH, carrier)
    conversation = written(post, ITALIAN)
    message = post.messages(conversation)[0].pk
    to_carrier = queue_forward(message, [carrier], "Please", post.owner)
    to_stranger = queue_forward(message, [person()], "Please", post.owner)
    assert [mail.language for mail in (to_carrier, to_stranger)] == ["en", "it"]
    with account_scope(post.account):
        mail = Mail.objects.select_related("mailbox__account").get(pk=to_stranger.pk)
    assert "Oggetto: A question" in str(leaving(mail)[1].get_body(("plain",)))


def test_an_admin_chooses_the_language_and_sees_it_in_the_preview() -> None:
    post = italian_post()
    changed = change_mailbox(post.mailbox.pk, by=post.owner, language="en")
    with account_scope(post.account):
        mailbox = Mailbox.objects.select_related("account").get(pk=changed.pk)
        assert previewing.answer(mailbox, post.owner).sender.endswith(" from Bottega Serena")
        mailbox.language = ""
        assert previewing.answer(mailbox, post.owner).sender.endswith(" di Bottega Serena")
    with pytest.raises(Invalid) as refused:
        change_mailbox(post.mailbox.pk, by=post.owner, language="xx")
    assert refused.value.code == "language"
