"""What was not in order with a mail, and that one is encrypted, as agents are told."""

from email.message import EmailMessage

from tests.cast import Cast
from tests.channels.email.mime.broken import CORPUS
from tests.channels.email.post import Post, letter, new_id, person
from tests.desk.mails import came, files_of, open_box

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:abc@kunde.example
DTSTAMP:20261120T100000Z
DTSTART;TZID=Europe/Rome:20261126T100000
DTEND;TZID=Europe/Rome:20261126T110000
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Liefertermin besprechen
LOCATION:Via Roma 1\\, Milano
ORGANIZER;CN=Ines Mora:mailto:ines@kunde.example
END:VEVENT
END:VCALENDAR
"""


def thread(cast: Cast, conversation: int) -> str:
    answer = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_encrypted_mail_says_so_above_its_files(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, (CORPUS / "encrypted-pgp.eml").read_bytes())
    shown = thread(cast, conversation)
    assert shown.count("The mail is encrypted and cannot be read here.") == 1
    assert "encrypted.asc" in shown and "This mail was not quite in order" not in shown


def test_what_was_broken_is_told_with_what_was_found(cast: Cast) -> None:
    post = open_box(cast)
    raw = letter(person(), post.address, "Perché?").replace(b'"utf-8"', b"klingon-8")
    conversation, _ = came(post, raw)
    shown = thread(cast, conversation)
    assert "The charset “klingon-8” is unknown; the text was read as what it looks like." in shown
    assert "This mail was not quite in order" in shown


def test_an_invitation_with_words_of_its_own_tells_when_and_where_too(cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, (CORPUS / "invitation.eml").read_bytes())
    shown = thread(cast, conversation)
    assert '<dt>When</dt><dd dir="auto">Thursday, 5 March 2026 13:00–14:00 (UTC)</dd>' in shown
    assert '<dt>Where</dt><dd dir="auto">Via Roma 1, Torino</dd>' in shown
    alone, _ = came(post, (CORPUS / "invitation-alone.eml").read_bytes())
    assert "<dt>When</dt>" not in thread(cast, alone)  # its text says so


def invitation(post: Post) -> bytes:
    """A mail whose calendar entry comes as a text for programs and again as a file, as Google sends it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Ines Mora <{person()}>", post.address
    mail["Subject"], mail["Message-ID"] = "Invitation: Liefertermin", f"<{new_id()}>"
    mail.set_content("You have been invited.\n")
    mail.add_alternative(EVENT, subtype="calendar", params={"method": "REQUEST"})
    content = EVENT.replace("\n", "\r\n").encode()
    mail.add_attachment(content, maintype="application", subtype="ics", filename="invite.ics")
    return mail.as_bytes()


def test_an_invitation_that_comes_twice_in_a_mail_is_told_once_with_one_file(cast: Cast) -> None:
    post = open_box(cast)
    conversation, message = came(post, invitation(post))
    shown = thread(cast, conversation)
    for line in (
        "Liefertermin besprechen",
        "Via Roma 1, Milano",
        "Thursday, 26 November 2026 10:00",
        "Ines Mora",
    ):
        assert line in shown
    assert "<dt>Repeats</dt>" in shown and "<dt>Organiser</dt>" in shown
    assert [one.name for one in files_of(cast, message)] == ["invite.ics"]
