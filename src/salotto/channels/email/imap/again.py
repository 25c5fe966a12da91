"""Fetching a mail again of which only the headers were kept: it was too large, or not given."""

from django.conf import settings

from salotto.channels.email import troubles
from salotto.channels.email.actions import fetching
from salotto.channels.email.imap.connection import Connection, NotGiven, Place, id_in
from salotto.channels.email.imap.look import too_large
from salotto.channels.email.imap.signing import secret_of
from salotto.channels.email.models import RawMail
from salotto.channels.email.queries.incoming import (
    Box,
    box_for,
    is_partial,
    number_of,
    place_of,
    position_of,
    raw_of,
)
from salotto.channels.email.troubles import Trouble

SECONDS = 1200.0
"""In which a mail of 30 MB comes from a server that is just fast enough."""


def fetch_again(account_id: int, raw_id: int) -> None:
    """Fetch the whole mail and have it taken in, or keep why that is not possible now."""
    raw = raw_of(account_id, raw_id)
    if raw is None or not is_partial(raw):
        return
    box = box_for(raw)
    try:
        if box is None or not _is_read(box, raw):
            raise Trouble(troubles.ELSEWHERE)
        fetching.complete(raw, _fetch(box, raw))
    except Trouble as trouble:
        fetching.note_incomplete(raw, trouble.text)


def _is_read(box: Box, raw: RawMail) -> bool:
    """Whether the mail's folder is the one that is read, though its server may be named otherwise now."""
    position = position_of(box)
    return place_of(box) == raw.folder or (position is not None and position.uidvalidity == raw.uidvalidity)


def _fetch(box: Box, raw: RawMail) -> bytes:
    link = Connection(Place(box.host, box.port, box.security, box.auth, box.username), SECONDS)
    try:
        link.sign_in(lambda: secret_of(box))
        if link.examine(box.folder).uidvalidity != number_of(raw.uidvalidity or 0):
            raise Trouble(troubles.RENUMBERED)
        if not _is_same(link, box, raw):
            raise Trouble(troubles.RENUMBERED)
        return _whole(link, raw.uid or 0)
    finally:
        link.close()


def _is_same(link: Connection, box: Box, raw: RawMail) -> bool:
    """Whether the UID still is this mail's: a server that was put back may have given it to another."""
    kept = id_in(bytes(raw.content))
    try:
        there = link.ids([raw.uid or 0]).get(raw.uid or 0, kept)
    except NotGiven:
        there = kept
    position = position_of(box)
    current = position is not None and position.uidvalidity == raw.uidvalidity
    return there == kept and (bool(kept) or current)


def _whole(link: Connection, uid: int) -> bytes:
    listed = link.listed(uid, uid)
    if not listed:
        raise Trouble(troubles.GONE)
    if listed[0].size > settings.MAIL_LIMIT:
        raise too_large(listed[0].size)
    try:
        found = link.contents(listed)
    except NotGiven as error:
        raise Trouble(troubles.NOT_GIVEN, error) from error
    if uid not in found:
        raise Trouble(troubles.BROKEN)
    return found[uid]
