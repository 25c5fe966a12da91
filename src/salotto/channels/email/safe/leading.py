"""Links whose words name another host than the one that they lead to, the note beside them, and the
lines above the mail, which nothing in it can hide.

A reader trusts what a link says: `https://bank.example` that leads to `evil.example` is how people
are robbed of passwords. Only what looks like an address is compared; "Our shop" may lead anywhere.
"""

import re
from functools import lru_cache
from html import escape, unescape
from itertools import islice
from unicodedata import category, normalize
from urllib.parse import unquote

import idna
from django.utils.translation import gettext as _

from salotto.channels.email.safe.tokens import names

LONGEST_HOST = 253
MOST_LINES = 8
"""Above a mail; one more says that there are more."""

_LINK = re.compile(r'<a((?:\s[\w-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_HREF = re.compile(r'\shref="([^"]*)"')
_INLINE = re.compile(r"</?(?:a|b|bdi|bdo|big|em|font|i|ins|mark|s|small|span|strong|sub|sup|u|wbr)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_SCHEME = re.compile(r"(?:https?:[/\\]*|mailto:)", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#\\]*")
_PORT = re.compile(r":\d*$")
_NAMED = re.compile(r"(?:\bhttps?:/{1,3}|(?<![\w.@-])(?=www\.))([^\s/?#:@\\\"'<>()\[\],;]+)", re.IGNORECASE)
_WHOLE = re.compile(r"(?:[^\s@/]+@)?((?:[\w-]+\.)+([^\W\d_]{2,}|xn--[\w-]+))\.?(?::\d+)?(?:[/?#]\S*)?")
_FILES = names(
    "css csv doc docx eml exe gif htm html ics jpeg jpg js odp ods odt pdf php png ppt pptx rtf svg txt xls"
    " xlsx xml"
)
"""Ends of the names of files that are no top-level domains."""


def with_hosts(fragment: str) -> str:
    """A fragment that was made safe, with a note behind each link that says another host than its own."""
    return _LINK.sub(_noted, fragment)


def lines_above(fragment: str) -> str:
    """The same of a fragment as lines of HTML for above it, each once; "" if there is no such link.

    A mail's own styles can cover or clip the note beside a link, but reach nothing out of its box.
    """
    found: dict[tuple[str, str], None] = {}
    for link in _LINK.finditer(fragment):
        if pair := _misled(link):
            found[pair] = None
        if len(found) > MOST_LINES:
            break
    said = _("A link that says %(said)s leads to %(host)s.")
    lines = [_line(said, *pair) for pair in islice(found, MOST_LINES)]
    if len(found) > MOST_LINES:
        lines.append(escape(_("More links lead elsewhere than they say.")))
    return "".join(f"<p>{line}</p>" for line in lines)


def _line(sentence: str, said: str, real: str) -> str:
    return escape(sentence) % {"said": f"<bdi>{escape(said)}</bdi>", "host": f"<bdi>{escape(real)}</bdi>"}


def _noted(link: re.Match[str]) -> str:
    pair = _misled(link)
    if pair is None:
        return link[0]
    note = _("leads to %(host)s") % {"host": pair[1]}
    return f'{link[0]}<small class="leads" dir="auto">{escape(note)}</small>'


def _misled(link: re.Match[str]) -> tuple[str, str] | None:
    """Which host a link says, and where it leads; None if it says none, or its own."""
    href = _HREF.search(link[1])
    said = hosts_in(_words(link[2])) if href else ()
    real = host_of(unescape(href[1])) if href and said else ""
    other = next((host for host in said if not _is_same(real, host)), "") if real else ""
    return (other[:LONGEST_HOST], real) if other else None


def _words(html: str) -> str:
    """What a reader sees of a link: signs without a width are none."""
    text = unescape(_TAG.sub(" ", _INLINE.sub("", html)))
    return "".join(sign for sign in normalize("NFKC", text) if category(sign) != "Cf").strip()


def hosts_in(words: str) -> tuple[str, ...]:
    """The hosts that the words of a link name: of every address in them that begins as one, or if
    they are nothing but a name such as `bank.example/login` or `info@bank.example`, of that."""
    found = [_plain(host) for host in _NAMED.findall(words)]
    whole = None if found else _WHOLE.fullmatch(words)
    if whole and whole[2].lower() not in _FILES:
        found = [_plain(whole[1])]
    return tuple(host for host in found if "." in host)


def host_of(address: str) -> str:
    """Where a browser goes, or a mail is sent, with this address of a link; "" where none is named."""
    scheme = _SCHEME.match(address)
    if scheme is None:
        return ""
    authority = _AUTHORITY.match(address, scheme.end())
    host = (authority[0] if authority else "").rpartition("@")[2]
    return _plain(unquote(_PORT.sub("", host)))[:LONGEST_HOST]


def _plain(host: str) -> str:
    """A host as it is compared and shown: in ASCII where it can be, so that nothing only looks alike."""
    return _known(host) if len(host) <= LONGEST_HOST else _in_ascii(host)


@lru_cache(maxsize=500)
def _known(host: str) -> str:
    return _in_ascii(host)


def _in_ascii(host: str) -> str:
    plain = normalize("NFKC", host).replace("\N{IDEOGRAPHIC FULL STOP}", ".").strip(".").lower()
    try:
        return plain if plain.isascii() else idna.encode(plain, uts46=True, std3_rules=False).decode()
    except (idna.IDNAError, UnicodeError):
        return plain


def _is_same(real: str, said: str) -> bool:
    """Whether who owns the host that is said owns the real one: it is that, or below it."""
    bare = said.removeprefix("www.")
    return real == bare or real.endswith(f".{bare}")
