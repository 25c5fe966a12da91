"""What a server said about a mail, kept as its own words."""

import re
from dataclasses import dataclass
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
WORDS_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Refusal:
    """One recipient whom the server did not take; `again`: it may later (a 4xx answer)."""

    address: str
    words: str
    again: bool

    def kept(self) -> dict[str, Any]:
        """As the mail's row keeps it."""
        return {"address": self.address, "words": self.words, "again": self.again}


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has taken the mail, but for these recipients."""

    refused: tuple[Refusal, ...] = ()
    words: str = ""


class NotNow(Exception):
    """The mail could not be handed over and may be later; `str()` says why, in words to show.

    `server`: the whole server is at fault, and other mails would fare no better; `slow`: as it took
    longer than it may.
    """

    def __init__(self, words: object, *, server: bool = False, slow: bool = False) -> None:
        super().__init__(shown(words))
        self.server = server or slow
        self.slow = slow


class Never(Exception):
    """The server has refused the mail for good; `str()` is its words."""

    def __init__(self, words: object) -> None:
        super().__init__(shown(words))


class NoUtf8(Never):
    """Nor for anybody else, as an address of the mail is beyond ASCII, for which the server has no
    way (SMTPUTF8): those who have another address may get it without."""


def shown(words: object) -> str:
    """A server's words as text, without control characters, of bounded length."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return _CONTROL.sub("", text).strip()[:WORDS_LIMIT]


def answer(code: int, words: object) -> str:
    """A server's answer in one text, such as `550 5.1.1 No such user`."""
    return f"{code} {shown(words)}".strip()
