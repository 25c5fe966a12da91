"""What fetching needs to know: the mailboxes that are read by IMAP, and how far."""

import hashlib
from dataclasses import dataclass
from heapq import nlargest
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now, Substr

from salotto.channels.email.models import Position, RawMail, Server, Way
from salotto.core.tenancy import account_scope, all_accounts

MOST_TENDED = 5000
"""Mailboxes of one process."""
FOLDER_LIMIT = 250
AGAIN = 1 << 32
"""Added to a UIDVALIDITY, which has 32 bits, when UIDs are given out once more under it."""
WITNESSES = 50
MOST_PLACES = 50
HEAD = 64 << 10


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox to be read: its rows, and all that makes a connection another one."""

    account: int
    server: int
    mailbox: int
    host: str
    port: int
    security: str
    auth: str
    username: str
    secret: str
    folder: str


def any_incoming() -> bool:
    """Whether any mailbox of any account is to be read by IMAP."""
    with all_accounts():
        return bool(_wanted().exists())


def tended_by(me: UUID) -> dict[tuple[int, int], Box]:
    """The mailboxes that `me` holds and that are to be read, by account and server."""
    with all_accounts():
        held = Position.objects.filter(lease_by=me, lease_until__gt=Now(), **_CURRENT)
        return {
            (row.account_id, row.server_id): box_of(row.server)
            for row in held.select_related("server").order_by("id")[:MOST_TENDED]
        }


def box_of(server: Server) -> Box:
    """A server's row, as what is read from."""
    return Box(
        server.account_id,
        server.pk,
        server.mailbox_id,
        server.host,
        server.port,
        server.security,
        server.auth,
        server.username,
        server.secret,
        server.folder,
    )


def without_position() -> list[Server]:
    """Servers of which no position is kept yet."""
    with all_accounts():
        same = {
            "server_id": OuterRef("pk"),
            "account_id": OuterRef("account_id"),
            "folder": OuterRef("folder"),
        }
        new = _wanted().exclude(Exists(Position.objects.filter(**same)))
        return list(new.order_by("id")[:MOST_TENDED])


def free_positions(most: int) -> list[Position]:
    """Positions that nobody tends, or whose tender has given no sign for too long."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    with all_accounts():
        found = Position.objects.filter(free, **_CURRENT)
        return list(found.order_by(F("lease_until").asc(nulls_first=True), "id")[:most])


def position_of(box: Box) -> Position | None:
    """How far the mailbox was read, if somebody tends it."""
    with account_scope(box.account):
        found: Position | None = Position.objects.filter(server_id=box.server, folder=box.folder).first()
    return found


def number_of(uidvalidity: int) -> int:
    """The server's own part of a kept UIDVALIDITY."""
    return uidvalidity % AGAIN


def left(number: int) -> int:
    """A number (`Position.uidvalidity`) as it is kept while another server is named, and back."""
    return -1 - number


def witnesses(box: Box, number: int, below: int, most: int = WITNESSES) -> list[tuple[int, bytes]]:
    """The newest mails that were stored under this number (`Position.uidvalidity`), with UIDs below
    `below`: UID and headers. The server may have been named otherwise then."""
    most = min(most, WITNESSES)
    with account_scope(box.account):
        found: list[tuple[int, bytes]] = []
        for place in _places(box):  # one by one, each straight from the index
            stored = _stored(box).filter(folder=place, uidvalidity=number, uid__lt=below)
            heads = stored.annotate(head=Substr("content", 1, HEAD)).order_by("-uid")
            found.extend((uid, bytes(head)) for uid, head in heads.values_list("uid", "head")[:most])
    return nlargest(most, found)


def is_taken(box: Box, position: Position, number: int) -> bool:
    """Whether mails of this mailbox were stored under this number (`Position.uidvalidity`), or will
    be by another position. In the caller's account scope."""
    others = Position.objects.filter(server_id=box.server, uidvalidity__in=[number, left(number)])
    stored = (_stored(box).filter(folder=place, uidvalidity=number) for place in _places(box))
    return others.exclude(pk=position.pk).exists() or any(rows.exists() for rows in stored)


def _stored(box: Box) -> Any:
    return RawMail.objects.filter(mailbox_id=box.mailbox, uid__isnull=False)


def _places(box: Box) -> list[str]:
    """The folders' addresses that mails of this mailbox were read from, see `place_of`."""
    found: list[str] = []
    while len(found) < MOST_PLACES:
        rest = _stored(box).filter(folder__gt=found[-1] if found else "").order_by("folder")
        following = rest.values_list("folder", flat=True).first()
        if following is None:
            break
        found.append(following)
    return found


def raw_of(account: int, raw: int) -> RawMail | None:
    """A stored mail."""
    with account_scope(account):
        found: RawMail | None = RawMail.objects.filter(pk=raw).first()
    return found


def box_for(raw: RawMail) -> Box | None:
    """Where the mails of its mailbox are read from now."""
    with account_scope(raw.account_id):
        server = Server.objects.filter(mailbox_id=raw.mailbox_id, way=Way.IN).first()
    return None if server is None else box_of(server)


def is_partial(raw: RawMail) -> bool:
    """Whether only a part of the mail is here, and the rest still on its IMAP server."""
    return raw.uid is not None and len(raw.content) < raw.size


def place_of(box: Box) -> str:
    """The folder's address as an IMAP URL (RFC 5092), which names the server and the user too: the
    same UID elsewhere is another mail. A long one is shortened, and then ends with its digest."""
    url = f"imap://{quote(box.username)}@{box.host}:{box.port}/{quote(box.folder)}"
    if len(url) <= FOLDER_LIMIT:
        return url
    return url[: FOLDER_LIMIT - 17] + "~" + hashlib.sha256(url.encode()).hexdigest()[:16]


_ENABLED = {"way": Way.IN, "enabled": True, "mailbox__enabled": True}
_CURRENT: dict[str, Any] = {f"server__{name}": value for name, value in _ENABLED.items()}
_CURRENT["folder"] = F("server__folder")


def _wanted() -> Any:
    return Server.objects.filter(**_ENABLED)


def server_of(box: Box) -> Server:
    """The row behind it. Raises Server.DoesNotExist."""
    with account_scope(box.account):
        server: Server = Server.objects.get(pk=box.server)
    return server
