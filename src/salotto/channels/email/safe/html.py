"""A mail's HTML as a fragment that is safe to show, its remote images, and whether it says
more than its text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import css_inline
import nh3
from django.utils.translation import gettext as _

from salotto.channels.email.safe import elements
from salotto.channels.email.safe.addresses import (
    content_ids,
    data_address,
    image_address,
    is_inline,
    link_address,
)
from salotto.channels.email.safe.shaping import Shaped, Shaper
from salotto.channels.email.safe.styles import Declarations, Sheet
from salotto.channels.email.safe.tokens import Raw, Tag, names, readable, tokens

LARGEST = 2_000_000
"""Characters of HTML that are shown; no mail that a person reads has as many."""

SCHEMES = {"http", "https", "mailto", "tel", "data", "cid"}
"""What nh3 lets through to our own check, which knows what may be where."""

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_RICH = names(
    "table img ul ol dl h1 h2 h3 h4 h5 h6 b strong i em u s strike del ins mark big small sub sup"
    " font pre code hr center video ruby"
)
_RICH_STYLE = re.compile(
    r"font-weight\s*:\s*(?:bold|[6-9]00)|font-style\s*:\s*italic|background|text-decoration\s*:\s*(?:under|line)",
    re.IGNORECASE,
)
_PIXEL = re.compile(r"\s*[01](?:px)?\s*", re.IGNORECASE)
_IMAGE = re.compile(r'<img((?:\s[\w-]+="[^"]*")*)>')
_SHOWS = re.compile(r'\s(?:src|data-remote)="')
_ALT = re.compile(r'\salt="([^"]*)"')
_FROM_WEB = re.compile(r'\s(?:src="https?:|data-remote=")', re.IGNORECASE)
_TINY = re.compile(
    r"""\s(?:width|height)="\s*[0-2](?:\.\d+)?\s*(?:px)?\s*"
    |\sstyle="(?:[^"]*;)?\s*(?:
        (?:max-)?(?:width|height)\s*:\s*[0-2]?(?:\.\d+)?(?:px)?
        |display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?(?:\.0\d*)?
    )\s*(?:!\s*important\s*)?[;"]""",
    re.IGNORECASE | re.VERBOSE,
)
"""Of an image that nobody is to see; its mail is told when and where it is opened."""
_BREAK = re.compile(r"(?:address|blockquote|br|div|dd|dt|h[1-6]|hr|li|p|pre|table|tr|ul|ol)")


@dataclass(frozen=True, slots=True)
class Safe:
    """A fragment for the frame; `remote` images were left out; `cut`: the mail is longer."""

    html: str
    remote: int
    cut: bool


def safe_html(html: str, *, remote: bool = False, inline: Mapping[str, str] | None = None) -> str:
    """The fragment of `made_safe`, with a note at its end if the mail was cut."""
    return with_note(made_safe(html, remote=remote, inline=inline))


def with_note(safe: Safe) -> str:
    """The fragment, with a note at its end if the mail was cut."""
    note = _("This message is very long. The rest is in the original.") if safe.cut else ""
    return f'{safe.html}<p dir="auto"><em>{escape(note)}</em></p>' if note else safe.html


def made_safe(
    html: str,
    *,
    remote: bool = False,
    inline: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Safe:
    """A fragment of known elements, attributes and styles, whatever comes in; never raises.

    `inline` gives for a content id (without brackets) the address that stands for `cid:<id>`: a
    path of our own, a `data:` image, or in a mail that goes out `cid:<id>` again. Images of the
    web stay only if `remote`; else their place has the attribute `data-remote` and asks nobody.
    Of an image that may never be shown only its words are left; `names` are such, by content id.
    Links lead to https, http, mailto and tel only.
    The work is linear in what is read, which is `LARGEST` characters at most.
    """
    inline = inline or {}
    shaped = Shaper(remote=remote, inline=inline, names=names or {}).take(html[:LARGEST])
    final = Declarations(remote=remote)
    check = _attribute_check(remote, frozenset(inline.values()), final)
    clean = guarded(lambda: _clean(_with_styles(shaped), check), "")
    if not clean and shaped.html.strip():
        clean = f"<pre>{escape(_text_of(html[:LARGEST]))}</pre>"
    return Safe(_IMAGE.sub(_image, clean), shaped.blocked + final.blocked, shaped.cut or len(html) > LARGEST)


def _image(found: re.Match[str]) -> str:
    """An image as it was written; without an address, the words that stand for it."""
    if _SHOWS.search(found[1]):
        return found[0]
    return _words(found[1])


def _words(attributes: str) -> str:
    words = _ALT.search(attributes)
    plain = words[1].strip().replace("&quot;", '"') if words else ""
    return plain.replace("<", "&lt;").replace(">", "&gt;")


def without_trackers(fragment: str) -> str:
    """A safe fragment for other readers: of images of the web that were left out, the words that stand
    for them are left, and of those that nobody is to see, nothing."""
    return _IMAGE.sub(_passed_on, fragment)


def _passed_on(found: re.Match[str]) -> str:
    if not _FROM_WEB.search(found[1]):
        return found[0]
    if _TINY.search(found[1]):
        return ""
    return _words(found[1]) if " data-remote=" in found[1] else found[0]


def pictures_of(html: str) -> frozenset[str]:
    """The content ids, in lower case, of the files that the HTML shows as pictures."""
    if "cid:" not in html.lower():
        return frozenset()
    tags = (token for token in tokens(html) if isinstance(token, Tag) and token.name == "img")
    sources = (tag.attributes.get("src", "") for tag in tags if not tag.closing)
    return frozenset(name for source in sources if is_inline(source) for name in content_ids(source))


def is_rich(html: str) -> bool:
    """Whether the HTML says more than its text: formatting, lists, tables or pictures, beyond
    paragraphs, line breaks, links and quotes. A tracking pixel says nothing."""
    for token in tokens(readable(html[:LARGEST])):
        if isinstance(token, Tag) and not token.closing and _is_rich(token):
            return True
    return False


def _is_rich(tag: Tag) -> bool:
    if tag.name == "img":
        sizes = (tag.attributes.get(side, "") for side in ("width", "height"))
        return bool(tag.attributes.get("src")) and not any(_PIXEL.fullmatch(size) for size in sizes)
    if tag.name == "body":
        return False
    return tag.name in _RICH or bool(_RICH_STYLE.search(tag.attributes.get("style", "")))


def _with_styles(shaped: Shaped) -> str:
    """The fragment with its style sheets written into its elements, or without them."""
    css = Sheet(shaped.there, Declarations(remote=True)).rules(shaped.sheets)
    if not css:
        return shaped.html
    return guarded(lambda: _INLINER.inline_fragment(shaped.html, css), shaped.html)


def _clean(html: str, check: Callable[[str, str, str], str | None]) -> str:
    return nh3.clean(
        html,
        tags=set(elements.KEPT),
        clean_content_tags={"script", "style", "svg", "math", "template", "title", "textarea", "iframe"},
        attributes={**elements.ATTRIBUTES, "a": elements.ATTRIBUTES["a"] | {"target"}},
        attribute_filter=check,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes=SCHEMES,
        url_relative="pass_through",
    )


def _attribute_check(
    remote: bool, own: frozenset[str], styles: Declarations
) -> Callable[[str, str, str], str | None]:
    """The last word on every attribute, on what the standard's own parser has read.

    nh3's own filter of style properties is not used: it writes what it keeps anew, after this
    check, and loses brackets on the way.
    """

    def check(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return styles.filter(value) or None
        if name == "href":
            return link_address(value) or None
        if name == "src":
            return value if value in own else data_address(value) or (remote and image_address(value)) or None
        if name == "background":
            return (remote and image_address(value)) or None
        if name in ("target", "rel"):
            return value
        return value if elements.is_plain(name, value) else None

    return check


def guarded(make: Callable[[], str], instead: str) -> str:
    """What `make` gives, or `instead` if the library under it fails or panics."""
    try:
        return make()
    except Exception:
        return instead
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        return instead


def _text_of(html: str) -> str:
    """The words without any markup, for when all else fails."""
    kept = []
    for token in tokens(readable(html)):
        if isinstance(token, str):
            kept.append(token)
        elif isinstance(token, Tag) and _BREAK.fullmatch(token.name):
            kept.append("\n")
        elif isinstance(token, Raw):
            continue
    return "".join(kept).strip()
