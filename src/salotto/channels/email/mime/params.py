"""Values with parameters: Content-Type and Content-Disposition, RFC 2231 and what is sent instead."""

import re
from urllib.parse import unquote_to_bytes

from salotto.channels.email.mime import charset, words
from salotto.channels.email.mime.reading import Reading

_PARAMETER = re.compile(r";\s*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]|\\.)*+)(?:\"|\Z)|([^;]*+))", re.DOTALL)
_PLAIN = re.compile(r"[^\s=,&()\"]*+\Z")
_COMMENT = re.compile(r"\([^()]*+(?:\)|\Z)")
_SLASH = re.compile(r"(?<!\s)\s*+/\s*+")
_MAIN = re.compile(r"\s*+\"?([^\s=,&()\"]*+)(?!\s*=)\"?(?:\s*+[,&])*+")
_PATH = re.compile(r"[A-Za-z]:\\")
_PACKED = re.compile(
    r"(utf-8|iso-8859-\d{1,2}|windows-125\d)'[a-z-]{0,9}'([^%]*%[0-9a-f]{2}.*)\Z", re.IGNORECASE
)
_NAMES = frozenset({"name", "filename"})
_REST = re.compile(r"(?:;(?=\s*+[^\s;])[^;=]++(?=;|\Z))++")
"""What follows a semicolon and is no parameter."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
MOST_SECTIONS = 200

Parameters = dict[str, str]


def read(value: str) -> tuple[str, Parameters]:
    """The value in lower case and its parameters as they stand; the first of each name counts."""
    value = words.unfold(value)
    main, semicolon, _ = value.partition(";")
    at = len(main)
    if not _PLAIN.match(main.strip()):
        main, value = _mended(main, value[at:])
        at = 0
    elif not semicolon:
        return main.strip().lower(), {}
    found: Parameters = {}
    for match in _PARAMETER.finditer(value, at):
        quoted, plain = match[2], match[3]
        name = match[1].lower()
        text = (
            _unquoted(quoted) if quoted is not None else _unquoted_to_the_end(name, plain, value, match.end())
        )
        found.setdefault(name, text)
    return main.strip().lower(), found


def _unquoted(quoted: str) -> str:
    """Without the backslashes that quote a sign; those of a path on Windows stay."""
    if "\\" not in quoted or _PATH.match(quoted) or "\x1b$" in quoted:  # which is a sign of Japanese
        return quoted
    return _ESCAPE.sub(r"\1", quoted)


def _unquoted_to_the_end(name: str, plain: str, value: str, end: int) -> str:
    """A value without quotes; the name of a file may hold a semicolon, and a quote that was forgotten."""
    if name not in _NAMES:
        return plain.strip()
    rest = _REST.match(value, end)
    return (plain + (rest[0] if rest else "")).strip().strip('"')


def _mended(main: str, rest: str) -> tuple[str, str]:
    """A value with a comment, in quotes, or whose parameters begin without a semicolon; its parameters."""
    main = _SLASH.sub("/", _COMMENT.sub(" ", main))
    found = _MAIN.match(main)
    value, at = (found[1], found.end()) if found else ("", 0)
    return value, f";{main[at:]}{rest}"


def text(parameters: Parameters, name: str, reading: Reading) -> str:
    """A parameter decoded: continuations and charsets of RFC 2231, encoded words, raw bytes."""
    sections = _sections(parameters, name) if any("*" in key for key in parameters) else []
    if not sections:
        value = words.decode(parameters.get(name, ""), reading)
        if not (packed := _PACKED.match(value)):
            return value
        return charset.decode(unquote_to_bytes(packed[2]), packed[1], reading)
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
