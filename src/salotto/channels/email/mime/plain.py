"""Plain text parts: line ends, RFC 3676's flowed paragraphs, files that it holds."""

import re

from salotto.channels.email.mime import transfer, yenc

_FLOWS = re.compile(r" \n|^ ", re.MULTILINE)
_QUOTE = re.compile(r">*+")


def lines(text: str) -> str:
    """With line ends as \\n."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def flowed(text: str, *, delsp: bool) -> str:
    """Paragraphs joined again; each of a quote's depth keeps its signs."""
    if not _FLOWS.search(text):
        return text
    done: list[str] = []
    held: list[str] = []  # pieces of a paragraph that goes on
    depth = -1
    for line in text.split("\n"):
        marks = len(_QUOTE.match(line)[0]) if line[:1] == ">" else 0  # type: ignore[index]
        content = line[marks:]
        content = content[1:] if content[:1] == " " else content
        if held and (marks != depth or content == "-- "):
            done.append(_quoted(depth, held))
            held = []
        depth = marks
        if content[-1:] == " " and content != "-- ":
            held.append(content[:-1] if delsp else content)
        else:
            held.append(content)
            done.append(_quoted(depth, held))
            held = []
    if held:
        done.append(_quoted(depth, held))
    return "\n".join(done)


def _quoted(depth: int, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{'>' * depth} {text}".rstrip(" ") if depth else text


def without_files(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The text without its files in uuencode or yEnc, and these: name and content."""
    found = transfer.uuencoded(data) if b"begin " in data else []
    if not found and b"=ybegin " in data:
        found = yenc.files(data)
    if not found:
        return data, []
    pieces, at = [], 0
    for _, _, (start, end) in found:
        pieces.append(data[at:start])
        at = end
    return b"".join([*pieces, data[at:]]), [(name, content) for name, content, _ in found]
