"""What was not quite in order with a mail, in the reader's language.

Reading a mail notes it in English (`mime.reading`), with what it found in the midst of a sentence,
and so it is kept. Here is the form of each sentence, which is translated, and filled in again.
"""

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

ENCRYPTED = _("The mail is encrypted and cannot be read here.")
FORMS = (
    ENCRYPTED,
    _("“%(address)s” is no mail address: it has no @."),
    _("A header holds bytes without a charset; they were read as %(charset)s."),
    _("A line among the headers is no header; it was left out."),
    _("A list of addresses has a quote that is not closed."),
    _("A multipart part goes on after its end; what follows was read too."),
    _("A multipart part has no boundary that fits; it was read by the lines that look like one."),
    _("A multipart part has no end; it was read to the end of the mail."),
    _("A multipart part has no parts in it; it was read as text."),
    _("A multipart part is encoded as a whole; it was decoded."),
    _("A part is declared as base64 and is not; it was taken as it is."),
    _("A part's base64 is broken; it was decoded as far as possible."),
    _("A uuencoded part has no beginning; it was taken as it is."),
    _("Another mail has the same Message-ID; this one was given an id of its own."),
    _("Not all of the winmail.dat could be read; it was kept too."),
    _("The HTML is too large to be shown; the original has it."),
    _("The calendar entry cannot be read (%(error)s); it was kept as a file."),
    _("The charset “%(charset)s” is unknown; the text was read as what it looks like."),
    _("The date has an impossible time zone; it was read as UTC."),
    _("The date is not written as it should be; it was read as far as possible."),
    _("The date “%(date)s” cannot be read."),
    _("The lines end in one sign too many, as of a wrong conversion; it was left out."),
    _("The mail has more than %(most)s headers; the others were left out."),
    _("The mail has more than %(most)s lines; what is below them is in the original only."),
    _("The mail has more than %(most)s parts; the others were left out."),
    _("The mail has several senders; the first one was taken."),
    _("The mail is in its signature (S/MIME), which was not checked."),
    _("The mail is signed in one piece (S/MIME); its text is in the file."),
    _("The text has bytes that are not %(charset)s; they are shown as %(sign)s."),
    _("The text has bytes that are not %(charset)s; they were read as Shift_JIS."),
    _("The text has no charset that fits; it was read as %(charset)s."),
    _("The text is declared as %(charset)s, but it is UTF-8 and was read so."),
    _("The text is not %(charset)s as declared; it was read as %(guessed)s."),
    _("The text is too long to be shown whole; the original has all of it."),
    _("The transfer encoding “%(encoding)s” is unknown; the part was taken as it is."),
    _("The winmail.dat holds nothing that can be read; it was kept as it is."),
    _("The winmail.dat is broken; it was kept as it is."),
    _("The winmail.dat is broken (%(error)s); it was kept as it is."),
    _("The winmail.dat is no TNEF; it was kept as it is."),
    _("The headers do not say that the mail has parts; it was read by the lines between them."),
    _("The mail is written in UTF-16 as a whole; it was converted."),
    _("There are blank lines before the headers."),
    _("There is a blank line among the headers."),
    _("There are more than %(most)s recipients; the others were left out."),
    _("There is no Date."),
    _("There is no Message-ID; one was made from the mail's bytes."),
    _("There is no usable From; the sender was taken from %(header)s."),
    _("There is no usable From."),
)
_HOLE = re.compile(r"%\((\w+)\)s")


def said(hint: str) -> str:
    """A kept sentence as its reader is told it; one of an older version stays as it is."""
    form, values = form_of(hint)
    return gettext(form) % values if form else hint


def form_of(hint: str) -> tuple[str, dict[str, str]]:
    """The form of a sentence and what is in it; empty if there is none."""
    for form, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(hint):
            return form, found.groupdict()
    return "", {}


def _pattern(form: str) -> re.Pattern[str]:
    """Words and holes in turn."""
    pieces = _HOLE.split(form)
    holes = (f"(?P<{piece}>.*?)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
    return re.compile("".join(holes), re.DOTALL)


_PATTERNS = {form: _pattern(form) for form in FORMS}
