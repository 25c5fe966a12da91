"""What is composed is read back the same, by the standard library and by our own parser."""

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salotto.channels.email.composing.mail import (
    File,
    Outgoing,
    compose,
    thread_ids,
)
from salotto.channels.email.mime.mail import parse
from tests.property.profiles import chosen

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
PLAIN = Outgoing(
    sender=("Bottega Serena", "ciao@bottega.example"),
    to=[("Anna Rossi", "anna@example.com")],
    subject="Your order 5521",
    text="It is on its way.\n",
    message_id="1@bottega.example",
    date=NOW,
)


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=default)  # type: ignore[return-value]


def unfolded(raw: bytes, name: str) -> str:
    head = raw.split(b"\r\n\r\n")[0].decode()
    found = re.search(rf"^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE)
    assert found, name
    return found[1].replace("\r\n", "")


def words(made: EmailMessage, kind: str) -> str:
    part = made.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def people(raw: bytes, name: str) -> list[tuple[str, str]]:
    """By the older of the standard library's two readers; the newer one leaves a blank between
    encoded words."""
    found = getaddresses([unfolded(raw, name)])
    return [(str(make_header(decode_header(phrase))), address) for phrase, address in found]


def test_a_plain_mail_is_one_part_and_readable() -> None:
    assert compose(PLAIN) == (
        b"From: Bottega Serena <ciao@bottega.example>\r\nTo: Anna Rossi <anna@example.com>\r\n"
        b"Subject: Your order 5521\r\nDate: Mon, 23 Nov 2026 06:00:00 +0000\r\n"
        b"Message-ID: <1@bottega.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
        b"It is on its way.\r\n"
    )


def test_text_html_images_and_files_are_nested_as_clients_expect() -> None:
    files = [
        File("logo.gif", "image/gif", GIF, content_id="logo@1", inline=True),
        File("bill.pdf", "application/pdf", b"%PDF"),
    ]
    made = read(compose(replace(PLAIN, html='<p>It is.<img src="cid:logo@1">', files=files)))
    assert [part.get_content_type() for part in made.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/gif",
        "application/pdf",
    ]
    logo = next(part for part in made.walk() if part.get_content_type() == "image/gif")
    assert (logo["Content-ID"], logo.get_content_disposition()) == ("<logo@1>", "inline")


def test_blind_copies_get_the_mail_and_are_not_in_it() -> None:
    mail = replace(PLAIN, to=[], bcc=[("Eve", "eve@example.com")])
    raw = compose(mail)
    assert b"eve@" not in raw.lower()
    assert b"Bcc" not in raw
    assert unfolded(raw, "To") == "undisclosed-recipients:;"


def test_an_answer_names_what_it_answers_to() -> None:
    ids = tuple(f"{n}@example.com" for n in range(60))
    raw = compose(replace(PLAIN, in_reply_to=ids[-1], references=ids[:-1]))
    assert unfolded(raw, "In-Reply-To") == "<59@example.com>"
    assert parse(raw).references == (ids[0], *ids[-20:])


def test_long_ids_stay_whole() -> None:
    long = [f"{'a' * 300}{n}@{'b' * 200}.example" for n in range(4)]
    raw = compose(replace(PLAIN, message_id=long[3], in_reply_to=long[2], references=long[:2]))
    assert unfolded(raw, "References").split() == [f"<{one}>" for one in long[:3]]
    assert parse(raw).message_id == long[3]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_ids_that_no_line_can_hold_are_left_out() -> None:
    assert thread_ids(["a" * 2_000, "b@c"], "d@e") == ("b@c", "d@e")


@pytest.mark.parametrize("odd", ["ü@b.example", "\ufffd@b.example", "a" * 2_000])
def test_an_answer_leaves_out_ids_that_not_every_server_takes(odd: str) -> None:
    raw = compose(replace(PLAIN, in_reply_to=odd, references=("a@b.example", odd)))
    assert raw.isascii()
    assert read(raw)["In-Reply-To"] is None
    assert unfolded(raw, "References") == "<a@b.example>"


def test_an_automatic_mail_says_so() -> None:
    made = read(compose(replace(PLAIN, automatic="auto-replied")))
    assert [made[name] for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence")] == [
        *("auto-replied", "All", "bulk")
    ]
    assert parse(compose(replace(PLAIN, automatic="auto-replied"))).automatic
    assert read(compose(PLAIN))["Auto-Submitted"] is None


def test_a_mail_to_many_can_be_left_with_one_click() -> None:
    made = read(compose(replace(PLAIN, list_unsubscribe="https://salotto.example/u/abc")))
    assert made["List-Unsubscribe"] == "<https://salotto.example/u/abc>"
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Rossi, Anna", '"Rossi, Anna" <anna@example.com>'),
        ('Anna "Annina" Rossi', '"Anna \\"Annina\\" Rossi" <anna@example.com>'),
        ("Anna \\ Rossi", '"Anna \\\\ Rossi" <anna@example.com>'),
        ("Müller, Hans (Büro)", None),
        ("🌻 Anna 👩‍👩‍👧", None),
        ("شركة مرحبا", None),
        ("=?utf-8?q?x?=", None),
        ("a@b.example", None),
        ("Zentrale für Wareneingang, Abrechnung und Verschiedenes der Firma Öl & Söhne", None),
        ("x" * 200, None),
    ],
)
def test_names_come_through(name: str, written: str | None) -> None:
    raw = compose(replace(PLAIN, to=[(name, "anna@example.com")], cc=[(name, "b@example.com")] * 3))
    assert written is None or unfolded(raw, "To") == written
    assert people(raw, "To") == [(name, "anna@example.com")]
    assert people(raw, "Cc") == [(name, "b@example.com")] * 3
    assert parse(raw).to[0].name == name


def test_domains_are_in_ascii_and_local_parts_as_they_are() -> None:
    mail = replace(PLAIN, to=[("", "info@bücher.example"), ("", "info@straße.example")])
    assert unfolded(compose(mail), "To") == "info@xn--bcher-kva.example, info@xn--strae-oqa.example"
    international = replace(PLAIN, to=[("", "jürgen@bücher.example")])
    assert "jürgen@xn--bcher-kva.example".encode() in compose(international)


ATTACK = "a@b.example\r\nBcc: eve@evil.example"


@pytest.mark.parametrize(
    "broken",
    [
        {"to": [("", ATTACK)]},
        {"cc": [("", "a@b.example\nX: y")]},
        {"sender": ("", "nobody")},
        {"sender": ("", "a b@c.example")},
        {"reply_to": [("", "a@b.example, eve@evil.example")]},
        {"to": [("", "a@b.example>, <eve@evil.example")]},
        {"to": [("", "a@exa mple.com")]},
        {"to": [("", "a@")]},
        {"to": [("", "@b.example")]},
        {"to": [("", f"{'a' * 400}@b.example")]},
        {"message_id": "1@b.example>\r\nBcc: eve@evil.example"},
        {"message_id": ""},
        {"in_reply_to": "1 2"},
        {"references": ["1\n2"]},
        {"automatic": "auto\r\nBcc: eve@evil.example"},
        {"list_unsubscribe": "https://a.example/>\r\nBcc: x"},
        {"list_unsubscribe": "javascript:x"},
        {"extra": {"X-Salotto": "1\r\nBcc: eve@evil.example"}},
        {"extra": {"X-Salotto\r\nBcc": "eve@evil.example"}},
    ],
)
def test_no_field_can_bring_another_header(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no (address|domain|id|header|name|web)|line break"):
        compose(replace(PLAIN, **broken))  # type: ignore[arg-type]


def test_line_breaks_in_names_and_subjects_become_spaces() -> None:
    mail = replace(
        PLAIN, subject="Hi\r\nBcc: eve@evil.example", to=[("A\r\nBcc: eve@e.example", "a@b.example")]
    )
    made = read(compose(mail))
    assert made["Bcc"] is None
    assert made["Subject"] == "Hi Bcc: eve@evil.example"


def test_forwarded_mails_travel_byte_for_byte() -> None:
    inner = b"From: a@b.example\r\n\r\nx\n\x80"
    made = read(compose(replace(PLAIN, files=[File("mail.eml", "message/rfc822", inner)])))
    (part,) = made.iter_attachments()
    assert (part.get_content_type(), part.get_payload(decode=True)) == ("application/octet-stream", inner)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Angebot für Müller & Söhne – 2026.pdf", None),
        ("🌻 sunflower.png", None),
        ("مرحبا.txt", None),
        ('a "quoted"; name=x.txt', "a quoted ; name=x.txt"),
        ("it's 100%.csv", None),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\bill.pdf", "bill.pdf"),
        ("a\r\nContent-Type: text/html\r\n\r\nb.txt", "html b.txt"),
        ("bill\u202efdp.exe", "bill fdp.exe"),
        ("", "file"),
        (" .. ", "file"),
        ("x" * 400 + ".pdf", "x" * 196 + ".pdf"),
        ("ü" * 400 + ".pdf", "ü" * 196 + ".pdf"),
    ],
)
def test_names_of_files_come_through(name: str, sent: str | None) -> None:
    raw = compose(replace(PLAIN, files=[File(name, "application/pdf", b"%PDF")]))
    (part,) = read(raw).iter_attachments()
    assert part.get_filename() == (name if sent is None else sent)
    (ours,) = parse(raw).parts
    assert ours.name == part.get_filename()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


signs = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp"]), max_size=90)
names = signs.map(str.strip)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=400)
files = st.lists(
    st.builds(
        File,
        names,
        st.sampled_from(["image/png", "text/csv", "nonsense", "message/rfc822", "a/b"]),
        st.binary(),
    ),
    max_size=3,
)


@chosen(300, 1)
@given(names, names, lines, lines, files)
def test_whatever_is_said_is_read_back(
    name: str, subject: str, text: str, html: str, given: list[File]
) -> None:
    mail = replace(PLAIN, to=[(name, "a@b.example")], subject=subject, text=text, html=html, files=given)
    raw = compose(mail)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.isascii()
    ours, theirs = parse(raw), read(raw)
    assert words(theirs, "plain") == text.rstrip("\n")
    assert ours.text.strip() == text.strip() or not text.strip()
    assert not html or words(theirs, "html") == html.rstrip("\n")
    assert [part.get_payload(decode=True) for part in theirs.iter_attachments()] == [f.content for f in given]
    assert [part.content for part in ours.parts] == [file.content for file in given]
    assert ours.subject == " ".join(subject.split())
    assert ours.to[0].address == "a@b.example"
    assert " ".join(ours.to[0].name.split()) == " ".join(name.split())
