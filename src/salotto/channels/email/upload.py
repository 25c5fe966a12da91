"""A mail that comes by HTTP: its bytes, within bounds, from what MTAs and providers send."""

from email.message import Message
from typing import Protocol

from django.http import HttpRequest

from salotto.core.errors import BadRequest, Invalid, Refused, TooLarge

RAW_TYPES = ("message/rfc822", "message/global", "application/octet-stream", "text/plain")
FIELDS = ("email", "body-mime", "message")
"""Fields that hold the raw mail in a form: SendGrid's, Mailgun's, and a plain one."""
FORM_EXTRA = 1 << 20
"""Bytes that a form may have beside the mail."""
_CHUNK = 1 << 16


class LengthRequired(Refused):
    """411: without its length nobody could tell a whole mail from half of one."""

    status, code = 411, "length_required"
    sentence = "Send the mail with a Content-Length."


class WrongType(Refused):
    """415: a body that holds no raw mail."""

    status, code = 415, "wrong_type"
    sentence = "Send the raw mail as message/rfc822, or in a form's field email, body-mime or message."


class _Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def raw_mail(request: HttpRequest, limit: int) -> bytes:
    """The raw mail in a request. Raises LengthRequired, TooLarge, WrongType, BadRequest when it
    breaks off, Invalid when it is empty."""
    kind = _content_type(request)
    if kind.get_content_type() in RAW_TYPES:
        mail = bytes(_read(request, _length(request, limit)))
    elif kind.get_content_type() == "multipart/form-data":
        body = _read(request, _length(request, limit + FORM_EXTRA))
        mail = field_of(body, str(kind.get_param("boundary") or "").encode())
    else:
        raise WrongType
    if len(mail) > limit:
        raise TooLarge
    if not mail.strip():
        raise Invalid("The mail is empty.", code="empty")
    return mail


def _content_type(request: HttpRequest) -> Message:
    message = Message()
    message["Content-Type"] = request.META.get("CONTENT_TYPE", "").replace("\r", " ").replace("\n", " ")
    return message


def _length(request: HttpRequest, limit: int) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    if not (text.isascii() and text.isdigit()):
        raise LengthRequired
    if int(text) > limit:
        raise TooLarge
    return int(text)


def _read(stream: _Stream, length: int) -> bytearray:
    body = bytearray()
    while len(body) < length:
        chunk = stream.read(min(_CHUNK, length - len(body)))
        if not chunk:
            raise BadRequest(code="broken_off")
        body += chunk
    return body


def field_of(body: bytearray, boundary: bytes) -> bytes:
    """The bytes of the first field that holds a mail (RFC 7578). Raises WrongType without one,
    BadRequest for a form without an end."""
    if not boundary or len(boundary) > 200:
        raise WrongType
    mark = b"--" + boundary
    start = body.find(mark)
    while start >= 0:
        head = start + len(mark)
        if body.startswith(b"--", head):
            break
        end = body.find(b"\r\n" + mark, head)
        if end < 0:
            raise BadRequest(code="broken_off")
        blank = body.find(b"\r\n\r\n", head, end + 2)  # no further, or many parts take for ever
        if blank >= 0 and _name(bytes(body[head:blank])) in FIELDS:
            return bytes(memoryview(body)[blank + 4 : end])
        start = end + 2
    raise WrongType


def _name(head: bytes) -> str:
    """The name of a form's field, from its part's headers."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            message = Message()
            message["Content-Disposition"] = value.decode("latin-1").strip()
            return str(message.get_param("name", "", "content-disposition"))
    return ""
