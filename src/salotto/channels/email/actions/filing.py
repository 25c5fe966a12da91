"""Putting mails into conversations: a batch at a time, all of it or nothing.

The order of a batch is the order in which the mails came. Each is placed knowing where those
before it went (`threading.resolve`); then everything is written, kind by kind, in a few
statements. A conversation that the batch begins has a negative id until then.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings
from django.db import transaction

from salotto.channels.email.actions.bouncing import note_bounce
from salotto.channels.email.actions.filling import fill
from salotto.channels.email.actions.queueing import acknowledge
from salotto.channels.email.actions.records import (
    NAMED,
    Record,
    keep_ids,
    keep_mails,
    keep_names,
    keep_people,
    settle,
)
from salotto.channels.email.actions.trying import came_back
from salotto.channels.email.domains.resolver import Dns
from salotto.channels.email.languages import language_header, language_of_mail
from salotto.channels.email.letters import (
    LOOSE,
    REFUTED,
    Envelope,
    IsOwn,
    Opened,
    as_loop,
    body_digest,
    came_from_nobody,
    is_meant,
    naming,
    open_letter,
    proven,
    refuted,
    unproven,
    with_own_id,
)
from salotto.channels.email.marks import is_marked
from salotto.channels.email.mime import parse
from salotto.channels.email.mime.parsed import Address, Bounce
from salotto.channels.email.models import Mail, Mailbox, RawMail, RawState
from salotto.channels.email.proof import Proof, Signed
from salotto.channels.email.queries.facts import Gathering, Own, own_addresses_of, team_among
from salotto.channels.email.queries.incoming import is_partial
from salotto.channels.email.queries.loops import noisy_senders
from salotto.channels.email.queries.returned import is_of_deleted
from salotto.channels.email.threading import (
    UNREAD,
    Again,
    Begin,
    Facts,
    Join,
    Known,
    Place,
    Reused,
    Thread,
    deleted_names,
    is_among,
    resolve,
)
from salotto.channels.email.verdict import is_refuted
from salotto.inbox import actions as inbox_actions
from salotto.inbox.actions.begin import Beginning
from salotto.inbox.actions.parting import part_from_visitors
from salotto.inbox.models import Kind
from salotto.inbox.posting import post_all
from salotto.live import bell

log = logging.getLogger("salotto.email")


@dataclass(slots=True)
class Filing:
    """A batch on its way: its facts, and what will be written. `headers` are the languages that
    mails name as theirs, by stored mail; `rests` are whole mails whose headers are messages."""

    mailbox: Mailbox
    own: Own
    facts: Facts
    headers: dict[int, str] = field(default_factory=dict)
    begun: dict[int, Opened] = field(default_factory=dict)
    linked: dict[int, int | None] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    rests: list[Record] = field(default_factory=list)
    kept: dict[str, Record] = field(default_factory=dict)
    named: dict[tuple[str, int], None] = field(default_factory=dict)

    def place(self, opened: Opened) -> None:
        """Decide about one mail."""
        bounce = opened.mail.bounce
        if bounce is not None and self._came_back(opened, bounce):
            return
        found = resolve(opened.letter, self.facts)
        if isinstance(found, Reused):
            bore = opened.letter.id
            known = self.facts.known.get(bore)  # else it is of a mail in another inbox
            opened = with_own_id(opened, keep_as_named=known is None or not known.fingerprint)
            found = resolve(opened.letter, self.facts)
            opened = naming(opened, bore)  # what answers it names the id that it came with
        self._put(opened, found)

    def _put(self, opened: Opened, place: Place) -> None:
        if isinstance(place, Again):
            self._repeat(opened, place)
        elif isinstance(place, Join):
            thread = self.facts.threads[place.conversation]
            joins = place.signed or is_among(opened.letter, self.facts, thread)
            joins = joins and REFUTED not in opened.problems  # a forger would bring others in
            self._write(opened, place.conversation, self._kind(opened, thread), with_people=joins)
        elif isinstance(place, Begin):
            self._begin(opened, place)

    def _repeat(self, opened: Opened, place: Again) -> None:
        """It points to the first one; what was deleted leaves nothing."""
        state = RawState.DELETED if place.conversation is None else RawState.DUPLICATE
        known, first = self.facts.known.get(place.id), self.kept.get(place.id)
        message = known.message if known else None
        if message and known and known.fingerprint.endswith(UNREAD) and not opened.envelope.part:
            self.fill(opened, message)  # it came once more, and whole
            return
        self.records.append(Record(opened, state, place.conversation, message=message, first=first))

    def fill(self, opened: Opened, message: int) -> None:
        """It is the whole mail whose headers have made this message."""
        self.rests.append(Record(opened, RawState.DUPLICATE, None, message=message))

    def _begin(self, opened: Opened, place: Begin) -> None:
        number = -1 - len(self.begun)
        self.begun[number], self.linked[number] = opened, place.linked
        self.facts.threads[number] = Thread(contact=self._correspondent(number).key)
        ours = self._is_of_mailbox(opened) and opened.outside is not None
        kind = Kind.REPLY if ours else Kind.VISITOR
        self._write(opened, number, kind, begins=place, with_people=REFUTED not in opened.problems)

    def _kind(self, opened: Opened, thread: Thread) -> Kind:
        """The team's own mail is a reply, written elsewhere; what it sends by itself, a note."""
        sender = opened.person.key
        team = opened.letter.proven and sender in self.facts.team and sender != thread.contact
        if not (team or self._is_of_mailbox(opened)):
            return Kind.VISITOR
        return Kind.NOTE if opened.automatic else Kind.REPLY

    def _is_of_mailbox(self, opened: Opened) -> bool:
        return opened.letter.proven and opened.person.key in self.own.mailbox

    def _write(
        self,
        opened: Opened,
        conversation: int,
        kind: Kind,
        *,
        begins: Begin | None = None,
        with_people: bool = True,
    ) -> None:
        people = opened.people if with_people else ()
        self.facts.threads[conversation].people.update(people)
        record = Record(opened, RawState.DONE, conversation, kind, people=people)
        if begins is not None:
            record.linked, record.deleted = begins.linked, begins.deleted
        self._keep(record)

    def _keep(self, record: Record) -> None:
        """Its id leads here from now on, and so do those that it names and that are not seen here."""
        letter, conversation = record.opened.letter, record.thread
        self.records.append(record)
        self.kept[letter.id] = record
        self.facts.known[letter.id] = Known(conversation, record.message, fingerprint=letter.fingerprint)
        self.facts.carried.add((conversation, letter.id))
        if REFUTED in record.opened.problems:
            return  # a forger would bring together what is the same person's and nothing else
        if record.opened.is_claimed and len(record.people) > 1:
            return  # the one whom it names would find those whom it brings
        for value in (*letter.named[:NAMED], *islice(deleted_names(letter, self.facts), NAMED)):
            elsewhere = self.facts.seen_in(value) != conversation
            if elsewhere and conversation not in self.facts.named.get(value, ()):
                self.named[value, conversation] = None
                self.facts.named.setdefault(value, []).insert(0, conversation)

    def _came_back(self, opened: Opened, bounce: Bounce) -> bool:
        """A report about a mail of ours belongs to that mail and is no message; with its conversation
        it was deleted."""
        known = self.facts.known.get(opened.letter.id)
        if known is not None:
            return False  # told already
        record = Record(opened, RawState.DONE, None)
        account, from_nobody = self.mailbox.account_id, opened.envelope.from_nobody
        key = record.client_id(account)
        came_to = (*opened.envelope.recipients, *opened.mail.delivered_to)
        noted = note_bounce(account, bounce, came_to, key, from_nobody=from_nobody)
        if noted is None and is_of_deleted(account, bounce, came_to, from_nobody=from_nobody):
            self.records.append(Record(opened, RawState.DELETED, None))
            return True
        if noted is None:
            return False
        record.conversation, record.message = noted.conversation, noted.message
        self._keep(record)
        return True

    def write(self) -> None:
        """Write all that was decided."""
        real = self._begin_all()
        for record in self.records:
            record.settle_on(real)
        asked = (record for record in self.records if record.kind == Kind.VISITOR)
        part_from_visitors(record.thread for record in asked)
        self._post_all()
        keep_mails(self.mailbox, self.records)
        keep_ids(self.mailbox, self.records)
        keep_names(self.mailbox, ((value, real.get(one, one)) for value, one in self.named))
        keep_people(self.mailbox.account_id, self.records)
        for record in self.rests:
            fill(self.mailbox, record)
        settle(self.mailbox.account_id, [*self.records, *self.rests])
        inbox_actions.note_languages(self.mailbox.account_id, dict(self._languages()))
        self._acknowledge()
        transaction.on_commit(bell.ring)

    def _begin_all(self) -> dict[int, int]:
        """Contacts and conversations of those that begin; the real ids of the latter."""
        if not self.begun:
            return {}
        account = self.mailbox.account_id
        contacts = _contacts(account, {number: self._correspondent(number) for number in self.begun})
        real = dict(zip(self.begun, inbox_actions.new_conversation_ids(len(self.begun)), strict=True))
        beginnings = [
            Beginning(
                real[number],
                self.mailbox.inbox_id,
                contacts[number],
                opened.mail.subject,
                _real(real, self.linked[number]),
            )
            for number, opened in self.begun.items()
        ]
        inbox_actions.begin_conversations(account, beginnings)
        return real

    def _languages(self) -> Iterator[tuple[str, str]]:
        """What the customers write, where it is clear: address and language."""
        for record in (*self.records, *self.rests):
            opened = record.opened
            if record.kind == Kind.VISITOR and opened.person.key and not opened.automatic:
                said = self.headers.get(opened.envelope.raw, "")
                if language := language_of_mail(opened.mail.visible, opened.mail.html, said):
                    yield opened.person.key, language

    def _acknowledge(self) -> None:
        """Whoever began a conversation is told that their mail has arrived, if the mailbox does so."""
        if not self.mailbox.auto_reply.strip():
            return
        begun = {self.kept[opened.letter.id].message for opened in self.begun.values()}
        mails = Mail.objects.select_related("conversation__contact").filter(message_id__in=begun)
        for mail in mails.filter(automatic="", message__kind=Kind.VISITOR).order_by("id"):
            try:
                with transaction.atomic():
                    acknowledge(mail.conversation, mail)
            except Exception:  # what is told about a mail must not keep the mail out
                log.exception("Mail %s of account %s was not acknowledged", mail.pk, mail.account_id)

    def _correspondent(self, number: int) -> Address:
        """Whom a new conversation is with."""
        opened = self.begun[number]
        ours = self._is_of_mailbox(opened)
        return opened.outside if ours and opened.outside else opened.person

    def _post_all(self) -> None:
        """The messages, in as few calls as keep their order, and their files."""
        account = self.mailbox.account_id
        for run in _runs([record for record in self.records if record.kind is not None]):
            items = [item for record in run for item in record.items(account)]
            posted = post_all(items)
            for record in run:
                record.message = posted[record.client_id(account)].message
        for record in self.records:
            if record.kind is not None and record.opened.mail.parts:
                inbox_actions.add_files(account, record.message or 0, record.files())


def file_mails(mailbox: Mailbox, raws: Sequence[RawMail]) -> None:
    """Read these mails of a mailbox and put each where it belongs, in the caller's transaction
    and account scope. Raises whatever goes wrong with any of them."""
    raws = [raw for raw in raws if not came_back(raw)]
    own = own_addresses_of(mailbox)
    opened = [open_letter(_envelope(raw), parse(bytes(raw.content)), own.has) for raw in raws]
    team = team_among((one.person.key for one in opened), own.has)
    opened = list(_checked(opened, raws, team, own.has))  # before anything is locked: the DNS is asked
    gathering = Gathering(mailbox.account_id, mailbox.inbox_id, [one.letter for one in opened], team)
    noisy = noisy_senders(mailbox, opened)
    headers = {raw.pk: language_header(bytes(raw.content)) for raw in raws}
    filing = Filing(mailbox, own, gathering.facts, headers)
    messages = {raw.pk: raw.message_id for raw in raws}
    for one in opened:
        if message := messages[one.envelope.raw]:
            filing.fill(one, message)
            continue
        loops = one.mail.sender.address.lower() in noisy and not one.automatic
        filing.place(as_loop(one) if loops else one)
    filing.write()


def _checked(
    opened: Sequence[Opened], raws: Sequence[RawMail], team: frozenset[str], is_own: IsOwn
) -> Iterator[Opened]:
    """Of what bears an address of the team it is found out whether it was sent from there; of all
    else the server that received it may have found out that it was not."""
    proof = Proof(Dns(settings.DNS))
    for one, raw in zip(opened, raws, strict=True):
        if one.person.key not in team:
            yield refuted(one) if is_refuted(bytes(raw.content)) else one
        else:
            yield _of_team(one, proof.of(bytes(raw.content), one.person.address.lower()), is_own)


def _of_team(opened: Opened, signed: Signed, is_own: IsOwn) -> Opened:
    """A mail that bears an address of the team, with what its signature is good for."""
    if signed is Signed.WHOLE and is_meant(opened, is_own):
        return proven(opened)
    return unproven(opened) if signed is Signed.NOTHING else unproven(opened, LOOSE)


def _envelope(raw: RawMail) -> Envelope:
    content = bytes(raw.content)
    return Envelope(
        raw=raw.pk,
        account=raw.account_id,
        sender=raw.sender.replace("\0", ""),
        recipients=tuple(raw.recipients),
        marked=is_marked(content, raw.account_id),
        body=body_digest(content),
        from_nobody=came_from_nobody(raw.source, raw.sender, content),
        part=raw.size if is_partial(raw) else 0,
    )


def _contacts(account: int, people: dict[int, Address]) -> dict[int, int]:
    """The contact of each; whoever has no address is somebody new each time."""
    given = {number: who.address.lower()[:254] for number, who in people.items()}
    named: dict[str, str] = {}
    for number, who in people.items():
        if given[number] and not named.get(given[number]):
            named[given[number]] = who.name
    known = inbox_actions.contacts_of(account, named) if named else {}
    return {
        number: known[given[number]] if given[number] else inbox_actions.nameless_contact(account, who.name)
        for number, who in people.items()
    }


def _real(real: dict[int, int], conversation: int | None) -> int | None:
    return None if conversation is None else real.get(conversation, conversation)


def _runs(records: Iterable[Record]) -> Iterable[list[Record]]:
    """One call of the posting function tells a contact's message from an answer, but not which
    came first: a conversation's messages of different kinds go in different calls."""
    run: list[Record] = []
    kinds: dict[int | None, Kind | None] = {}
    for record in records:
        if kinds.get(record.conversation, record.kind) != record.kind:
            yield run
            run, kinds = [], {}
        run.append(record)
        kinds[record.conversation] = record.kind
    if run:
        yield run
