"""Plain text as HTML: paragraphs, line breaks, links, and quotes of any depth. Nothing else."""

import re
from html import escape

DEEPEST = 8

OPEN = '<blockquote type="cite" class="s-cite">'
CLOSE = "</blockquote>"

_LINK = re.compile(r"(?<![\w/@.-])(?:https?://|www\.)[^\s<>\"\x00-\x1f]{1,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?'\"…»”’)]}*_"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_MARK = re.compile(r"(?:> ?)+(?=[^>]|$)")
_INDENT = re.compile(r"(?<= ) |^ ", re.MULTILINE)


def to_html(text: str, *, links: bool = True) -> str:
    """The text with its addresses as links; blank lines part paragraphs, `>` begins a quote."""
    depth = 0
    out: list[str] = []
    lines: list[str] = []
    for line in text.strip("\n").split("\n"):
        level, rest = _level(line)
        if level != depth:
            out.append(_paragraphs(lines, links))
            lines = []
            out.append(f"{OPEN * (level - depth)}{CLOSE * (depth - level)}")
            depth = level
        lines.append(rest)
    return "".join([*out, _paragraphs(lines, links), CLOSE * depth])


def split_quote(text: str) -> tuple[str, str, str]:
    """What was written, the heading of the quote below it, and the quote without its marks; the
    latter two are "" if the text does not end in a quote."""
    lines = text.rstrip().split("\n")
    begin = len(lines)
    while begin and (lines[begin - 1].startswith(">") or not lines[begin - 1].strip()):
        begin -= 1
    while begin < len(lines) and not lines[begin].strip():
        begin += 1
    if begin == len(lines) or not begin or not lines[begin - 1].rstrip().endswith(":"):
        return text, "", ""
    quote = "\n".join(re.sub(r"^> ?", "", line) for line in lines[begin:])
    return "\n".join(lines[: begin - 1]).rstrip(), lines[begin - 1].strip(), quote


def _level(line: str) -> tuple[int, str]:
    found = _MARK.match(line)
    if found is None:
        return 0, line
    return min(DEEPEST, found[0].count(">")), line[found.end() :]


def _paragraphs(lines: list[str], links: bool) -> str:
    found = re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines).strip("\n"))
    shown = _inline if links else _plain
    return "".join(f'<p class="s-p">{shown(one)}</p>' for one in found if one.strip())


def _inline(text: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _LINK.finditer(text):
        address = _without_trailing(found[0])
        parts += [_plain(text[at : found.start()]), _anchor(address)]
        at = found.start() + len(address)
    return "".join([*parts, _plain(text[at:])])


def _anchor(address: str) -> str:
    target = address if "://" in address else f"https://{address}"
    return f'<a class="s-link" href="{escape(target)}">{escape(address)}</a>'


def _without_trailing(address: str) -> str:
    """The address without the signs of the sentence around it; a bracket stays if it was opened."""
    while address and address[-1] in _TRAILING:
        opening = _PAIRS.get(address[-1])
        if opening and address.count(opening) >= address.count(address[-1]):
            break
        address = address[:-1]
    return address


def _plain(text: str) -> str:
    shown = _INDENT.sub("\N{NO-BREAK SPACE}", text.expandtabs(4))
    return escape(shown, quote=False).replace("\n", "<br>")
