"""What was not in order with a mail, and that one is encrypted, as agents are told."""

from tests.cast import Cast
from tests.channels.email.mime.broken import CORPUS
from tests.channels.email.post import letter, person
from tests.desk.mails import came, open_box


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
    assert '<dt>When</dt><dd dir="auto">2026-03-05 13:00–14:00 (UTC)</dd>' in shown
    assert '<dt>Where</dt><dd dir="auto">Via Roma 1, Torino</dd>' in shown
    alone, _ = came(post, (CORPUS / "invitation-alone.eml").read_bytes())
    assert "<dt>When</dt>" not in thread(cast, alone)  # its text says so
