"""Where a mail belongs: one resolver, in one order. PURE.

1. A signed reply address of an existing conversation of this account, among all recipients.
2. The ids of In-Reply-To. 3. Those of References, the newest first. 4. Its own Message-ID, if a
mail that came earlier has named it: deliveries overtake each other. 5. If what it answers was deleted,
by any of these, where another answer to the same has gone since. 6. A new conversation.

An id leads where it was seen, and where mails have named it that belong elsewhere. Of all that,
only a conversation counts in which the sender takes part; and where an id was only named, only
one with somebody who writes or gets this mail: else whoever knows an id could wait for mails that
name it, with their sender in copy. If ids were seen and the sender takes part nowhere they lead,
a new conversation begins, linked with the first of those: whoever has seen a Message-ID may have
been forwarded a mail, or may have made it up, and reads nobody's answers for it. The next mail of
theirs that names the same id finds the new one. Subjects never count.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

UNREAD = "0" * 40
"""In the place of what a mail says, in a fingerprint that knows only its headers."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the resolver asks of a mail. Ids are without angle brackets, addresses are keys.

    `named`: In-Reply-To, then References, the newest first. `senders`: any of them makes the
    mail one of that participant; `answers_to`: its Reply-To, if it has one, and whoever else gets
    it and is not of the account, all of whom have to be participants to make it one: an answer
    to it goes to all of them. `people`: everybody who writes or gets it. `threads`: conversations
    of signed addresses of this account. `spare` is the id that it gets if another mail has its own.
    `alike` are other fingerprints by which the same mail may be known.
    `ours`: it left this very account before (its mark), or comes from one of its addresses.
    `proven`: it was sent from where its sender says (`proof`); asked of the team's addresses only.
    """

    id: str
    fingerprint: str
    named: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    answers_to: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()
    spare: str = ""
    ours: bool = False
    proven: bool = False
    alike: tuple[str, ...] = ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """All by which it may be known."""
        return (self.fingerprint, *self.alike)


@dataclass(slots=True)
class Known:
    """Where an id was seen in this inbox; without a conversation it is a tombstone, and the one
    that was deleted had the number `was`, if that is known."""

    conversation: int | None
    message: int | None = None
    fingerprint: str = ""
    was: int | None = None


@dataclass(slots=True)
class Thread:
    """A conversation that a mail may belong to, those of the addresses in question that take part
    in it, and whom it is with."""

    people: set[str] = field(default_factory=set)
    contact: str = ""


@dataclass(slots=True)
class Facts:
    """What the resolver knows; it grows with each mail that was placed.

    `known`: where ids were seen; `named`: conversations whose mails name an id that was not seen
    there. `team`: addresses of the account's mailboxes and agents, who take part everywhere.
    `carried`: (conversation, id) of mails that lie in conversations of signed addresses.
    `elsewhere`: fingerprints of the mails that bear an id in other inboxes; "" is one that we sent.
    """

    known: dict[str, Known] = field(default_factory=dict)
    named: dict[str, list[int]] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    team: frozenset[str] = frozenset()
    carried: set[tuple[int, str]] = field(default_factory=set)
    elsewhere: dict[str, set[str]] = field(default_factory=dict)

    def seen_in(self, value: str) -> int | None:
        """The conversation of a mail with this id, if it still exists."""
        known = self.known.get(value)
        return known.conversation if known and known.conversation in self.threads else None


@dataclass(frozen=True, slots=True)
class Join:
    """It belongs to this conversation; `signed`: by its reply address."""

    conversation: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """It begins a conversation, linked with another one or not; `deleted`: what it answers was."""

    linked: int | None = None
    deleted: bool = False


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
    if known is not None:
        same = any(is_same(known.fingerprint, one) for one in letter.fingerprints)
        same = same or (not known.fingerprint and letter.ours)
        return Again(letter.id, known.conversation) if same else Reused()
    if not letter.ours and _is_of_another(letter, facts):
        return Reused()  # else who answers that other mail would be led to whoever reused its id
    for conversation in letter.threads:
        if conversation in facts.threads:
            came = (conversation, letter.id) in facts.carried
            return Again(letter.id, conversation) if came else Join(conversation, signed=True)
    return _by_ids(letter, facts)


def _is_of_another(letter: Letter, facts: Facts) -> bool:
    """Whether another mail has its id in another inbox: from another sender, or of another day. What
    a list has added below does not make it another."""
    heads = {fingerprint[:24] for fingerprint in facts.elsewhere.get(letter.id, ())}
    return bool(heads - {one[:24] for one in letter.fingerprints})


def is_same(one: str, other: str) -> bool:
    """Whether two fingerprints (`letters.fingerprint`) are of one mail: sender, date and subject
    are the same, and what it says or the bytes that say it. Of a mail of which only the headers are
    here, and of a copy that came by a list long ago, zeros stand for these; such a one is not told
    from others."""
    unknown = UNREAD in (one[24:], other[24:])
    said = unknown or one[24:44] == other[24:44] or one[44:] == other[44:]
    return bool(one) and one[:24] == other[:24] and said


def _by_ids(letter: Letter, facts: Facts) -> Place:
    seen = [facts.seen_in(value) for value in letter.named]
    for conversation in _leads(letter, facts):
        if takes_part(letter, facts, facts.threads[conversation]):
            return Join(conversation)
    linked = next((conversation for conversation in seen if conversation is not None), None)
    return Begin(linked, deleted=linked is None and answers_deleted(letter, facts))


def answers_deleted(letter: Letter, facts: Facts) -> bool:
    """Whether the mail answers a conversation that was deleted."""
    named = (facts.known.get(value) for value in letter.named)
    return bool(letter.threads) or any(known and known.conversation is None for known in named)


def deleted_names(letter: Letter, facts: Facts) -> Iterator[str]:
    """What stands for the conversations that the mail answers and that were deleted. It is noted
    like an id that the mail names, and none can be made up: an id has no spaces."""
    known = (facts.known.get(value) for value in letter.named)
    was = (one.was for one in known if one is not None and one.conversation is None)
    gone = (thread for thread in letter.threads if thread not in facts.threads)
    for number in dict.fromkeys((*gone, *was)):
        if number is not None:
            yield name_of_deleted(number)


def name_of_deleted(conversation: int) -> str:
    """What stands for a deleted conversation among the ids that mails name."""
    return f"deleted conversation {conversation}"


def _leads(letter: Letter, facts: Facts) -> Iterator[int]:
    for value in (*letter.named, letter.id, *deleted_names(letter, facts)):
        seen = facts.seen_in(value)
        if seen is not None:
            yield seen
        yield from (one for one in facts.named.get(value, ()) if _may_wait(letter, facts.threads.get(one)))


def _may_wait(letter: Letter, thread: Thread | None) -> bool:
    """Whether a conversation may have been waiting for this mail, which one of its mails has named."""
    return thread is not None and thread.contact in letter.people


def takes_part(letter: Letter, facts: Facts, thread: Thread) -> bool:
    """Whether who wrote the mail is part of the conversation, or of the team."""
    if is_among(letter, facts, thread):
        return True
    return bool(letter.answers_to) and all(address in thread.people for address in letter.answers_to)


def is_among(letter: Letter, facts: Facts, thread: Thread) -> bool:
    """The same by the sender's own address; what they say of others, in Reply-To, left aside."""
    return any(
        address in thread.people or (letter.proven and address in facts.team) for address in letter.senders
    )
