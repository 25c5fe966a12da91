"""Delivery reports: RFC 3464's, and those of servers that write what they like."""

import re
from dataclasses import dataclass, replace

from salotto.channels.email.mime import ids
from salotto.channels.email.mime.parsed import Address, Bounce
from salotto.channels.email.mime.reading import line

MOST_TEXT = 200_000

_FIELD = re.compile(r"^([A-Za-z-]{2,60})[ \t]*:[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)[ -]")
_ADDRESS = re.compile(r"<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9])>?")
_ORIGINAL_ID = re.compile(
    r"^[ \t>]*Message-ID:[ \t]*\r?\n?[ \t]*<([^<>\s]{3,900})>", re.IGNORECASE | re.MULTILINE
)
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})

_INTRODUCTIONS = (
    "this is the qmail-send program", "hi. this is the",
    "this message was created automatically by mail delivery software",
    "a message that you sent could not be delivered",
    "your message did not reach some or all of the intended recipients",
    "the following recipient(s) cannot be reached", "the following recipient(s) could not be reached",
    "delivery has failed to these", "delivery to the following recipient", "the following message to",
    "this is the mail system at host", "i'm sorry to have to inform you that your message could not",
    "undeliverable", "could not be delivered to", "the following addresses had permanent",
    "the following address(es) failed", "was undeliverable", "unzustellbar",
    "non è stato possibile recapitare", "n'a pas pu être remis", "konnte nicht zugestellt werden",
    "no se pudo entregar", "address not found", "message not delivered", "delivery status notification",
    "mail delivery failed", "unable to deliver your message", "message could not be delivered",
    "permanent fatal errors",
)  # fmt: skip
_SUBJECTS = (
    "undeliver", "delivery status notification", "returned mail", "mail delivery", "failure notice",
    "delivery failure", "delivery has failed", "mail system error", "message could not be delivered",
    "nicht zustellbar", "unzustellbar", "mancato recapito", "non recapitabile", "consegna non riuscita",
    "échec de la remise", "non remis", "no se puede entregar", "undelivered mail",
    "mail could not be delivered", "delivery notification", "unzustellbar:", "warning: message",
    "delivery delayed", "failure delivery", "nondeliverable", "onbestelbaar", "niet te bezorgen",
    "mailsystem",
)  # fmt: skip
_DELAYED = (
    "delayed",
    "warning: message",
    "has not yet been delivered",
    "no action is required",
    "will continue to be",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail offers to be read as a report. `status` is the text of its delivery-status part."""

    status: str
    original: str
    text: str
    sender: Address
    subject: str
    failed: str
    """The X-Failed-Recipients header."""
    by_program: bool = False
    """The headers say that a program sent it, or the report's parts do."""


def read(report: Report) -> Bounce | None:
    """The bounce that this is, or None."""
    found = _standard(report.status) if report.status else None
    found = found or _other(report)
    return replace(found, original_id=_original_id(report)) if found else None


def _original_id(report: Report) -> str:
    for text in (report.original, report.text):
        match = _ORIGINAL_ID.search(text[:MOST_TEXT])
        if match:
            return ids.read([f"<{match[1]}>"])[0]
    return ""


def _standard(status: str) -> Bounce | None:
    """RFC 3464: the first recipient that failed, or else the first one."""
    text = status[:MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    found = [bounce for block in re.split(r"\n[ \t]*\n", text) if (bounce := _recipient(block))]
    return next((one for one in found if one.action == "failed"), found[0] if found else None)


def _recipient(block: str) -> Bounce | None:
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(block):
        fields.setdefault(name.lower(), " ".join(value.split()))
    who = _typed(fields.get("original-recipient", "")) or _typed(fields.get("final-recipient", ""))
    if not who and "action" not in fields:
        return None
    action = fields.get("action", "").partition("(")[0].strip().lower()
    status = _STATUS.search(fields.get("status", "") or fields.get("diagnostic-code", ""))
    words = _typed(fields.get("diagnostic-code", ""))
    return Bounce(
        line(_bare(_typed(fields.get("final-recipient", "")) or who), 320),
        action if action in _ACTIONS else "failed",
        status[1] if status else "",
        line(words, 1000),
        "",
        line(_bare(_typed(fields.get("original-recipient", ""))), 320),
    )


def _typed(value: str) -> str:
    """Of `rfc822; anna@example.com`, what comes after the type."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon else kind.strip()


def _bare(value: str) -> str:
    match = _ADDRESS.search(value)
    return match[1] if match else value.strip("<> ")


def _other(report: Report) -> Bounce | None:
    """qmail, Exim, Exchange and others, who tell it in words."""
    if not report.failed and not _is_daemon(report.sender):
        return None
    text = report.text[:MOST_TEXT]
    lowered = text[:4000].lower()
    subject = report.subject.lower()
    introduced = any(words in lowered for words in _INTRODUCTIONS)
    announced = subject.startswith(_SUBJECTS)
    if not report.failed and not (introduced or announced):
        return None
    own = text[: _where_original_begins(lowered)]
    status = _STATUS.search(own)
    reply = _REPLY.search(own)
    who = _first_recipient(own, report)
    if not who and not status:
        return None
    if _may_be_person(report) and not (announced and (status or reply) and _begins_as_report(lowered)):
        return None
    delayed = any(words in subject or words in lowered for words in _DELAYED)
    return Bounce(who, "delayed" if delayed else "failed", _status_of(status, reply), _words(own, who), "")


def _is_daemon(sender: Address) -> bool:
    local = sender.key.partition("@")[0]
    names = (
        "mailer-daemon",
        "postmaster",
        "mail-daemon",
        "mailerdaemon",
        "microsoftexchange",
        "mdaemon",
        "mail.delivery",
    )
    return local.startswith(names) or "mail delivery" in sender.name.lower() or not sender.address


def _may_be_person(report: Report) -> bool:
    """Whether it comes from a postmaster and nothing in its headers says that a program has written
    it: people have this address too, and write about mail that was not delivered."""
    is_postmaster = report.sender.key.startswith("postmaster")
    by_name = "mail delivery" in report.sender.name.lower()
    return is_postmaster and not (by_name or report.failed or report.by_program)


def _begins_as_report(lowered: str) -> bool:
    """Whether it comes to the point at once; a person says hello first."""
    return any(words in lowered.lstrip().partition("\n")[0] for words in _INTRODUCTIONS)


def _where_original_begins(lowered: str) -> int:
    marks = (
        "--- below this line is a copy",
        "------ this is a copy of",
        "original message headers",
        "----- original message",
    )
    found = [at for mark in marks if (at := lowered.find(mark)) > 0]
    return min(found, default=MOST_TEXT)


def _status_of(status: re.Match[str] | None, reply: re.Match[str] | None) -> str:
    if status:
        return status[1]
    return f"{reply[1][0]}.0.0" if reply else ""


def _first_recipient(own: str, report: Report) -> str:
    if report.failed:
        return _bare(report.failed.partition(",")[0])
    for match in _ADDRESS.finditer(own):
        if match[1].lower() != report.sender.key and not match[1].lower().startswith(
            ("postmaster@", "mailer-daemon@")
        ):
            return match[1]
    return ""


def _words(own: str, who: str) -> str:
    """What the server says: the paragraph that names the recipient, without the name."""
    at = own.find(who) if who else -1
    rest = own[at + len(who) : at + len(who) + 1200].lstrip(">: \t\r\n") if at >= 0 else own[:1200]
    paragraph: list[str] = []
    for row in rest.split("\n"):
        if not row.strip() and paragraph:
            break
        paragraph.append(row)
    return line(" ".join(paragraph), 1000)
