"""Rich text as Outlook packs it: compressed (MS-OXRTFCP), and often HTML in disguise (MS-OXRTFEX)."""

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

from salotto.channels.email.mime import mapi

_RTF, _HEADER = rb"{\rtf", 16
_COMPRESSED, _AS_IT_IS = b"LZFu", b"MELA"
_WINDOW = 4096
_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What every compressed text may refer to (MS-OXRTFCP 2.1.2.1)."""

_SIGN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]++)|[\r\n]++|\\",
    re.IGNORECASE | re.DOTALL,
)
_UNSEEN = frozenset(
    {
        "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "headerl", "headerr",
        "headerf", "footer", "footerl", "footerr", "footerf", "listtable", "listoverridetable",
        "generator", "object", "rsidtbl", "themedata", "datastore", "xmlnstbl", "fldinst", "revtbl",
        "filetbl", "footnote",
    }
)  # fmt: skip
"""Groups that hold nothing to read."""
_OF_HTML = frozenset({"htmltag", "mhtmltag", "htmlrtf"})
_SETTINGS = frozenset({"plain", "v", "ansicpg", "uc", "fcharset", "f"})
_WORDS = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022",
    "endash": "\u2013", "emdash": "\u2014", "emspace": "\u2003", "enspace": "\u2002", "zwj": "\u200d",
    "zwnj": "\u200c", "ltrmark": "\u200e", "rtlmark": "\u200f",
}  # fmt: skip
_SIGNS = {b"~": "\xa0", b"_": "\xad", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}
_CHARSETS = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250",
}  # fmt: skip
"""Of fonts; others have the text's own."""
_HEAD = 500
"""Bytes in which a text says what it was made of."""
_DEEPEST = 2_000
_MOST_SIGNS = 250_000
"""Words, braces and pieces of text; a long mail of Outlook has a tenth of that."""


@dataclass(frozen=True, slots=True)
class RichText:
    """What it says: as HTML if it was made of HTML, else as plain text. `cut`, if not all of it could
    be read."""

    text: str = ""
    html: str = ""
    size: int = 0
    """Bytes that were unpacked."""
    cut: bool = False


def read(data: bytes, most: int) -> RichText:
    """A compressed text (PR_RTF_COMPRESSED), or an RTF as it is; empty if it is neither. At most
    `most` bytes of what is unpacked are read."""
    plain = data if data.startswith(_RTF) else decompress(data, most + 1)
    if not plain.startswith(_RTF) or most < _HEAD:
        return RichText(cut=True)
    html = b"\\fromhtml" in plain[:_HEAD].lower()
    reader = _Reader(plain[:most], html)
    found = reader.read()
    size, cut = min(len(plain), most), len(plain) > most or reader.cut
    return RichText("", found, size, cut) if html else RichText(found, "", size, cut)


def decompress(data: bytes, most: int) -> bytes:
    """The text, at most `most` bytes of it; empty if this is none."""
    if len(data) < _HEADER:
        return b""
    _, size, sign = struct.unpack_from("<II4s", data)
    size = min(size, most)
    if sign == _AS_IT_IS:
        return data[_HEADER : _HEADER + size]
    return _inflate(data, size) if sign == _COMPRESSED else b""


def _inflate(data: bytes, size: int) -> bytes:
    """Runs of eight: each is a byte as it is, or two that name a place in the last 4096 and a length."""
    out = bytearray(_BEGINNING)
    begin, at, end = len(out), _HEADER, len(data)
    while at < end and len(out) - begin < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            place = int.from_bytes(data[at : at + 2], "big")
            back = (len(out) - (place >> 4)) % _WINDOW
            if at + 2 > end or not back:
                return bytes(out[begin : begin + size])
            _repeat(out, back, (place & 15) + 2)
            at += 2
    return bytes(out[begin : begin + size])


def _repeat(out: bytearray, back: int, length: int) -> None:
    start = len(out) - back
    piece = bytes(out[start : start + length]) if start >= 0 else b" " * length
    out += piece if len(piece) == length else (piece * length)[:length]


class _State(NamedTuple):
    """What holds within a group. `markup`: its words are HTML; `hidden`: they repeat what markup says."""

    codec: str = ""
    skipped: int = 1
    unseen: bool = False
    hidden: bool = False
    markup: bool = False

    @property
    def silent(self) -> bool:
        """Whether nothing of it is to be read."""
        return self.unseen or self.hidden


class _Reader:
    """One walk over the signs; linear."""

    def __init__(self, data: bytes, html: bool) -> None:
        self._data, self._html = data, html
        self._pieces: list[str] = []
        self._bytes = bytearray()  # of one charset, which several signs may hold
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = -1
        self._to_skip = 0
        self._state = _State()
        self._outer: list[_State] = []
        self._begins = False
        self.cut = False

    def read(self) -> str:
        """Its words."""
        at, left = 0, _MOST_SIGNS
        while (found := _SIGN.match(self._data, at)) and len(self._outer) < _DEEPEST and left:
            at, left = found.end(), left - 1
            word, number, code, sign, brace, text = found.groups()
            if word == b"bin":
                at += max(int(number or 0), 0)
            elif brace:
                self._brace(opens=brace == b"{")
            elif sign == b"*":
                self._state = self._state._replace(unseen=True)
            else:
                first, self._begins = self._begins, False
                if word:
                    self._word(word.decode().lower(), int(number) if number else None, first)
                else:
                    self._sign(code, sign, text)
        self.cut = not left
        self._flush()
        return _paired("".join(self._pieces)).strip("\0 \n")

    def _brace(self, *, opens: bool) -> None:
        self._flush()
        self._to_skip = 0
        self._begins = opens
        if opens:
            self._outer.append(self._state)
        elif self._outer:
            self._state = self._outer.pop()

    def _sign(self, code: bytes | None, sign: bytes | None, text: bytes | None) -> None:
        if code:
            self._add(bytes([int(code, 16)]))
        elif text:
            self._add(text)
        elif sign in _SIGNS:
            self._say(_SIGNS[sign])

    def _add(self, text: bytes) -> None:
        skipped = min(self._to_skip, len(text))
        self._to_skip -= skipped
        if not self._state.silent:
            self._bytes += text[skipped:]

    def _say(self, text: str) -> None:
        self._flush()
        if self._to_skip:
            self._to_skip -= 1
        elif not self._state.silent:
            self._pieces.append(text)

    def _flush(self) -> None:
        if self._bytes:
            codec = "" if self._state.markup else self._state.codec
            self._pieces.append(self._bytes.decode(codec or self._codec, "replace"))
            self._bytes.clear()

    def _word(self, word: str, number: int | None, first: bool) -> None:
        if word in _WORDS:
            self._say(_WORDS[word])
        elif word == "u" and number is not None:
            self._to_skip = 0
            self._say(chr(number % 0x10000))
            self._to_skip = self._state.skipped
        elif self._html and word in _OF_HTML:
            self._of_html(word, number)
        elif first and word in _UNSEEN:
            self._state = self._state._replace(unseen=True)
        elif word in _SETTINGS:
            self._flush()
            self._set(word, number)

    def _of_html(self, word: str, number: int | None) -> None:
        """A group of markup is marked as one that who does not know it leaves out."""
        self._flush()
        if word == "htmlrtf":
            self._state = self._state._replace(hidden=number != 0)
        elif word == "htmltag":
            around = self._outer[-1] if self._outer else _State()
            self._state = self._state._replace(unseen=around.unseen, markup=True)
        else:
            self._state = self._state._replace(unseen=True)

    def _set(self, word: str, number: int | None) -> None:
        """Charsets: of the text, of its fonts; and what is not shown."""
        state = self._state
        if word == "plain":
            self._state = state._replace(codec="", hidden=state.hidden and self._html)
        elif word == "v" and not self._html:
            self._state = state._replace(hidden=number != 0)
        elif number is None:
            return
        elif word == "ansicpg":
            self._codec = mapi.codec(number) if number else self._codec
        elif word == "uc":
            self._state = state._replace(skipped=min(max(number, 0), 8))
        elif word == "fcharset" and state.unseen:
            self._fonts.setdefault(self._font, _CHARSETS.get(number, ""))
        elif word == "f":
            self._font = number
            self._state = state._replace(codec=self._fonts.get(number, ""))


def _paired(text: str) -> str:
    """With the halves of signs beyond the first plane, which are written one by one, put together."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
