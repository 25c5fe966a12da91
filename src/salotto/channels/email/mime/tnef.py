"""winmail.dat: what Outlook packs a mail into when it takes the recipient for another Outlook."""

import logging
import re
from dataclasses import dataclass

from salotto.channels.email.mime import charset
from salotto.channels.email.mime.reading import Reading

LARGEST = 60_000_000
MOST_FILES = 200

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_RTF_SIGN = re.compile(
    r"\\'([0-9a-f]{2})|\\u(-?\d{1,5}) ?\??|\\([a-z]{1,32})(-?\d{1,10})? ?|\\([^a-z])|([{}])|[\r\n]+",
    re.IGNORECASE,
)
_RTF_UNSEEN = frozenset(
    ["fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "listtable", "generator"]
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in it: text, HTML, files by name."""

    text: str
    html: str
    files: list[tuple[str, bytes]]


def unpack(data: bytes, reading: Reading) -> Unpacked | None:
    """None, with the reason noted, if it cannot be unpacked."""
    if len(data) > LARGEST or data[:4] != b"\x78\x9f\x3e\x22":
        reading.note("The winmail.dat is no TNEF; it was kept as it is.")
        return None
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    from tnefparse import TNEF  # type: ignore[import-untyped]

    try:
        found = TNEF(data, do_checksum=False)
        files = [_file(one) for one in found.attachments[:MOST_FILES]]
        text, html = _string(found.body, reading), _html(found, reading)
        text = text or _from_rtf(found)
    except Exception as error:
        reading.note(f"The winmail.dat is broken ({type(error).__name__}); it was kept as it is.")
        return None
    return Unpacked(text, html, [(name, content) for name, content in files if content])


def _file(one: object) -> tuple[str, bytes]:
    name: object = ""
    try:
        name = one.long_filename() or one.name  # type: ignore[attr-defined]
    except (UnicodeDecodeError, AttributeError):
        raw = getattr(one, "_name", b"")
        name = raw.decode("cp1252", "replace") if isinstance(raw, bytes) else raw
    content = getattr(one, "data", b"")
    return str(name).strip("\0"), content if isinstance(content, bytes) else b""


def _string(value: object, reading: Reading) -> str:
    if isinstance(value, bytes):
        value = charset.decode(value, "", reading)
    return value.strip("\0") if isinstance(value, str) else ""


def _html(found: object, reading: Reading) -> str:
    value = getattr(found, "htmlbody", None)
    if isinstance(value, bytes):
        return charset.decode_html(value, "", reading).strip("\0")
    return value.strip("\0") if isinstance(value, str) else ""


def _from_rtf(found: object) -> str:
    value = getattr(found, "rtfbody", None)
    if isinstance(value, str):
        value = value.encode("cp1252", "replace")
    return rtf_text(value) if isinstance(value, bytes) else ""


def rtf_text(data: bytes) -> str:
    """The words of an RTF: letters and paragraphs, nothing else. Linear."""
    text = data.decode("cp1252", "replace")
    pieces: list[str] = []
    at = depth = unseen = 0
    for sign in _RTF_SIGN.finditer(text):
        if not unseen:
            pieces.append(text[at : sign.start()])
        at = sign.end()
        code, unicode, word, _, other, brace = sign.groups()
        if brace:
            depth += 1 if brace == "{" else -1
            unseen = unseen if depth >= unseen else 0
        elif (word in _RTF_UNSEEN or other == "*") and not unseen:
            unseen = max(depth, 1)
        elif not unseen:
            pieces.append(_rtf_sign(code, unicode, word, other))
    return "".join([*pieces, "" if unseen else text[at:]]).strip("\0 \n")


def _rtf_sign(code: str | None, unicode: str | None, word: str | None, other: str | None) -> str:
    if code:
        return bytes([int(code, 16)]).decode("cp1252", "replace")
    if unicode:
        return chr(int(unicode) % 0x10000)
    return (
        {"par": "\n", "line": "\n", "tab": "\t"}.get(word or "", "")
        or (other if other in {"\\", "{", "}"} else "")
        or ""
    )
