"""What one reading of a mail carries along: its problems, and what it may still spend."""

import re

MOST_PROBLEMS = 40
MOST_GUESSES = 24
MOST_UNPACKED = 1_000_000
"""Bytes of compressed texts in one mail, as they are when unpacked."""
MOST_LISTED = 20_000
"""Attributes and properties in the winmail.dat files of one mail."""
MOST_ENCLOSED = 20_000_000
"""Bytes of mails within them, each as often as it stands in another one."""

_SURROGATE = re.compile("[\ud800-\udfff]+")


class Reading:
    """Problems found so far, each once; and a bound on guessing, which is slow."""

    def __init__(self) -> None:
        self._problems: dict[str, None] = {}
        self._guesses = MOST_GUESSES
        self._left_to_unpack = MOST_UNPACKED
        self._left_to_list = MOST_LISTED
        self._left_to_enclose = MOST_ENCLOSED
        self.charset = ""
        """The first charset that a part declares, or is in: what undeclared headers are probably in."""
        self.beside = b""
        """All undeclared bytes of the headers: a few of them alone say little of their charset."""

    def note(self, problem: str) -> None:
        """Remember a problem: a sentence."""
        if len(self._problems) < MOST_PROBLEMS:
            self._problems[clean(problem)] = None

    @property
    def problems(self) -> tuple[str, ...]:
        """In the order in which they were found."""
        return tuple(self._problems)

    def may_guess(self) -> bool:
        """Whether one more charset may be guessed; counts."""
        self._guesses -= 1
        return self._guesses >= 0

    @property
    def left_to_unpack(self) -> int:
        """How many bytes of compressed text may still be unpacked."""
        return self._left_to_unpack

    def unpacked(self, size: int) -> None:
        """So many bytes were."""
        self._left_to_unpack = max(self._left_to_unpack - size, 0)

    def may_list(self) -> bool:
        """Whether one more attribute or property may be read; counts."""
        self._left_to_list -= 1
        return self._left_to_list >= 0

    def may_enclose(self, size: int) -> bool:
        """Whether one more mail of so many bytes may be opened; counts."""
        self._left_to_enclose -= size
        return self._left_to_enclose >= 0


def clean(text: str) -> str:
    """Without what PostgreSQL and UTF-8 cannot hold: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode("utf-16-le")  # refuses them too, and is five times as fast as UTF-8
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def line(text: str, most: int) -> str:
    """One line without control characters, white space collapsed, at most `most` characters."""
    if len(text) <= most and "  " not in text and text.isprintable():  # as nearly all are
        return text.strip()
    text = " ".join(text[: most * 4].split())
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable() or c in _KEPT or ord(c) > 0xFFFF)
    return clean(text)[:most].rstrip()


_KEPT = "\u200c\u200d\u00ad\u3000\u00a0"
"""Not printable for Python, but part of words in Persian, of emoji, of Japanese."""
