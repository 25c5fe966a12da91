"""The demo's mailbox reads what the mail job writes."""

import os
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from salotto.core.mail import send_now
from salotto.demo import views
from salotto.demo.mailbox import RULE, letters


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MAIL_TRANSPORT = {
        "backend": "django.core.mail.backends.filebased.EmailBackend",
        "file_path": str(tmp_path),
    }
    return tmp_path


def write(subject: str, html: bool = True) -> None:
    mail = EmailMessage()
    mail["To"], mail["Subject"] = "zoe@example.com", subject
    mail.set_content(f"È qui: https://example.com/{len(subject)}/\n-- \nSalotto")
    if html:
        mail.add_alternative("<p>Not this</p>", subtype="html")
    send_now(mail.as_bytes(), "salotto@example.com", ["zoe@example.com"])


@pytest.mark.parametrize("html", [True, False])
def test_a_mail_is_read_as_plain_text(folder: Path, html: bool) -> None:
    write("Perché no", html)
    (letter,) = letters(folder)
    assert (letter.to, letter.subject) == ("zoe@example.com", "Perché no")
    assert letter.text == "È qui: https://example.com/9/\n-- \nSalotto"


def test_the_newest_come_first_and_not_endlessly(folder: Path) -> None:
    for number in range(5):
        path = folder / f"{number}.log"
        path.write_bytes(b"To: zoe@example.com\nSubject: Mail %d\n\nHello\n%s\n" % (number, RULE))
        os.utime(path, (1_800_000_000 + number,) * 2)
    assert [letter.subject for letter in letters(folder, limit=3)] == ["Mail 4", "Mail 3", "Mail 2"]


def test_mails_that_share_a_file_are_all_there(folder: Path) -> None:
    """Django names the file after the second and the object: two mails may meet in one."""
    (folder / "1.log").write_bytes(
        b"".join(b"To: zoe@example.com\nSubject: Mail %d\n\nHello\n%s\n" % (n, RULE) for n in range(3))
    )
    assert [letter.subject for letter in letters(folder)] == ["Mail 2", "Mail 1", "Mail 0"]
    assert letters(folder, limit=1)[0].text == "Hello"


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert letters(tmp_path / "none") == []


def composed() -> EmailMessage:
    """A mail with HTML, a picture in its place, and a file."""
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Message-ID"] = "zoe@example.com", "Plates", "<1+a@x.example>"
    mail.set_content("Plates")
    mail.add_alternative('<p>Plates <img src="cid:logo@x"><img src="cid:none"></p>', subtype="html")
    parts = mail.get_payload()
    html = parts[-1] if isinstance(parts, list) else None
    assert isinstance(html, EmailMessage)
    html.add_related(b"GIF", "image", "gif", cid="<logo@x>")
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename="liste à jour.csv")
    return mail


def test_a_mail_is_shown_as_its_readers_program_shows_it_and_nothing_in_it_runs(
    folder: Path, rf: RequestFactory, settings: Any
) -> None:
    settings.DEMO = True
    send_now(composed().as_bytes(), "salotto@example.com", ["zoe@example.com"])
    (letter,) = letters(folder)
    assert (letter.has_html, letter.files) == (True, ("liste à jour.csv",))
    page = views.look(rf.get("/", {"mail": letter.id}))
    assert b'src="data:image/gif;base64,R0lG"' in page.content and b"cid:none" in page.content
    assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    kept = views.file(rf.get("/", {"mail": letter.id, "file": "0"}))
    assert kept.getvalue() == b"a,b"
    assert kept.headers["Content-Disposition"].startswith("attachment")
    for number in ("1", "-1", "x", "²", "9" * 99):
        with pytest.raises(Http404):
            views.file(rf.get("/", {"mail": letter.id, "file": number}))
    with pytest.raises(Http404):
        views.look(rf.get("/", {"mail": "none"}))
