"""Writing mail from the desk: answers with recipients and files, forwarding, new conversations."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from salotto.accounts.models import Account
from salotto.channels.email.actions import bulk
from salotto.channels.email.actions.bulk import personal
from salotto.channels.email.mime import parse
from salotto.channels.email.models import Batch, BatchRecipient, Mail
from salotto.channels.email.quoting import quoted
from salotto.channels.email.sending.writing import write
from salotto.core.clock import now
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from salotto.desk.mail.files import is_risky, size_in_words
from salotto.desk.mail.many import _called, check, lines_of, rows_of
from salotto.inbox.actions import reply
from salotto.inbox.actions.files import FILE_LIMIT
from salotto.inbox.models import Attachment, Contact, Conversation
from tests.cast import Cast
from tests.channels.email.post import person
from tests.desk.mails import (
    answer,
    came,
    files_of,
    last_message,
    letter,
    mail_of,
    open_box,
    order,
    waiting_upload,
    write_to,
)
from tests.desk.talk import begin

JSON = {"HTTP_ACCEPT": "application/json"}


def send(cast: Cast, conversation: int, verb: str = "reply", **fields: Any) -> Any:
    """Sara sends the composer's form."""
    given = {"body": "Here it is.", "client_id": str(uuid4()), **fields}
    return cast.client(cast.agent).post(f"/a/{cast.slug}/c/{conversation}/{verb}/", given, **JSON)


def addresses(people: list[list[str]]) -> list[str]:
    return [address for _, address in people]


def test_the_composer_begins_with_everybody_and_never_ourselves(cast: Cast) -> None:
    post = open_box(cast)
    raw = letter("Anna Rossi <anna@example.com>", f"{post.address}, bo@example.com", Cc="carla@example.com")
    conversation, _ = came(post, raw)
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert 'name="to" value="Anna Rossi &lt;anna@example.com&gt;"' in shown
    assert 'name="cc" value="bo@example.com, carla@example.com"' in shown
    assert 'name="subject" value="Re: A question"' in shown and "Reply only to Anna Rossi" in shown


def test_an_answer_goes_to_whom_the_agent_chose_with_files_and_quote(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post, "Where is it?")
    file = waiting_upload(cast, "map.txt")
    told = send(
        cast, conversation, to="Bo <bo@example.com>", cc="carla@example.com", bcc="dora@example.com",
        subject="The map", attachments=str(file), quote="1",
    )  # fmt: skip
    assert told.status_code == 200, told.content
    message = last_message(cast, conversation)
    mail = mail_of(cast, message.pk)
    assert (addresses(mail.to), addresses(mail.cc), addresses(mail.bcc)) == (
        ["bo@example.com"],
        ["carla@example.com"],
        ["dora@example.com"],
    )
    assert (mail.subject, mail.files, message.body) == ("The map", 1, "Here it is.")
    assert "> Where is it?" in mail.text and "wrote:" in mail.text
    assert [one.name for one in files_of(cast, message.pk)] == ["map.txt"]
    assert "map.txt" in told.json()["html"] and "bo@example.com" in told.json()["html"]
    assert told.json()["answer"]["to"] == "Bo <bo@example.com>"


def test_the_quote_leaves_below_the_signature_as_text_and_html(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast, signature="Your shop"), "Where is it?")
    message = answer(cast, conversation, "Here it is.", quote=True)
    with account_scope(cast.account.pk):
        raw = write(Mail.objects.select_related("mailbox__account", "conversation").get(message_id=message))
    left = parse(raw)
    assert left.visible == "Here it is." and left.text.count("Where is it?") == 1
    assert left.text.index("Here it is.") < left.text.index("Your shop") < left.text.index("Where is it?")
    assert "<blockquote" in left.html


def test_without_the_switch_nothing_is_quoted(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast), "Where is it?")
    assert send(cast, conversation).status_code == 200
    assert mail_of(cast, last_message(cast, conversation).pk).text == "Here it is."


@pytest.mark.parametrize(("to", "code"), [("nobody at all", "bad_address"), ("", "no_recipients")])
def test_what_is_no_address_is_refused_and_nothing_is_written(cast: Cast, to: str, code: str) -> None:
    conversation, _ = write_to(open_box(cast))
    told = send(cast, conversation, to=to, cc="", bcc="")
    assert told.status_code == 422 and told.json()["error"]["code"] == code
    with account_scope(cast.account.pk):
        assert not Mail.objects.filter(conversation_id=conversation, state="queued").exists()


def test_another_colleagues_answer_is_a_conflict_as_ever(cast: Cast) -> None:
    conversation, message = write_to(open_box(cast))
    with account_scope(cast.account.pk):
        reply(conversation, "I was faster", client_id=uuid4(), by=cast.admin)
    told = send(cast, conversation, seen=str(message), to="a@example.com", cc="", bcc="")
    assert told.status_code == 409 and told.json()["error"]["code"] == "unseen_reply"


def test_a_note_may_carry_a_file_and_goes_to_nobody(cast: Cast) -> None:
    conversation = begin(cast.agent)
    told = send(cast, conversation, "note", body="", attachments=str(waiting_upload(cast, "plan.txt")))
    assert told.status_code == 200 and "plan.txt" in told.json()["html"]


def test_a_chat_takes_no_files(cast: Cast) -> None:
    told = send(cast, begin(cast.agent), attachments=str(waiting_upload(cast)))
    assert told.status_code == 422 and told.json()["error"]["code"] == "no_files_here"


def test_in_a_read_only_account_mail_is_read_and_nothing_is_written(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    with account_scope(cast.account.pk):
        Account.objects.filter(pk=cast.account.pk).update(read_only=True)
    client = cast.client(cast.agent)
    shown = client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert "<iframe" in shown and "data-composer" not in shown and "data-mail-dialog" not in shown
    for path in ("mail/new/", "uploads/", f"mails/{message}/forward/"):
        assert client.post(f"/a/{cast.slug}/{path}", **JSON).status_code == 403, path


def test_a_file_is_uploaded_and_can_be_dropped_again(cast: Cast) -> None:
    client = cast.client(cast.agent)
    address = f"/a/{cast.slug}/uploads/"
    told = client.post(address, {"file": SimpleUploadedFile("a b.txt", b"hello", "text/plain")}, **JSON)
    assert (
        told.status_code == 201
        and told.json()["name"] == "a b.txt"
        and told.json()["size"] == "5\N{NO-BREAK SPACE}B"
    )
    number = told.json()["id"]
    assert cast.client(cast.admin).post(f"{address}{number}/drop/").status_code == 204
    with account_scope(cast.account.pk):
        assert Attachment.objects.filter(pk=number).exists(), "only who made it drops it"
    assert client.post(f"{address}{number}/drop/").status_code == 204
    with account_scope(cast.account.pk):
        assert not Attachment.objects.filter(pk=number).exists()


def test_an_upload_without_a_file_or_without_bytes_is_refused(cast: Cast) -> None:
    client = cast.client(cast.agent)
    address = f"/a/{cast.slug}/uploads/"
    assert client.post(address, {}, **JSON).status_code == 400
    empty = client.post(address, {"file": SimpleUploadedFile("a.txt", b"")}, **JSON)
    assert empty.status_code == 422
    large = client.post(address, {"file": SimpleUploadedFile("a.bin", bytes(FILE_LIMIT + 1))}, **JSON)
    assert large.status_code == 413 and "25 MB" not in large.json()["error"]["code"]


def test_only_agents_write(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = write_to(post)
    sent = answer(cast, conversation)
    mails = (f"mails/{sent}/retry/", f"mails/{sent}/stop/", f"mails/{message}/forward/")
    writes = ("uploads/", *mails, "mail/new/", "mail/many/")
    for path in (*writes, f"c/{conversation}/delete/"):
        address = f"/a/{cast.slug}/{path}"
        assert cast.client(cast.viewer).post(address, **JSON).status_code == 403, path
        assert cast.client(cast.nobody).post(address, **JSON).status_code == 403, path
        assert cast.client(cast.outsider).post(address, **JSON).status_code == 404, path
        assert cast.client().post(address, **JSON).status_code == 401, path
    assert cast.client(cast.viewer).get(f"/a/{cast.slug}/mail/people/?q=an").status_code == 403
    refused = cast.client(cast.viewer).get(f"/a/{cast.slug}/mail/new/").content.decode()
    assert "Only agents do this. An admin can give you a seat under People." in refused
    other = f"/a/{cast.outsider.account.slug}/mails/{message}/forward/"
    assert cast.client(cast.outsider).get(other).status_code == 404


def test_a_conversation_is_begun_by_mail_once_however_often_it_is_asked(cast: Cast) -> None:
    post = open_box(cast)
    client = cast.client(cast.agent)
    fields = {
        "mailbox": post.mailbox.pk, "to": f"Eva <{person('eva')}>", "cc": "bo@example.com", "bcc": "",
        "subject": "Good news", "body": "Your cups are here.", "key": str(uuid4()),
        "attachments": str(waiting_upload(cast)),
    }  # fmt: skip
    first = client.post(f"/a/{cast.slug}/mail/new/", fields, **JSON)
    assert first.status_code == 200, first.content
    assert client.post(f"/a/{cast.slug}/mail/new/", fields, **JSON).json() == first.json()
    shown = client.get(first.json()["url"]).content.decode()
    assert "Your cups are here." in shown and "Good news" in shown and "note.txt" in shown


def test_without_a_mailbox_nobody_is_offered_to_write(cast: Cast) -> None:
    client = cast.client(cast.agent)
    assert "data-new-mail" not in client.get(f"/a/{cast.slug}/inbox/").content.decode()
    assert "No inbox can send mail yet." in client.get(f"/a/{cast.slug}/mail/new/").content.decode()


def test_contacts_are_suggested_by_name_and_address(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        people = {"Anna Rossi": "ar@example.com", "Bo": "anna@example.com", "Carla": "c@x.example"}
        for name, email in people.items():
            Contact.objects.create(account=cast.account, name=name, email=email)
    client = cast.client(cast.agent)

    def found(typed: str) -> set[str]:
        told = client.get(f"/a/{cast.slug}/mail/people/", {"q": typed}, **JSON).json()
        return {one["address"] for one in told["people"]}

    assert found("anna") == {"ar@example.com", "anna@example.com"}
    assert found("rossi") == {"ar@example.com"}
    assert found("") == found("zz%") == set()


def test_many_are_checked_before_they_are_written_to(cast: Cast) -> None:
    post = open_box(cast)
    client = cast.client(cast.agent)
    key = str(uuid4())
    fields = {
        "mailbox": post.mailbox.pk, "to": "a@example.com, b@example.com\nnobody\nA@example.com",
        "subject": "News", "body": "Spring is here.", "key": key,
    }  # fmt: skip
    table = SimpleUploadedFile("people.csv", b"name;mail\nCarla;carla@example.com\n", "text/csv")
    checked = client.post(f"/a/{cast.slug}/mail/many/", {**fields, "list": table}).content.decode()
    assert "Send it to 3 people?" in checked and "nobody" in checked and "Carla" in checked
    with account_scope(cast.account.pk):
        assert not Batch.objects.filter(key=key).exists()
    first = client.post(f"/a/{cast.slug}/mail/many/", {**fields, "to": "a@example.com", "me": "1"})
    assert f"It is on its way to {cast.agent.user.email}." in first.content.decode()
    with account_scope(cast.account.pk):
        assert BatchRecipient.objects.get().address == cast.agent.user.email
    sure = {**fields, "to": "a@example.com\nb@example.com", "sure": "1"}
    told = client.post(f"/a/{cast.slug}/mail/many/", sure)
    with account_scope(cast.account.pk):
        batch = Batch.objects.get(key=key)
        assert BatchRecipient.objects.filter(batch=batch).count() == 2
    assert told.status_code == 302 and told["Location"] == f"/a/{cast.slug}/mail/many/{batch.pk}/"
    shown = client.get(told["Location"]).content.decode()
    assert "To 2 people" in shown and "Stop" in shown
    before = client.get(f"/a/{cast.slug}/mail/many/").content.decode()
    assert "To 2 people · <time" in before and "To 1 person · <time" in before
    assert cast.client(cast.outsider).get(told["Location"]).status_code == 404
    assert client.post(f"{told['Location']}stop/").status_code == 302
    with account_scope(cast.account.pk):
        assert set(BatchRecipient.objects.filter(batch=batch).values_list("state", flat=True)) == {"stopped"}
    shown = client.get(told["Location"]).content.decode()
    assert "Nothing more is under way." in shown and "Stopped</span><b>2</b>" in shown
    assert "Not sent</span><b>0</b>" in shown


def test_a_mail_to_nobody_is_shown_again(cast: Cast) -> None:
    open_box(cast)
    fields = {"to": "nobody", "subject": "x", "body": "y", "key": str(uuid4())}
    shown = cast.client(cast.agent).post(f"/a/{cast.slug}/mail/many/", fields).content.decode()
    assert "Name at least one recipient." in shown


def test_an_admin_deletes_a_conversation_after_being_asked(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    address = f"/a/{cast.slug}/c/{conversation}/delete/"
    assert cast.client(cast.agent).get(address).status_code == 403
    admin = cast.client(cast.admin)
    assert "Delete the conversation with Anna Rossi?" in admin.get(address).content.decode()
    assert admin.post(address)["Location"] == f"/a/{cast.slug}/inbox/"
    with account_scope(cast.account.pk):
        assert not Conversation.objects.filter(pk=conversation).exists()
    assert admin.get(address).status_code == 404


def test_a_chat_says_when_an_answer_will_be_mailed_too(cast: Cast) -> None:
    open_box(cast, continues_chats=True, chat_minutes=7)
    conversation = begin(cast.agent)
    address = f"/a/{cast.slug}/inbox/all/{conversation}/"
    client = cast.client(cast.agent)
    text = client.get(address).content.decode()
    assert "Also mailed to" not in text and "No address is known" in text
    add = f"/a/{cast.slug}/c/{conversation}/address/"
    assert add in text and add not in cast.client(cast.viewer).get(address).content.decode()
    assert client.post(add, {"email": "anna@"}).status_code == 422
    assert cast.client(cast.viewer).post(add, {"email": "luca@example.com"}).status_code == 403
    assert client.post(add, {"email": " anna@example.com "}).status_code == 302
    assert client.post(add, {"email": "other@example.com"}).status_code == 409
    said = "Also mailed to anna@example.com if it is not seen within 7 minutes."
    assert said in client.get(address).content.decode()


def test_an_agent_sets_the_language_that_a_contact_is_written_to_in(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post, "Where is my order? I have not received it. Thank you!")
    page, set_to = (
        f"/a/{cast.slug}/{path}" for path in (f"inbox/all/{conversation}/", f"c/{conversation}/language/")
    )
    agent, viewer = cast.client(cast.agent), cast.client(cast.viewer)
    assert '<option value="en" selected>English</option>' in agent.get(page).content.decode()
    seen = viewer.get(page).content.decode()
    assert set_to not in seen and "<dd>English</dd>" in seen
    assert viewer.post(set_to, {"language": "it"}).status_code == 403
    assert agent.post(set_to, {"language": "xx"}).status_code == 422
    assert agent.post(set_to, {"language": "it"}).status_code == 302
    assert mail_of(cast, answer(cast, conversation)).language == "it"
    assert agent.post(set_to, {"language": ""}).status_code == 302
    assert "Automatic<span" in agent.get(page).content.decode()
    post.receive(
        letter(post.conversation(conversation).contact.email, post.address, "Grazie, ma quando lo ricevo?")
    )
    assert post.conversation(conversation).contact.language == "it", "their next mail tells"


@pytest.mark.parametrize(
    ("name", "risky"),
    [
        ("a.exe", True),
        ("a.DOCM", True),
        ("a.pdf.js", True),
        ("a.htm. ", True),
        ("a.pdf", False),
        ("js", False),
    ],
)
def test_files_that_run_are_known_by_their_ending(name: str, risky: bool) -> None:
    assert is_risky(name) is risky


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_440_000, "1.4 MB"), (25 * 1024 * 1024, "25.0 MB")],
)
def test_a_size_is_written_as_file_managers_do(size: int, words: str) -> None:
    assert size_in_words(size) == words.replace(" ", "\N{NO-BREAK SPACE}")


def test_people_are_read_as_they_are_pasted() -> None:
    text = 'a@example.com; b@example.com\n"Rossi, Anna" <anna@example.com>\nx y'
    found = check(lines_of(text))
    assert [address for _, address in found.people] == ["a@example.com", "b@example.com", "anna@example.com"]
    assert found.wrong == ("x y",)


def test_a_table_is_read_with_its_names_whatever_parts_its_cells() -> None:
    table = b"Name\tMail\nAnna\tanna@example.com\nBo\tnot one\n"
    assert list(rows_of(table)) == ["Anna <anna@example.com>", "Bo not one"]


def test_a_quote_has_a_heading_and_marks() -> None:
    moment = now().replace(year=2026, month=5, day=3, hour=10, minute=4)
    assert quoted("One\n\n> Two\n", "Anna", moment) == (
        "On 3 May 2026 at 10:04, Anna wrote:\n> One\n>\n>> Two"
    )
    assert quoted(" \n", "Anna", moment) == ""


def test_a_thousand_people_with_names_are_written_to(cast: Cast) -> None:
    post = open_box(cast)
    people = "\n".join(f"Maximilian Mustermann {n} <maximilian.{n}@customer.example>" for n in range(1000))
    fields = {
        "mailbox": post.mailbox.pk,
        "to": people,
        "subject": "News",
        "body": "Spring",
        "key": str(uuid4()),
    }
    told = cast.client(cast.agent).post(f"/a/{cast.slug}/mail/many/", {**fields, "sure": "1"})
    assert told.status_code == 302


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"anna@example.com\n" * 13_000, "larger than 200 kB"),
        (b'anna@example.com\n"' + b"x" * 150_000, "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_read_whole_is_refused(cast: Cast, content: bytes, words: str) -> None:
    open_box(cast)
    fields = {"subject": "News", "body": "Spring", "key": str(uuid4())}
    table = SimpleUploadedFile("people.csv", content, "text/csv")
    shown = cast.client(cast.agent).post(f"/a/{cast.slug}/mail/many/", {**fields, "list": table})
    assert shown.status_code == 200 and words in shown.content.decode()


def test_a_table_is_read_whatever_ends_its_lines() -> None:
    for end in ("\r", "\n", "\r\n"):
        assert list(rows_of(end.join(["a@b.example", "c@d.example"]).encode())) == [
            "a@b.example",
            "c@d.example",
        ]


def test_brackets_without_end_are_no_address() -> None:
    assert check(["(" * 20_000]).people == ()


def test_only_ones_own_upload_is_sent_and_only_once(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post)
    number = waiting_upload(cast)
    with account_scope(cast.account.pk):
        theirs = Attachment.objects.get(pk=waiting_upload(cast, "salaries.txt"))
        theirs.author = cast.admin.user
        theirs.save()
    for verb in ("reply", "note"):
        told = send(cast, conversation, verb, attachments=str(theirs.pk))
        assert (told.status_code, told.json()["error"]["code"]) == (422, "file_gone")
    client = cast.client(cast.agent)
    assert client.get(f"/a/{cast.slug}/files/{theirs.pk}/").status_code == 404
    assert send(cast, conversation, attachments=f"{number},{number}").status_code == 200
    again = send(cast, conversation, "note", attachments=str(number))
    assert (again.status_code, again.json()["error"]["code"]) == (422, "file_gone")
    client.post(f"/a/{cast.slug}/uploads/{number}/drop/")
    sent = last_message(cast, conversation)
    assert [file.pk for file in files_of(cast, sent.pk)] == [number]


def test_a_list_that_is_too_long_is_said_in_the_form_and_all_stays(cast: Cast) -> None:
    open_box(cast)
    fields = {
        "subject": "News",
        "body": "Spring is here",
        "key": str(uuid4()),
        "to": "a@example.com\n" * 14_500,
    }
    shown = cast.client(cast.agent).post(f"/a/{cast.slug}/mail/many/", fields).content.decode()
    assert "This is too large to be sent." in shown and "Spring is here" in shown
    assert shown.count("a@example.com") >= 14_500


def test_the_check_page_shows_who_sends_it_and_each_name_in_its_place(cast: Cast) -> None:
    post = open_box(cast, signature="Your shop")
    fields = {
        "mailbox": str(post.mailbox.pk),
        "subject": "For {name}",
        "body": "Hello {name}, spring is here.",
    }
    fields |= {"key": str(uuid4()), "to": "Eva Blum <eva-many@example.com>\nno-name@example.com"}
    client, address = cast.client(cast.agent), f"/a/{cast.slug}/mail/many/"
    shown = client.post(address, fields).content.decode()
    for words in (f" · {post.address}<", "For Eva Blum", "Hello Eva Blum, spring", "Your shop", "Cancel"):
        assert words in shown, words
    assert "1 of them has no name" in shown


def test_who_is_known_is_named_and_who_is_not_written_to_is_told(cast: Cast) -> None:
    post, priya, bob = open_box(cast), person("priya"), person("bob")
    came(post, letter(f"Priya Nair <{priya}>", post.address))
    gone, _ = came(post, letter(bob, post.address))
    bulk.unsubscribe(cast.account.pk, post.conversation(gone).contact_id)
    fields = {
        "mailbox": post.mailbox.pk, "to": f"{priya.upper()}\n{post.address}\n{bob}", "key": str(uuid4()),
        "subject": "For {name}", "body": "Ciao {nome}, {Name}; {name}", "sure": "",
    }  # fmt: skip
    client, address = cast.client(cast.agent), f"/a/{cast.slug}/mail/many/"
    shown = client.post(address, fields).content.decode()
    assert "Send it to 1 person?" in shown and "For Priya Nair" in shown and "no name" not in shown
    assert "1 address belongs to your own inboxes" in shown and "1 person has unsubscribed" in shown
    assert "{nome}, {Name} are not known and go out as they stand" in shown
    assert client.post(address, {**fields, "sure": "1"}).status_code == 302
    with account_scope(cast.account.pk):
        assert BatchRecipient.objects.values_list("name", "address").get() == ("Priya Nair", priya.upper())
    only = client.post(address, {**fields, "to": f"{post.address}, {bob}"}).content.decode()
    assert "Name at least one recipient." in only and "belongs to your own inboxes" in only
    with pytest.raises(Invalid, match="own_address"):
        bulk.queue_many(post.mailbox.pk, [post.address], "News", "Hello", cast.agent, uuid4())


@pytest.mark.parametrize("name", ["a@b.example", "Rossi; Anna", "A\x07"])
def test_a_name_that_a_list_cannot_hold_is_none(name: str) -> None:
    assert _called(("", "a@b.example"), {"a@b.example": name}) == ("", "a@b.example")


def test_a_mail_to_many_names_each_and_leaves_no_gap_where_there_is_no_name() -> None:
    assert personal("Hello {name},\n{name}!", "Eva  Blum") == "Hello Eva Blum,\nEva Blum!"
    assert personal("Hello {name},\n{name}, come in", "") == "Hello,\ncome in"


@pytest.mark.parametrize("path", ["mail/new/", "mails/{}/forward/"])
def test_more_than_a_form_takes_is_said_in_the_form_and_all_stays(cast: Cast, path: str) -> None:
    _, message = write_to(open_box(cast))
    address = f"/a/{cast.slug}/{path.format(message)}"
    client = cast.client(cast.agent)
    text = "Dear all, " + "x" * 200_000
    told = client.post(address, {"to": "a@example.com", "body": text, "key": str(uuid4())})
    assert told.status_code == 413 and text in told.content.decode()
    assert "longer than 10000 characters" in told.content.decode()
    crowd = {"to": "a@example.com," * 3_000, "body": "Dear all", "key": str(uuid4())}
    told = client.post(address, crowd)
    assert told.status_code == 413 and "Dear all" in told.content.decode()
    assert "This is too large to be sent." in told.content.decode()
    assert client.post(address, crowd, **JSON).json()["error"]["code"] == "too_large"
