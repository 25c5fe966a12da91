"""From a stored mail to a message, whatever else the mail brings."""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from salotto.core.tenancy import account_scope
from salotto.inbox.actions import complete
from salotto.inbox.models import Attachment, Contact, Tally
from salotto.live.models import Event
from tests.channels.email.keys import published, signed
from tests.channels.email.post import add_agent, letter, new_id, open_post, person


def test_a_mail_becomes_a_message_of_a_new_conversation() -> None:
    post = open_post()
    anna = person()
    (raw,) = post.receive(letter(f"Anna Neri <{anna}>", post.address, "Where is my parcel?"))
    assert raw.state == "done"
    (found,) = post.conversations()
    assert (found.pk, found.subject, found.unread, found.preview) == (
        raw.conversation_id, "A question", 1, "Where is my parcel?",
    )  # fmt: skip
    assert (found.contact.name, found.contact.email) == ("Anna Neri", anna)
    (message,) = post.messages(found.pk)
    assert (message.pk, message.kind, message.body) == (raw.message_id, "visitor", "Where is my parcel?")
    assert message.data == {"email": True}
    assert post.mail(message.pk).raw_id == raw.pk


def test_the_mail_keeps_its_headers_and_its_whole_text() -> None:
    post = open_post()
    anna, bruno, carla = person(), person("bruno"), person("carla")
    before, own = new_id(), new_id()
    text = "Yes, please.\n\nOn Monday, Support wrote:\n> Shall we send it again?"
    (raw,) = post.receive(
        letter(
            f"Anna <{anna}>", f"Help <{post.address}>, {bruno}", text,
            id=own, references=(before,), Cc=f"Carla <{carla}>", Reply_To=anna,
        )
    )  # fmt: skip
    mail = post.mail(raw.message_id)
    assert (mail.header_id, mail.references, mail.state, mail.subject) == (
        own, [before], "received", "A question",
    )  # fmt: skip
    assert (mail.sender_name, mail.sender, mail.reply_to) == ("Anna", anna, [["", anna]])
    assert (mail.to, mail.cc) == ([["Help", post.address], ["", bruno]], [["Carla", carla]])
    assert mail.dated == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert "Shall we send it again?" in mail.text
    assert "Shall we" not in post.messages(raw.conversation_id)[0].body


def with_files(sender: str, to: str, *files: tuple[str, str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, "Files", f"<{new_id()}>"
    mail.set_content("See attached.")
    for name, kind, content in files:
        mail.add_attachment(content, *kind.split("/"), filename=name)
    return mail.as_bytes()


def test_its_files_come_with_it_and_their_bytes_are_kept_once() -> None:
    post = open_post()
    files = (("photo.png", "image/png", b"pixels"), ("bill.pdf", "application/pdf", b"paper"))
    raws = post.receive(*(with_files(person(), post.address, *files) for _ in range(2)))
    with account_scope(post.account):
        rows = Attachment.objects.filter(message__in=[raw.message_id for raw in raws]).order_by("id")
        found = [(row.name, row.type, bytes(row.blob.content)) for row in rows.select_related("blob")]
        assert len({row.blob_id for row in rows}) == 2
    assert found == [*files, *files]


def test_a_very_long_mail_is_shown_in_part_and_kept_whole() -> None:
    post = open_post()
    line = "All work and no play makes Jack a dull boy.\n"
    raw_mail = letter(person(), post.address, line * 40_000)
    (raw,) = post.receive(raw_mail)
    body = post.messages(raw.conversation_id)[0].body
    mail = post.mail(raw.message_id)
    assert (len(body), len(mail.text)) == (50_000, 1_000_000)
    assert "too long" in mail.problems[-1]
    assert bytes(raw.content) == raw_mail


def test_one_person_is_one_contact_however_they_write_their_address() -> None:
    post = open_post()
    anna = person("anna")
    post.receive(letter(anna, post.address), letter(f"Anna Neri <{anna.upper()}>", post.address))
    post.receive(letter(anna.title(), post.address))
    with account_scope(post.account):
        found = Contact.objects.get(email__iexact=anna)
    assert found.name == "Anna Neri"
    assert {one.contact_id for one in post.conversations()} == {found.pk}


def test_of_several_contacts_with_an_address_it_is_the_oldest() -> None:
    post = open_post()
    anna = person()
    with account_scope(post.account):
        oldest, _ = (Contact.objects.create(account_id=post.account, email=anna.upper()) for _ in range(2))
    post.receive(letter(anna, post.address))
    assert post.conversations()[0].contact_id == oldest.pk


def test_who_names_nobody_is_a_new_contact_each_time() -> None:
    post = open_post()
    nobody = b"To: x@shop.example\r\nSubject: no sender\r\n\r\nHello\r\n"
    post.receive(nobody, nobody.replace(b"Hello", b"Bye"))
    one, two = post.conversations()
    assert (one.contact.email, one.contact_id != two.contact_id) == ("", True)


def test_the_envelope_s_sender_stands_in_for_a_missing_from() -> None:
    post = open_post()
    anna = person()
    post.receive(b"Subject: no sender\r\n\r\nHello\r\n", sender=anna)
    assert post.conversations()[0].contact.email == anna


def test_bytes_that_are_no_mail_at_all_are_taken_in() -> None:
    post = open_post()
    raws = post.receive(b"\x00\xff\xfe\x00" * 50, b"", b"\r\n\r\n", b"From: \xff\x00@\r\n\r\n\x00")
    assert [raw.state for raw in raws] == ["done"] * 4


def test_a_mail_opens_a_completed_conversation_again_and_an_automatic_one_does_not() -> None:
    post = open_post()
    anna, first = person(), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first))
    assert raw.conversation_id is not None
    agent = add_agent(post)
    for automatic, status in ((True, "done"), (False, "open")):
        with account_scope(post.account):
            complete(raw.conversation_id, by=agent)
        headers: dict[str, Any] = {"Auto_Submitted": "auto-replied"} if automatic else {}
        (answer,) = post.receive(letter(anna, post.address, "Away", reply_to_id=first, **headers))
        assert answer.conversation_id == raw.conversation_id
        assert post.conversation(raw.conversation_id).status == status
    (one,) = [m for m in post.messages(raw.conversation_id) if m.data.get("automatic")]
    assert (one.data["email"], one.data["automatic"] != "") == (True, True)


def test_desks_are_told_and_the_counters_count() -> None:
    post = open_post()
    (raw,) = post.receive(letter(person(), post.address))
    with account_scope(post.account):
        told = Event.objects.filter(conversation_id=raw.conversation_id).values_list("kind", "data")
        assert list(told) == [
            ("message.posted", {"message": raw.message_id, "from": "visitor", "version": 1})
        ]
        counted = Tally.objects.filter(owner=0, name="open").values_list("value", flat=True)
        assert sum(counted) == 1


def test_answers_and_questions_of_one_batch_keep_their_order(settings: Any) -> None:
    post = open_post()
    anna, first = person(), new_id()
    answer = signed(letter(post.address, anna, "Answer", reply_to_id=first), "shop.example")
    with published() as settings.DNS:
        post.receive(
            letter(anna, post.address, "Question", id=first),
            answer,
            letter(anna, post.address, "One more", reply_to_id=first),
        )
    (found,) = post.conversations()
    assert post.bodies(found.pk) == ["Question", "Answer", "One more"]
    assert (found.unread, found.preview, found.waiting_since is not None) == (1, "One more", True)


def test_large_mails_are_taken_in_a_few_at_a_time() -> None:
    post = open_post()
    files = ("big.bin", "application/octet-stream", bytes(5 * 1024 * 1024))
    post.store(*(with_files(person(), post.address, files) for _ in range(4)))
    assert post.take_in().done == 4
