"""Files as the desk shows them: what may be seen in place, what to be careful with. PURE."""

from dataclasses import dataclass

from babel.numbers import format_decimal

from salotto.desk import times
from salotto.inbox.queries import Attached

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""The only types that a browser may show by itself: no document, no script."""
LARGEST_PICTURE = 8 * 1024 * 1024
"""Bytes of a file that a thread loads to show it small."""
_RISKY_WORDS = """
    ade adp apk app application appref-ms appx bat bash chm cmd com command cpl csh dll dmg docm dotm exe
    fxp gadget hlp hta htm html img inf ins iso isp jar jnlp js jse ksh lib lnk mam mde mht mhtml msc msi
    msix msp mst one ops osd pif pkg potm ppam ppsm pptm ps1 psm1 py reg scf scr sct sh shb shs svg swf sys
    url vb vbe vbs vhd vhdx vxd wsc wsf wsh xhtml xla xlam xll xlsb xlsm xltm
"""
_RISKY = frozenset(_RISKY_WORDS.split())
"""Endings of files that run, or hold what runs."""
_ICONS = (
    ("image/", "file-image"),
    ("audio/", "music"),
    ("video/", "film"),
    ("text/calendar", "calendar"),
    ("text/csv", "file-spreadsheet"),
    ("text/", "file-text"),
    ("application/pdf", "file-text"),
    ("message/", "mail"),
)
_ENDINGS = {
    **dict.fromkeys(("zip", "gz", "7z", "rar", "tar"), "file-archive"),
    **dict.fromkeys(("xls", "xlsx", "ods", "csv"), "file-spreadsheet"),
    **dict.fromkeys(("doc", "docx", "odt", "rtf", "pdf"), "file-text"),
    "ics": "calendar",
    "eml": "mail",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A file of a message; `picture`: it may be shown in place, `risky`: it could do harm when
    it is opened."""

    id: int
    name: str
    size: str
    icon: str
    picture: bool
    risky: bool


def chip(file: Attached) -> Chip:
    """The file as a thread shows it."""
    return Chip(
        id=file.id,
        name=file.name or "–",
        size=size_in_words(file.size),
        icon=_icon(file),
        picture=is_picture(file.type) and file.size <= LARGEST_PICTURE,
        risky=is_risky(file.name),
    )


def is_picture(type: str) -> bool:
    """Whether a browser may show a file of this type by itself."""
    return type.lower() in PICTURES


def is_risky(name: str) -> bool:
    """Whether a file of this name runs when it is opened, or holds what runs."""
    return _ending(name) in _RISKY


def _ending(name: str) -> str:
    stem, _, ending = name.rstrip(". ").rpartition(".")
    return ending.lower() if stem else ""


def _icon(file: Attached) -> str:
    kind = file.type.lower()
    known = next((icon for start, icon in _ICONS if kind.startswith(start)), None)
    return known or _ENDINGS.get(_ending(file.name), "file")


def size_in_words(size: int) -> str:
    """Bytes as a person reads them: "420 B", "1.4 MB", in steps of 1024 as the limits are."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            break
        value /= 1024
    shape = "#,##0.0" if unit not in ("B", "kB") and value < 99.95 else "#,##0"
    return f"{format_decimal(value, shape, locale=times.locale())}\N{NO-BREAK SPACE}{unit}"
