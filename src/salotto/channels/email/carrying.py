"""The words of the mail that carries a chat on: the answers, why it comes, and what the visitor had
asked. PURE.

Nobody has proven that the visitor's address is theirs, so whoever gets the mail may have written
nothing: a page that the visitor says they are on is named only if it is the company's own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from salotto.channels.email.quoting import quoted

MOST_ASKED = 5
"""Messages of the visitor that are quoted: the latest ones."""
LONGEST_ASKED = 2_000
"""Characters of them, together."""

_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor had written last, oldest first, who they are, and when that was, in the time
    zone to be shown."""

    who: str
    at: datetime
    texts: Sequence[str]


def chat_text(answers: Sequence[tuple[str, str]], why: str = "", asked: Asked | None = None) -> str:
    """The text of the mail in the active language. Each answer is below its author's name, where
    that is given."""
    said = [f"{name}:\n{body}" if name else body for name, body in answers]
    quote = quoted("\n\n".join(latest(asked.texts)), asked.who, asked.at) if asked else ""
    return "\n\n".join(filter(None, [*said, why, quote]))


def why_it_comes(company: str, site: str = "") -> str:
    """One line for somebody who may have forgotten the chat, in the active language; `site` is the
    host that the widget was on."""
    if site:
        return _("You wrote to us in the chat on %(site)s. To go on, answer this mail.") % {"site": site}
    return _("You wrote to %(company)s in the chat. To go on, answer this mail.") % {"company": company}


def latest(texts: Sequence[str]) -> list[str]:
    """The last of these that together are not too long; of the first one that is, its end."""
    kept: list[str] = []
    left = LONGEST_ASKED
    for text in reversed(texts[-MOST_ASKED:]):
        said = text.strip()
        if len(said) > left:
            return [f"… {said[-left:].lstrip()}", *kept] if left > 1 else kept
        kept.insert(0, said)
        left -= len(said)
    return kept


def site_of(page: str, addresses: Iterable[str]) -> str:
    """The host of a page that a visitor was on, without `www.`, if it is one of these addresses'
    own; "" otherwise, as a visitor may name any page."""
    try:
        host = (urlsplit(page).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
    domains = [address.rpartition("@")[2].lower() for address in addresses if "@" in address]
    ours = any(f".{host}".endswith(f".{domain}") or domain.endswith(f".{host}") for domain in domains)
    return host if ours and _HOST.fullmatch(host) else ""
