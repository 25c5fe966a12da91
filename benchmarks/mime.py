"""(i) How long reading a mail takes, against the standard library's own parse of the same bytes.

The standard library is measured with both of its policies: `email.policy.default`, which is the
one that the product is held to, and the older compat32, which decodes nothing until it is asked.
Needs no server: `python -m benchmarks.mime` prints the figures alone.
"""

import base64
import email
import email.policy
import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import report
from benchmarks.house import House, Load
from benchmarks.mime_letters import newsletter
from benchmarks.report import Line
from salotto.channels.email.mime import parse

CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "mail"
LIMIT = 3.0
SIZES = {"2 kB": 2_000, "20 kB": 20_000, "200 kB": 200_000, "2 MB": 2_000_000}

HEAD = """\
Return-Path: <anna@example.it>
Received: from mx.example.it (mx.example.it [192.0.2.1]) by mail.shop.example with ESMTPS id 1
\tfor <help@shop.example>; Mon, 2 Mar 2026 10:00:01 +0100 (CET)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.it; s=s1;
\th=from:to:subject:date; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=abc
From: =?utf-8?q?Anna_Rossi_=28Torin=C3=B2=29?= <anna@example.it>
To: "Shop, Help" <help@shop.example>
Cc: Marco Bianchi <marco@example.it>
Subject: Re: Il mio ordine 12345
Date: Mon, 2 Mar 2026 10:00:00 +0100
Message-ID: <CAF+1@mail.example.it>
In-Reply-To: <1@shop.example>
References: <0@shop.example> <1@shop.example>
MIME-Version: 1.0
"""
PARAGRAPH = "Buongiorno, il pacco non è ancora arrivato e vorrei sapere quando sarà qui; grazie mille.\n"
QUOTE = "\nIl giorno lun 2 mar 2026 alle ore 09:00 Negozio <help@shop.example> ha scritto:\n\n"
Reader = Callable[[bytes], object]


def text_mail(size: int) -> bytes:
    """Plain text and HTML, half of it quoted, of about `size` bytes."""
    count = max(1, (size - 1500) // 4 // len(PARAGRAPH.encode()))
    own, quoted = PARAGRAPH * count, "> " + PARAGRAPH
    plain = own + QUOTE + quoted * count
    html = f"<p>{'</p><p>'.join([PARAGRAPH] * count)}</p>"
    html += f'<div class="gmail_quote">{QUOTE}<blockquote>{html}</blockquote></div>'
    parts = ((kind, text) for kind, text in (("plain", plain), ("html", html)))
    body = "".join(
        f"--b\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
        for kind, text in parts
    )
    return f"{HEAD}Content-Type: multipart/alternative; boundary=b\n\n{body}--b--\n".encode()


def html_mail(size: int) -> bytes:
    """HTML alone, with the markup of a shop's mail: its text must be made from it."""
    row = (
        '<tr style="font-family:Arial,sans-serif;font-size:14px"><td style="padding:8px 16px" width="300"'
        f' valign="top"><p style="margin:0 0 8px 0">{PARAGRAPH}</p><a href="https://shop.example/order/12345?utm_source=mail"'
        ' style="color:#0a66c2;text-decoration:none">Ordine</a></td></tr>\n'
    )
    rows = row * max(1, (size - 1200) // len(row.encode()))
    html = f"<html><head><style>td{{padding:0}}</style></head><body><table>{rows}</table></body></html>"
    return f"{HEAD}Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{html}".encode()


def attachment_mail(size: int) -> bytes:
    """A short text with a file in base64."""
    encoded = base64.encodebytes(bytes(range(256)) * max(1, size * 3 // 4 // 256)).decode()
    file = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
    file += "Content-Disposition: attachment; filename=a.pdf"
    text = f"--a\nContent-Type: text/plain; charset=utf-8\n\n{PARAGRAPH}\n"
    return (
        f"{HEAD}Content-Type: multipart/mixed; boundary=a\n\n{text}--a\n{file}\n\n{encoded}\n--a--\n".encode()
    )


def _default(raw: bytes) -> object:
    return email.message_from_bytes(raw, policy=email.policy.default)


def _compat32(raw: bytes) -> object:
    return email.message_from_bytes(raw, policy=email.policy.compat32)


READERS: tuple[Reader, Reader, Reader] = (parse, _default, _compat32)


def measured(mails: list[bytes], rounds: int) -> tuple[float, float, float]:
    """Milliseconds of a processor for all these mails: ours, policy default, compat32; the best of the
    rounds of each, which take turns, so that a busy moment of the machine hits no one alone."""
    best = [float("inf")] * len(READERS)
    for _ in range(rounds):
        for place, read in enumerate(READERS):
            gc.collect()
            start = time.process_time()
            for raw in mails:
                read(raw)
            best[place] = min(best[place], time.process_time() - start)
    ours, default, compat = (1000 * seconds for seconds in best)
    return ours, default, compat


def _lines(what: str, mails: list[bytes], rounds: int) -> list[Line]:
    ours, default, compat = measured(mails, rounds)
    return [
        report.at_most(
            "i",
            f"reading {what}, against policy default",
            ours / len(mails),
            default / len(mails),
            "ms",
            LIMIT,
        ),
        report.beside("i", f"reading {what}, against compat32", ours / len(mails), "ms", compat / len(mails)),
    ]


def _median(mails: list[bytes], rounds: int) -> list[Line]:
    """The median over the corpus of each mail's own ratio."""
    found = [measured([raw] * 3, rounds) for raw in mails]
    default, compat = (statistics.median(one[0] / one[n] for one in found) for n in (1, 2))
    return [
        report.below("i", "median ratio over the corpus, against policy default", default, "×", LIMIT),
        report.beside("i", "median ratio over the corpus, against compat32", compat, "×"),
    ]


def lines(quick: bool) -> list[Line]:
    """Every figure."""
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    measured(mails, 1)  # imports and caches
    found = _lines(f"the corpus ({len(mails)} mails)", mails, 3 if quick else 9)
    found += _median(mails, 3 if quick else 9)
    for name, make in (
        ("text and HTML", text_mail),
        ("HTML alone", html_mail),
        ("newsletter, quoted-printable", partial(newsletter, encoding="quoted-printable")),
        ("newsletter, base64", partial(newsletter, encoding="base64")),
        ("attachment", attachment_mail),
    ):
        for size, length in SIZES.items():
            count = max(1, (20_000 if quick else 200_000) // length)
            found += _lines(f"{name}, {size}", [make(length)] * count, 3 if quick else 9)
    return found


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """The part of the benchmarks; house and load are not needed."""
    return lines(quick)


if __name__ == "__main__":
    print(report.table(lines(quick=False)))
