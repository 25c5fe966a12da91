"""Beginning conversations that came in by a channel with addresses, many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from salotto.core.addresses import email_key, spellings
from salotto.inbox.models import Conversation


@dataclass(frozen=True, slots=True)
class Beginning:
    """A conversation to be made: its id is one of `new_conversation_ids`, its first message is
    the caller's to post. `linked` is the conversation that it refers to."""

    id: int
    inbox: int
    contact: int
    subject: str = ""
    linked: int | None = None


_FIND = """
    SELECT wanted.key, min(contact.id)
      FROM unnest(%(keys)s::text[], %(emails)s::text[]) AS wanted(key, email)
      JOIN inbox_contact contact
        ON contact.account_id = %(account)s
       AND lower(contact.email) = lower(wanted.email)
       AND NOT (contact.email = '')
     GROUP BY wanted.key
"""
_LOCK = """
    SELECT pg_advisory_xact_lock(lock)
      FROM (SELECT hashtextextended(name, 0) AS lock FROM unnest(%s::text[]) AS given(name) ORDER BY 1) sorted
"""
_MAKE = """
    INSERT INTO inbox_contact (account_id, name, email, language, attributes, created_at)
    SELECT %(account)s, given.name, given.email, '', '{}', clock_timestamp()
      FROM unnest(%(names)s::text[], %(emails)s::text[]) WITH ORDINALITY AS given(name, email, place)
     ORDER BY place
    RETURNING email, id
"""
_NAME = """
    UPDATE inbox_contact SET name = given.name
      FROM unnest(%(ids)s::bigint[], %(names)s::text[]) AS given(id, name)
     WHERE account_id = %(account)s AND inbox_contact.id = given.id AND inbox_contact.name = ''
"""
_SPEAK = """
    UPDATE inbox_contact SET language = given.language
      FROM unnest(%(emails)s::text[], %(languages)s::text[]) AS given(email, language)
     WHERE account_id = %(account)s AND lower(inbox_contact.email) = lower(given.email)
       AND NOT (inbox_contact.email = '') AND inbox_contact.language = ''
"""


def contacts_of(account_id: int, people: Mapping[str, str]) -> dict[str, int]:
    """The id of each person's contact: the account's oldest one with this address, in whichever
    spelling, made if it has none; one without a name gets it.

    `people` maps addresses, as a contact is to show them, to names. In the caller's transaction;
    two callers that meet get the same contact.
    """
    keys = {email: email_key(email) for email in people}
    found = _known(account_id, people)
    if unknown := {email: name for email, name in people.items() if keys[email] not in found}:
        found |= _made(account_id, unknown)
    named = {found[keys[email]]: name[:120] for email, name in people.items() if name}
    with connection.cursor() as db:
        db.execute(_NAME, {"account": account_id, "ids": list(named), "names": list(named.values())})
    return {email: found[key] for email, key in keys.items()}


def _known(account_id: int, emails: Iterable[str]) -> dict[str, int]:
    """By the keys of the addresses."""
    given = [(email_key(email), spelling) for email in emails for spelling in spellings(email)]
    keys, spelt = [key for key, _ in given], [spelling for _, spelling in given]
    with connection.cursor() as db:
        db.execute(_FIND, {"account": account_id, "keys": keys, "emails": spelt})
        return dict(db.fetchall())


def _made(account_id: int, people: Mapping[str, str]) -> dict[str, int]:
    """Behind a lock for each address, in one order, whoever else makes contacts; by the keys."""
    given = {email_key(email): email for email in reversed(list(people))}  # the first spelling stays
    with connection.cursor() as db:
        db.execute(_LOCK, [[f"inbox.contact {account_id} {key}" for key in given]])
        found = _known(account_id, people)
        missing = [email for key, email in given.items() if key not in found]
        if missing:
            names = [people[email][:120] for email in missing]
            db.execute(_MAKE, {"account": account_id, "names": names, "emails": missing})
            found |= {email_key(email): pk for email, pk in db.fetchall()}
    return found


def note_languages(account_id: int, languages: Mapping[str, str]) -> None:
    """Note on the contacts with these addresses what language they write; one that
    is known stays, as its owner may have chosen it. In the caller's transaction."""
    if not languages:
        return
    given = [(spelling, spoken) for email, spoken in languages.items() for spelling in spellings(email)]
    emails, spoken = [email for email, _ in given], [language for _, language in given]
    with connection.cursor() as db:
        db.execute(_SPEAK, {"account": account_id, "emails": emails, "languages": spoken})


def nameless_contact(account_id: int, name: str) -> int:
    """A new contact without an address, for whom nobody will find again."""
    with connection.cursor() as db:
        db.execute(_MAKE, {"account": account_id, "names": [name[:120]], "emails": [""]})
        return int(db.fetchone()[1])


def new_conversation_ids(count: int) -> list[int]:
    """Ids for as many `Beginning`s."""
    with connection.cursor() as db:
        db.execute(
            "SELECT nextval(pg_get_serial_sequence('inbox_conversation', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return [row[0] for row in db.fetchall()]


def begin_conversations(account_id: int, beginnings: Sequence[Beginning]) -> None:
    """Make these conversations, open and without an owner, in the caller's transaction."""
    Conversation.objects.bulk_create(
        Conversation(
            id=each.id,
            account_id=account_id,
            inbox_id=each.inbox,
            contact_id=each.contact,
            subject=each.subject[:200],
            linked_id=each.linked,
            version=0,  # the first message makes it 1
        )
        for each in beginnings
    )
