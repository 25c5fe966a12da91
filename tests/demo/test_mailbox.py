"""The demo's mailbox reads what the mail job writes."""

import os
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from salotto.core.mail import send_now
from salotto.demo.mailbox import letters


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
        before = set(folder.iterdir())
        write(f"Mail {number}")
        (new,) = set(folder.iterdir()) - before
        os.utime(new, (1_800_000_000 + number,) * 2)  # the system's clock of files is too coarse to tell
    assert [letter.subject for letter in letters(folder, limit=3)] == ["Mail 4", "Mail 3", "Mail 2"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert letters(tmp_path / "none") == []
