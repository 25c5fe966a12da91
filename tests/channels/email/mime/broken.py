"""Mails broken in every way: mutations of the corpus and hostile ones made by rule.

The test suite reads some thousands; `python -m benchmarks.broken 100000` reads as many as that.
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from salotto.channels.email.mime import ParsedMail, fold_html, parse

CORPUS = Path(__file__).parents[3] / "corpus" / "mail"

PIECES = [
    b"\0", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\r", b"\r\n", b"\n\n", b"--", b"=_b1", b"\n--=_b1\n",
    b"\n--=_b1--\n", b'"', b"<", b">", b"(((", b")", b";", b":", b",", b"@", b"=", b"=?", b"?=",
    b"=?utf-8?q?=", b"=?utf-8?b?4pi", b"\x1b$B", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
    b"Content-Type: message/rfc822\n\n", b"charset=utf-7\n", b"charset=utf-16", b"charset=punycode",
    b"charset=undefined", b"charset=rot13", b"charset=base64", b"charset=idna",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
    b"filename*=utf-8''%ff%00", b"filename*99999*=x", b"begin 644 x\n", b"On x wrote:\n", b"> ", b"-- \n",
    b"<div>", b"<blockquote type=cite>", b"&#0;", b"&#xd800;", b"+2AA-", b"\xf0\x9f\x98",
    "\ud55c".encode(), b"Date: 9999999999\n", b"From: \n", b"\t", b" ", b"\x7f", b"BEGIN:VCALENDAR\n",
    b"DTSTART:99999999T999999Z\n", b"\x78\x9f\x3e\x22",
]  # fmt: skip


def corpus() -> list[bytes]:
    """Every mail of the corpus."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]


def mutated(raw: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """The mail with one to six wounds."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        chance.choice(WOUNDS)(data, chance, others)
    return bytes(data)


def _flip(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    for _n in range(chance.randint(1, 12)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)


def _insert(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice(PIECES) * chance.choice([1, 1, 1, 2, 40])


def _cut(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randint(0, len(data))
    del data[at : at + chance.choice([1, 5, 60, 600])]


def _end(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    del data[chance.randint(0, len(data)) :]


def _double(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.choice([10, 200, 2000])]
    at = chance.randint(0, len(data))
    data[at:at] = piece * chance.choice([1, 1, 3, 20])


def _splice(data: bytearray, chance: random.Random, others: list[bytes]) -> None:
    other = chance.choice(others)
    start = chance.randint(0, len(other))
    at = chance.randint(0, len(data))
    data[at:at] = other[start : start + 3000]


def _swap_lines(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    for _n in range(3):
        a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    data[:] = b"\n".join(lines)


WOUNDS: list[Callable[[bytearray, random.Random, list[bytes]], None]] = [
    _flip, _flip, _insert, _insert, _cut, _end, _double, _splice, _swap_lines,
]  # fmt: skip


def hostile(size: int) -> Iterator[tuple[str, bytes]]:
    """Mails of about `size` bytes that are made to cost time: a name for each."""
    head = b"From: a@example.org\nSubject: x\nMIME-Version: 1.0\n"
    plain = head + b"Content-Type: text/plain; charset=utf-8\n\n"
    html = head + b"Content-Type: text/html; charset=utf-8\n\n"

    def fill(piece: bytes) -> bytes:
        return piece * (size // len(piece))

    texts = (
        b">", b"> ", b" ", b"\n", b">\n", b"> >\n", b"On ", b"On On On wrote:\n", b"wrote:\n", b"wrote: ",
        b"-- \n", b"--\n", b"____\n", b"________________\n", b"From: a@b\n", b"From: x\nSent: y\n",
        b"From: x\nTo: y\nSubject: z\n", b"Sent from my iPhone\n", b"-----Original Message-----\n",
        b"<a@b.c> wrote:\n", b"a@", b"On 1/1/26 10:00, a <a@b.c> ", b":\n", b"begin 644 a\n", b" \n",
        b"x \n", b"\r", b"\0", b"\xff", b"\xe9\xe8 ", b"not support html ", b"<!--", b"\t>",
    )  # fmt: skip
    for text in texts:
        yield f"text {text!r}", plain + fill(text)
    marks = (
        b"<div>", b"<b id=1>", b"<blockquote>", b"<blockquote type=cite>", b"<div class=gmail_quote>",
        b"<table><tr><td>", b"<p>x", b"<ul><li>", b"<a href=x>", b"<", b"&", b"<!--",
        b"<p style='display:none'>", b"<a b='", b"=\"", b"<select><option>", b"<font><p>", b"<pre>\n",
        b"cid:", b"<div id=divRplyFwdMsg>", b"</div>", b"<img src=cid:x>", b"<svg><style>",
        b"<svg><desc>", b"<math><mtext>",
        b'<div style="border:none;border-top:solid #E1E1E1 1.0pt">From: ', b"<frameset>", b"<template>",
        b"<br>", b"\xc2\xa0", b"</>", b"<!x>", b"<!---->", b"<!--><", b"<a b='>'>", b"<a b='<'>", b"<p ",
        b"<a href=x>x<br>", b"&amp;", b"&#1234;", b"<a b=\"<a b='", b"<td>x",
    )  # fmt: skip
    for mark in marks:
        yield f"html {mark!r}", html + fill(mark)
    numbered = b"".join(b"<b id=%d><p>" % n for n in range(size // 12))
    yield "html numbered", html + numbered
    yield "html attributes", html + b"<p " + b" ".join(b"a%d" % n for n in range(size // 7)) + b">x"
    yield "html balanced", html + b"<div>" * (size // 11) + b"</div>" * (size // 11)
    heads = (
        b"(", b'"', b'"\\', b"<", b"a@b.c, ", b"a@b.c;", b"=?", b"=?utf-8?q?a?= ", b"=?utf-8?q?",
        b"=?a?b?", b" ", b"\n ", b"\t\n\t", b"a:", b",", b"\\", b"\xe9", b"<<a@b", b"a b@", b"()",
        b"x\n y\n",
    )  # fmt: skip
    for name in (
        b"To",
        b"From",
        b"Subject",
        b"References",
        b"Message-ID",
        b"Content-Type",
        b"Date",
        b"Reply-To",
    ):
        for piece in heads:
            value = fill(piece).rstrip(b"\n")
            yield f"{name.decode()} {piece!r}", name + b": " + value + b"\nX: y\n\nbody\n"
    for params in (b"; a=b", b'; a="', b"; filename*0*=x", b";", b"=", b'"'):
        kind = b"Content-Type: text/plain\nContent-Disposition: attachment"
        yield f"parameters {params!r}", head + kind + fill(params) + b"\n\nx\n"
    yield (
        "parameters numbered",
        head
        + b"Content-Disposition: attachment"
        + b"".join(b"; filename*%d=a" % n for n in range(size // 16))
        + b"\n\nx\n",
    )
    yield "headers", b"".join(b"X-%d: y\n" % n for n in range(size // 10)) + b"\nbody\n"
    yield "odd headers", fill(b"odd line\n") + b"To: a@b.c\n\nbody\n"
    yield "parts", head + b"Content-Type: multipart/mixed; boundary=q\n\n" + fill(b"--q\n\nx\n") + b"--q--\n"
    yield "empty parts", head + b"Content-Type: multipart/mixed; boundary=q\n\n" + fill(b"--q\n")
    yield (
        "guessed parts",
        head
        + b"Content-Type: multipart/mixed; boundary=q\n\n"
        + fill(b"--q\nContent-Type: text/plain; charset=x\n\n\xe9\xe8\xa3 x\n"),
    )
    depth = size // 60
    yield (
        "deep",
        head
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
        + b"\nx\n",
    )
    yield "deep messages", head + b"Content-Type: message/rfc822\n\n" * (size // 30) + b"x"
    yield "lost boundaries", head + fill(b"Content-Type: multipart/mixed\n\n--b\n")
    yield "long boundary", head + b"Content-Type: multipart/mixed; boundary=" + fill(b"b") + b"\n\n--b\n\nx"
    yield "base64", head + b"Content-Transfer-Encoding: base64\n\n" + fill(b"=A")
    yield "base64 pieces", head + b"Content-Transfer-Encoding: base64\n\n" + fill(b"QQ==\n")
    yield "quoted-printable", head + b"Content-Transfer-Encoding: quoted-printable\n\n" + fill(b"=")
    yield "uuencode", plain + fill(b"begin 644 a\nM\nend\n")
    flowed = head + b"Content-Type: text/plain; format=flowed\n\n"
    for piece in (b"> \n", b"x \n", b">>>>>", b" "):
        yield f"flowed {piece!r}", flowed + fill(piece)
    calendar = head + b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n"
    yield "calendar", calendar + fill(b"BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n") + b"END:VCALENDAR\n"
    yield "calendar deep", calendar + fill(b"BEGIN:VEVENT\n")
    yield (
        "tnef",
        head
        + b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\1\0"
        + fill(b"\1\6\x90\6\0\0\0\0\0\0\0"),
    )
    yield "report", head + b"Content-Type: message/delivery-status\n\n" + fill(b"Action: failed\n\n")
    yield "report lines", head + b"Content-Type: message/delivery-status\n\n" + fill(b"A: b\n c\n")
    yield (
        "report of words",
        b"From: mailer-daemon@x\nSubject: failure notice\n\nundeliverable\n" + fill(b"a@b.c "),
    )


def check(raw: bytes) -> ParsedMail:
    """Read it; whatever comes out can be stored, and nothing that was said is hidden."""
    mail = parse(raw)
    for text in _strings(mail):
        text.encode()
        assert "\0" not in text
    assert bool(mail.visible.strip()) == bool(mail.text.strip())
    assert mail.message_id
    for part in mail.parts:
        assert 0 < len(part.name) <= 200 and "/" not in part.name and "\\" not in part.name
        assert part.name.isprintable() or not any(ord(c) < 32 for c in part.name)
    if mail.html:
        for half in fold_html(mail.html):
            half.encode()
    return mail


def _strings(mail: ParsedMail) -> Iterator[str]:
    people = (mail.sender, *mail.reply_to, *mail.to, *mail.cc, *mail.bcc)
    yield from (mail.message_id, mail.subject, mail.text, mail.visible, mail.html, mail.automatic)
    yield from (*mail.in_reply_to, *mail.references, *mail.delivered_to, *mail.problems)
    yield from (text for one in people for text in (one.name, one.address))
    yield from (text for part in mail.parts for text in (part.name, part.type, part.content_id))
    if mail.bounce:
        bounce = mail.bounce
        yield from (bounce.recipient, bounce.action, bounce.status, bounce.diagnostic, bounce.original_id)


def seconds(raw: bytes) -> float:
    """The processor time of reading and checking it."""
    start = time.process_time()
    check(raw)
    return time.process_time() - start
