"""Whom an answer goes to: reply-all without ourselves. PURE."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.utils import getaddresses

from django.utils.translation import gettext_lazy as _

from salotto.core.addresses import email_key
from salotto.core.errors import Invalid

Person = tuple[str, str]
"""A name, maybe empty, and an address as written."""

MOST = 100
"""Recipients of one mail."""
_ADDRESS = re.compile(
    r"(?:[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}|\"[^\s<>()\[\],;:\"\\\x00-\x1f\x7f]{1,62}\")"
    r"@(?:(?P<domain>[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,253})|\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[\dA-Fa-f:.]{2,45})\])"
)
_WORDS = re.compile(r"[\w !#$%&'*+/=?^`{|}~.-]+")
LOOKED_AT = 4000
"""Characters of a list in which a wrong address is looked for to be named."""
_PIECE = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^,;])+')
"""One of a list: commas and semicolons within quotes divide nothing."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom a mail goes to."""

    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Each address once, of all three."""
        everybody = (address for _, address in (*self.to, *self.cc, *self.bcc))
        return tuple({email_key(address): address for address in everybody}.values())

    def among(self, people: frozenset[str]) -> "Recipients":
        """Those of them who are among these addresses (keys)."""
        lists = (self.to, self.cc, self.bcc)
        return Recipients(*(tuple(one for one in each if email_key(one[1]) in people) for each in lists))


@dataclass(frozen=True, slots=True)
class Last:
    """The newest mail of a conversation; `ours`: we sent it."""

    ours: bool
    sender: Person
    reply_to: tuple[Person, ...] = ()
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()


def reply_all(last: Last, is_own: Callable[[str], bool]) -> Recipients:
    """Everybody who got or wrote the last mail, each once, without our own addresses.

    A mail of theirs is answered to its Reply-To, else its From; its other To and Cc become Cc.
    After a mail of ours, the same people get the next one. Nobody gets a copy in secret (Bcc)
    because somebody did before. What is no address ("undisclosed-recipients", a local user of
    some other server) is left out.
    """
    if last.ours:
        return _once(last.to, last.cc, is_own)
    asked = _others(last.reply_to, is_own) or _others([last.sender], is_own)
    return _once(asked or last.to, [*last.to, *last.cc], is_own)


def _others(people: Iterable[Person], is_own: Callable[[str], bool]) -> list[Person]:
    return [person for person in people if is_address(person[1]) and not is_own(person[1])]


def _once(to: Iterable[Person], cc: Iterable[Person], is_own: Callable[[str], bool]) -> Recipients:
    seen: set[str] = set()
    return Recipients(*(_unseen(_others(people, is_own), seen, most=MOST) for people in (to, cc)))


def _unseen(people: Iterable[Person], seen: set[str], most: int = sys.maxsize) -> tuple[Person, ...]:
    """Those whose address is not in `seen` yet, which it is then, until that holds `most`."""
    found = []
    for person in people:
        if (key := email_key(person[1])) not in seen and len(seen) < most:
            seen.add(key)
            found.append(person)
    return tuple(found)


def chosen(to: Iterable[str], cc: Iterable[str] = (), bcc: Iterable[str] = ()) -> Recipients:
    """The recipients that an agent has written, each once.

    Raises Invalid when one is no address, nobody is left, or they are more than a mail takes.
    """
    seen: set[str] = set()
    lists = [_unseen(parsed(each), seen) for each in (to, cc, bcc)]
    if not seen:
        raise Invalid(_("Name at least one recipient."), code="no_recipients")
    if len(seen) > MOST:
        raise Invalid(_("These are more recipients than one mail takes."), code="too_many_recipients")
    return Recipients(*lists)


def parsed(written: Iterable[str]) -> list[Person]:
    """Every address in these texts, with its name. Raises Invalid for the first that is none."""
    found: list[Person] = []
    for text in (text for text in written if text.strip()):
        for name, address in _addresses(text.strip()):
            if not (name or address) and ";" in text:
                continue  # what divides two of them
            if _CONTROL.search(text.strip()) or not is_address(address):
                wrong = {"text": _wrong(text.strip())[:80]}
                raise Invalid(_("“%(text)s” is not an email address.") % wrong, code="bad_address")
            found.append((name.strip()[:200], address))
    return found


def _wrong(text: str) -> str:
    """What to show of a list with an address that is none: the first such one, where it can be told."""
    pieces = filter(None, (piece.strip() for piece in _PIECE.findall(text[:LOOKED_AT])))
    return next((piece for piece in pieces if not _is_right(piece)), text)


def _is_right(piece: str) -> bool:
    plain = _CONTROL.search(piece) is None
    return plain and all(is_address(address) for _, address in _addresses(piece))


def _addresses(text: str) -> list[Person]:
    try:
        return getaddresses([text])
    except RecursionError:  # brackets within brackets, without end
        return [("", text)]


def is_address(address: str) -> bool:
    """Whether mail could be sent to it, by its form alone. Two dots in a row and one at the end
    of the name are against RFC 5321, but have long been given out by Japanese carriers."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return False
    labels = (found["domain"] or "literal").split(".")
    return all(label and not label.startswith("-") for label in labels)


def as_lists(people: Sequence[Person]) -> list[list[str]]:
    """As a mail's row keeps them."""
    return [[name, address] for name, address in people]


def as_people(kept: object) -> tuple[Person, ...]:
    """From a mail's row; whatever is no pair of texts is left out."""
    if not isinstance(kept, list):
        return ()
    pairs = (pair for pair in kept if isinstance(pair, list) and len(pair) == 2)
    return tuple((str(name), str(address)) for name, address in pairs)


def written(person: Person) -> str:
    """`Name <address>`, as an agent reads and edits it."""
    name, address = person
    if not name:
        return address
    if _WORDS.fullmatch(name):
        return f"{name} <{address}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'
