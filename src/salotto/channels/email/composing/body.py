"""The words of an outgoing mail and their look: plain text, and HTML that any program can show."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import override

from salotto.channels.email.composing.marking import CLOSE, OPEN, split_quote, to_html
from salotto.channels.email.quoting import LIMIT, Head, heading, marked, passing_on
from salotto.channels.email.safe.html import LARGEST, guarded, made_safe, without_trackers

COLOUR = "#b4492a"
LARGEST_QUOTE = 200_000
"""Characters of HTML that an answer quotes as they are; of a longer mail its text is. What is
passed on is passed on whole."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOGO = re.compile(r"(?:https?://|cid:)[^\s\"'<>]+")
_FIELD = re.compile(r"\{(agent|company|email)\}")
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class Look:
    """A company's letter paper. `logo` is a web address, or `cid:<content id>` of an inline file
    of the same mail; `footer` is plain text. Without a name, logo and footer there is only a bar
    of the colour (`#rrggbb`)."""

    company: str = ""
    colour: str = COLOUR
    logo: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a quoted mail shows in place, by content id in lower case: `ids` are the content ids of
    those that are in the new mail as well, `names` what stands in the place of others."""

    ids: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The mail that is answered, or with `head` passed on; `at` is in the time zone to be shown.
    `below` is what it passes on itself."""

    who: str
    at: datetime
    text: str
    html: str = ""
    pictures: Pictures = Pictures()
    below: "Quoted | None" = None
    head: Head | None = None


def sign_off(template: str, *, agent: str = "", company: str = "", email: str = "") -> str:
    """A signature with {agent}, {company} and {email} filled in; lines that were nothing but an
    empty field are left out."""
    fields = {"agent": agent, "company": company, "email": email}
    lines = []
    for line in template.strip().splitlines():
        filled = _FIELD.sub(lambda found: fields[found[1]], line)
        if filled.strip() or not _FIELD.search(line):
            lines.append(filled.rstrip())
    return "\n".join(lines).strip()


def write_body(
    said: str,
    *,
    signature: str = "",
    look: Look | None = None,
    quote: Quoted | None = None,
    language: str = "en",
    leave: str = "",
    links: bool = True,
) -> tuple[str, str]:
    """The text and the HTML of a mail: what was said, the signature below `-- `, and the quote.

    `said` is plain text; its web addresses become links, and nothing else is marked up. Without
    `quote`, a quote that the text itself ends in is put below the signature. Without `look` the
    HTML has no letter paper. `language` is the customer's. `leave` is where they get no more such
    mails, of a mail to many. Without `links` a quote that the text ends in has none: it may not be of
    who gets the mail.
    """
    with override(language):
        written, head, text, html = _parts(said, quote, links)
        leaving = _("Unsubscribe from mails like this one") if leave else ""
    lines = _as_text(quote, head, text) if head else ""
    parts = [written.strip("\n").rstrip(), f"-- \n{signature}" if signature else "", lines]
    parts += [f"{leaving}: {leave}"] if leave else []
    page = {
        "language": language,
        "dir": "rtl" if language.partition("-")[0] in settings.LANGUAGES_BIDI else "ltr",
        "said": mark_safe(to_html(written)),  # noqa: S308 - escaped there
        "signature": mark_safe(to_html(signature)),  # noqa: S308
        "head": head,
        "quote": mark_safe(html),  # noqa: S308 - made safe there
        "leave": leave,
        "leaving": leaving,
        **_paper(look),
    }
    return "\n\n".join(part for part in parts if part) + "\n", _inlined(page)


def _parts(said: str, quote: Quoted | None, links: bool) -> tuple[str, str, str, str]:
    """What was said, the heading of the quote, and the quote as text and as HTML."""
    if quote is None:
        said, head, text = split_quote(said)
        return said, head, text, to_html(text, links=links)
    text, html = _quoted(quote)
    return said, _heading(quote) if text or html or quote.head else "", text, html


def _heading(quote: Quoted) -> str:
    return passing_on(quote.head, quote.at) if quote.head else heading(quote.who, quote.at)


def _as_text(quote: Quoted | None, head: str, text: str) -> str:
    """A quote below its heading; what is passed on has no marks, as it is no answer's quote."""
    if quote is not None and quote.head is not None:
        return f"{head}\n\n{text}".rstrip()
    return "\n".join([head, *map(marked, text.splitlines())])


def _quoted(quote: Quoted) -> tuple[str, str]:
    """What a mail says as text and as HTML, with what it passes on."""
    whole = quote.text.strip()
    text = whole if quote.head else whole[:LIMIT].rstrip()
    html = _shown(quote) or to_html(text)
    if quote.below is None:
        return text, html
    head = _heading(quote.below)
    inner, shown = _quoted(quote.below)
    lines = _as_text(quote.below, head, inner)
    return "\n\n".join(filter(None, (text, lines))), f"{html}{to_html(head)}{OPEN}{shown}{CLOSE}"


def _shown(quote: Quoted) -> str:
    """The quoted HTML, made safe; "" where there is none, or too much of it.

    Whoever is in copy of an answer has not asked for the images that a customer's mail fetches from the
    web, and would be seen opening it: only what is passed on keeps them, and no tracking pixels.
    """
    if not quote.html or len(quote.html) > (LARGEST if quote.head else LARGEST_QUOTE):
        return ""
    inline = {one: f"cid:{there}" for one, there in quote.pictures.ids.items()}
    remote = quote.head is not None
    safe = made_safe(quote.html, remote=remote, inline=inline, names=quote.pictures.names)
    return without_trackers(safe.html)


def _paper(look: Look | None) -> dict[str, str]:
    """What the template knows of the company's look."""
    if look is None:
        return {}
    return {
        "colour": look.colour if _COLOUR.fullmatch(look.colour) else COLOUR,
        "company": look.company,
        "logo": look.logo if _LOGO.fullmatch(look.logo) else "",
        "footer": mark_safe(to_html(look.footer)),  # noqa: S308 - escaped there
    }


def _inlined(page: dict[str, str]) -> str:
    """The page, its style sheet written into its elements; rules for the dark stay in its head."""
    html = render_to_string("email/message.html", page)
    return guarded(lambda: _INLINER.inline(html), html)
