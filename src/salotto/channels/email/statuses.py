"""What a server's words about a mail mean, in the reader's language.

Servers answer in English, if in words at all; the numbers in it are the same everywhere: enhanced
status codes (RFC 3463, RFC 5248, RFC 7372) and the plain ones before them (RFC 5321 4.2.3). What we
say ourselves of a mail is kept in English and translated here.
"""

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from salotto.channels.email import troubles

OFF = _("This inbox is switched off. The mail waits until it is on again.")
LEFT = _("Who was to get it has unsubscribed.")
STOPPED = _("%(name)s stopped it.")
HELD = (OFF, troubles.MANY)
"""Why a mail waits that no server has put off."""
_OURS = frozenset(
    value for name, value in vars(troubles).items() if name.isupper() and isinstance(value, str)
) | {
    OFF,
    LEFT,
    _("The server takes too long for so many recipients."),
    _("The server takes too long for a mail."),
    _("The server takes no addresses beyond ASCII (SMTPUTF8)."),
    _("The inbox sends by another server now."),
    _("The database was away when the mail was about to be sent."),
    _("The DKIM key was kept with another secret key of this installation."),
}

NOBODY = _("This address does not exist.")
NO_DOMAIN = _("Nothing takes mail for what stands behind the @. Check the address.")
SPELLING = _("The server does not understand this address. Check how it is written.")
DISABLED = _("This mailbox takes no mail.")
FULL = _("This mailbox is full.")
TOO_LARGE = _("The mail is too large for the other server.")
BUSY = _("The other server has no time or room at the moment.")
AWAY = _("The other server cannot be reached.")
LOOP = _("The mail goes around in circles between servers.")
CONTENT = _("The other server does not take what is in the mail.")
UNPROVEN = _("The other server does not believe that the mail is from you. Check the sender domain.")
UNWANTED = _("The other server does not want the mail: for its sender, what it says, or its rules.")
LATER = _("The other server takes the mail later, as it does with senders that it does not know yet.")
SIGN_IN = _("The server that sends your mail wants another way of signing in. Check Sending.")
REFUSED = _("The other server does not take the mail.")
NOT_YET = _("The other server does not take the mail at the moment.")

_ENHANCED = {
    "1.0": SPELLING, "1.1": NOBODY, "1.2": NO_DOMAIN, "1.3": SPELLING, "1.4": SPELLING, "1.6": NOBODY,
    "1.10": NO_DOMAIN, "2.1": DISABLED, "2.2": FULL, "2.3": TOO_LARGE, "3.1": BUSY, "3.2": BUSY,
    "3.4": TOO_LARGE, "4.1": AWAY, "4.2": AWAY, "4.3": NO_DOMAIN, "4.4": NO_DOMAIN, "4.5": BUSY, "4.6": LOOP,
    "4.7": AWAY, "6.0": CONTENT, "6.1": CONTENT, "6.3": CONTENT, "7.8": SIGN_IN, "7.9": SIGN_IN,
    "7.14": SIGN_IN,
    **dict.fromkeys((f"7.{number}" for number in range(20, 28)), UNPROVEN),
}  # fmt: skip
"""By subject and detail of an enhanced code; 4.x: what holds for now, 5.x: for good."""
_FOR_NOW = {"2.1": BUSY, "1.1": NOT_YET, "7.1": LATER, "7.0": LATER, "4.3": AWAY, "4.4": AWAY}
_PLAIN = {"551": NOBODY, "552": TOO_LARGE, "553": SPELLING, "452": BUSY, "421": BUSY, "535": SIGN_IN}
_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_NUMBER = re.compile(r"(?:^|(?<=: ))([45]\d\d)(?=[ -]|$)")
_TELLS_FULL = re.compile(r"\b(?:full|quota|over ?quota|exceeded storage)\b", re.IGNORECASE)
_TELLS_GREY = re.compile(r"gr[ae]y ?-?list", re.IGNORECASE)
_STOPPED = re.compile(re.escape(STOPPED).replace(re.escape("%(name)s"), "(.+)"))
_WHOSE = re.compile(r"(\S+@\S+): ")


def meaning(words: str) -> str:
    """What is wrong, one sentence for each recipient who is named; "" where that cannot be told."""
    lines = [line for line in words.splitlines() if line.strip()]
    found = list(dict.fromkeys(filter(None, map(_of_line, lines))))
    return "\n".join(one for one in found if not any(other.endswith(f": {one}") for other in found))


def is_hopeless(words: str) -> bool:
    """Whether trying again cannot help: the address itself is wrong."""
    return any(_sentence(line) in (NOBODY, NO_DOMAIN, SPELLING) for line in words.splitlines())


def ours(words: str) -> tuple[str, str]:
    """Words that are kept with a mail: our own sentence in the reader's language, if it begins with
    one, and the server's, which stay as they are."""
    first, _end, rest = words.strip().partition("\n")
    if stopped := _STOPPED.fullmatch(first):
        return gettext(STOPPED) % {"name": stopped[1]}, rest
    return (gettext(first), rest) if first in _OURS else ("", words.strip())


def _of_line(line: str) -> str:
    sentence = _sentence(line)
    whose = _WHOSE.match(line)
    if not sentence:
        return ""
    return f"{whose[1]}: {gettext(sentence)}" if whose else gettext(sentence)


def _sentence(line: str) -> str:
    if _TELLS_GREY.search(line):
        return LATER
    if codes := [(kind, f"{int(subject)}.{int(detail)}") for kind, subject, detail in _CODE.findall(line)]:
        kind, detail = next((code for code in codes if code[1] in _ENHANCED), codes[0])
        return _of_code(kind, detail, line)
    number = _NUMBER.search(line)
    return _of_number(number[1], line) if number else ""


def _of_code(kind: str, detail: str, line: str) -> str:
    if kind == "4" and detail in _FOR_NOW:
        return _FOR_NOW[detail]
    if detail in _ENHANCED:
        return (
            FULL if _ENHANCED[detail] in (DISABLED, BUSY) and _TELLS_FULL.search(line) else _ENHANCED[detail]
        )
    if detail.startswith("7."):
        return UNWANTED
    return NOT_YET if kind == "4" else REFUSED


def _of_number(number: str, line: str) -> str:
    if _TELLS_FULL.search(line):
        return FULL
    return _PLAIN.get(number, NOT_YET if number.startswith("4") else REFUSED)
