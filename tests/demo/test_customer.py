"""What a customer writes in the demo is a mail like any other."""

from email import message_from_bytes
from email.policy import default

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from salotto.channels.email.mime import parse
from salotto.demo.customer import MOST_BYTES, Writing

GIVEN = {"name": "Rosa", "address": "rosa@mail.example", "to": "ciao@x.example", "subject": "Plates"}
GIVEN |= {"text": "Six <b>blue</b> ones?", "html": "on", "cc": "Bo <bo@x.example>"}
INNER = b"From: a@b.example\r\nSubject: Inside\r\n\r\nHello\r\n"


def written(*files: SimpleUploadedFile, **given: str) -> Writing:
    return Writing(["ciao@x.example"], {**GIVEN, **given}, MultiValueDict({"attached": list(files)}))


def test_a_customer_writes_html_in_copy_with_files_and_a_mail() -> None:
    form = written(SimpleUploadedFile("a.png", b"png"), SimpleUploadedFile("b.eml", INNER))
    assert form.is_valid(), form.errors
    mail = message_from_bytes(form.raw, policy=default)
    assert mail["Cc"] == "Bo <bo@x.example>"
    read = parse(form.raw)
    assert "<b>blue</b>" in read.html and "Six blue ones?" in read.text
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["image/png", "message/rfc822"]


def test_the_text_beside_html_is_as_a_mail_program_writes_it() -> None:
    html = "<h2>Hello</h2><p>140&nbsp;cm</p><ul><li>red<li>blue</ul><script>alert(1)</script>"
    form = written(text=html)
    assert form.is_valid(), form.errors
    mail = message_from_bytes(form.raw, policy=default)
    plain = mail.get_body(("plain",))
    assert plain is not None
    lines = plain.get_content().replace("\xa0", " ").split("\n")
    assert [line for line in lines if line] == ["Hello", "140 cm", "- red", "- blue"]


def test_files_are_not_too_large() -> None:
    form = written(SimpleUploadedFile("a.bin", b"x" * (MOST_BYTES + 1)))
    assert "larger than 10 MB" in str(form.errors["attached"])
