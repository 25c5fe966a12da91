"""The mail that was queued, read back from the jobs that would send it."""

import email
import json
import re
from base64 import b64decode
from email.message import EmailMessage
from email.policy import default
from typing import Any

from django.db import connection


def mails_to(address: str) -> list[EmailMessage]:
    """What was queued for this address, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs"
            " WHERE task_name LIKE %s AND args->'recipients' ? %s ORDER BY id",
            ["%send_mail", address],
        )
        rows = cursor.fetchall()
    return [_parsed(args) for (args,) in rows]


def _parsed(args: Any) -> EmailMessage:
    args = json.loads(args) if isinstance(args, str) else args
    return email.message_from_bytes(b64decode(args["raw"]), policy=default)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """The body as text, or as HTML with `kind="html"`."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the first link to our pages."""
    found = re.search(r"http://testserver(/\S+)", text_of(mail))
    assert found is not None
    return found[1]
