"""The files of a mail to many: kept once, and part of each conversation that it begins."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email.models import Batch, BatchFile
from salotto.channels.email.queries import batches
from salotto.core.errors import TooLarge
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import lock_uploads
from salotto.inbox.models import Attachment

MOST_BYTES = 10 * 1024 * 1024
"""Of all files of one mail to many."""
MOST_TOGETHER = 2 * 1024 * 1024 * 1024
"""Bytes of files that all its mails carry together: each of them is sent for itself."""


def lock_files(attachments: Sequence[int], people: int, by: Member) -> list[Attachment]:
    """The member's uploads that go to as many people, in this order, locked in the caller's
    transaction and account scope. Raises Invalid when one is not there, TooLarge."""
    found = lock_uploads(attachments, by)
    size = sum(row.size for row in found)
    if size > MOST_BYTES:
        raise TooLarge(_("The files are larger than 10 MB together. Send fewer, or a link to them."))
    if size * people > MOST_TOGETHER:
        words = _(
            "Files of this size go to at most %(most)d people at once. Send smaller ones, or a link to them,"
            " or write to fewer people at a time."
        )
        raise TooLarge(words % {"most": MOST_TOGETHER // size})
    return found


def may_enclose(attachments: Sequence[int], people: int, by: Member) -> None:
    """Raises Invalid or TooLarge where these uploads of the member cannot go to as many people."""
    with account_scope(by.account.pk), transaction.atomic():
        lock_files(attachments, people, by)


def enclose(batch: Batch, files: Sequence[Attachment]) -> None:
    """Keep these uploads with a batch, in the caller's transaction; they stay uploads that wait."""
    BatchFile.objects.bulk_create(
        BatchFile(batch=batch, place=place, **_same(row)) for place, row in enumerate(files)
    )


def _same(row: Attachment | BatchFile) -> dict[str, Any]:
    """What one more row for the same file has in common with this one; the bytes are there once."""
    return {name: getattr(row, name) for name in ("account_id", "blob_id", "name", "type", "size")}


def is_enclosed(batch: Batch, files: Sequence[Attachment]) -> bool:
    """Whether a batch has exactly these files."""
    kept, given = ([(one.blob_id, one.name) for one in each] for each in (batches.files_of(batch.pk), files))
    return kept == given


def give_files(files: Sequence[BatchFile], message: int, by: Member) -> int:
    """Make the files of a batch those of one of its messages too, by the same bytes; how many. In the
    caller's transaction."""
    if files:
        Attachment.objects.bulk_create(
            Attachment(message_id=message, author=by.user, place=row.place, **_same(row)) for row in files
        )
    return len(files)
