"""A signed-in connection to an IMAP server, for reading one folder and changing nothing in it.

Every error leaves here as a `Trouble`, except that the server refuses to hand over mails
(`NotGiven`), which says nothing about the connection.
"""

import imaplib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError, ProtocolError

from salotto.channels.email import troubles
from salotto.channels.email.imap.wire import Client
from salotto.channels.email.models import Auth, Security
from salotto.channels.email.troubles import Trouble

SECONDS = 120.0
"""How long a connection may be used, unless more is granted: somebody waits for it."""
HEAD_LIMIT = 64 << 10
"""Bytes of the headers of a mail that is too large."""
LAST_UID = 2**32 - 1
PER_ENTRY = 200  # bytes of an answer about one mail, roughly
_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^<>\r\n]{1,900})>", re.IGNORECASE | re.MULTILINE)
_BUSY = (
    "[limit]",
    "[unavailable]",
    "[inuse]",
    "[serverbug]",
    "too many",
    "maximum number",
    "try again later",
)


class NotGiven(Exception):
    """The server answered NO, or what cannot be read, when asked for mails."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to sign in, and as whom."""

    host: str
    port: int
    security: str
    auth: str
    username: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder said when it was opened; `top` is the UID of its last mail, 0 without any,
    and `next` the UID that it announces for the next one, 0 if it does not, or contradicts itself."""

    uidvalidity: int
    exists: int
    top: int
    next: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail that lies in the folder; `at` is when it came there, if that was asked."""

    uid: int
    size: int
    at: datetime | None = None


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (Trouble, NotGiven):
        raise
    except (OSError, IMAPClientError, ProtocolError, ValueError, LookupError, TypeError) as error:
        found = troubles.of(_cause(error))
        busy = found.sentence == troubles.BROKEN and _is_busy(found.words)
        raise Trouble(troubles.FULL, found.words) if busy else found from error


def _cause(error: Exception) -> Exception:
    """imaplib hides a time-out in an error of its own."""
    context = error.__context__
    return context if isinstance(context, TimeoutError) else error


class Connection:
    """One connection; `idling` while the server was asked to speak up by itself (RFC 2177)."""

    def __init__(self, place: Place, seconds: float = SECONDS) -> None:
        """Connect, with TLS as the place says; not yet signed in. After so many seconds nothing more
        is read, see `grant`. Raises Trouble."""
        self.idling = False
        self._place = place
        with _in_words():
            self._client = Client(
                place.host, place.port, tls=place.security == Security.TLS, until=monotonic() + seconds
            )
        try:
            with _in_words():
                self._begin(place)
        except BaseException:
            self.close()
            raise

    def _begin(self, place: Place) -> None:
        self._client.wire.expect()
        if place.security == Security.STARTTLS:
            try:
                self._client.starttls()
            except CapabilityError as error:
                raise Trouble(troubles.NO_TLS) from error

    def sign_in(self, secret: Callable[[], str]) -> None:
        """With the password or the access token that `secret` gives. Raises Trouble."""
        words = secret()
        self._client.wire.expect()
        with _in_words():
            self._try_to_sign_in(words)

    def _try_to_sign_in(self, words: str) -> None:
        try:
            self._sign_in(self._place, words)
        except LoginError as error:
            if isinstance(error.__context__, imaplib.IMAP4.abort):  # cut off while we signed in
                raise error.__context__ from error
            raise _refusal(str(error)) from error

    def _sign_in(self, place: Place, secret: str) -> None:
        if place.auth in (Auth.GOOGLE, Auth.MICROSOFT):
            if self._client.has_capability("AUTH=XOAUTH2"):
                self._client.oauth2_login(place.username, secret)
            else:
                self._client.oauthbearer_login(place.username, secret)
        elif place.auth == Auth.PASSWORD and self._needs_plain(place.username + secret):
            self._client.plain_login(place.username, secret)
        elif place.auth == Auth.PASSWORD:
            self._client.login(place.username, secret)

    def _needs_plain(self, text: str) -> bool:
        """LOGIN takes ASCII without line ends; and some servers have it switched off (RFC 3501 6.2.3)."""
        return not (text.isascii() and text.isprintable()) or self._client.has_capability("LOGINDISABLED")

    def grant(self, seconds: float) -> None:
        """From now on it may be used for so many seconds."""
        self._client.wire.until = monotonic() + seconds

    @property
    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        with _in_words():
            return bool(self._client.has_capability("IDLE"))

    def fileno(self) -> int:
        """For a selector."""
        return int(self._client.wire.sock.fileno())

    def examine(self, name: str) -> Folder:
        """Open the folder for reading only, anew each time. Raises Trouble."""
        self._client.wire.expect()
        with _in_words():
            try:
                found = self._client.select_folder(name, readonly=True)
            except imaplib.IMAP4.abort:
                raise
            except IMAPClientError as error:
                raise Trouble(troubles.NO_FOLDER, error) from error
            exists, validity = int(found[b"EXISTS"]), found.get(b"UIDVALIDITY")
            if not isinstance(validity, int):
                raise Trouble(troubles.BROKEN, "no UIDVALIDITY")
            top, announced = self._top(exists), found.get(b"UIDNEXT")
            return Folder(validity, exists, top, announced if _is_next(announced, top) else 0)

    def _top(self, exists: int) -> int:
        """The last mail's UID, by its number; UIDNEXT is only a guess that servers differ in."""
        if not exists:
            return 0
        found = self._uid_at(exists)
        return found or max(self._client.search("ALL"), default=0)

    def _uid_at(self, number: int) -> int:
        """The UID of the mail with this number in the open folder, 0 if the server does not say."""
        self._client.wire.expect()
        self._client.use_uid = False
        try:
            return int(self._client.fetch([number], ["UID"]).get(number, {}).get(b"UID", 0))
        finally:
            self._client.use_uid = True

    def next_uid(self, after: int, exists: int) -> int | None:
        """The lowest UID above `after` of the `exists` mails in the folder that was just opened."""
        with _in_words():
            low, high, found = 1, exists, None
            while low <= high:
                middle = (low + high) // 2
                uid = self._uid_at(middle)
                if uid > after:
                    found, high = uid, middle - 1
                else:
                    low = middle + 1
            return found

    def listed(self, first: int, last: int, *, dates: bool = False) -> list[Listed]:
        """The mails with UIDs from `first` to `last`, in order, with their sizes."""
        uids = range(first, min(last, LAST_UID) + 1)
        self._client.wire.expect(PER_ENTRY * len(uids))
        wanted = ["RFC822.SIZE", "INTERNALDATE"] if dates else ["RFC822.SIZE"]
        with _in_words():
            found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, wanted)
            return [
                Listed(uid, int(found[uid][b"RFC822.SIZE"] or 0), found[uid].get(b"INTERNALDATE"))
                for uid in sorted(found)
                if first <= uid <= last and b"RFC822.SIZE" in found[uid]
            ]

    def contents(self, mails: Sequence[Listed]) -> dict[int, bytes]:
        """The whole mails by UID, left unread; one that is gone, or given as NIL, is missing.
        Raises NotGiven, Trouble."""
        size = sum(mail.size for mail in mails)
        return self._fetch([mail.uid for mail in mails], b"BODY[]", "BODY.PEEK[]", size)

    def head(self, uid: int) -> bytes:
        """The headers of a mail, the first 64 kB of them. Raises NotGiven, Trouble."""
        found = self._fetch([uid], b"BODY[HEADER]<0>", f"BODY.PEEK[HEADER]<0.{HEAD_LIMIT}>", HEAD_LIMIT)
        return found.get(uid, b"")

    def ids(self, uids: Sequence[int]) -> dict[int, str]:
        """The Message-IDs of those of these mails that are there and have one. Raises NotGiven,
        Trouble."""
        found = self._fetch(uids, b"BODY[HEADER.FIELDS", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]", 1000)
        return {uid: value for uid, head in found.items() if (value := id_in(head))}

    def _fetch(self, uids: Sequence[int], key: bytes, what: str, size: int) -> dict[int, bytes]:
        self._client.wire.expect(size + PER_ENTRY * len(uids))
        with _in_words():
            try:
                found = self._client.fetch(uids, [what])
            except imaplib.IMAP4.abort:
                raise
            except (IMAPClientError, ProtocolError, ValueError, TypeError, AttributeError) as error:
                raise NotGiven(str(error)) from error
            given = {uid: _part(found.get(uid, {}), key) for uid in uids}
            return {uid: part for uid, part in given.items() if part is not None}

    def idle(self) -> bool:
        """Ask to be told of new mail; True if something was said at once."""
        self._client.wire.expect()
        with _in_words():
            self._client.idle()
            self.idling = True
            return self._client.wire.has_more()

    def done(self) -> bool:
        """End `idle`; whether anything was said that may mean new mail."""
        self._client.wire.expect()
        self.idling = False
        with _in_words():
            _, said = self._client.idle_done()
            return any(len(one) > 1 and one[1] in (b"EXISTS", b"RECENT", b"EXPUNGE") for one in said)

    def grown(self, exists: int) -> bool:
        """Whether a command since `examine` has told of more mails than these, or of fewer."""
        kinds = ("EXISTS", "EXPUNGE")
        said = [number for kind in kinds for number in self._client.wire.response(kind)[1] or () if number]
        return any(not number.isdigit() or int(number) != exists for number in said)

    def abort(self) -> None:
        """End it from another thread."""
        self._client.wire.abort_reading()

    def close(self) -> None:
        """Leave without waiting for an answer."""
        with suppress(Exception):
            self._client.wire.sock.settimeout(0.2)
            if not self.idling:
                self._client.wire.send(b"bye LOGOUT\r\n")
        with suppress(Exception):
            self._client.shutdown()


def id_in(head: bytes) -> str:
    """The Message-ID in these headers, "" without one."""
    found = _MESSAGE_ID.search(head)
    return found[1].decode("utf-8", "backslashreplace") if found else ""


def _part(answer: dict[bytes, Any], key: bytes) -> bytes | None:
    """What was asked for, from the answer about one mail; servers spell the names of headers as
    they like."""
    found = next((value for name, value in answer.items() if name.startswith(key)), None)
    return found if isinstance(found, bytes) else None


def _is_next(announced: object, top: int) -> bool:
    return isinstance(announced, int) and announced > top


def _refusal(words: str) -> Trouble:
    return Trouble(troubles.FULL if _is_busy(words) else troubles.REFUSED, words)


def _is_busy(words: str) -> bool:
    return any(sign in words.lower() for sign in _BUSY)
