"""Files of messages: kept once per account, linked in the transaction of their message."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from salotto.accounts.members import Member, must_act
from salotto.core.errors import Invalid, TooLarge
from salotto.inbox.models import Attachment, Message

FILE_LIMIT = 25 * 1024 * 1024
"""Bytes of one file."""
MESSAGE_LIMIT = 25 * 1024 * 1024
"""Bytes of all files of one message: what most mail servers take."""
MOST_FILES = 30
"""Files of one message that an agent sends."""


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way in."""

    name: str
    type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


# Two that bring the same bytes at once: the second one waits for the first and takes its row.
_KEEP = """
    WITH kept AS (
        INSERT INTO inbox_blob (account_id, sha256, size, content, created_at)
        VALUES (%(account)s, %(sha256)s, %(size)s, %(content)s, now())
        ON CONFLICT (account_id, sha256) DO UPDATE SET size = inbox_blob.size
        RETURNING id
    ) SELECT id FROM kept
"""


def keep(account_id: int, content: bytes) -> int:
    """The id of the account's blob with these bytes, made if it has none."""
    sha256 = hashlib.sha256(content).hexdigest()
    wanted: dict[str, Any] = {
        "account": account_id, "sha256": sha256, "size": len(content), "content": content
    }  # fmt: skip
    with connection.cursor() as db:
        db.execute(_KEEP, wanted)
        return int(db.fetchone()[0])


def upload(file: File, *, by: Member) -> Attachment:
    """Keep a file that an agent will send. Raises Forbidden, ReadOnly, Invalid when it is
    empty, TooLarge."""
    must_act(by)
    if not file.content:
        raise Invalid(_("The file is empty. Choose another one."), code="empty_file")
    if len(file.content) > FILE_LIMIT:
        raise TooLarge(_("The file is larger than 25 MB. Send a smaller one, or a link to it."))
    with transaction.atomic():  # nobody takes the bytes for unused in between
        made: Attachment = Attachment.objects.create(
            account_id=by.account.pk,
            author=by.user,
            blob_id=keep(by.account.pk, file.content),
            name=file.name,
            type=file.type,
            size=len(file.content),
        )
    return made


def drop_upload(attachment: int, *, by: Member) -> None:
    """Forget an upload of one's own that was not sent; nothing if there is none."""
    Attachment.objects.filter(pk=attachment, message=None, author=by.user).delete()


def attach(message: int, attachments: Sequence[int], by: Member) -> None:
    """Link the member's waiting uploads to a message, in the caller's transaction and this order.

    Raises Invalid when one is gone, is another's, or was sent already; TooLarge when they are
    more together than a message takes.
    """
    found = lock_uploads(attachments, by)
    if sum(row.size for row in found) > MESSAGE_LIMIT:
        raise TooLarge(_("The files are larger than 25 MB together. Send fewer, or a link to them."))
    for place, row in enumerate(found):
        row.message_id, row.place = message, place
    if found:
        Attachment.objects.bulk_update(found, ["message", "place"])


def lock_uploads(attachments: Sequence[int], by: Member) -> list[Attachment]:
    """The member's uploads that wait, each once and in this order, locked in the caller's transaction
    and account scope. Raises Invalid when one is gone, is another's, or was sent already."""
    if not attachments:
        return []
    waiting = Attachment.objects.select_for_update().filter(pk__in=attachments, message=None, author=by.user)
    found = {row.pk: row for row in waiting.order_by("pk")[: MOST_FILES + 1]}
    if set(found) != set(attachments) or len(found) > MOST_FILES:
        raise Invalid(_("A file is no longer there. Attach it again."), code="file_gone")
    return [found[pk] for pk in dict.fromkeys(attachments)]


def add_files(account_id: int, message: int, files: Iterable[File]) -> None:
    """Store the files that came with a contact's message, in the caller's transaction."""
    rows = [
        Attachment(
            account_id=account_id,
            message_id=message,
            blob_id=keep(account_id, file.content),
            name=file.name,
            type=file.type,
            size=len(file.content),
            inline=file.inline,
            content_id=file.content_id,
            place=place,
        )
        for place, file in enumerate(files)
    ]
    if rows:
        Attachment.objects.bulk_create(rows)


def remove_files(messages: "QuerySet[Message]") -> None:
    """Remove the files of messages; a job removes bytes that nothing uses any more."""
    Attachment.objects.filter(message_id__in=messages.values("pk")).delete()
