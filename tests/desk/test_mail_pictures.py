"""Pictures and files of a mail that is answered or passed on: nobody gets a broken picture."""

from email.message import EmailMessage
from uuid import uuid4

import pytest

from salotto.channels.email.actions import queue_forward
from salotto.channels.email.mime.parsed import ParsedMail
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Attachment
from tests.cast import Cast
from tests.channels.email.post import new_id, person
from tests.desk.mails import PNG, answer, came, mail_of, open_box
from tests.desk.test_mail_sending import as_it_leaves

OUTLOOK = "image001.png@01DA5B2C.7F3E9A10"


def of_outlook(to: str, content_id: str = OUTLOOK, named: str = OUTLOOK) -> bytes:
    """A mail with a picture in its place, named as Outlook does, and a document."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Anna Rossi <{person()}>", to, "The crack"
    mail["Message-ID"] = f"<{new_id()}>"
    mail.set_content("See the picture.\n")
    html = f'<p>See the <b>picture</b>.</p><img src="cid:{named}" width="9"><p>Anna</p>'
    mail.add_alternative(html, subtype="html")
    parts = mail.get_payload()
    assert isinstance(parts, list) and isinstance(parts[1], EmailMessage)
    parts[1].add_related(PNG, "image", "png", cid=f"<{content_id}>", filename="image001.png")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="form.pdf")
    return mail.as_bytes()


def files(made: ParsedMail) -> list[tuple[str, bool]]:
    return [(part.name, part.inline) for part in made.parts]


@pytest.mark.parametrize(
    ("content_id", "named"),
    [(OUTLOOK, OUTLOOK), ("ii_1%2", "ii_1%252"), ("A&B@x", "a&amp;b@x")],
)
def test_a_picture_goes_along_in_its_place_however_it_is_named(
    cast: Cast, content_id: str, named: str
) -> None:
    conversation, message = came(box := open_box(cast), of_outlook("x@y.example", content_id, named))
    passed_on = as_it_leaves(cast, queue_forward(message, ["bo@example.com"], "Look", cast.agent))
    assert files(passed_on) == [("image001.png", True), ("form.pdf", False)]
    answered = as_it_leaves(cast, mail_of(cast, answer(cast, conversation, quote=True)))
    assert files(answered) == [("image001.png", True)], "the sender has the document"
    for made in (passed_on, answered):
        assert f'src="cid:{made.parts[0].content_id}"' in made.html and made.parts[0].content == PNG
        assert made.html.count("<img") == 1
    assert box.messages(conversation)


def test_a_picture_that_is_too_large_for_a_quote_leaves_its_name(cast: Cast) -> None:
    conversation, message = came(open_box(cast), of_outlook("x@y.example"))
    with account_scope(cast.account.pk):
        Attachment.objects.filter(message_id=message, type="image/png").update(size=6 << 20)
    made = as_it_leaves(cast, mail_of(cast, answer(cast, conversation, quote=True)))
    assert files(made) == [] and "[image001.png]" in made.html and "<img" not in made.html


def test_an_answer_without_a_quote_has_no_pictures(cast: Cast) -> None:
    conversation, _ = came(open_box(cast), of_outlook("x@y.example"))
    made = as_it_leaves(cast, mail_of(cast, answer(cast, conversation)))
    assert files(made) == [] and "image001" not in made.html


def test_what_is_too_large_to_be_passed_on_is_said_and_nothing_is_sent(cast: Cast) -> None:
    box = open_box(cast)
    conversation, message = came(box, of_outlook("x@y.example"))
    with account_scope(cast.account.pk):
        Attachment.objects.filter(message_id=message, type="application/pdf").update(size=25 << 20)
    fields = {"to": "bo@example.com", "body": "Look", "key": str(uuid4())}
    told = cast.client(cast.agent).post(f"/a/{cast.slug}/mails/{message}/forward/", fields)
    assert told.status_code == 413 and "larger than 25 MB together" in told.content.decode()
    assert [one.kind for one in box.messages(conversation)] == ["visitor"]
