"""Header fields as they go over the wire: encoded, folded, and closed to injection.

Written by hand because what the standard library folds depends on its version: long ids become
encoded words there, and names with commas lose their quotes.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence

from salotto.core.addresses import ascii_domain

Person = tuple[str, str]
"""A name, maybe empty, and an address as written."""

LINE = 76
LONGEST_ID = 900
"""A line of mail has 998 octets at most (RFC 5322, 2.1.1), and an id cannot be folded."""
LONGEST_ADDRESS = 320

_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_DOT_ATOM = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\],;:\"\\\ud800-\udfff]+")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"')
_ID = re.compile(r"[^\s\x00-\x1f\x7f<>]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_WIDEST_WORD = 45
"""Bytes in an encoded word: 60 signs of base64 and 12 around them (RFC 2047, 2)."""


def field(name: str, value: str) -> bytes:
    """One header line, complete. The value is folded already. Raises ValueError for a name that
    is none and for a line break that does not continue the field."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header.")
    if _CONTROL.search(value.replace("\r\n ", "")):
        raise ValueError(f"The header {name} has a line break or a control character in it.")
    return f"{name}: {value}\r\n".encode()


def text(value: str, name: str = "") -> str:
    """Free text, as of a subject: line breaks and control characters become spaces, what is not
    ASCII encoded words, long lines are folded. `name` is the header that it is for."""
    clean = plain(value)
    words = clean.split(" ")
    if not clean.isascii() or "=?" in clean or max(map(len, words)) > LINE:
        return "\r\n ".join(_encoded(clean))
    return _folded(words, len(name) + 2)


def plain(value: str) -> str:
    """The value in one line."""
    return _CONTROL.sub(" ", value).strip()


def people(persons: Iterable[Person], name: str = "", *, ascii_only: bool = False) -> str:
    """A list of addresses, folded between them; `ascii_only`: of those beyond ASCII only the words
    (`unreachable`). Raises ValueError, see `address`."""
    lines: list[str] = []
    left = LINE - len(name) - 2
    for person in persons:
        one = mailbox(person)
        if ascii_only and not one.isascii():
            one = unreachable(person)
        if lines and len(one) + 2 <= left:
            lines[-1] += f", {one}"
        elif lines:
            lines[-1] += ","
            lines.append(one)
            left = LINE
        else:
            lines.append(one)
        left -= len(one) + 2
    return "\r\n ".join(lines)


def mailbox(person: Person) -> str:
    """A name and an address as one list item."""
    name, written = plain(person[0]), address(person[1])
    if not name:
        return written
    separator = "\r\n " if len(_phrase(name)) + len(written) + 3 > LINE else " "
    return f"{_phrase(name)}{separator}<{written}>"


def unreachable(person: Person) -> str:
    """Somebody whose address cannot stand in a mail, for readers: a group of nobody that is named as
    they are (RFC 6857, 3.2.1)."""
    words = "\r\n ".join(_encoded(" ".join(filter(None, map(plain, person)))))
    return f"{words}:;"


def address(written: str) -> str:
    """The address with its domain in ASCII (IDNA 2008); the part before the @ stays as it is,
    UTF-8 included (RFC 6532). Raises ValueError for what is no address."""
    local, at, domain = written.strip().rpartition("@")
    if not (
        at and len(written) <= LONGEST_ADDRESS and (_DOT_ATOM.fullmatch(local) or _QUOTED.fullmatch(local))
    ):
        raise ValueError(f"{written[:80]!r} is no address of a mail.")
    return f"{local}@{ascii_domain(domain)}"


def ids(values: Sequence[str], name: str = "") -> str:
    """Message ids in brackets, folded. Raises ValueError for what is no id."""
    for value in values:
        if not _ID.fullmatch(value) or len(value.encode()) > LONGEST_ID:
            raise ValueError(f"{value[:80]!r} is no id of a message.")
    return _folded([f"<{value}>" for value in values], len(name) + 2)


def _folded(words: Sequence[str], used: int) -> str:
    """The words with single spaces between, broken before those that would stick out."""
    parts: list[str] = []
    for index, word in enumerate(words):
        if index and used + 1 + len(word) > LINE and word and any(parts[-1:]):
            parts.append(f"\r\n {word}")
            used = 1 + len(word)
        else:
            parts.append(f" {word}" if index else word)
            used += 1 + len(word)
    return "".join(parts)


def _phrase(name: str) -> str:
    """A display name: as it is, quoted, or as encoded words."""
    if not name.isascii() or "=?" in name or len(name) > LINE - 4:
        return "\r\n ".join(_encoded(name))
    if _ATOMS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded(value: str) -> list[str]:
    """Encoded words in base64, cut between characters (RFC 2047, 5)."""
    words: list[bytes] = [b""]
    for sign in value:
        octets = sign.encode()
        if len(words[-1]) + len(octets) > _WIDEST_WORD:
            words.append(b"")
        words[-1] += octets
    return [f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words]
