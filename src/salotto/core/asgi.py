"""The little that a raw ASGI endpoint needs: read a body, answer, refuse.

The hot paths (a visitor's message, a held stream) speak ASGI themselves; see
ARCHITECTURE.md, "Parts", for why.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from django.utils import translation

from salotto.core.errors import BadRequest, Refused, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NO_STORE = (b"cache-control", b"no-store")
JSON_TYPE = (b"content-type", b"application/json")
NO_SNIFF = (b"x-content-type-options", b"nosniff")


def header(scope: Scope, name: bytes) -> str:
    """The first header of this (lower-case) name, as text; empty when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def query(scope: Scope) -> dict[str, str]:
    """The query string's last value per name. Raises BadRequest when it is not text."""
    try:
        text = scope["query_string"].decode("ascii")
        given = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=20))
    except ValueError as error:  # UnicodeDecodeError is one
        raise BadRequest from error
    if any("\0" in value for value in given.values()):
        raise BadRequest
    return given


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)  # NaN and Infinity are Python's own


async def read_json(scope: Scope, receive: Receive, limit: int) -> dict[str, Any]:
    """The body as a JSON object of at most `limit` bytes.

    Raises TooLarge over the limit and BadRequest for anything but a UTF-8 JSON object.
    """
    body = await read_body(scope, receive, limit)
    try:
        value = _JSON.decode(body.decode()) if body else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest(code="not_json") from error
    if not isinstance(value, dict):
        raise BadRequest(code="not_json")
    return value


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body; raises TooLarge beyond `limit` bytes, BadRequest if it breaks off.

    It breaks off, too, when it takes too long: the server closes such connections
    (`config.protocol`), for all endpoints alike.
    """
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(code="broken_off")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks) if len(chunks) > 1 else chunk


def has_body(scope: Scope) -> bool:
    """Whether the request announces a body."""
    length = header(scope, b"content-length")
    return length not in ("", "0") or header(scope, b"transfer-encoding") != ""


async def respond(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Send a whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))] if status != 204 else [*headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def respond_json(
    send: Send, value: object, headers: Iterable[tuple[bytes, bytes]] = (), status: int = 200
) -> None:
    """Send a JSON answer that no cache keeps."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    await respond(send, status, body, [JSON_TYPE, NO_STORE, NO_SNIFF, *headers])


async def refuse(
    send: Send, refused: Refused, language: str = "en", headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer a refusal as JSON, in the reader's language."""
    with translation.override(language):
        value = refused.as_json()
    extra = [(k.lower().encode(), v.encode()) for k, v in refused.headers().items()]
    await respond_json(send, value, [*extra, *headers], refused.status)


def reader_language(scope: Scope) -> str:
    """The language to refuse in: what the browser asks for, of those we speak."""
    wanted = header(scope, b"accept-language").lower()
    for part in wanted.split(","):
        if part.strip()[:2] in ("en", "it"):
            return part.strip()[:2]
    return "en"
