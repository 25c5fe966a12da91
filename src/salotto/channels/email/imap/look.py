"""One look at a mailbox: everything in it that is new is stored, in batches, oldest first.

UIDs only grow (RFC 3501 2.3.1.1), so a mail is new when its UID is above the position. A position
never goes beyond a mail that was seen, whatever the server announces as its next UID. A server that
was restored from a backup breaks the rule: it is found out, and the position goes back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.conf import settings

from salotto.channels.email import troubles
from salotto.channels.email.actions import fetching
from salotto.channels.email.actions.fetching import Lost, Partial
from salotto.channels.email.imap.connection import Connection, Folder, Listed, NotGiven, id_in
from salotto.channels.email.models import Position
from salotto.channels.email.queries.incoming import Box, left, number_of, position_of, witnesses
from salotto.channels.email.troubles import Trouble

WINDOW = 500
"""UIDs whose sizes are asked for at once, one by one; a command should not have more than 8 kB."""
MOST_MAILS = 200
MOST_BYTES = 4 << 20
A_DAY = timedelta(days=1)
SECONDS = 10.0
"""After so long a look makes room for other mailboxes; the next one goes on from there."""
ABOVE_ALL = 1 << 32
COMPARED, LOOKED_BACK = 5, 20
"""Stored mails that a new connection is compared with; and pages of fifty that are looked through
for the last one that still is the same."""
TRIES, HEAD_TRIES = 6, 3
"""How often a single mail is asked for before it is set aside with its headers, and how
often for these."""


class Look:
    """Looks at one mailbox; kept between looks, because it learns what the server cannot do."""

    def __init__(self, box: Box, me: UUID, stopping: Callable[[], bool]) -> None:
        self.box = box
        self.me = me
        self._stopping = stopping
        self.stored = 0
        """Batches that were stored by now: a look that failed after some has got further."""
        self._width = MOST_MAILS
        self._failures: tuple[int, int] = (0, 0)  # of which mail, how often
        self._headless: tuple[int, int] = (0, 0)
        self._words = ""
        self._compared: Connection | None = None

    def all_new(self, link: Connection) -> bool:
        """Store what is new. True when nothing was left, False when there may be more.
        Raises Trouble, Lost."""
        until = monotonic() + SECONDS
        folder, position = self._begin(link)
        while position.last_uid < folder.top:
            window = self._window(link, folder, position)
            if not window:
                break
            for batch in batches(window, self._width):
                if self._stopping() or monotonic() > until:
                    return False
                position = self._take(link, position, batch)
        return not link.grown(folder.exists)

    def _begin(self, link: Connection) -> tuple[Folder, Position]:
        folder = link.examine(self.box.folder)
        position = position_of(self.box)
        if position is None:
            raise Lost
        if position.uidvalidity is not None and position.uidvalidity < 0:
            position = self._found_again(link, folder, position, left(position.uidvalidity))
        if position.uidvalidity is None or number_of(position.uidvalidity) != folder.uidvalidity:
            position = fetching.begin_at(self.box, position, self.me, folder.uidvalidity, folder.top)
        elif self._is_set_back(link, folder, position):
            known = last_known(link, self.box, position.uidvalidity)
            position = fetching.go_back(self.box, position, self.me, known, folder.top)
        self._compared = link
        return folder, position

    def _found_again(self, link: Connection, folder: Folder, position: Position, was: int) -> Position:
        """The position after the settings have come to name another server, or another user: it goes
        on where the folder turns out to be the same, which mails must prove, since many servers use
        one UIDVALIDITY for all. Else the folder is a new one."""
        if number_of(was) == folder.uidvalidity and last_known(link, self.box, was):
            return fetching.go_on(position, self.me, was)
        return fetching.begin_elsewhere(self.box, position, self.me, folder.uidvalidity, folder.top)

    def _is_set_back(self, link: Connection, folder: Folder, position: Position) -> bool:
        """Whether the server was put back to an earlier state (a backup, a replica that lags) and
        gives UIDs out anew that were seen already: it announces one of these as the next, or the
        last mails are others by now. These are asked for once in a connection."""
        if 0 < folder.next <= position.last_uid:
            return True
        if self._compared is link:
            return False
        kept = {
            uid: id_in(head)
            for uid, head in witnesses(self.box, position.uidvalidity or 0, ABOVE_ALL, COMPARED)
        }
        there = _ids(link, kept)
        return any(kept[uid] and kept[uid] != there[uid] for uid in there)

    def _window(self, link: Connection, folder: Folder, position: Position) -> list[Listed]:
        """The next mails above the position; empty when there are none."""
        first = position.last_uid + 1
        while True:
            dates = first <= position.renumbered_to
            found = link.listed(first, first + WINDOW - 1, dates=dates)
            if found:
                return found
            following = link.next_uid(first + WINDOW - 1, link.examine(self.box.folder).exists)
            if following is None:
                return []
            first = following

    def _take(self, link: Connection, position: Position, batch: list[Listed]) -> Position:
        wanted = [mail for mail in batch if _is_wanted(mail, position)]
        large = [mail for mail in wanted if mail.size > settings.MAIL_LIMIT]
        whole = [mail for mail in wanted if mail.size <= settings.MAIL_LIMIT]
        partial = [
            Partial(mail.uid, self._head(link, mail), mail.size, too_large(mail.size).text) for mail in large
        ]
        found: dict[int, bytes] = {}
        if whole and not self._is_hopeless(whole):
            found = self._contents(link, whole)
        partial.extend(self._not_given(link, [mail for mail in whole if mail.uid not in found]))
        position = fetching.keep(self.box, position, self.me, batch[-1].uid, sorted(found.items()), partial)
        self.stored += 1
        self._width = min(MOST_MAILS, self._width * 4)
        return position

    def _contents(self, link: Connection, mails: list[Listed]) -> dict[int, bytes]:
        """The mails; when the server fails, the next time fewer are asked for at once, down to
        the one that it cannot hand over. Raises Trouble."""
        try:
            return link.contents(mails)
        except (NotGiven, Trouble) as error:
            self._width = max(1, len(mails) // 8)
            if len(mails) == 1:
                uid, times = self._failures
                self._failures = (mails[0].uid, times + 1 if uid == mails[0].uid else 1)
                self._words = str(error)
            raise error if isinstance(error, Trouble) else Trouble(troubles.BROKEN, error) from error

    def _is_hopeless(self, mails: list[Listed]) -> bool:
        return len(mails) == 1 and self._failures[0] == mails[0].uid and self._failures[1] >= TRIES

    def _set_aside(self, link: Connection, mail: Listed, reason: str) -> Partial:
        return Partial(mail.uid, self._head(link, mail), mail.size, reason)

    def _head(self, link: Connection, mail: Listed) -> bytes:
        """The headers, if the server hands them over within some tries. Raises Trouble."""
        uid, times = self._headless
        if uid == mail.uid and times >= HEAD_TRIES:
            return b""
        try:
            return link.head(mail.uid)
        except NotGiven:
            return b""
        except Trouble:
            self._headless = (mail.uid, times + 1 if uid == mail.uid else 1)
            raise

    def _not_given(self, link: Connection, mails: Sequence[Listed]) -> Iterator[Partial]:
        """Mails that were listed and did not come: gone meanwhile, or set aside."""
        for mail in mails:
            if link.listed(mail.uid, mail.uid):
                hopeless = self._is_hopeless([mail])
                why = Trouble(troubles.NOT_GIVEN, self._words) if hopeless else Trouble(troubles.CAME_EMPTY)
                yield self._set_aside(link, mail, why.text)


def last_known(link: Connection, box: Box, number: int) -> int:
    """The highest UID whose mail still is the one that was stored under it and this number, 0 if
    there is none among the last thousand."""
    below = ABOVE_ALL
    for _ in range(LOOKED_BACK):
        page = witnesses(box, number, below)
        there = _ids(link, [uid for uid, _ in page])
        same = [uid for uid, head in page if uid in there and there[uid] == id_in(head)]
        if same or not page:
            return max(same, default=0)
        below = page[-1][0]
    return 0


def _ids(link: Connection, uids: Iterable[int]) -> dict[int, str]:
    """Message-IDs by UID; none where the server does not hand them over."""
    wanted = list(uids)
    try:
        return link.ids(wanted) if wanted else {}
    except NotGiven:
        return {}


def batches(mails: Sequence[Listed], most: int = MOST_MAILS) -> Iterator[list[Listed]]:
    """Cut into runs of few mails and few bytes; a large mail is a run of its own."""
    run: list[Listed] = []
    size = 0
    for mail in mails:
        if run and (len(run) >= most or size + mail.size > MOST_BYTES):
            yield run
            run, size = [], 0
        run.append(mail)
        size += mail.size
    if run:
        yield run


def _is_wanted(mail: Listed, position: Position) -> bool:
    """Not what lay there before the first look and was numbered anew since."""
    if mail.uid > position.renumbered_to or position.since is None or mail.at is None:
        return True
    return mail.at >= position.since - A_DAY  # clocks and time zones of servers differ


def too_large(size: int) -> Trouble:
    """Why a mail of so many bytes is not taken in."""
    return Trouble(troubles.TOO_LARGE, f"{size / (1 << 20):.1f} MB > {settings.MAIL_LIMIT / (1 << 20):g} MB")
