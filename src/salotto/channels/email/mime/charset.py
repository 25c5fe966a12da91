"""From bytes to text: declared charsets, wrong ones, none."""

import codecs
import re
from functools import lru_cache

from salotto.channels.email.mime import chinese, japanese
from salotto.channels.email.mime.reading import Reading

ALIASES = {
    "utf8": "utf-8", "utf-8-mac": "utf-8", "utf-8-sig": "utf-8-sig", "unicode": "utf-8",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "utf-8mb4": "utf-8", "utf": "utf-8",
    "cp65001": "utf-8", "ansi": "cp1252", "x-ansi": "cp1252", "cp-1252": "cp1252", "cp-850": "cp850",
    "windows1252": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "x-windows-874": "cp874",
    "windows-874": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "gb_2312-80": "gb18030", "cn-gb": "gb18030", "hz-gb-2312": "hz", "big5": "big5hkscs",
    "cn-big5": "big5hkscs", "x-x-big5": "big5hkscs", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932", "ms_kanji": "cp932", "x-euc-jp": "euc_jp",
    "eucjp": "euc_jp", "iso-2022-jp": "iso2022_jp_ext", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949",
    "ksc5601": "cp949", "euc-kr": "cp949", "windows-949": "cp949", "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman", "mac": "mac-roman", "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ce": "mac-latin2", "koi8": "koi8-r", "koi8r": "koi8-r", "koi8u": "koi8-u",
    "windows-1251-1": "cp1251", "koi8-ru": "koi8-u", "iso-ir-111": "koi8-r",
    "x-mac-ukrainian": "mac-cyrillic", "cp51932": "euc_jp", "iso-2022-jp-ms": "iso2022_jp_ext",
    "iso-10646-ucs-2": "utf-16-be", "ucs-2": "utf-16",
}  # fmt: skip
"""Names that Python does not know, and those whose senders mean another charset (as in browsers)."""

LATIN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii", "cp1254", "iso8859-2", "cp1250"})
"""What programs declare without knowing: such a name says nothing of a mail's other bytes."""

EASTERN = frozenset(
    {"gb18030", "big5hkscs", "big5", "cp932", "shift_jis", "euc_jp", "cp949", "euc_kr", "johab"}
)
"""Two bytes for a sign. By chance a few of Chinese are UTF-8 too."""

JAPANESE = frozenset({"iso2022_jp_ext", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3"})
_JAPANESE_IN_EIGHT_BITS = ("cp932", "euc_jp")

WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})

NEVER = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"})

_NUMBERED = re.compile(r"(?:x-)?(?:windows|win|cp|ibm|ms|dos)[-_ ]?(\d{3,5})\Z")
"""Code pages under the names that programs make up for them."""
_FIRST_WORD = re.compile(r"[^\s(,;&]*+")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([a-zA-Z0-9_:.+-]{2,40})", re.IGNORECASE)


@lru_cache(maxsize=256)
def codec(name: str) -> str:
    """Python's name of a declared charset, "" for one that says nothing."""
    name = _COMMENT.sub(" ", name).strip(" \t\r\n\"'<>;").lower()[:60]
    return _known(name) or _known(_FIRST_WORD.match(name)[0])  # type: ignore[index]


def _known(name: str) -> str:
    name = ALIASES.get(name, name)
    if numbered := _NUMBERED.match(name):
        name = f"cp{numbered[1]}"
    try:
        found = codecs.lookup(name)
        if found.name in NEVER or not found._is_text_encoding:
            return ""
    except (LookupError, ValueError, UnicodeError):
        return ""
    return found.name


def decode(data: bytes, declared: str, reading: Reading) -> str:
    """The text of these bytes. A charset that cannot be is noted and another one taken.

    What is UTF-8 throughout is UTF-8, whatever it is declared as: other text is so by chance only.
    """
    name = codec(declared) if declared else ""
    if data.isascii():
        return _ascii(data, name)
    if not name and declared:
        reading.note(f"The charset “{declared[:60]}” is unknown; the text was read as what it looks like.")
    if not name or name == "ascii" or (name in WIDE and not _wide(data)):
        text = _undeclared(data, declared, reading)
    else:
        text = _declared(data, name, declared, reading)
    return of_windows(text, data, name).removeprefix("\ufeff")


def of_windows(text: str, data: bytes, name: str = "") -> str:
    """Text without the control characters that a program made of signs of Windows, as of quotation marks
    and dashes: it took them for Latin-1, and turned them into UTF-8 or declared them so."""
    found = _CONTROL.search(data) if name.startswith("iso8859") else b"\xc2" in data and _AS_UTF8.search(data)
    return text.translate(_SIGNS_OF_2 if name == "iso8859-2" else _SIGNS) if found else text


_CONTROL, _AS_UTF8 = re.compile(rb"[\x80-\x9f]"), re.compile(rb"\xc2[\x80-\x9f]")


def _signs(name: str) -> dict[int, str]:
    return {n: sign for n in range(0x80, 0xA0) if (sign := bytes([n]).decode(name, "ignore"))}


_SIGNS, _SIGNS_OF_2 = _signs("cp1252"), _signs("cp1250")


def _declared(data: bytes, name: str, declared: str, reading: Reading) -> str:
    if name == "utf-8" or name in WIDE:
        text = _strict(data, name) or _strict(data.rstrip(b"\r\n"), name)  # half of a line end may be added
    elif (text := _strict(data, "utf-8")) is not None and not _by_chance(data, text, name):
        reading.note(f"The text is declared as {declared[:60]}, but it is UTF-8 and was read so.")
    else:
        text = _strict(data, name)
    return text if text is not None else _mended(data, name, declared, reading)


def _by_chance(data: bytes, text: str, name: str) -> bool:
    """Whether bytes that are UTF-8 are another charset's rather: very few, and right in that one too."""
    few = len(data) - len(text) < 5
    return few and name in EASTERN and _strict(data, name) is not None


def _wide(data: bytes) -> bool:
    """Whether these bytes can be UTF-16 or UTF-32: no text is so long without a NUL or a mark."""
    return data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in data


def _ascii(data: bytes, name: str) -> str:
    """ASCII, unless its charset says more with seven bits."""
    if b"\x0e" in data and name not in JAPANESE and chinese.said(data):
        return chinese.decode(data)
    if b"\x1b" in data and (name in JAPANESE or (japanese.ESCAPE in data and not name.startswith("iso2022"))):
        return _strict(data, "iso2022_jp_ext") or japanese.decode(data)
    if name == "utf-7":
        return "\n".join(_strict(row, name) or row.decode("ascii") for row in data.split(b"\n"))
    if name == "hz" or name.startswith("iso2022") or (name in WIDE and _wide(data)):
        text = _strict(data, name)
        return text if text is not None else data.decode("ascii")
    return data.decode("ascii")


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _undeclared(data: bytes, declared: str, reading: Reading) -> str:
    text = _strict(data, "utf-8")
    if text is not None:
        if declared and codec(declared) in {"ascii", *WIDE}:
            reading.note(f"The text is declared as {declared[:60]}, but it is UTF-8 and was read so.")
        return text
    guessed = guess(data, reading)
    reading.note(f"The text has no charset that fits; it was read as {guessed}.")
    if len(data) > _ENOUGH and not reading.charset:
        reading.charset = guessed
    return data.decode(guessed, "replace")


def _mended(data: bytes, name: str, declared: str, reading: Reading) -> str:
    """Text with bytes that its charset does not have."""
    if name == "cp1252":  # five of its places are empty; browsers read them as Latin-1 does
        return data.decode("cp1252", "replace")
    if name in JAPANESE:
        return _japanese(data, declared, reading)
    text = data.decode(name, "replace")
    broken = text.count("\ufffd")
    if broken * 20 < len(text) or broken < 2:
        reading.note(f"The text has bytes that are not {declared[:60]}; they are shown as \ufffd.")
        return text
    guessed = guess(data, reading)
    reading.note(f"The text is not {declared[:60]} as declared; it was read as {guessed}.")
    return data.decode(guessed, "replace")


def _japanese(data: bytes, declared: str, reading: Reading) -> str:
    """Declared as seven bits, sent with eight: some of it, or all."""
    if japanese.ESCAPE in data:
        reading.note(f"The text has bytes that are not {declared[:60]}; they were read as Shift_JIS.")
        return japanese.decode(data)
    found = next((name for name in _JAPANESE_IN_EIGHT_BITS if _strict(data, name) is not None), "")
    guessed = found or guess(data, reading)
    reading.note(f"The text is not {declared[:60]} as declared; it was read as {guessed}.")
    return data.decode(guessed, "replace")


def guess(data: bytes, reading: Reading) -> str:
    """A charset for bytes that are neither ASCII nor UTF-8: the mail's own, or what they look like."""
    if reading.charset and reading.charset not in LATIN and _strict(data, reading.charset) is not None:
        return reading.charset
    if not reading.may_guess():
        return "cp1252"
    sample = _sample(data) if len(data) > _ENOUGH or not reading.beside else _together(data, reading.beside)
    if kana := _by_kana(sample):
        return kana
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=CANDIDATES, steps=3, chunk_size=256)
    best = found.best()
    if best is None:
        return "cp1252"
    level = (one.encoding for one in found if one.chaos <= best.chaos and one.coherence >= best.coherence)
    equal = set(level)
    chosen = (name for name in CANDIDATES if name in equal and _plausible(sample, name))
    name = next(chosen, best.encoding)
    return _half(sample) if name in _HALVES else name


_ENOUGH = 60
"""Bytes by which a charset can be guessed; for fewer ones, those beside them are looked at too."""

CANDIDATES = [
    "cp1252", "cp1254", "cp1250", "cp1251", "koi8_r", "cp932", "euc_jp", "cp949", "gb18030", "big5",
    "cp1253", "cp1255", "cp1256",
]  # fmt: skip
"""The commoner ones first: of those that fit equally well, the first one is taken."""

_WITHIN = "[¢£¥¨¯´¸¹¼-¾]"
_SIGN = (
    rf"[^\W\d_]{_WITHIN}|{_WITHIN}[^\W\d_]|º(?=[^\W\d_])"
    r"|(?<=[^\W\d_])(?<!\bm)(?<!\b[cdkm]m)[²³]"  # a ³ in a word is a ł
)
_EASTERN = re.compile(_SIGN + r"|[šžŠŽ¹]\w|\w[šžŠŽ¹]|[ìùþýð](?=[^\W\d_])")
"""In a text read as of western Europe: letters that stand for those of the east."""
_HUNGARIAN = re.compile(r"õ(?!e)")
_NOT_IN_WORDS = {"cp1252": re.compile(_SIGN + r"|[þýð](?=[^\W\d_])"), "cp1254": re.compile(_SIGN)}
_EAST = {
    "cp949": (re.compile("[\uac00-\ud7a3]"), re.compile("[\u3040-\u30ff\u4e00-\u9fff\uf900-\ufaff]")),
    "cp932": (re.compile("[\u3040-\u30ff\u4e00-\u9fff]"), re.compile("[\uff61-\uff9f]")),
    "euc_jp": (re.compile("[\u3040-\u30ff]"), re.compile("[\u4e00-\u9fff]{3}")),
}
"""Of the first there must be more than of the second."""


def _by_kana(sample: bytes) -> str:
    """A Japanese charset in which much of this is hiragana, which hardly any other text is by chance."""
    for name in _JAPANESE_IN_EIGHT_BITS:
        text = sample.decode(name, "replace")
        signs = len(_NOT_ASCII.findall(text))
        if text.count("\ufffd") < 2 and len(_HIRAGANA.findall(text)) * 4 > signs:
            return name
    return ""


_NOT_ASCII = re.compile("[^\0-\x7f]")
_HIRAGANA = re.compile("[\u3040-\u309f]")


def _plausible(data: bytes, name: str) -> bool:
    """Whether this does not look like another charset's text read in this one."""
    text = data.decode(name, "replace")
    if name in _EAST:
        usual, odd = _EAST[name]
        return len(usual.findall(text)) > len(odd.findall(text))
    return name not in _NOT_IN_WORDS or not _NOT_IN_WORDS[name].search(text)


def _together(data: bytes, beside: bytes) -> bytes:
    """The words of both that are not ASCII, each once."""
    return b" ".join(dict.fromkeys(word for word in (data + b" " + beside).split() if not word.isascii()))


_HALVES = frozenset({"cp1252", "cp1250"})


def _half(data: bytes) -> str:
    """Of western or of eastern Europe: of the west, if it holds nothing that the west does not."""
    text = data.decode("cp1252", "replace")
    hungarian = _HUNGARIAN.search(text) and any(sign in text for sign in "áéí")
    eastern = hungarian or _EASTERN.search(text) or "\ufffd" in text
    return "cp1250" if eastern and _strict(data, "cp1250") is not None else "cp1252"


def _sample(data: bytes) -> bytes:
    """Around the first bytes that are not ASCII."""
    first = next((n for n in range(0, len(data), 64) if not data[n : n + 64].isascii()), 0)
    return data[first : first + 2048]


def decode_html(data: bytes, declared: str, reading: Reading) -> str:
    """As `decode`; a page may tell its charset itself, and is believed where the header says nothing."""
    if not declared or (codec(declared) in {"", "ascii"} and not data.isascii()):
        found = _META.search(data, 0, 4096)
        if found:
            declared = found[1].decode("ascii")
            declared = "" if codec(declared).startswith(("utf-16", "utf-32")) else declared
    return decode(data, declared, reading)
