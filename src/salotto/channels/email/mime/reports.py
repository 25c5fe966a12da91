"""Delivery reports that tell it in words, as qmail, Exim, Exchange and many others do."""

import re
from dataclasses import dataclass

from salotto.channels.email.mime.parsed import Address, Bounce
from salotto.channels.email.mime.reading import line
from salotto.core.addresses import email_key

MOST_TEXT = 200_000
_BEGINNING = 4_000
"""Characters in which a report says what it is."""

STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)[ \]-]")
_ADDRESS = re.compile(r"<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9])>?")
_TYPED = re.compile(r"\A(?:smtp|rfc-?822|mailto)=(?=.)", re.IGNORECASE)
_TAGS = re.compile(r"\A\s*(?:\[[^\]]{0,40}\]\s*)*")
_GREETING = re.compile(r"\s*[^\n]{1,60}(?<=[,!])[ \t]*\n")
"""A first line that ends as `Dear Anna,` does."""
_HEADER = re.compile(
    r"^[ \t>*]*(?:To|Cc|From|Reply-To|Sender|Subject|Date|Sent|An|Von|A|Da)[ \t]*:[^\n]*", re.MULTILINE
)
_TO = re.compile(r"^[ \t>]*To[ \t]*:([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE | re.IGNORECASE)

_DAEMONS = ("mailer-daemon", "mail-daemon", "mailerdaemon", "maildaemon", "mdaemon")
_SENDERS = (*_DAEMONS, "postmaster", "microsoftexchange", "mail.delivery")

_INTRODUCTIONS = (
    "this is the qmail-send program", "hi. this is the",
    "this message was created automatically by mail delivery software", "this is the mail system at host",
    "could not be delivered", "cannot be delivered", "was not delivered", "not been delivered",
    "not delivered to", "unable to deliver", "wasn't able to deliver", "could not deliver",
    "your message did not reach some or all of the intended recipients", "did not reach the following",
    "did not receive a copy", "the following recipient(s) cannot be reached",
    "the following recipient(s) could not be reached", "delivery has failed to these",
    "delivery to the following recipient", "delivery of email to this address", "the following message to",
    "i'm sorry to have to inform you that your message could not", "undeliverable",
    "the following addresses had permanent", "the following address(es) failed", "was undeliverable",
    "delivery problem", "address not found", "message not delivered", "delivery status notification",
    "mail delivery failed", "delivery failure", "permanent fatal errors", "fatal delivery errors",
    "failed recipient", "failed addresses", "was automatically rejected", "no such user here",
    "not a valid user", "has been returned", "error was detected while processing",
    "non-delivery report", "user unknown", "unknown user",
    "unzustellbar", "konnte nicht zugestellt werden", "konnten nicht zugestellt werden",
    "nicht zugestellt werden", "zustellung nicht abgeschlossen", "fehler bei der nachrichtenzustellung",
    "non è stato possibile recapitare", "non è stato possibile consegnare", "non è stato recapitato",
    "non è stato consegnato", "non può essere recapitato", "recapito non riuscito",
    "n'a pas pu être", "n'a pas pu etre", "n'a pas été remis", "échec de la remise",
    "no se pudo entregar", "no se ha podido entregar", "no pudo ser entregado", "no ha sido entregado",
    "não pôde ser entregue", "não foi possível entregar", "não foi entregue",
    "kon niet worden bezorgd", "niet worden afgeleverd", "kunde inte levereras", "kunne ikke leveres",
    "nie mogła zostać dostarczona", "nie została dostarczona", "nemohla být doručena", "nebyla doručena",
    "не может быть доставлено", "не было доставлено", "не удалось доставить", "teslim edilemedi",
    "配信できません", "配信されませんでした", "无法送达", "无法投递", "無法投遞", "배달하지 못했습니다",
)  # fmt: skip
_SUBJECTS = (
    "undeliver", "delivery status notification", "returned mail", "mail delivery", "failure notice",
    "delivery failure", "delivery has failed", "delivery failed", "mail system error",
    "message could not be delivered", "undelivered mail", "mail could not be delivered",
    "delivery notification", "delivery report", "warning: message", "warning: could not send",
    "delivery delayed", "failure delivery", "nondeliverable", "non-deliver", "non deliver", "nondeliver",
    "mailsystem", "mail not delivered", "message not delivered", "mail failed", "failed mail",
    "mail failure", "mail error", "permanent delivery failure", "email delivery failure",
    "message delivery failure", "message status - undeliverable", "automatically rejected mail",
    "message delayed", "delayed mail", "rejected mail", "mail rejected",
    "nicht zustellbar", "unzustellbar", "nicht zugestellt", "zustellung fehlgeschlagen",
    "fehler bei der zustellung", "mancato recapito", "mancata consegna", "avviso di mancata consegna",
    "non recapitabile", "messaggio non recapitato", "consegna non riuscita", "recapito non riuscito",
    "impossibile recapitare", "errore di consegna", "échec de la remise", "échec de remise", "non remis",
    "avis de non-remise", "avis de non remise", "non distribuable", "message non distribué",
    "no se puede entregar", "no se ha podido entregar", "no entregado", "mensaje no entregado",
    "error de entrega", "error en la entrega", "não entregue", "falha na entrega", "não é possível entregar",
    "mensagem não entregue", "onbestelbaar", "niet te bezorgen", "niet bezorgd", "kan ikke leveres",
    "ikke levert", "ej levererbart", "olevererbart", "kunde inte levereras", "ei voida toimittaa",
    "nie można dostarczyć", "niedostarczon", "nedoručiteln", "nelze doručit", "nedoručen", "kézbesíthetetlen",
    "nelivrat", "недоставлен", "не доставлено", "не удается доставить", "ошибка доставки",
    "сообщение не доставлено", "ваше сообщение не доставлено", "не доставлене", "iletilemedi",
    "δεν παραδόθηκε", "αδυναμία παράδοσης", "配信不能", "配信できません", "未配信", "邮件传输失败",
    "系统退信", "退信", "未传递", "无法传递", "無法傳遞", "전송 실패", "배달되지 않음", "배달할 수 없음",
)  # fmt: skip
_NAMES_FOLLOW = (
    "did not reach the following", "following address", "following recipient", "failed recipient",
    "failed addresses", "intended recipient", "not delivered to", "not be delivered to", "not deliver to",
    "could not deliver", "unable to deliver", "able to deliver",
    "to these recipients", "to the following", "to this address", "your message to", "your mail to",
    "your message was addressed", "zugestellt werden", "recapitare a", "entregar a",
)  # fmt: skip
"""Behind these stands who did not get it."""
_DELAYED = (
    "delayed", "warning: message", "has not yet been delivered", "no action is required",
    "will continue to", "will be retried", "been postponed", "still being retried", "attempts will continue",
    "delivery attempts will", "versucht noch weitere", "noch nicht zugestellt", "verzögert", "in ritardo",
    "retardé", "retrasado", "vertraagd", "opóźnion",
)  # fmt: skip
_ORIGINAL = (
    "below this line is a copy", "this is a copy of", "original message headers", "original message follows",
    "----- original message", "start of returned message", "returned mail follows", "- returned mail -",
    "message text follows", "message header follows", "header of the source mail", "the header and top",
    "lines of your original message", "original message as received", "unsent message follows",
    "copy of the first part of the message",
)  # fmt: skip
"""What stands above the mail that comes back."""


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
    to: str = ""
    """The To header: who wrote the mail that comes back."""
    answered: str = ""
    """The id of the mail that the report answers, from its headers."""


def read(report: Report) -> Bounce | None:
    """The bounce that this says it is, or None."""
    subject = _TAGS.sub("", report.subject, count=1).lower()
    announced = subject.startswith(_SUBJECTS)
    daemon = _is_daemon(report.sender)
    if not (announced or daemon or report.failed):
        return None
    text = report.text[:MOST_TEXT]
    lowered = text[:_BEGINNING].lower()
    own = text[: _where_original_begins(lowered)]
    status, reply = STATUS.search(own), _REPLY.search(own)
    introduced = any(words in lowered for words in _INTRODUCTIONS)
    returned = len(own) < len(text) or bool(report.original)
    proof = bool(returned or report.by_program or (daemon and (status or reply)))
    if not (report.failed or _is_report(report, daemon, announced, introduced, proof)):
        return None
    who = _recipient(own, lowered, report)
    if not who and not status:
        return None
    if _may_be_person(report) and not (announced and (introduced or returned) and not _begins_as_letter(own)):
        return None
    delayed = any(words in subject or words in lowered for words in _DELAYED)
    return Bounce(who, "delayed" if delayed else "failed", _status_of(status, reply), _words(own, who), "")


def _is_report(report: Report, daemon: bool, announced: bool, introduced: bool, proof: bool) -> bool:
    """A daemon is believed by one sign; whoever else must say it twice, and something must show it."""
    if not daemon:
        return announced and introduced and proof
    certain = report.sender.key.startswith(_DAEMONS)
    return announced or introduced or (certain and proof)


def _is_daemon(sender: Address) -> bool:
    local = sender.key.partition("@")[0]
    return local.startswith(_SENDERS) or "mail delivery" in sender.name.lower() or not sender.address


def _may_be_person(report: Report) -> bool:
    """Whether it comes from a postmaster and nothing in its headers says that a program has written
    it: people have this address too, and write about mail that was not delivered."""
    is_postmaster = report.sender.key.startswith("postmaster")
    by_name = "mail delivery" in report.sender.name.lower()
    return is_postmaster and not (by_name or report.failed or report.by_program)


def _begins_as_letter(own: str) -> bool:
    """Whether it greets somebody first; a report comes to the point at once."""
    return _GREETING.match(own) is not None


def _where_original_begins(lowered: str) -> int:
    found = [at for mark in _ORIGINAL if (at := lowered.find(mark)) > 0]
    return min(found, default=MOST_TEXT)


def _status_of(status: re.Match[str] | None, reply: re.Match[str] | None) -> str:
    if status:
        return status[1]
    return f"{reply[1][0]}.0.0" if reply else ""


def bare(value: str) -> str:
    """The address in this, or all of it without brackets."""
    match = _ADDRESS.search(value)
    return _TYPED.sub("", match[1].lstrip("'")) if match else value.strip("<> ")


def _recipient(own: str, lowered: str, report: Report) -> str:
    """Where it is named behind words that say so; else anywhere, in the subject, or in the mail itself."""
    if report.failed:
        return bare(report.failed.partition(",")[0])
    begins = [at + len(words) for words in _NAMES_FOLLOW if 0 <= (at := lowered.find(words)) < len(own)]
    behind = _HEADER.sub("", own[min(begins) :]) if begins else ""
    others = {report.sender.key}
    for place in (
        behind,
        _HEADER.sub("", own),
        report.subject,
        *_TO.findall(own),
        *_TO.findall(report.original),
    ):
        if found := _other_address(place, report.to.lower(), others):
            return found
    return _other_address(behind, "", others)


def _other_address(text: str, to: str, others: set[str]) -> str:
    """The first address that is neither the writer's nor a server's."""
    for match in _ADDRESS.finditer(text):
        found = bare(match[1])
        key = found.lower()
        if email_key(found) in others:
            continue
        if key not in to and not key.startswith(("postmaster@", "mailer-daemon@")):
            return found
    return ""


def _words(own: str, who: str) -> str:
    """What the server says: the paragraph that names the recipient, without the name."""
    at = own.find(who) if who else -1
    rest = own[at + len(who) : at + len(who) + 1200].lstrip(">:;.,\"') \t\r\n") if at >= 0 else own[:1200]
    paragraph: list[str] = []
    for row in rest.split("\n"):
        if not row.strip() and paragraph and not paragraph[-1].rstrip().endswith(":"):
            break
        paragraph.append(row)
    return line(" ".join(paragraph), 1000)
