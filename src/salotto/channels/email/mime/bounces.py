"""Delivery reports: RFC 3464's, and those of servers that write what they like."""

import re
from dataclasses import replace

from salotto.channels.email.mime import ids, reports
from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.mime.reading import line
from salotto.channels.email.mime.reports import MOST_TEXT, STATUS, Report, bare

_FIELD = re.compile(r"^([A-Za-z-]{2,60})[ \t]*:[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE)
_ORIGINAL_ID = re.compile(
    r"^[ \t>]*Message-ID:[ \t]*\r?\n?[ \t]*<([^<>\s]{3,900})>", re.IGNORECASE | re.MULTILINE
)
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


def read(report: Report) -> Bounce | None:
    """The bounce that this is, or None."""
    found = _standard(report.status) if report.status else None
    if found is None and report.by_program and "Final-Recipient:" in report.text:
        found = _standard(report.text)  # the part was lost, and its lines are in the text
    found = found or reports.read(report)
    return replace(found, original_id=_original_id(report)) if found else None


def _original_id(report: Report) -> str:
    for text in (report.original, report.text):
        match = _ORIGINAL_ID.search(text[:MOST_TEXT])
        if match:
            return ids.read([f"<{match[1]}>"])[0]
    return report.answered


def _standard(status: str) -> Bounce | None:
    """RFC 3464: the first recipient that failed, or else the first one."""
    text = status[:MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    found = [bounce for block in re.split(r"\n[ \t]*\n", text) if (bounce := _recipient(block))]
    found = [one for one in found if one.recipient] or found
    return next((one for one in found if one.action == "failed"), found[0] if found else None)


def _recipient(block: str) -> Bounce | None:
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(block):
        fields.setdefault(name.lower(), " ".join(value.split()))
    final, named = _typed(fields.get("final-recipient", "")), _typed(fields.get("original-recipient", ""))
    if not (final or named) and "action" not in fields:
        return None
    action = fields.get("action", "").partition("(")[0].strip().lower()
    status = STATUS.search(fields.get("status", "") or fields.get("diagnostic-code", ""))
    words = _typed(fields.get("diagnostic-code", ""))
    who = named if "@" not in final and "@" in named else final or named  # X.400, or a local user's name
    return Bounce(
        line(bare(who), 320),
        action if action in _ACTIONS else "failed",
        status[1] if status else "",
        line(words, 1000),
        "",
        line(bare(named), 320),
    )


def _typed(value: str) -> str:
    """Of `rfc822; anna@example.com`, what comes after the type."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon else kind.strip()
