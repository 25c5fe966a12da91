"""Mails as customers write them: 2 to 60 kB, some with HTML, some with an attachment."""

import base64
import random
from collections.abc import Iterator

from benchmarks.seed import WORDS

CUSTOMERS = 5000
KINDS = 400
"""Different bodies; headers differ in every mail."""


def letters(count: int, mark: str) -> Iterator[bytes]:
    """So many mails; a third answers one of the last hundred."""
    dice = random.Random(count)
    kinds = [_body(dice) for _ in range(KINDS)]
    wrote: list[int] = []
    for number in range(count):
        answered = number - dice.randrange(1, 100) if dice.random() < 0.33 else -1
        wrote.append(wrote[answered] if answered >= 0 else dice.randrange(CUSTOMERS))
        head = [
            "Received: from mx.example.org (mx.example.org [192.0.2.7]) by mail.example.com with ESMTPS",
            f"From: Customer {wrote[-1]} <customer{wrote[-1]}@example.org>",
            "To: Bottega <shop@example.com>",
            f"Subject: {' '.join(dice.choices(WORDS, k=5))} {number}",
            "Date: Mon, 23 Nov 2026 08:00:00 +0100",
            f"Message-ID: <{number}.{mark}@example.org>",
            *([f"In-Reply-To: <{answered}.{mark}@example.org>"] if answered >= 0 else []),
        ]
        yield "\r\n".join([*head, "MIME-Version: 1.0", ""]).encode() + dice.choice(kinds)


def _body(dice: random.Random) -> bytes:
    text = _text(dice, int(min(9000, max(1800, dice.lognormvariate(7.9, 0.6)))))
    if dice.random() < 0.3:
        return b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text
    html = b"<html><body><p>" + text.replace(b"\r\n", b"<br>\r\n") + b"</p></body></html>\r\n"
    parts = [(b"text/plain; charset=utf-8", text), (b"text/html; charset=utf-8", html)]
    body = _multipart(b"alternative", parts)
    if dice.random() < 0.2:
        size = min(38_000, int(dice.lognormvariate(9.3, 0.8)))
        file = base64.encodebytes(dice.randbytes(size)).replace(b"\n", b"\r\n")
        kind = b'application/pdf; name="invoice.pdf"\r\nContent-Transfer-Encoding: base64'
        return _multipart(b"mixed", [_split(body), (kind, file)])
    return body


def _split(body: bytes) -> tuple[bytes, bytes]:
    head, _, rest = body.partition(b"\r\n\r\n")
    return head.removeprefix(b"Content-Type: "), rest


def _multipart(kind: bytes, parts: list[tuple[bytes, bytes]]) -> bytes:
    mark = b"=_" + kind
    lines = [b"--%s\r\nContent-Type: %s\r\n\r\n%s\r\n" % (mark, name, content) for name, content in parts]
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (kind, mark)
    return head + b"".join(lines) + b"--%s--\r\n" % mark


def _text(dice: random.Random, size: int) -> bytes:
    lines = []
    while size > 0:
        lines.append(" ".join(dice.choices(WORDS, k=11)).capitalize() + ".")
        size -= len(lines[-1]) + 2
    return "\r\n".join(lines).encode() + b"\r\n"
