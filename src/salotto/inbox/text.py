"""What may stand in a message."""

from django.utils.translation import gettext_lazy as _

from salotto.core.errors import Invalid, TooLarge


def clean_body(body: str, limit: int) -> str:
    """The text to store: one kind of line break, no white space around it.

    Raises Invalid (`empty`, `not_text`) and TooLarge over `limit` characters.
    """
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise Invalid(_("The message is empty. Write something and send again."), code="empty")
    if len(text) > limit:
        raise TooLarge(
            _("The message is longer than %(limit)d characters. Shorten it and send again.")
            % {"limit": limit}
        )
    if any((c < " " and c not in "\n\t") or "\ud800" <= c <= "\udfff" for c in text):
        raise Invalid(_("The message contains characters that are not text."), code="not_text")
    return text
