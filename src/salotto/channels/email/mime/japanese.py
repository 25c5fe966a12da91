"""ISO-2022-JP as it is sent: with the signs of NEC and IBM (①, ㈱), half-width kana, 8-bit bytes."""

import re

_SHIFT = re.compile(rb"\x1b(\$[@B]|\$\([@BD]|\([A-Z]|&@)")
"""An escape sequence: what follows it is in another set, or in the same one."""
_LINE_END = re.compile(rb"[\r\n]")

LARGEST, MOST_SHIFTS = 2_000_000, 30_000
"""What is larger, or goes from set to set more often, was not written by a person."""

ESCAPE = b"\x1b$"
"""Begins every stretch of Japanese but one of half-width kana."""


def decode(data: bytes) -> str:
    """The text; what is no sign of any set is shown as \ufffd. Linear."""
    if len(data) > LARGEST or data.count(b"\x1b") > MOST_SHIFTS:
        return data.decode("ascii", "replace")
    pieces = _SHIFT.split(data)
    texts = [pieces[0].decode("cp932", "replace")]
    for shift, stretch in zip(pieces[1::2], pieces[2::2], strict=True):
        texts.append(_stretch(shift, stretch))
    return "".join(texts)


def _stretch(shift: bytes, stretch: bytes) -> str:
    if shift == b"(I":
        return bytes(byte | 0x80 if byte > 0x20 else byte for byte in stretch).decode("cp932", "replace")
    if shift[:1] != b"$":
        return stretch.decode("cp932", "replace")
    end = _LINE_END.search(stretch)  # a line ends in ASCII, also where it forgets to say so
    at = end.start() if end else len(stretch)
    return _signs(stretch[:at], third=shift == b"$(D") + stretch[at:].decode("cp932", "replace")


def _signs(data: bytes, *, third: bool) -> str:
    """Two bytes each. Shift_JIS as Windows has it knows what was added to the standard."""
    if third:
        return b"".join(b"\x8f" + pair for pair in _pairs(data, 0x80)).decode("euc_jp", "replace")
    return b"".join(map(_moved, _pairs(data, 0))).decode("cp932", "replace")


def _pairs(data: bytes, high: int) -> list[bytes]:
    plain = bytes(byte & 0x7F | high for byte in data if byte > 0x20)
    return [plain[at : at + 2] for at in range(0, len(plain), 2)]


def _moved(pair: bytes) -> bytes:
    """From the place in the standard's table to the one in Shift_JIS."""
    if len(pair) < 2:
        return b"\x81"  # half of a sign
    row, cell = pair[0] - 0x21, pair[1] - 0x21
    lead = (row >> 1) + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row & 1 else cell + 0x40 + (cell >= 63)
    return bytes((lead, trail))
