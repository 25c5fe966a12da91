"""The pictures of a mail that is answered or passed on: in their places in the new mail, or their
names there."""

from collections.abc import Sequence

from salotto.channels.email.composing.body import Pictures
from salotto.channels.email.composing.mail import File
from salotto.channels.email.models import Mail
from salotto.channels.email.queries import sending as queries
from salotto.channels.email.safe.html import pictures_of
from salotto.inbox.actions.files import MESSAGE_LIMIT
from salotto.inbox.models import Attachment

MOST_BYTES = 5 * 1024 * 1024
"""Of the pictures that an answer quotes: it is read, not kept."""


def of_answered(mail: Mail) -> list[Attachment]:
    """The files that an answered mail shows in place."""
    shown = pictures_of(mail.html)
    return [row for row in queries.named_files_of(mail) if row.content_id.lower() in shown] if shown else []


def that_fit(pictures: Sequence[Attachment], own: Sequence[Attachment]) -> list[Attachment]:
    """Those of them, from the first on, for which there is room beside a mail's own files."""
    room = min(MOST_BYTES, MESSAGE_LIMIT - sum(row.size for row in own))
    found = []
    for row in pictures:
        room -= row.size
        if room >= 0 and _is_picture(row):
            found.append(row)
    return found


def placed(mail: Mail, there: Sequence[Attachment], all_of_them: Sequence[Attachment]) -> Pictures:
    """The content ids that the files which are in the mail have in it, and the names of the others.

    They are new ones: a mail can bring any, and two mails the same.
    """
    ids: dict[str, str] = {}
    for number, row in enumerate(there, 1):
        if row.content_id and _is_picture(row):
            ids.setdefault(row.content_id.lower(), f"{number}.{mail.header_id}")
    names = {row.content_id.lower(): row.name for row in all_of_them if row.content_id}
    return Pictures(ids, {key: name for key, name in names.items() if key not in ids})


def as_files(rows: Sequence[Attachment], pictures: Pictures, html: str, own: int) -> list[File]:
    """The files as the HTML shows them: of the first ones, which are the mail's `own`, those that it
    does not show are attached; of the others they are left out."""
    found = []
    for number, row in enumerate(rows):
        content_id = pictures.ids.get(row.content_id.lower(), "")
        inline = bool(content_id) and f'"cid:{content_id}"' in html
        if inline or number < own:
            found.append(File(row.name, row.type, bytes(row.blob.content), content_id, inline))
    return found


def _is_picture(row: Attachment) -> bool:
    return row.type.lower().startswith("image/")
