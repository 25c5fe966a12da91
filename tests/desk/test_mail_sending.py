"""What becomes of a mail once it is written: stopped, tried again, forwarded."""

from uuid import uuid4

import pytest

from salotto.channels.email.actions import queue_forward
from salotto.channels.email.mime import parse
from salotto.channels.email.mime.parsed import ParsedMail
from salotto.channels.email.models import Mail
from salotto.channels.email.sending.writing import write
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.desk.mails import answer, came, fares, files_of, last_message, mail_of, open_box, order, write_to

JSON = {"HTTP_ACCEPT": "application/json"}


def as_it_leaves(cast: Cast, mail: Mail) -> ParsedMail:
    with account_scope(cast.account.pk):
        rows = Mail.objects.select_related("mailbox__account", "conversation__contact", "message__author")
        return parse(write(rows.get(pk=mail.pk)))


def test_a_failed_mail_is_tried_again(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    fares(cast, message, "failed", "550 no")
    told = cast.client(cast.agent).post(f"/a/{cast.slug}/mails/{message}/retry/", {"after": message}, **JSON)
    assert told.json()["deliveries"][0]["state"] == "queued"
    assert mail_of(cast, message).state == "queued"


def test_a_mail_that_waits_is_stopped_and_sent_after_all(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    client, address = cast.client(cast.agent), f"/a/{cast.slug}/mails/{message}"
    shown = f"/a/{cast.slug}/inbox/all/{conversation}/"
    waiting = client.get(shown).content.decode()
    assert "Stop sending" in waiting and ">Try again<" not in waiting
    assert "Stop sending" not in cast.client(cast.viewer).get(shown).content.decode()
    (line,) = client.post(f"{address}/stop/", {"after": message}, **JSON).json()["deliveries"]
    assert line["state"] == "stopped" and "stopped, not sent" in line["html"]
    assert "Sara stopped it." in line["html"].replace(cast.agent.user.name, "Sara")
    assert "Send after all" in line["html"] and "data-write-again" in line["html"]
    assert "bad" not in line["html"], "it was meant so"
    assert client.post(f"{address}/retry/")["Location"] == f"/a/{cast.slug}/c/{conversation}/"
    assert mail_of(cast, message).state == "queued"


def test_what_a_server_puts_off_can_be_tried_again_and_stopped(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    fares(cast, message, "queued", "451 Later")
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert ">Try again<" in shown and f'formaction="/a/{cast.slug}/mails/{message}/stop/"' in shown


@pytest.mark.parametrize(("state", "words"), [("sent", "has just been sent"), ("sending", "at this moment")])
def test_who_is_too_late_to_stop_a_mail_reads_why(cast: Cast, state: str, words: str) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    fares(cast, message, state)
    told = cast.client(cast.agent).post(f"/a/{cast.slug}/mails/{message}/stop/", **JSON)
    assert told.status_code == 409 and words in told.json()["error"]["message"]
    page = cast.client(cast.agent).post(f"/a/{cast.slug}/mails/{message}/stop/")
    assert page.status_code == 409 and words in page.content.decode()


def test_a_mail_is_forwarded_with_its_files_and_the_team_sees_a_note(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    client = cast.client(cast.agent)
    address = f"/a/{cast.slug}/mails/{message}/forward/"
    assert "invoice.docm" in client.get(address).content.decode()
    fields = {"to": "Bo <bo@example.com>", "body": "Please look", "key": str(uuid4())}
    told = client.post(address, fields, **JSON)
    assert told.json() == {"url": f"/a/{cast.slug}/c/{conversation}/"}
    note = last_message(cast, conversation, "note")
    assert mail_of(cast, note.pk).kind == "forward" and len(files_of(cast, note.pk)) == 3
    shown = client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert "You forwarded a mail to bo@example.com" in shown


def test_a_file_without_its_tick_is_not_forwarded_and_the_picture_in_the_mail_is(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    client = cast.client(cast.agent)
    address = f"/a/{cast.slug}/mails/{message}/forward/"
    form = client.get(address).content.decode()
    assert "Fwd: Your order" in form and "It goes out as it looks, with the picture in it." in form
    assert form.count('name="keep"') == 2
    kept = next(one for one in files_of(cast, message) if one.name == "cup.png")
    fields = {"to": "bo@example.com", "body": "", "key": str(uuid4()), "choose": "1", "keep": str(kept.pk)}
    assert client.post(address, fields, **JSON).status_code == 200
    note = last_message(cast, conversation, "note")
    assert [one.name for one in files_of(cast, note.pk)] == ["mark.png", "cup.png"]


def test_a_forward_to_nobody_shows_the_form_again_without_a_script(cast: Cast) -> None:
    _, message = write_to(open_box(cast))
    address = f"/a/{cast.slug}/mails/{message}/forward/"
    told = cast.client(cast.agent).post(address, {"to": "x", "body": "kept", "key": str(uuid4())})
    assert told.status_code == 422 and "“x” is not an email address." in told.content.decode()
    assert "kept" in told.content.decode()


def test_a_mail_is_forwarded_once_however_often_it_is_asked(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    fields = {"to": "bo@example.com", "body": "", "key": str(uuid4())}
    told = [cast.client(cast.agent).post(f"/a/{cast.slug}/mails/{message}/forward/", fields) for _ in "ab"]
    assert [each.status_code for each in told] == [302, 302]
    with account_scope(cast.account.pk):
        assert Mail.objects.filter(conversation_id=conversation, kind="forward").count() == 1


def test_images_stand_in_their_places_in_a_forwarded_mail(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    sent = queue_forward(message, ["bo@example.com"], "Please look", cast.agent)
    made = as_it_leaves(cast, sent)
    (picture, *_) = made.parts
    assert f'src="cid:{picture.content_id}"' in made.html
    assert [(part.name, part.inline) for part in made.parts] == [
        ("mark.png", True), ("cup.png", False), ("invoice.docm", False),
    ]  # fmt: skip


def test_an_image_that_no_longer_stands_anywhere_goes_as_a_file(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    with account_scope(cast.account.pk):
        Mail.objects.filter(message_id=message).update(html="")
    sent = queue_forward(message, ["bo@example.com"], "Please look", cast.agent)
    made = as_it_leaves(cast, sent)
    assert not any(part.inline for part in made.parts) and len(made.parts) == 3


def test_a_forwarded_mail_is_forwarded_with_what_it_passes_on(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    first = queue_forward(message, ["bo@example.com"], "Please look", cast.agent)
    second = queue_forward(first.message_id or 0, ["eva@example.com"], "You too?", cast.agent)
    third = queue_forward(second.message_id or 0, ["ida@example.com"], "", cast.agent)
    made = as_it_leaves(cast, third)
    for words in ("You too?", "Please look", "Your order is on its way."):
        assert made.text.count(words) == 1, words
    assert made.text.index("You too?") < made.text.index("Please look") < made.text.index("Your order is on")
    assert made.text.count("Forwarded message") == made.html.count("Forwarded message") == 3
    assert ">" not in [line[:1] for line in made.text.splitlines()]
    assert made.html.count("<h1") == 1 and 'src="cid:1.' in made.html and "<script" not in made.html
    assert [part.name for part in made.parts] == ["mark.png", "cup.png", "invoice.docm"]
    form = cast.client(cast.agent).get(f"/a/{cast.slug}/mails/{second.message_id}/forward/").content.decode()
    assert "You too?" in form and "Please look" in form and "Your order is on its way." in form


def test_a_forward_that_was_not_sent_is_written_anew_as_a_forward(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    sent = queue_forward(message, ["Bo <bo@example.com>"], "Please look", cast.agent)
    assert sent.message_id is not None
    fares(cast, sent.message_id, "failed", "550 no")
    client = cast.client(cast.agent)
    shown = client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    address = f"/a/{cast.slug}/mails/{message}/forward/?again={sent.message_id}"
    assert f'href="{address}"' in shown and "data-write-again" not in shown
    form = client.get(address).content.decode()
    assert 'value="Bo &lt;bo@example.com&gt;"' in form and "Please look" in form
    for again, status in ((str(message), 200), ("x", 400)):
        assert client.get(f"{address.partition('=')[0]}={again}").status_code == status
