"""One address of many spellings: what makes `Anna@Bücher.example` and `anna@xn--bcher-kva.example`
the same one. PURE.

Whatever compares addresses compares their keys. They are shown, and written to, as they were typed.
"""

import re
from functools import lru_cache
from unicodedata import normalize

import idna

_LITERAL = re.compile(r"\[[0-9A-Za-z:.]+\]")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)+)"', re.DOTALL)
_NEEDS_QUOTES = re.compile(r"[\s\x00-\x1f\x7f@<>()\[\],;:\"\\]")
_LONGEST_HOST = 253


def email_key(written: str) -> str:
    """The address for comparing, the same for all its spellings: in lower case, composed (NFC), the
    domain in ASCII and without a dot at its end, the local part without quotes that it does not
    need. What is no address has a key too."""
    if written.isascii():
        plain = written.strip().lower()
        if plain[-1:] != "." and '"' not in plain:  # nearly every one
            return plain
    return _key(written.strip())


@lru_cache(maxsize=4096)
def _key(written: str) -> str:
    local, at, domain = written.rpartition("@")
    return f"{_bare(normalize('NFC', local.lower()))}{at}{domain_key(domain)}"


def _bare(local: str) -> str:
    quoted = _QUOTED.fullmatch(local)
    if quoted is None:
        return local
    text = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    return local if _NEEDS_QUOTES.search(text) else text


def domain_key(written: str) -> str:
    """The domain for comparing, in ASCII as the DNS knows it; of what is none, only in lower case.

    Signs that only look like others, or like nothing (of full width, soft hyphens), are not taken for
    them, as some programs do: what checks the sender of a mail may see another domain there.
    """
    domain = written.strip().rstrip(".")
    if domain.isascii():
        return domain.lower()
    composed = normalize("NFC", domain.lower())
    if len(domain) > _LONGEST_HOST or any(map(_turns_ascii, domain)):
        return domain
    try:
        return idna.encode(composed, strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return composed


def _turns_ascii(sign: str) -> bool:
    """Whether it is a sign such as that of Kelvin, whose small letter is an ordinary k."""
    return not sign.isascii() and normalize("NFC", sign.lower()).isascii()


def ascii_domain(domain: str) -> str:
    """The domain as the DNS knows it (IDNA 2008). Raises ValueError for what is none."""
    if _LITERAL.fullmatch(domain):
        return domain
    try:
        if len(domain) > _LONGEST_HOST:
            raise UnicodeError
        return idna.encode(domain, uts46=True, std3_rules=False).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        if _plain_host(domain):
            return domain.lower()
        raise ValueError(f"{domain[:80]!r} is no domain.") from error


def _plain_host(domain: str) -> bool:
    """Names such as `mail_1.intern`, which are in use although no standard has them."""
    return bool(_HOST.fullmatch(domain)) and len(domain) <= _LONGEST_HOST


def spellings(written: str) -> tuple[str, ...]:
    """How this address may stand in rows that keep it as it was written, in lower case: its key first;
    for nearly every address nothing else."""
    key = email_key(written)
    local, at, domain = key.rpartition("@")
    readable = f"{local}{at}{_readable(domain)}" if "xn--" in domain else key
    small = written.strip().lower()
    return tuple(dict.fromkeys((key, readable, small if email_key(small) == key else key)))


def _readable(domain: str) -> str:
    """The domain in its own letters; as it is where that cannot be told."""
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain
