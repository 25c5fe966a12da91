"""Values with parameters: Content-Type and Content-Disposition, RFC 2231 and what is sent instead."""

import re
from urllib.parse import unquote_to_bytes

from salotto.channels.email.mime import charset, words
from salotto.channels.email.mime.reading import Reading

_PARAMETER = re.compile(r";\s*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]|\\.)*+)(?:\"|\Z)|([^;]*+))", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
MOST_SECTIONS = 200

Parameters = dict[str, str]


def read(value: str) -> tuple[str, Parameters]:
    """The value in lower case and its parameters as they stand; the first of each name counts."""
    value = words.unfold(value)
    main, semicolon, _ = value.partition(";")
    if not semicolon:
        return main.strip().lower(), {}
    found: Parameters = {}
    for match in _PARAMETER.finditer(value, len(main)):
        quoted, plain = match[2], match[3]
        text = (_ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted) if quoted is not None else plain
        found.setdefault(match[1].lower(), text if quoted is not None else text.strip())
    return main.strip().lower(), found


def text(parameters: Parameters, name: str, reading: Reading) -> str:
    """A parameter decoded: continuations and charsets of RFC 2231, encoded words, raw bytes."""
    sections = _sections(parameters, name) if any("*" in key for key in parameters) else []
    if not sections:
        return words.decode(parameters.get(name, ""), reading)
    declared, data = "", b""
    for place, (encoded, section) in enumerate(sections):
        value = section
        if encoded and place == 0 and value.count("'") >= 2:
            declared, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if encoded else raw
    found = charset.decode(data, declared, reading)
    return words.encoded_words(found, reading) if "=?" in found else found


def _sections(parameters: Parameters, name: str) -> list[tuple[bool, str]]:
    """`name*0*`, `name*1`, … in order, or `name*`: whether percent-encoded, and the value."""
    found: dict[int, tuple[bool, str]] = {}
    for key, value in parameters.items():
        match = _SECTION.match(key)
        if match and match[1] == name and (match[2] or match[3]) and len(found) < MOST_SECTIONS:
            found.setdefault(int(match[2] or 0), (bool(match[3]), value))
    return [found[number] for number in sorted(found)]
