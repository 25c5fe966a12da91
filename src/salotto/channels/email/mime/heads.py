"""The head of a mail or of a part: where it ends, and its fields as they came.

Its end is the first line that is no field, as for the standard library's parser.
"""

import re
from itertools import islice

MOST_FIELDS = 20_000
"""Fields of one head that are kept."""

Fields = dict[str, list[str]]
"""Values by name in lower case: ASCII, other bytes as escaped surrogates, line ends as \\n."""

_LINES = re.compile(rb"(?:(?:From |[!-9;-~]*+:|[ \t])[^\r\n]*+(?:\r?\n|\r|\Z))*+")
_REGULAR = re.compile(rb"(?:[!-9;-~]++:[^\r\n]*+\r?\n(?:[ \t][^\r\n]*+\r?\n)*+)++(?:\r?\n|\Z)")
_PARAMETER = re.compile(
    rb"(?:boundary|charset|name|filename|format|delsp|type|start|size|micalg|protocol|report-type|method"
    rb"|reply-type)(?:\*[0-9]{0,3}){0,2}[ \t]*=[^\r\n]*(?:\r?\n|\r|\Z)",
    re.IGNORECASE,
)
_UNINDENTED = re.compile(rb"(;[ \t]*\r?\n)(?=" + _PARAMETER.pattern + rb")", re.IGNORECASE)
"""Before a parameter on a line of its own, without the white space that makes it one of its header."""
_LAST_FROM = re.compile(rb"[\r\n](?=From [^\r\n]*[\r\n]*\Z)")
_BLANK = re.compile(rb"\r?\n|\r")
_FIELD = re.compile(r"^([!-9;-~]++):[ \t]*+(.*+(?:\n[ \t].*+)*+)", re.MULTILINE)


def regular(raw: bytes) -> bool:
    """Whether a mail begins with a head of nothing but fields, and a blank line follows."""
    return _REGULAR.match(raw) is not None


def indented(head: bytes) -> bytes:
    """The head, in which parameters that begin a line belong to the header above them."""
    return _UNINDENTED.sub(rb"\1\t", head)


def read(raw: bytes, start: int, stop: int) -> tuple[Fields, int]:
    """The fields of the part from `start` to `stop`, and where its body begins."""
    lines = _LINES.match(raw, start, stop)
    end = lines.end() if lines else start
    if end < stop and raw[end] not in b"\r\n":
        head, end = _unindented(raw, start, stop, end)
        blank = _BLANK.match(raw, end, stop)
        return _fields(head), blank.end() if blank else end
    if b"From " in raw[start:end] and (begin := _LAST_FROM.search(raw, start, end)):
        return _fields(raw[start : begin.end()]), begin.end()  # a sentence of the text
    blank = _BLANK.match(raw, end, stop)
    return _fields(raw[start:end]), blank.end() if blank else end


def _unindented(raw: bytes, start: int, stop: int, end: int) -> tuple[bytes, int]:
    """The lines of a head up to its end, if parameters that begin a line go on with it from `end` on."""
    pieces = [raw[start:end]]
    while b";" in pieces[-1][-9:] and (found := _PARAMETER.match(raw, end, stop)):
        lines = _LINES.match(raw, found.end(), stop)
        after = lines.end() if lines else found.end()
        pieces += [b"\t", raw[end:after]]
        end = after
    return b"".join(pieces), end


def _fields(lines: bytes) -> Fields:
    head = lines.decode("ascii", "surrogateescape")
    if "\r" in head:
        head = head.replace("\r\n", "\n").replace("\r", "\n")
    found: Fields = {}
    for name, value in _FIELD.findall(_bounded(head)):
        found.setdefault(name.lower(), []).append(value)
    return found


def _bounded(head: str) -> str:
    """As much of it as has the fields that are kept: a list of millions takes hundreds of megabytes."""
    if head.count("\n") <= MOST_FIELDS:
        return head
    beyond = next(islice(_FIELD.finditer(head), MOST_FIELDS, None), None)
    return head[: beyond.start()] if beyond else head
