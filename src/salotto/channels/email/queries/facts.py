"""What the resolver must know of a batch of mails, in a handful of queries.

The conversations in question are locked, all in one statement and in the order of their ids:
whoever answers, completes or deletes one of them comes before the batch or after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.functions import Lower

from salotto.accounts.models import Access, Membership
from salotto.channels.email import addresses
from salotto.channels.email.letters import IsOwn
from salotto.channels.email.models import KnownId, Mail, Mailbox, Participant
from salotto.channels.email.threading import Facts, Known, Letter, Thread, name_of_deleted
from salotto.core.addresses import email_key, spellings

MOST_MAILBOXES = 1000
MOST_NAMING = 50
"""Conversations that name one id and are looked at, the newest."""
_LOCK = """
    SELECT conversation.id, contact.email
      FROM inbox_conversation conversation
      JOIN inbox_contact contact
        ON contact.account_id = conversation.account_id AND contact.id = conversation.contact_id
     WHERE conversation.account_id = %s AND conversation.id = ANY (%s)
     ORDER BY conversation.id
       FOR NO KEY UPDATE OF conversation
"""
_NAMED = """
    SELECT given.value, near.conversation_id
      FROM unnest(%(values)s::text[]) AS given(value)
     CROSS JOIN LATERAL (
           SELECT named.conversation_id
             FROM email_namedid named
            WHERE named.account_id = %(account)s AND named.inbox_id = %(inbox)s
              AND named.value = given.value
            ORDER BY named.conversation_id DESC
            LIMIT %(most)s) near
     WHERE EXISTS (SELECT FROM email_participant person
                    WHERE person.account_id = %(account)s
                      AND person.conversation_id = near.conversation_id
                      AND person.address = ANY (%(people)s))
"""


@dataclass(frozen=True, slots=True)
class Own:
    """Addresses of an account (keys): of one mailbox, and of all of them."""

    mailbox: frozenset[str]
    account: frozenset[str]

    def has(self, address: str) -> bool:
        """Whether this address is of a mailbox, or of our own mail domain."""
        return addresses.is_of(address, self.account) or addresses.local_part(address) is not None


def own_addresses_of(mailbox: Mailbox) -> Own:
    """The addresses of a mailbox and of its account, in the caller's account scope."""
    rows = Mailbox.objects.order_by("id").values_list("id", "address", "aliases")[:MOST_MAILBOXES]
    found = {pk: frozenset(addresses.keys_in(address, aliases)) for pk, address, aliases in rows}
    return Own(found.get(mailbox.pk, frozenset()), frozenset[str]().union(*found.values()))


def team_among(senders: Iterable[str], is_own: IsOwn) -> frozenset[str]:
    """Those of these addresses (keys) that are the account's own, or of who answers for the
    company; what they write elsewhere is the team's. In the caller's account scope."""
    people = sorted(set(senders))
    written = sorted({spelling for one in people for spelling in spellings(one)})
    agents = Membership.objects.filter(access=Access.AGENT).annotate(key=Lower("user__email"))
    found = agents.filter(key__in=written).values_list("key", flat=True)
    return frozenset(filter(is_own, people)) | frozenset(map(email_key, found))


class Gathering:
    """The facts for a batch of letters to one inbox; in the caller's transaction and scope."""

    def __init__(self, account_id: int, inbox: int, letters: list[Letter], team: frozenset[str]) -> None:
        self._account = account_id
        people = {one for letter in letters for one in (*letter.senders, *letter.answers_to)}
        self._people = sorted({spelling for one in people for spelling in spellings(one)})
        values = {value for letter in letters for value in (letter.id, letter.spare, *letter.named)}
        signed = {conversation for letter in letters for conversation in letter.threads}
        known = self._known(inbox, values)
        deleted = {one.was for one in known.values() if one.was is not None}
        values |= {name_of_deleted(number) for number in signed | deleted}
        self.facts = Facts(known, self._named(inbox, values))
        self.facts.team = team
        self.facts.elsewhere = self._elsewhere(inbox, {letter.id for letter in letters})
        self._take_up(signed | self._found())
        self.facts.carried = self._carried(signed, letters)

    def _found(self) -> set[int]:
        """Every conversation that the ids lead to."""
        seen = {known.conversation for known in self.facts.known.values()}
        named = {one for conversations in self.facts.named.values() for one in conversations}
        return {one for one in seen | named if one is not None}

    def _known(self, inbox: int, values: set[str]) -> dict[str, Known]:
        rows = KnownId.objects.filter(inbox_id=inbox, value__in=values)
        fields = ("value", "conversation_id", "message_id", "fingerprint", "was")
        return {value: Known(*known) for value, *known in rows.values_list(*fields)}

    def _elsewhere(self, inbox: int, ids: set[str]) -> dict[str, set[str]]:
        """The fingerprints that these ids have in other inboxes."""
        rows = KnownId.objects.filter(value__in=ids).exclude(inbox_id=inbox)
        found: dict[str, set[str]] = {}
        for value, fingerprint in rows.values_list("value", "fingerprint"):
            found.setdefault(value, set()).add(fingerprint)
        return found

    def _named(self, inbox: int, values: set[str]) -> dict[str, list[int]]:
        """Where the ids are named, as far as one of the people takes part there."""
        given: dict[str, Any] = {"account": self._account, "inbox": inbox, "most": MOST_NAMING}
        found: dict[str, list[int]] = {}
        with connection.cursor() as db:
            db.execute(_NAMED, given | {"values": list(values), "people": self._people})
            for value, conversation in db.fetchall():
                found.setdefault(value, []).append(conversation)
        return found

    def _take_up(self, conversations: set[int]) -> None:
        """Lock these and know who takes part in them; those that are gone stay unknown."""
        wanted = sorted(conversations)
        if not wanted:
            return
        with connection.cursor() as db:
            db.execute(_LOCK, [self._account, wanted])
            for pk, email in db.fetchall():
                contact = email_key(email)
                self.facts.threads[pk] = Thread({contact} if contact else set(), contact)
        taking_part = Participant.objects.filter(conversation_id__in=wanted, address__in=self._people)
        for pk, address in taking_part.values_list("conversation_id", "address"):
            if pk in self.facts.threads:
                self.facts.threads[pk].people.add(email_key(address))

    def _carried(self, conversations: set[int], letters: list[Letter]) -> set[tuple[int, str]]:
        """Ids of this batch that lie in conversations of signed addresses, by whatever inbox."""
        if not conversations:
            return set()
        ids = [value for letter in letters for value in (letter.id, letter.spare)]
        mails = Mail.objects.filter(conversation_id__in=conversations, header_id__in=ids)
        return set(mails.values_list("conversation_id", "header_id"))
