"""Whether a program has sent it (RFC 3834 and its neighbours): such mail is never answered by one."""

import re
from collections.abc import Mapping

from salotto.channels.email.mime.parsed import Address, Bounce

Fields = Mapping[str, list[str]]

PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
SUPPRESS = frozenset({"all", "autoreply", "oof"})
"""Not the words for receipts (DR, RN, NRN), which people's programs ask not to be sent."""

FLAGS = frozenset({
    "x-ms-exchange-generated-message-source", "x-ms-exchange-inbox-rules-loop", "x-failed-recipients",
    "x-facebook-notify", "x-linkedin-class", "x-github-reason", "x-jira-fingerprint", "x-fc-machinegenerated",
    "x-cron-env", "x-otrs-loop", "delivered-by-autoresponder", "x-dsncontext", "x-ricevuta",
})  # fmt: skip
LISTS = frozenset(
    {
        "list-id",
        "list-unsubscribe",
        "list-post",
        "list-help",
        "mailing-list",
        "x-mailman-version",
        "x-campaign",
        "x-mailing-list",
        "list-subscribe",
        "list-archive",
        "list-unsubscribe-post",
    }
)
DAEMONS = frozenset({"mailer-daemon", "mail-daemon", "mdaemon", "mailerdaemon", "maildaemon"})
"""Not the postmaster, whom RFC 5321 (4.5.1) wants to be a person."""
_NAMED = re.compile(
    r"auto-?(?:repl|rply|answer|respond|response(?!-suppress)|generated)|vacation|out-?of-?office"
)
"""In the name of a header that only a program writes, whichever it is."""
NO_REPLY = re.compile(
    r"(?:^|[._+-])(?:no|do-?not|don-?t|non|ne-?pas|nao|keine?)[._-]?(?:reply|respond|risponder[ei]|repond(?:re)?|responder|antwort)"
    r"|^(?:notifications?|bounces?|auto-?confirm|auto-?reply)(?:$|[+._-])"
)
_ABSENT = re.compile(r"auto: .+\([^()]*\d{2,4}\)\Z", re.IGNORECASE)
"""As Domino writes, and nothing else: `AUTO: Anna Rossi is out of the office (returning 05/01/2026)`."""
SUBJECTS = (
    "out of office", "automatic reply", "auto reply", "autoreply", "auto-reply", "auto response",
    "automatische antwort", "abwesenheitsnotiz", "abwesend", "risposta automatica", "fuori sede",
    "fuori ufficio", "réponse automatique", "absence du bureau", "respuesta automática",
    "resposta automática", "automatisch antwoord", "afwezig", "automatyczna odpowiedź",
    "automatická odpověď", "automatiskt svar", "autosvar", "automatisk svar", "automaattinen vastaus",
    "automatikus válasz", "räspuns automat", "răspuns automat", "αυτόματη απάντηση", "otomatik yanıt",
    "автоответ", "автоматический ответ", "автоматична відповідь", "自動応答", "自动答复", "自動回覆",
    "자동 회신", "מענה אוטומטי", "رد تلقائي", "undeliver", "delivery status notification",
    "returned mail",
)  # fmt: skip
"""What such a subject begins with: only ever beside another sign."""


def why(fields: Fields, sender: Address, subject: str, bounce: Bounce | None, report: str) -> str:
    """One word for why this is automatic, "" if a person seems to have sent it.

    `report`: the type of a multipart/report, "" without one.
    """
    if bounce is not None or report == "delivery-status":
        return "bounce"
    if reason := said(fields):
        return reason
    if report:
        return "receipt" if report == "disposition-notification" else "report"
    return _by_sender(fields, sender, subject)


def said(fields: Fields) -> str:
    """Which header says that a program has sent it, "" if none does."""
    submitted = _first(fields, "auto-submitted")
    if submitted and submitted != "no":
        return "auto-submitted"
    for check in (_flags, _list_or_bulk):
        if reason := check(fields):
            return reason
    return "null-sender" if _null_sender(fields) else ""


def _first(fields: Fields, name: str) -> str:
    """A header's first word in lower case."""
    values = fields.get(name)
    return values[0][:200].partition(";")[0].partition("(")[0].strip().lower() if values else ""


def _flags(fields: Fields) -> str:
    named = FLAGS.intersection(fields)
    if _NAMED.search(" ".join(fields)):
        named |= {name for name in fields if _NAMED.search(name)}
    if any(_says_yes(fields, name) for name in named):
        return "x-auto"
    for value in fields.get("x-auto-response-suppress", ()):
        if SUPPRESS & {word.strip().lower() for word in value[:200].split(",")}:
            return "x-auto-response-suppress"
    return ""


def _says_yes(fields: Fields, name: str) -> bool:
    return _first(fields, name) not in {"", "no", "false", "0"}


def _list_or_bulk(fields: Fields) -> str:
    precedence = _first(fields, "precedence") or _first(fields, "x-precedence")
    if not LISTS.isdisjoint(fields):
        return "list"
    return "precedence" if precedence in PRECEDENCE else ""


def _null_sender(fields: Fields) -> bool:
    return "".join(_first(fields, "return-path").split()) in {"<>", "<mailer-daemon>", '<"">'}


def _by_sender(fields: Fields, sender: Address, subject: str) -> str:
    """By the address of a daemon; by a subject only where another sign is there."""
    local = sender.key.partition("@")[0]
    if local in DAEMONS:
        return "daemon"
    if NO_REPLY.search(local):
        return "no-reply"
    if _ABSENT.match(subject):
        return "subject"
    weak = (
        "feedback-id" in fields
        or "x-loop" in fields
        or ("in-reply-to" not in fields and "x-mailer-autoreply" in fields)
    )
    return "subject" if weak and subject.lower().startswith(SUBJECTS) else ""
