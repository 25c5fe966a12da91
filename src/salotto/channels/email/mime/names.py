"""Names of attachments: safe for a file, and made up where there is none."""

import re

from salotto.channels.email.mime.reading import clean

LONGEST = 200

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+_-]*", re.ASCII)
_FOR_NO_FILE = re.compile(r'[<>:"|?*/\\]')

EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/csv": "csv", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/calendar": "ics", "text/rtf": "rtf", "application/rtf": "rtf", "application/pdf": "pdf",
    "application/zip": "zip", "application/json": "json", "application/xml": "xml", "text/xml": "xml",
    "application/gzip": "gz", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt", "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods", "image/jpeg": "jpg", "image/jpg": "jpg",
    "image/pjpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/heic": "heic",
    "image/svg+xml": "svg", "image/tiff": "tiff", "image/bmp": "bmp", "audio/mpeg": "mp3", "audio/mp4": "m4a",
    "audio/ogg": "ogg", "audio/wav": "wav", "audio/amr": "amr", "video/mp4": "mp4", "video/quicktime": "mov",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "text/x-amp-html": "html", "text/markdown": "md", "text/css": "css",
}  # fmt: skip

KNOWN = {
    "application/pgp-signature": "signature.asc",
    "application/pgp-keys": "key.asc",
    "application/pgp-encrypted": "version.txt",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "text/calendar": "invite.ics",
    "message/delivery-status": "delivery-status.txt",
    "message/global-delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "message/feedback-report": "feedback-report.txt",
    "text/rfc822-headers": "headers.txt",
    "message/rfc822-headers": "headers.txt",
    "message/rfc822": "message.eml",
    "message/global": "message.eml",
    "application/ms-tnef": "winmail.dat",
    "application/vnd.ms-tnef": "winmail.dat",
}


def safe(name: str) -> str:
    """A name without path and control characters, at most LONGEST characters, "" if nothing is left."""
    name = _UNSAFE.sub("", clean(name[:4000]).replace("\t", " "))
    name = name.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = " ".join(_FOR_NO_FILE.sub("_", name).split()).strip(". ") if name.strip(". ") else ""
    if len(name) <= LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 16:
        return name[:LONGEST].rstrip(". ")
    return f"{stem[: LONGEST - 1 - len(extension)].rstrip('. ')}.{extension}"


def made_up(kind: str) -> str:
    """For a part without a name, by its type."""
    if kind in KNOWN:
        return KNOWN[kind]
    main = kind.partition("/")[0]
    stem = main if main in {"image", "audio", "video"} else "attachment"
    return f"{stem}.{EXTENSIONS.get(kind, 'txt' if main == 'text' else 'bin')}"


def of_message(subject: str) -> str:
    """For a mail in a mail: its subject, .eml."""
    stem = _FOR_NO_FILE.sub("_", subject)[:150]
    return safe(f"{stem}.eml") if stem.strip(". ") else KNOWN["message/rfc822"]


def is_type(kind: str) -> bool:
    """Whether this can be a type: two words of ASCII in lower case."""
    return len(kind) <= 120 and _TYPE.fullmatch(kind) is not None


def type_of(name: str) -> str:
    """A type for a file of which only the name is known."""
    extension = name.rpartition(".")[2].lower()
    return _TYPES.get(extension, "application/octet-stream")


_TYPES = {extension: kind for kind, extension in reversed(EXTENSIONS.items())} | {
    "jpeg": "image/jpeg",
    "htm": "text/html",
}
