"""Addresses at which our last mail did not arrive; in the caller's account scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salotto.channels.email.models import Mail, MailState, Participant
from salotto.channels.email.recipients import Recipients, as_people
from salotto.core.addresses import email_key

MOST_ADDRESSES = 200
"""Addresses that are looked up at once; what is said of more of them nobody reads."""
MOST_CONVERSATIONS = 1000
MOST_MAILS = 2000
TRIED = (MailState.SENT, MailState.FAILED, MailState.BOUNCED)
_FIELDS = ("to", "cc", "bcc", "state", "problems", "error", "changed_at")


@dataclass(frozen=True, slots=True)
class Lost:
    """Our last mail to `address` came back (`returned`) or was refused, in the server's `words`."""

    address: str
    at: datetime
    words: str
    returned: bool


def lost_at(addresses: Iterable[str], conversation: int = 0) -> list[Lost]:
    """Those of at most 200 addresses at which the last mail of ours did not arrive, for good; known
    from the conversations with them, and from this one."""
    asked = {email_key(one): one for one in list(addresses)[:MOST_ADDRESSES] if one}
    found: dict[str, Lost | None] = {}
    if asked:
        for row in _mails_to(asked, conversation):
            _look(row, asked, found)
    return [one for one in found.values() if one is not None]


def _mails_to(addresses: Iterable[str], conversation: int) -> Any:
    """What we sent in the conversations that they take part in, the newest first."""
    taking_part = Participant.objects.filter(address__in=[one[:320] for one in addresses])
    found = taking_part.order_by("-conversation_id").values_list("conversation_id", flat=True)
    conversations = {conversation, *found[:MOST_CONVERSATIONS]}
    mails = Mail.objects.filter(conversation__in=conversations, state__in=TRIED)
    return mails.order_by("-id").values(*_FIELDS)[:MOST_MAILS]


def _look(row: dict[str, Any], asked: dict[str, str], found: dict[str, Lost | None]) -> None:
    """Note what a mail says of whom it was for, where no newer one has said it."""
    people = Recipients(*(as_people(row[name]) for name in ("to", "cc", "bcc"))).addresses
    refused = {email_key(one["address"]): one for one in row["problems"] if isinstance(one, dict)}
    returned = row["state"] == MailState.BOUNCED
    if returned and not refused and len(people) == 1:
        refused = {email_key(people[0]): {"words": row["error"], "again": False}}
    elif row["state"] == MailState.FAILED and not refused:
        return  # of the way to the server, and not of who should have got it
    for key in (key for key in map(email_key, people) if key in asked and key not in found):
        one = refused.get(key)
        lost = one is not None and not one["again"]
        found[key] = Lost(asked[key], row["changed_at"], one["words"], returned) if one and lost else None
