"""Email inboxes as those who set them up see them: where each stands, what waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Lower

from salotto.channels.email.models import (
    Domain,
    Mail,
    Mailbox,
    MailState,
    Position,
    RawMail,
    RawState,
    Server,
    Way,
)
from salotto.channels.email.providers import provider_of
from salotto.channels.email.queries.dead import DEAD, parts
from salotto.core import clock
from salotto.core.addresses import domain_key, spellings
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope, all_accounts
from salotto.inbox.models import Inbox

MOST = 500
"""Inboxes of an account that can be chosen from, and domains that are shown."""
PAGE = 50
QUIET = timedelta(minutes=20)
"""A mailbox that works is looked at every ten minutes at least, and noted every five."""
TOLD = timedelta(days=7)
"""How long an inbox says that its mail server was put back to an earlier state."""


class Doing(StrEnum):
    """How receiving goes."""

    OFF = "off"
    TROUBLE = "trouble"
    CONNECTING = "connecting"
    QUIET = "quiet"
    READING = "reading"
    GIVEN = "given"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """An email inbox and how it fares. `waiting` and `failed` are mails that came in and were not
    taken in yet, or could not be; of the latter only the headers were fetched of `unfetched`, most
    often as they are too large; `queued` are mails on their way out, the oldest since
    `queued_since`; `last_came` is when the newest mail came; `set_back` when the incoming server was
    found to be put back to an earlier state, if that was in the last days."""

    mailbox: Mailbox
    incoming: Server | None
    outgoing: Server | None
    waiting: int = 0
    failed: int = 0
    unfetched: int = 0
    queued: int = 0
    queued_since: datetime | None = None
    last_came: datetime | None = None
    set_back: datetime | None = None

    @property
    def unreadable(self) -> int:
        """How many mails are here, and could not be read."""
        return self.failed - self.unfetched

    @property
    def doing(self) -> Doing:
        """In one word; `GIVEN`: mail comes without our asking for it."""
        server = self.incoming
        if not self.mailbox.enabled:
            return Doing.OFF
        if server is None or not server.enabled:
            return Doing.GIVEN if self.last_came else Doing.NOTHING
        if server.trouble:
            return Doing.TROUBLE
        if server.worked_at is None:
            return Doing.CONNECTING
        return Doing.QUIET if server.worked_at < clock.now() - QUIET else Doing.READING

    @property
    def needs_help(self) -> bool:
        """Whether a person should look."""
        out = bool(self.mailbox.enabled and self.outgoing and self.outgoing.trouble)
        return self.doing in (Doing.TROUBLE, Doing.QUIET) or out


def inboxes(account_id: int, after: int | None = None, limit: int = PAGE) -> list[Inbox]:
    """The inboxes of an account by name, at most a hundred: the first ones, or those behind the
    inbox `after`."""
    with account_scope(account_id):
        found = Inbox.objects.annotate(key=Lower("name"))
        last = found.filter(pk=after).values_list("key", flat=True).first() if after else None
        if last is not None:
            found = found.filter(Q(key__gt=last) | Q(key=last, pk__gt=after))
        return list(found.order_by("key", "pk")[: min(limit, 100)])


def standings(account_id: int, of: Iterable[Inbox]) -> list[Standing]:
    """How those of these inboxes fare that are for email."""
    with account_scope(account_id):
        rows = Mailbox.objects.select_related("inbox").filter(inbox__in=[inbox.pk for inbox in of])
        return _standings(rows.order_by("id")[:MOST])


@dataclass(frozen=True, slots=True)
class Choice:
    """A mailbox to choose, with the name of its inbox."""

    id: int
    name: str
    address: str


def choices(account_id: int) -> list[Choice]:
    """Mailboxes to choose from; of more than 500 the first ones by name, and `named` finds all."""
    with account_scope(account_id):
        rows = Mailbox.objects.order_by(Lower("inbox__name"), "id")
        return [Choice(*row) for row in rows.values_list("id", "inbox__name", "address")[:MOST]]


def named(account_id: int, typed: str) -> list[int]:
    """The mailboxes that somebody means who types an address or the name of an inbox; at most two."""
    with account_scope(account_id):
        by_address = ({"address__iexact": spelling} for spelling in spellings(typed))
        for meant in (*by_address, {"inbox__name__iexact": typed}):
            found = Mailbox.objects.filter(**meant).order_by("id")
            if ids := list(found.values_list("id", flat=True)[:2]):
                return ids
    return []


def names_of(account_id: int, mailboxes: Iterable[int]) -> dict[int, str]:
    """The names of the inboxes of these mailboxes."""
    with account_scope(account_id):
        rows = Mailbox.objects.filter(pk__in=list(mailboxes)[:MOST])
        return dict(rows.values_list("id", "inbox__name"))


def standing_of(account_id: int, mailbox_id: int) -> Standing:
    """One of them. Raises Missing."""
    with account_scope(account_id):
        found = _standings(Mailbox.objects.select_related("inbox", "account").filter(pk=mailbox_id))
    if not found:
        raise Missing
    return found[0]


def all_standings(limit: int = 10_000) -> list[Standing]:
    """Those of every account, for whoever runs the server."""
    with all_accounts():
        rows = Mailbox.objects.select_related("inbox", "account").order_by("account_id", "id")
        return _standings(rows[:limit])


def _standings(found: Iterable[Mailbox]) -> list[Standing]:
    rows = list(found)
    keys = [row.pk for row in rows]
    servers = {(s.mailbox_id, s.way): s for s in Server.objects.filter(mailbox_id__in=keys)}
    raw = _counts(keys)
    part = _unfetched([key for key, state in raw if state == RawState.FAILED])
    out, came, back = _on_their_way(keys), _last_came(keys), _set_back(keys)
    return [
        Standing(
            mailbox=row,
            incoming=servers.get((row.pk, Way.IN)),
            outgoing=servers.get((row.pk, Way.OUT)),
            waiting=raw.get((row.pk, RawState.WAITING), 0),
            failed=raw.get((row.pk, RawState.FAILED), 0),
            unfetched=min(part.get(row.pk, 0), raw.get((row.pk, RawState.FAILED), 0)),
            queued=out.get(row.pk, (0, None))[0],
            queued_since=out.get(row.pk, (0, None))[1],
            last_came=came.get(row.pk),
            set_back=back.get(row.pk),
        )
        for row in rows
    ]


def _counts(keys: list[int]) -> Mapping[tuple[int, str], int]:
    """Mails by mailbox and state; asked by state, so that each finds its own small index."""
    found = {}
    for state in (RawState.WAITING, RawState.FAILED):
        rows = RawMail.objects.filter(mailbox_id__in=keys, state=state).values_list("mailbox_id")
        found.update({(key, str(state)): count for key, count in rows.annotate(Count("id"))})
    return found


def _unfetched(keys: list[int]) -> Mapping[int, int]:
    """Of mailboxes with mails that failed: of how many only the headers are here."""
    if not keys:
        return {}
    found = parts(RawMail.objects.filter(mailbox_id__in=keys, state=RawState.FAILED))
    return dict(found.values_list("mailbox_id").annotate(Count("id")))


def _on_their_way(keys: list[int]) -> Mapping[int, tuple[int, datetime | None]]:
    waiting = Mail.objects.filter(mailbox_id__in=keys, state__in=(MailState.QUEUED, MailState.SENDING))
    rows = waiting.values_list("mailbox_id").annotate(Count("id"), Min("created_at"))
    return {key: (count, since) for key, count, since in rows}


def _last_came(keys: list[int]) -> Mapping[int, datetime | None]:
    """When the newest mail of each mailbox came, by one look into an index for each."""
    same = {"account_id": OuterRef("account_id"), "mailbox_id": OuterRef("pk")}
    newest = RawMail.objects.filter(**same).order_by("-id").values("received_at")[:1]
    rows = Mailbox.objects.filter(pk__in=keys).annotate(came=Subquery(newest))
    return dict(rows.values_list("pk", "came"))


def _set_back(keys: list[int]) -> Mapping[int, datetime]:
    """When the server of a mailbox was found to be put back, as long as somebody should know."""
    told = Position.objects.filter(server__mailbox_id__in=keys, folder=F("server__folder"))
    recent = told.filter(set_back_at__gt=clock.now() - TOLD)
    return dict(recent.values_list("server__mailbox_id", "set_back_at"))


def dead_count(account_id: int) -> int:
    """How many mails wait for a person, at most 1000."""
    with account_scope(account_id):
        return len(RawMail.objects.filter(state__in=DEAD).values_list("id")[:1000])


def dead_ids(account_id: int, limit: int = 500) -> list[int]:
    """The newest mails that could not be read."""
    with account_scope(account_id):
        found = RawMail.objects.filter(state=RawState.FAILED).order_by("-id")
        return list(found.values_list("id", flat=True)[:limit])


def domains(account_id: int) -> list[Domain]:
    """The sender domains of an account, by name."""
    with account_scope(account_id):
        return list(Domain.objects.order_by("name", "id")[:MOST])


def domain_of(account_id: int, domain_id: int) -> Domain:
    """One of them. Raises Missing."""
    with account_scope(account_id):
        found: Domain | None = Domain.objects.filter(pk=domain_id).first()
    if found is None:
        raise Missing
    return found


def suggested_domains(account_id: int) -> list[str]:
    """Domains that mailboxes send from and that are not in the list yet; those of a provider, whose
    DNS is not the company's, are left out."""
    with account_scope(account_id):
        known = set(Domain.objects.values_list("name", flat=True)[:MOST])
        written = Mailbox.objects.exclude(address="").values_list("address", flat=True)[:MOST]
        found = {domain_key(name): name.lower() for name in (one.rpartition("@")[2] for one in written)}
    return [found[key] for key in found if key and key not in known and provider_of(f"@{key}") is None]


def chats_mailbox(account_id: int) -> Mailbox | None:
    """The mailbox that carries chats on."""
    with account_scope(account_id):
        found: Mailbox | None = Mailbox.objects.select_related("inbox").filter(continues_chats=True).first()
    return found


def long_waiting(since: datetime) -> int:
    """How many mails of all accounts came before `since` and were not tried yet, at most 1000."""
    with all_accounts():
        stuck = RawMail.objects.filter(state=RawState.WAITING, received_at__lt=since, attempts=0)
        return len(stuck.values_list("id")[:1000])


def all_dead_count() -> int:
    """How many mails of all accounts wait for a person, at most 1000."""
    with all_accounts():
        return len(RawMail.objects.filter(state__in=DEAD).values_list("id")[:1000])
