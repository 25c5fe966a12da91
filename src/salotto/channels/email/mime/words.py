"""The words of headers: raw bytes, and RFC 2047's encoded words."""

import binascii
import re

from salotto.channels.email.mime import charset
from salotto.channels.email.mime.reading import Reading

LONGEST = 100_000
"""Characters of a header that are read."""

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_WORD = re.compile(r"=\?([^?\s]{0,60})\?([bBqQ])\?([^?]*+)\?=")
_CUT = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]++\??[ \t]*\Z")
"""An encoded word at the end of a header that was cut off in it."""
_IN_HEX = re.compile(rb"[^=]*(?:=[0-9A-F]{2}[^=]*)+\Z")
_OTHER_BASE64 = bytes.maketrans(b"-_", b"+/")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_WORD_WITH_MARKS = re.compile(r"=\?([^?\s]{1,60})\?([qQ])\?((?:[^?]|\?(?!=))*+)\?=")


def unfold(value: str, most: int = LONGEST) -> str:
    """A header on one line, at most `most` characters."""
    value = value[:most]
    return _FOLD.sub(" ", value) if "\n" in value or "\r" in value else value


def decode(value: str, reading: Reading) -> str:
    """A header's text: unfolded, raw bytes and encoded words decoded."""
    value = unfold(value)
    if not value.isascii():
        value = raw(value, reading)
    elif "\x1b$" in value:  # Japanese as it stands, without encoded words
        value = charset.decode(value.encode("ascii"), "iso-2022-jp", reading)
    return encoded_words(value, reading) if "=?" in value else value


def raw(value: str, reading: Reading) -> str:
    """A header with bytes that are not ASCII (as escaped surrogates), which RFC 6532 wants in UTF-8."""
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:  # it is decoded already
        return value
    try:
        return charset.of_windows(data.decode(), data)
    except UnicodeDecodeError:
        guessed = charset.guess(data, reading)
        reading.note(f"A header holds bytes without a charset; they were read as {guessed}.")
        return data.decode(guessed, "replace")


def encoded_words(value: str, reading: Reading) -> str:
    """Every `=?charset?B?…?=`; a character may be cut in two by the end of a word."""
    if not value.endswith("?=") and _CUT.search(value):
        value = value.rstrip("? \t") + "?="
    pieces: list[str] = []
    held: list[bytes] = []  # of words that follow each other in one charset
    name = ""
    at = 0
    pattern = _WORD_WITH_MARKS if "?q?" in value.lower() and _marked(value) else _WORD
    for word in pattern.finditer(value):
        between = value[at : word.start()]
        declared = word[1].partition("*")[0]
        if held and (between.strip() or declared.lower() != name.lower()):
            pieces.append(_joined(held, name, reading))
            held = []
        if between.strip() or not at:
            pieces.append(between)
        name = declared
        held.append(_bytes(word[2], word[3]))
        at = word.end()
    if held:
        pieces.append(_joined(held, name, reading))
    return "".join(pieces) + value[at:]


def _marked(value: str) -> bool:
    """Whether there are words of which the strict pattern finds too few, as `=?utf-8?q?Why??=`."""
    return value.count("?=") > len(_WORD.findall(value)) and "?b?" not in value.lower()


def _joined(held: list[bytes], name: str, reading: Reading) -> str:
    text = charset.decode(b"".join(held), name, reading)
    return text.replace("\r", " ").replace("\n", " ")


def _bytes(encoding: str, text: str) -> bytes:
    """What an encoded word holds; of broken base64 as much as can be had."""
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ" or _IN_HEX.match(data):  # which some name wrongly
        return binascii.a2b_qp(data, header=True)
    return b"".join(map(_base64, data.split(b"=")))


def _base64(data: bytes) -> bytes:
    data = _NOT_BASE64.sub(b"", data.translate(_OTHER_BASE64))
    data = data[:-1] if len(data) % 4 == 1 else data
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
