"""Broken mail: nothing crashes, nothing takes long, what is whole is not lost.

For more of it: `python -m benchmarks.broken 100000`.
"""

import base64
import quopri
import random
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels.email.mime.broken import check, corpus, hostile, mutated, seconds

MUTATED = 3_000
LARGE = 100_000
"""Bytes of the hostile mails here; time must be linear, so larger ones show nothing new."""


@pytest.mark.parametrize("seed", range(4))
def test_mutated_mails_are_read(seed: int) -> None:
    chance, whole = random.Random(seed), corpus()
    for _ in range(MUTATED // 4):
        check(mutated(chance.choice(whole), chance, whole))


def test_hostile_mails_take_linear_time() -> None:
    large = [(name, raw) for name, raw in hostile(LARGE) if seconds(raw) > 1]
    slow = {name: took for name, raw in large if (took := seconds(raw)) > 1}  # nothing else came between
    assert slow == {}


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    check(raw)


@given(st.text(max_size=1000))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_body(text: str) -> None:
    head = b"From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n"
    raw = head + text.encode("utf-8", "replace")
    check(raw)
    check(raw.replace(b"text/plain", b"text/html"))


WORDS = st.integers(0, 10**9).map(lambda n: f"wort{n}ü")


@dataclass(frozen=True, slots=True)
class Made:
    """A part as bytes, and the words that a reader must find in the text."""

    raw: bytes
    words: tuple[str, ...]
    broken: bool = False


@st.composite
def texts(draw: st.DrawFn) -> Made:
    word = draw(WORDS)
    html = draw(st.booleans())
    charset = draw(st.sampled_from(["utf-8", "UTF8", "iso-8859-1", "windows-1252", "utf-16"]))
    content = (f"<p>{word}</p>" if html else f"{word}\n").encode(charset)
    encodings = ["base64"] if charset == "utf-16" else ["base64", "quoted-printable", "8bit"]
    encoding = draw(st.sampled_from(encodings))
    encode = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring, "8bit": bytes}[encoding]
    body = encode(content)
    kind = "text/html" if html else "text/plain"
    head = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return Made(head.encode() + body, (word,))


@st.composite
def garbage(draw: st.DrawFn) -> Made:
    """A part that is no text, of any bytes but those that would end it."""
    kinds = ["application/pdf", "image/png", "application/ms-tnef", "text/calendar", "message/rfc822", "x"]
    kind = draw(st.sampled_from(kinds))
    encoding = draw(st.sampled_from(["base64", "quoted-printable", "x-uuencode", "none such", "8bit"]))
    body = draw(st.binary(max_size=200)).replace(b"--", b"-")
    disposition = draw(st.sampled_from(["attachment", 'attachment; filename="a', "inline; filename*=x'%"]))
    kind = "application/x" if kind == "x" else kind
    head = f"Content-Type: {kind}\nContent-Disposition: {disposition}\n"
    head += f"Content-Transfer-Encoding: {encoding}\n\n"
    return Made(head.encode() + body, (), True)


def multiparts(children: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    kinds = st.sampled_from(["mixed", "related", "signed", "parallel"])
    return st.builds(_multipart, kinds, st.lists(children, min_size=1, max_size=4), st.integers(0, 10**12))


def _multipart(kind: str, parts: list[Made], number: int) -> Made:
    boundary = f"b{number}-{hash(tuple(parts))}"  # of its own: the same one twice is no whole mail
    lines = b"".join(b"--" + boundary.encode() + b"\n" + part.raw + b"\n" for part in parts)
    head = f"Content-Type: multipart/{kind}; boundary={boundary}\n\n".encode()
    return Made(head + lines + f"--{boundary}--\n".encode(), tuple(w for part in parts for w in part.words))


@given(st.recursive(st.one_of(texts(), garbage()), multiparts, max_leaves=12))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whole_text_beside_broken_parts_is_not_lost(made: Made) -> None:
    mail = check(b"From: a@example.org\nMIME-Version: 1.0\n" + made.raw)
    assert [word for word in made.words if word not in mail.text] == []
    assert [word for word in made.words if word not in mail.visible] == []
