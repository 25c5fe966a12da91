"""Where a mail belongs: one resolver, in one order. PURE.

1. A signed reply address of an existing conversation of this account, among all recipients.
2. The ids of In-Reply-To. 3. Those of References, the newest first. 4. Its own Message-ID, if a
mail that came earlier has named it: deliveries overtake each other. 5. A new conversation.

Of 2 to 4 only a conversation counts in which the sender takes part, or else one that is linked
with such a match and in which they do. If ids match and the sender is in none of them, a new
conversation begins, linked with the first match: whoever has seen a Message-ID may have been
forwarded a mail, or may have made it up, and reads nobody's answers for it. Subjects never count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """What the resolver asks of a mail. Ids are without angle brackets, addresses in lower case.

    `named`: In-Reply-To, then References, the newest first. `senders`: any of them makes the
    mail one of that participant; `answers_to`: its Reply-To, all of which have to be
    participants to make it one. `threads`: conversations of signed addresses of this account.
    `spare` is the id that it gets if another mail has its own.
    `ours`: it left this very account before (its mark), or comes from one of its addresses.
    """

    id: str
    fingerprint: str
    named: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    answers_to: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()
    spare: str = ""
    ours: bool = False


@dataclass(slots=True)
class Known:
    """What is known of an id in this inbox; without a conversation it is a tombstone."""

    conversation: int | None
    message: int | None = None
    expected: bool = False
    fingerprint: str = ""


@dataclass(slots=True)
class Thread:
    """A conversation that a mail may belong to.

    `people`: those of the addresses in question that take part; `linked`: what it refers to.
    """

    inbox: int
    linked: int | None = None
    people: set[str] = field(default_factory=set)


def nobody(addresses: frozenset[str], conversations: tuple[int, ...]) -> int | None:
    """No linked conversation is known of."""
    return None


@dataclass(slots=True)
class Facts:
    """What the resolver knows; it grows with each mail that was placed.

    `team`: addresses of the account's mailboxes and agents, who take part everywhere.
    `carried`: (conversation, id) of mails that lie in conversations of signed addresses.
    `neighbour(addresses, conversations)`: a conversation linked with one of these, either way,
    in which one of the addresses takes part.
    """

    known: dict[str, Known] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    team: frozenset[str] = frozenset()
    carried: set[tuple[int, str]] = field(default_factory=set)
    neighbour: Callable[[frozenset[str], tuple[int, ...]], int | None] = nobody


@dataclass(frozen=True, slots=True)
class Join:
    """It belongs to this conversation; `signed`: by its reply address."""

    conversation: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """It begins a conversation, linked with another one or not."""

    linked: int | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """The same mail came before; into this conversation, if that was not deleted since."""

    id: str
    conversation: int | None


@dataclass(frozen=True, slots=True)
class Reused:
    """Another mail has its id: it needs one of its own."""


Place = Join | Begin | Again | Reused


def resolve(letter: Letter, facts: Facts) -> Place:
    """Where the mail belongs."""
    known = facts.known.get(letter.id)
    if known is not None and not known.expected:
        same = known.fingerprint == letter.fingerprint or (not known.fingerprint and letter.ours)
        return Again(letter.id, known.conversation) if same else Reused()
    for conversation in letter.threads:
        if conversation in facts.threads:
            came = (conversation, letter.id) in facts.carried
            return Again(letter.id, conversation) if came else Join(conversation, signed=True)
    return _by_ids(letter, facts)


def _by_ids(letter: Letter, facts: Facts) -> Place:
    matches = tuple(dict.fromkeys(_matches(letter, facts)))
    for conversation in matches:
        if takes_part(letter, facts, facts.threads[conversation]):
            return Join(conversation)
    if not matches:
        return Begin()
    near = _near(letter, facts, matches)
    return Begin(matches[0]) if near is None else Join(near)


def _near(letter: Letter, facts: Facts, matches: tuple[int, ...]) -> int | None:
    """A conversation linked with a match, in which the sender takes part."""
    people = frozenset(letter.senders)
    linked = {facts.threads[match].linked for match in matches}
    for conversation, thread in facts.threads.items():
        if (thread.linked in matches or conversation in linked) and thread.people & people:
            return conversation
    return facts.neighbour(people, matches)


def _matches(letter: Letter, facts: Facts) -> Iterator[int]:
    for value in (*letter.named, letter.id):
        known = facts.known.get(value)
        if known is not None and known.conversation in facts.threads:
            yield known.conversation


def takes_part(letter: Letter, facts: Facts, thread: Thread) -> bool:
    """Whether who wrote the mail is part of the conversation, or of the team."""
    if is_among(letter, facts, thread):
        return True
    return bool(letter.answers_to) and all(address in thread.people for address in letter.answers_to)


def is_among(letter: Letter, facts: Facts, thread: Thread) -> bool:
    """The same by the sender's own address; what they say of others, in Reply-To, left aside."""
    return any(address in thread.people or address in facts.team for address in letter.senders)
