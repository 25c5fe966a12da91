"""PGP within a text (RFC 9580 6 and 7): what is signed in clear is read without its armour, and what
is encrypted is a file. No signature is checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK = "-----BEGIN PGP "

_MARK = re.compile(
    r"^-----(BEGIN PGP SIGNED MESSAGE|(?:BEGIN|END) PGP (?:SIGNATURE|MESSAGE))-----[ \t]*$", re.MULTILINE
)
_SIGNED, _SIGNATURE, _SIGNATURE_ENDS = "BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE"
_SEALED, _SEALED_ENDS = "BEGIN PGP MESSAGE", "END PGP MESSAGE"
_HEADERS = re.compile(r"\n(?:[A-Za-z][\w-]{0,40}:[^\n]*\n)*[ \t]*(?:\n|\Z)")
_DATA = re.compile(r"\n(?:[A-Za-z][\w-]{0,40}:[^\n]*\n)*[ \t]*\n(?:[A-Za-z0-9+/=]{1,200}[ \t]*\n|[ \t]*\n)+")
_ESCAPED = re.compile(r"^- ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opened:
    """The text without its armour, and what of it is encrypted, as it came."""

    text: str
    sealed: tuple[str, ...]


def opened(text: str) -> Opened:
    """Linear; what is no whole armour stays as it is. Lines end in \\n."""
    pieces: list[str] = []
    sealed: list[str] = []
    at = 0
    for start, end, signed in _blocks(text):
        pieces.append(text[at:start])
        if signed is None:
            sealed.append(text[start:end] + "\n")
        else:
            pieces.append(_ESCAPED.sub("", signed))
        at = end
    return Opened("".join([*pieces, text[at:]]), tuple(sealed))


def _blocks(text: str) -> Iterator[tuple[int, int, str | None]]:
    """From where to where; what is signed, None if it is encrypted."""
    marks = list(_MARK.finditer(text))
    number = 0
    while number + 1 < len(marks):
        names = tuple(mark[1] for mark in marks[number : number + 3])
        first, second = marks[number], marks[number + 1]
        if names == (_SIGNED, _SIGNATURE, _SIGNATURE_ENDS):
            head = _HEADERS.match(text, first.end(), second.start())
            if head:
                yield first.start(), marks[number + 2].end(), text[head.end() : second.start()]
                number += 2
        elif names[:2] == (_SEALED, _SEALED_ENDS) and _DATA.fullmatch(text, first.end(), second.start()):
            yield first.start(), second.end(), None
            number += 1
        number += 1
