"""The subjects of mails that go out."""

from django.utils.translation import gettext as _

from salotto.core.errors import Invalid

LIMIT = 200


def clean_subject(subject: str) -> str:
    """A subject as it is kept, in one line. Raises Invalid for what is no text."""
    line = " ".join(subject.split())
    if any(sign < " " or "\ud800" <= sign <= "\udfff" for sign in line):
        raise Invalid(_("The subject contains characters that are not text."), code="not_text")
    return line[:LIMIT]


def reply_subject(subject: str) -> str:
    """The subject of an answer: `Re: ` once."""
    bare = subject.strip()
    return bare if bare[:3].lower() == "re:" else f"Re: {bare}"[:LIMIT]


def forward_subject(subject: str) -> str:
    """The subject of a mail that is passed on."""
    return f"Fwd: {subject}"[:LIMIT]
