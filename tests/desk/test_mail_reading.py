"""Mail in the thread: what a bubble shows, frames, originals, files, and who may see them."""

import hashlib
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.channels.email.models import Mail
from salotto.core.clock import now
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.post import new_id
from tests.desk.mails import (
    PNG,
    answer,
    came,
    fares,
    files_of,
    letter,
    mail_of,
    open_box,
    order,
    person,
    waiting_upload,
    write_to,
)

JSON = {"HTTP_ACCEPT": "application/json"}


def page(cast: Cast, path: str, member: str = "agent", **headers: str) -> str:
    answered = cast.client(cast.members()[member]).get(f"/a/{cast.slug}/{path}", **headers)
    assert answered.status_code == 200, answered.content[:300]
    return answered.content.decode()


def test_a_bubble_shows_the_visible_text_and_a_way_to_what_is_folded(cast: Cast) -> None:
    post = open_box(cast)
    body = "Yes please!\n\nOn 3 May 2026 at 10:00, Sara wrote:\n> Shall I send it?\n> Sara"
    conversation, message = write_to(post, body)
    shown = page(cast, f"inbox/all/{conversation}/")
    assert "Yes please!" in shown and "Shall I send it?" not in shown.partition("composer")[0]
    assert f'data-unfold href="/a/{cast.slug}/mails/{message}/text/"' in shown
    whole = page(cast, f"mails/{message}/text/")
    assert '<span class="quoted">&gt; Shall I send it?' in whole


def test_a_mail_whose_html_says_more_is_shown_in_a_sandboxed_frame(cast: Cast) -> None:
    conversation, message = came(open_box(cast), order(open_box(cast)))
    shown = page(cast, f"inbox/all/{conversation}/")
    assert f'<iframe src="/a/{cast.slug}/mails/{message}/frame/" sandbox="allow-same-origin ' in shown
    assert "allow-scripts" not in shown and 'loading="lazy"' in shown


def test_a_plain_mail_has_no_frame_and_one_to_us_alone_names_nobody(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    shown = page(cast, f"inbox/all/{conversation}/")
    assert "<iframe" not in shown and "Anna Rossi" in shown and "to us" not in shown


def test_the_frame_has_no_script_no_remote_image_and_its_own_policy(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    answered = cast.client(cast.agent).get(f"/a/{cast.slug}/mails/{message}/frame/")
    text = answered.content.decode()
    inline = next(file for file in files_of(cast, message) if file.inline)
    assert "script" not in text and "images.example" not in text
    assert f'src="/a/{cast.slug}/files/{inline.pk}/"' in text
    assert '<meta name="remote-images" content="1">' in text
    assert "sandbox" in answered["Content-Security-Policy"]
    assert "https:" not in answered["Content-Security-Policy"]
    assert answered["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    ("html", "kind", "named", "in_frame"),
    [
        ('<img src="cid:a@x">', "image/png", "a@x", True),
        ('<img src="cid:IMAGE.PNG@01D">', "image/png", "image.png@01d", True),
        ('<img src="cid:a%2Bb@x">', "image/png", "a+b@x", True),
        ('<img src="pic.png">', "image/png", "a@x", False),
        ('<p style="background:url(cid:a@x)">t</p>', "image/png", "a@x", False),
        ('<a href="cid:a@x">the file</a>', "application/pdf", "a@x", False),
        ('<object data="cid:a@x"></object>', "application/pdf", "a@x", False),
        ('<img src="cid:a@x">', "image/heic", "a@x", False),
        (f'<img src="cid:{"a" * 300}@x">', "image/png", "a" * 300 + "@x", False),
    ],
)
def test_a_file_is_in_the_frame_or_in_the_list(
    cast: Cast, html: str, kind: str, named: str, in_frame: bool
) -> None:
    post = open_box(cast)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = person(), post.address, f"<{new_id()}>"
    mail.set_content(f"<h1>Hello</h1>{html}", subtype="html")
    main, _, sub = kind.partition("/")
    mail.add_related(PNG, maintype=main, subtype=sub, cid=f"<{named}>", filename="a", disposition="inline")
    conversation, message = came(post, mail.as_bytes())
    [file] = files_of(cast, message)
    address = f"/a/{cast.slug}/files/{file.pk}/"
    assert (f'src="{address}"' in page(cast, f"mails/{message}/frame/")) is in_frame
    assert (address in page(cast, f"inbox/all/{conversation}/")) is not in_frame


def test_a_link_that_says_another_host_has_its_own_beside_it_and_above_the_mail(cast: Cast) -> None:
    post = open_box(cast)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = person(), post.address, f"<{new_id()}>"
    mail.set_content('<h1>Hi</h1><a href="https://evil.example/">www.bank.example</a>', subtype="html")
    _, message = came(post, mail.as_bytes())
    above, mail_itself = page(cast, f"mails/{message}/frame/").split('<div class="mail"')
    assert "leads to evil.example" in mail_itself
    assert "leads to <bdi>evil.example</bdi>" in above


def test_one_click_lets_the_remote_images_of_this_mail_in(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    answered = cast.client(cast.agent).get(f"/a/{cast.slug}/mails/{message}/frame/?images=1")
    assert "https://images.example/cup.png" in answered.content.decode()
    assert "https:" in answered["Content-Security-Policy"]


def test_everybody_of_a_mail_is_a_click_away(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, order(post))
    shown = page(cast, f"inbox/all/{conversation}/")
    assert "to us and 1 more" in shown and "bo@example.com" in shown


def test_a_colleague_has_a_plain_name_whatever_the_customer_reads(cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast, language="it", company="Bottega"))
    sent = mail_of(cast, answer(cast, conversation))
    first = cast.agent.user.name.split()[0]
    assert sent.sender_name == f"{first} di Bottega"
    shown = page(cast, f"inbox/all/{conversation}/")
    assert f"{first} di Bottega" not in shown
    assert f'{cast.agent.user.name} <span class="quiet">{sent.sender}</span>' in shown


def test_a_subject_or_a_date_of_its_own_is_said(cast: Cast) -> None:
    post = open_box(cast)
    sender = f"Anna Rossi <{person()}>"
    conversation, _ = write_to(post, sender=sender, subject="A question", id="one@mua.example")
    write_to(post, sender=sender, subject="Re: A question", reply_to_id="one@mua.example", date=now())
    shown = page(cast, f"inbox/all/{conversation}/")
    assert 'class="mail-subject"' not in shown and shown.count('class="mail-dated') == 1
    write_to(
        post,
        sender=sender,
        subject="Something else",
        reply_to_id="one@mua.example",
        date=now() - timedelta(days=2),
    )
    shown = page(cast, f"inbox/all/{conversation}/")
    assert '<p class="mail-subject" dir="auto">Something else</p>' in shown


def test_the_original_is_text_and_comes_as_a_file(cast: Cast) -> None:
    post = open_box(cast)
    raw = letter(person(), post.address, "<b>Hello</b>", subject="<i>x</i>")
    _, message = came(post, raw)
    shown = page(cast, f"mails/{message}/", "viewer")
    assert "&lt;b&gt;Hello" in shown and "<b>Hello" not in shown and "Message-ID" in shown
    answered = cast.client(cast.viewer).get(f"/a/{cast.slug}/mails/{message}/download/")
    assert answered.content == raw
    assert answered["Content-Disposition"] == f'attachment; filename="mail-{message}.eml"'
    assert message_from_bytes(answered.content)["Subject"] == "<i>x</i>"


def test_what_has_left_can_be_looked_at_and_saved_as_it_left(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post, subject="A question")
    message = answer(cast, conversation, "Here it is.", attachments=(waiting_upload(cast),))
    address = f"/a/{cast.slug}/mails/{message}/download/"
    assert cast.client(cast.viewer).get(address).status_code == 404  # it is still here
    fares(cast, message, "sent")
    assert "Show the original" in page(cast, f"inbox/all/{conversation}/")
    shown = page(cast, f"mails/{message}/", "viewer")
    assert "The mail as it left" in shown and "Re: A question" in shown
    answered = cast.client(cast.viewer).get(address)
    mail = message_from_bytes(answered.content)
    assert mail["Message-ID"] == f"<{mail_of(cast, message).header_id}>"
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == ["note.txt"]
    assert cast.client(cast.nobody).get(address).status_code == 403
    assert cast.client(cast.outsider).get(address).status_code == 404


def test_files_are_chips_and_what_may_do_harm_says_so(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, order(post))
    shown = page(cast, f"inbox/all/{conversation}/")
    assert "cup.png" in shown and "mark.png" not in shown
    assert shown.count('class="file risky"') == 1 and "may do harm" in shown


def test_a_picture_is_shown_and_kept_by_its_digest(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    picture = next(file for file in files_of(cast, message) if file.name == "cup.png")
    address = f"/a/{cast.slug}/files/{picture.pk}/"
    client = cast.client(cast.viewer)
    answered = client.get(address)
    assert answered.content == PNG and answered["Content-Type"] == "image/png"
    assert answered["Content-Disposition"].startswith("inline")
    assert answered["ETag"] == f'"{hashlib.sha256(PNG).hexdigest()}"'
    assert answered["Cache-Control"] == "private, no-cache"
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert answered["Content-Security-Policy"].startswith("sandbox;")
    assert client.get(address, HTTP_IF_NONE_MATCH=answered["ETag"]).status_code == 304
    assert client.get(f"{address}?save=1")["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("kind", "name"), [("text/html", "a.html"), ("image/svg+xml", "a.svg"), ("application/pdf", "a.pdf")]
)
def test_whatever_is_no_plain_picture_is_only_saved(cast: Cast, kind: str, name: str) -> None:
    post = open_box(cast)
    mail = message_from_bytes(order(post))
    part = mail.get_payload()[-1]  # type: ignore[index]
    part.replace_header("Content-Type", f'{kind}; name="{name}"')  # type: ignore[union-attr]
    part.replace_header("Content-Disposition", f'attachment; filename="{name}"')  # type: ignore[union-attr]
    _, message = came(post, mail.as_bytes())
    file = next(one for one in files_of(cast, message) if one.name == name)
    answered = cast.client(cast.agent).get(f"/a/{cast.slug}/files/{file.pk}/")
    assert answered["Content-Type"] == "application/octet-stream"
    assert answered["Content-Disposition"].startswith("attachment")


def test_strangers_and_those_without_access_get_nothing(cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    picture = files_of(cast, message)[0]
    paths = [
        f"files/{picture.pk}/",
        *(f"mails/{message}/{part}" for part in ("", "download/", "frame/", "text/")),
    ]
    for path in paths:
        address = f"/a/{cast.slug}/{path}"
        got = {name: cast.client(member).get(address).status_code for name, member in cast.members().items()}
        assert got.pop("outsider") == 404 and got.pop("nobody") == 403, path
        assert set(got.values()) == {200}, path
        other = f"/a/{cast.outsider.account.slug}/{path}"
        assert cast.client(cast.outsider).get(other).status_code == 404, path
        assert cast.client().get(address, **JSON).status_code == 401, path


def test_an_upload_that_waits_is_for_who_made_it(cast: Cast) -> None:
    number = waiting_upload(cast)
    address = f"/a/{cast.slug}/files/{number}/"
    assert cast.client(cast.agent).get(address).content == b"hello"
    assert cast.client(cast.admin).get(address).status_code == 404


def test_how_a_mail_of_ours_fares_is_told_with_the_servers_words(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post)
    message = answer(cast, conversation)
    client = cast.client(cast.agent)

    def told() -> dict[str, str]:
        state = client.get(f"/a/{cast.slug}/c/{conversation}/messages/?after={message}", **JSON).json()
        [one] = state["deliveries"]
        assert one["id"] == message
        return dict(one)

    assert told()["state"] == "queued"
    fares(cast, message, "failed", "550 <no> such user")
    assert "550 &lt;no&gt; such user" in told()["html"] and "Try again" in told()["html"]
    fares(cast, message, "sent")
    assert told()["state"] == "sent" and "Try again" not in told()["html"]
    for state, error, again in (
        ("queued", "450 later", True),
        ("sending", "450 later", False),
        ("sent", "Delayed: 4.4.1", False),
    ):
        fares(cast, message, state, error)
        assert error in told()["html"] and ("Try again" in told()["html"]) is again, state


def test_a_mail_that_some_were_refused_is_sent_and_may_be_tried_again(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post)
    message = answer(cast, conversation)
    fares(cast, message, "sent", "b@b.example: 550 no")
    with account_scope(cast.account.pk):
        refused = {"address": "b@b.example", "words": "550 no", "again": False}
        Mail.objects.filter(message_id=message).update(problems=[refused])
    client = cast.client(cast.agent)
    state = client.get(f"/a/{cast.slug}/c/{conversation}/messages/?after={message}", **JSON).json()
    page = client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert "Try again" in state["deliveries"][0]["html"] and "Try again" in page


def test_the_list_has_the_subject_and_says_what_was_not_delivered(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = write_to(post, subject="Blue cups")
    assert "Blue cups" in page(cast, "inbox/")
    message = answer(cast, conversation)
    assert "Not delivered" not in page(cast, "inbox/")
    fares(cast, message, "bounced", "550")
    assert "Not delivered" in page(cast, "inbox/")


def test_a_linked_conversation_leads_to_the_other_one(cast: Cast) -> None:
    post = open_box(cast)
    first, _ = write_to(post, id="first@mua.example")
    second, _ = write_to(post, sender=person("bo"), reply_to_id="first@mua.example")
    assert first != second
    shown = page(cast, f"inbox/all/{second}/")
    assert f'data-short href="/a/{cast.slug}/c/{first}/"' in shown


def test_viewers_read_everything_and_are_offered_nothing(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, order(post))
    message = answer(cast, conversation)
    fares(cast, message, "failed", "550 no")
    shown = page(cast, f"inbox/all/{conversation}/", "viewer")
    assert "<iframe" in shown and "550 no" in shown and "Show the original" in shown
    for offer in ("data-delivery-act", "data-mail-dialog", "data-composer", "data-new-mail", "/delete/"):
        assert offer not in shown, offer


def test_fifty_mails_ask_no_more_than_one_does(cast: Cast) -> None:
    post = open_box(cast)
    sender = f"Anna Rossi <{person()}>"
    conversation, _ = write_to(post, sender=sender, id="start@mua.example")

    def asked() -> int:
        client = cast.client(cast.agent)
        stage = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "div#stage"}
        with CaptureQueriesContext(connection) as made:
            client.get(f"/a/{cast.slug}/inbox/all/{conversation}/", **stage)
        return len(made)

    one = asked()
    post.receive(
        *(letter(sender, post.address, f"No {n}", reply_to_id="start@mua.example") for n in range(50))
    )
    assert asked() == one


def test_a_sender_who_may_be_somebody_else_is_marked_quietly(cast: Cast) -> None:
    post = open_box(cast)
    fine, _ = write_to(post)
    forged = b"Authentication-Results: mx.shop.example; dmarc=fail\r\n" + letter(person(), post.address)
    conversation, _ = came(post, forged)
    shown = page(cast, f"inbox/all/{conversation}/")
    assert "Sender not verified" in shown and "not sent from where its sender says" in shown
    assert "Broken" not in shown
    assert "Sender not verified" not in page(cast, f"inbox/all/{fine}/")
