"""`salotto email …`: what Salotto makes of a mail, without storing it."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salotto.cli import email_domain, email_queue, email_status
from salotto.cli.console import Group
from salotto.config.options import Options

if TYPE_CHECKING:
    from salotto.channels.email.mime import Address, Bounce, ParsedMail, Part

UNREADABLE = 1
"""The exit code when a file cannot be read; a mail always can."""


def register(command: argparse.ArgumentParser, data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the sub-commands to `salotto email`."""
    add = command.add_subparsers(required=True, metavar="what", dest="what").add_parser
    words = "say as JSON what a mail says: ids, people, text, visible text, safe HTML, attachments, problems"
    inspect = add("inspect", help=words, description=f"{words[0].upper()}{words[1:]}. Nothing is stored.")
    inspect.add_argument("files", nargs="+", metavar="FILE.eml", help="a mail, or - for standard input")
    inspect.add_argument("--lines", action="store_true", help="one JSON object per line and mail")
    inspect.set_defaults(run=inspect_files)
    email_queue.register(Group(add, data))
    email_status.register(Group(add, data))
    email_domain.register(Group(add, data))


def inspect_files(given: argparse.Namespace, options: Options) -> int:
    """`inspect`: an object for one file, a list for several; 1 if a file could not be read."""
    found: list[dict[str, Any]] = []
    failed = False
    for file in given.files:
        told = _told(file)
        failed = failed or "error" in told
        if given.lines:
            _print(json.dumps(told, ensure_ascii=False))
        else:
            found.append(told)
    if not given.lines:
        _print(json.dumps(found[0] if len(found) == 1 else found, indent=1, ensure_ascii=False))
    return UNREADABLE if failed else 0


def _print(text: str) -> None:
    """In UTF-8, whatever the terminal's encoding."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode() + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever reads has seen enough; Python must not try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(file: str) -> dict[str, Any]:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return {"file": _name(file), "error": f"The file cannot be read: {reason}."}
    from salotto.channels.email.mime import parse

    return {"file": _name(file), **tell(parse(raw))}


def _name(file: str) -> str:
    return file.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def tell(mail: "ParsedMail") -> dict[str, Any]:
    """A mail as the JSON that `inspect` prints."""
    told: dict[str, Any] = {
        "message_id": mail.message_id,
        "synthesised": mail.synthesised,
        "in_reply_to": mail.in_reply_to[0] if mail.in_reply_to else None,
    }
    if len(mail.in_reply_to) > 1:
        told["in_reply_to_all"] = list(mail.in_reply_to)
    return told | {
        "references": list(mail.references),
        "from": _person(mail.sender),
        "reply_to": [_person(one) for one in mail.reply_to],
        "recipients": {name: [_person(one) for one in getattr(mail, name)] for name in ("to", "cc", "bcc")},
        "delivered_to": list(mail.delivered_to),
        "subject": mail.subject,
        "date": mail.date.isoformat().replace("+00:00", "Z") if mail.date else None,
        "text": mail.text,
        "visible_text": mail.visible,
        "html": _safe(mail),
        "attachments": [_attachment(part) for part in mail.parts],
        "automatic": bool(mail.automatic),
        "automatic_reason": mail.automatic or None,
        "bounce": _bounce(mail.bounce) if mail.bounce else None,
        "hops": mail.hops,
        "problems": list(mail.problems),
    }


def _safe(mail: "ParsedMail") -> str:
    """The HTML as a desk may show it; pictures of the mail keep their `cid:`."""
    if not mail.html:
        return ""
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=False, PUBLIC_URL="")  # no installation is needed
    from salotto.channels.email.safe.html import safe_html

    shown = {part.content_id.lower(): f"cid:{part.content_id}" for part in mail.parts if part.content_id}
    return safe_html(mail.html, inline=shown)


def _person(one: "Address") -> dict[str, str]:
    return {"name": one.name, "address": one.address}


def _attachment(part: "Part") -> dict[str, Any]:
    return {"name": part.name, "type": part.type, "size": part.size, "inline": part.inline}


def _bounce(bounce: "Bounce") -> dict[str, str]:
    names = ("recipient", "action", "status", "diagnostic", "original_id")
    return {name: getattr(bounce, name) for name in names}
