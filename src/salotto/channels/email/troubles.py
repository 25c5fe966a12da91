"""What can be wrong with a mail server, in words for the admin who must put it right.

A trouble is kept in English as two lines: our sentence, and the server's own words where it had
some. `said` translates the sentence for whoever reads it. Why a mail waits is kept in the same way.
"""

import re
import ssl
from ast import literal_eval

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

NO_NAME = _("No server of this name is known. Check the server's name.")
NOT_ALLOWED = _("Mail servers at this address are not allowed here. Ask who runs this installation.")
UNREACHABLE = _("The server cannot be reached. Check its name and the port.")
SLOW = _("The server does not answer in time.")
CERTIFICATE = _("The server's certificate is not valid for this name.")
ISSUER = _("The server's certificate comes from an issuer that is not trusted here, or from itself.")
EXPIRED = _("The server's certificate has expired.")
NO_TLS = _("The server does not speak TLS on this port. Check the port and the security.")
REFUSED = _("The server refuses the user name or the password.")
WITHDRAWN = _("Access was withdrawn. Connect the mailbox again.")
PROVIDER = _("The provider gives no access at the moment.")
FULL = _("The server takes no further connection at the moment.")
NO_FOLDER = _("The folder does not exist, or may not be read.")
BROKEN = _("The server ended the connection, or answered what cannot be understood.")
CANNOT_OPEN = _("The password was kept with another secret key of this installation. Enter it again.")
UNKNOWN = _("Something unexpected went wrong; the server's log says more.")

# Of single mails
MANY = _("Your account has sent as many mails by this installation as it may within an hour.")
TOO_LARGE = _(
    "The mail is larger than what is taken in. Only its headers are kept here; the whole mail lies in the"
    " mailbox, where you can read and answer it."
)
NOT_GIVEN = _("The mail server did not hand over this mail.")
CAME_EMPTY = _("The mail server did not hand over this mail: it came empty.")
ELSEWHERE = _("This mail lies in a folder that is not read any more.")
RENUMBERED = _("The folder was numbered anew since; its mails were read again then.")
GONE = _("The mail is not on the mail server any more.")
ENDED = _("The server was ended each time that it tried to read this mail.")
MEMORY = _("There was not enough memory to read this mail.")
DATABASE = _("The database refused this mail.")
UNREADABLE = _("This mail could not be read.")

PATIENT = {REFUSED, WITHDRAWN, CANNOT_OPEN}
"""Only a person can put these right; asking often locks accounts."""
_LONGEST = 1000
_BYTES = re.compile(r"""\bb('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
"""Python's way to write bytes, which the IMAP client puts into its errors."""


class Trouble(Exception):
    """A mail server cannot be used; `sentence` is one of ours, `words` are the server's."""

    def __init__(self, sentence: str, words: object = "") -> None:
        self.sentence = sentence
        plain = _BYTES.sub(_decoded, str(words or ""))
        self.words = " ".join(plain.replace("\x00", "").split())[:_LONGEST]
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.sentence}\n{self.words}" if self.words else self.sentence


def _decoded(found: "re.Match[str]") -> str:
    try:
        value: bytes = literal_eval(found[0])
    except (SyntaxError, ValueError):  # the server's own words happen to look like it
        return found[0]
    return value.decode("utf-8", "replace")


def said(text: str) -> tuple[str, str]:
    """Of a kept trouble: the sentence in the reader's language, and the server's words."""
    sentence, _, words = text.partition("\n")
    return (gettext(sentence) if sentence else ""), words


def certificate(error: ssl.SSLCertVerificationError) -> Trouble:
    """What is wrong with a server's certificate."""
    sentence = {10: EXPIRED, 18: ISSUER, 19: ISSUER, 20: ISSUER, 21: ISSUER}.get(
        error.verify_code, CERTIFICATE
    )
    return Trouble(sentence, error.verify_message)


def of(error: Exception) -> Trouble:
    """What an error of a connection means."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate(error)
    if isinstance(error, TimeoutError):
        return Trouble(SLOW)
    return Trouble(BROKEN, error)
