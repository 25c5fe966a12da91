"""Message-IDs, without their angle brackets, which are not part of them (RFC 5322 3.6.4)."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from salotto.channels.email.mime import words
from salotto.channels.email.mime.reading import Reading
from salotto.channels.email.mime.words import LONGEST

LONGEST_ID = 900
"""Longer ones are replaced by a digest of theirs, so that an index can hold them."""

MOST = 1_000

_ANGLE = re.compile(r"<([^<>]*+)>")
_SPACE = re.compile(r"[\s\0]+")
_SAID = ("from", "reply-to", "to", "cc", "subject", "date", "in-reply-to", "references")
"""Headers by which a mail without an id is known again: the writer's own, none that servers add."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_SENTENCE = re.compile(r"(?:^|[\s>])[^\W\d_]{2,}(?:'s)?\s+[^\W\d_]{2,}[\s<]")
"""Two words beside each other: `Your message of Monday`, which RFC 822 allowed."""
_DIGIT = re.compile(r"\d[^@]*@")
"""In the left side of an address: hardly an id is without one."""
_BETWEEN = re.compile(r"[\s<>,;\"'()]+")


def read(values: list[str]) -> tuple[str, ...]:
    """Every id of these headers once, in order, at most MOST (the last ones: they are the nearest)."""
    found: dict[str, None] = {}
    for value in (_plain(one[:LONGEST]) for one in values):
        angles = [_without_space(inner) for inner in _ANGLE.findall(value)]
        if len(angles) > 1 and _SENTENCE.search(value):  # with the address of whom it answers
            angles = [one for one in angles if _DIGIT.search(one)] or angles
        for one in angles or _bare(value):
            if one:
                found[_bounded(one)] = None
    return tuple(found)[-MOST:]


def _plain(value: str) -> str:
    """Without the encoded words that have no place here; some write them all the same."""
    return words.encoded_words(words.unfold(value), Reading()) if "=?" in value else value


def _without_space(inner: str) -> str:
    return _SPACE.sub("", inner) if " " in inner or not inner.isprintable() else inner


def _bare(value: str) -> list[str]:
    """Ids without brackets: words with an @ in them."""
    return [word for word in _BETWEEN.split(value) if "@" in word.strip("@")]


def own(fields: Mapping[str, list[str]], raw: bytes) -> tuple[str, bool]:
    """A mail's own id, and whether it was made from what it says since it has none."""
    for value in fields.get("message-id", ()):
        found = read([value])
        bare = "" if found else _SPACE.sub("", value[:LONGEST]).strip("<>")
        if found or bare:
            return (found[0] if found else _bounded(bare)), False
    return f"{_digest(fields, raw)}@without-message-id.invalid", True


def _digest(fields: Mapping[str, list[str]], raw: bytes) -> str:
    """The same for a mail that comes by two ways, whatever the servers on them put above it."""
    said = list(_said(fields))
    if not said:
        return hashlib.sha256(raw).hexdigest()
    digest = hashlib.sha256()
    for name, value in said:
        line = f"{name}:{''.join(value.split())}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    raw = raw.lstrip()
    end = _HEAD_END.search(raw)
    digest.update((raw[end.end() :] if end else raw).translate(None, b" \t\r\n"))
    return digest.hexdigest()


def _said(fields: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Where no date tells two mails apart that say the same, what the first server has noted does."""
    for name in _SAID:
        yield from ((name, value) for value in fields.get(name, ()))
    if "date" not in fields:
        yield from (("received", value) for value in fields.get("received", ())[-1:])


def _bounded(one: str) -> str:
    if one.isascii() and len(one) <= LONGEST_ID and "\0" not in one:
        return one
    one = one.replace("\0", "")
    encoded = one.encode("utf-8", "surrogateescape")
    if len(encoded) > LONGEST_ID:
        return f"{hashlib.sha256(encoded).hexdigest()}@long-message-id.invalid"
    return one if one.isascii() else encoded.decode("utf-8", "replace")
