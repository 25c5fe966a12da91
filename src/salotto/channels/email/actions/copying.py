"""The files of one message as files of another."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from salotto.core.errors import TooLarge
from salotto.inbox.actions.files import MESSAGE_LIMIT
from salotto.inbox.models import Attachment


def copy_files(source: int | None, target: int, without: Collection[int] = ()) -> int:
    """The files of a message, with the same bytes, as files of another one, except `without`; how
    many. In the caller's transaction and account scope. Raises TooLarge."""
    rows = list(Attachment.objects.filter(message_id=source).exclude(pk__in=without).order_by("place", "id"))
    if sum(row.size for row in rows) > MESSAGE_LIMIT:
        words = _("The files of this mail are larger than 25 MB together. Send what you need in a new mail.")
        raise TooLarge(words)
    for row in rows:
        row.pk, row.message_id = None, target
    Attachment.objects.bulk_create(rows)
    return len(rows)
