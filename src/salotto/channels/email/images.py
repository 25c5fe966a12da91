"""What kind of picture some bytes are, by the bytes themselves. PURE."""

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 4_000


def kind_of_image(content: bytes) -> str:
    """`image/png` or `image/jpeg` for a whole picture of a sensible size, else ""."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and b"IEND" in content[-16:]:
        return "image/png" if _sensible(struct.unpack(">II", content[16:24])) else ""
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return "image/jpeg" if _sensible(_jpeg_size(content)) else ""
    return ""


def _sensible(size: tuple[int, ...]) -> bool:
    return all(0 < side <= _MOST_PIXELS for side in size)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Of the first frame header (ITU T.81, B.2.2); (0, 0) without one."""
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big") if marker != 0xFF else 1
    return 0, 0
