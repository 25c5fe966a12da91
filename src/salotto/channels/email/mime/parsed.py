"""What a mail says, after it was read."""

from dataclasses import dataclass
from datetime import datetime

from salotto.core.addresses import email_key


@dataclass(frozen=True, slots=True)
class Address:
    """A name and an address as they were written, decoded and trimmed; either may be empty."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """For comparing: the same for all spellings of one address."""
        return email_key(self.address)


NOBODY = Address("", "")
SEVERAL = "The mail has several senders; the first one was taken."


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment, or an image that the HTML shows in place.

    `name` is safe for a file (no path, no control characters, at most 200 characters), `type`
    lower case without parameters, `content_id` without angle brackets, `content` decoded.
    `inline`: the mail shows it within its text; what is not inline belongs in the list of files.
    """

    name: str
    type: str
    inline: bool
    content_id: str
    content: bytes

    @property
    def size(self) -> int:
        """In bytes, decoded."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says of the first recipient that it names (RFC 3464).

    `action` is failed, delayed, delivered, relayed or expanded; `status` as 5.1.1, "" if unknown;
    `original_id` the Message-ID of what was sent, without angle brackets.
    """

    recipient: str
    action: str
    status: str
    diagnostic: str
    original_id: str
    named: str = ""
    """The recipient as the sender had named it (Original-Recipient), where the report tells."""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail, read. Every string can be encoded to UTF-8 and holds no NUL.

    Ids have no angle brackets. `delivered_to` are the envelope's recipients that headers tell, in
    order. `text` is the whole plain text, `visible` the same without quote and signature (never
    empty when `text` is not), `html` as it came: it must be made safe before it is shown.
    `automatic` is "" or one word for why; `hops` counts the Received headers. `problems` are
    sentences: what was broken and how it was read. `in_from`: the sender's address stands in From
    as it is and alone, where mail servers check it; `beside` are others whom From names too, of whom
    none is checked then (RFC 7489 6.6.1). `event` is what its calendar entry says, if it has one
    beside its text.
    """

    message_id: str
    synthesised: bool
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    subject: str
    date: datetime | None
    text: str
    visible: str
    html: str
    parts: tuple[Part, ...]
    automatic: str
    bounce: Bounce | None
    hops: int
    problems: tuple[str, ...]
    in_from: bool = True
    beside: tuple[Address, ...] = ()
    event: str = ""
