"""The elements and attributes that a mail may be shown with, and how they nest."""

import re

from salotto.channels.email.safe.tokens import names

VOID = names("br col hr img wbr")
TABLE_PARTS = names("caption colgroup tbody td tfoot th thead tr")
CELLS = frozenset({"caption", "td", "th"})
SECTIONS = frozenset({"tbody", "tfoot", "thead"})
LISTS = frozenset({"dir", "dl", "menu", "ol", "ul"})
ITEMS = {"li": {"li"}, "dd": {"dd", "dt"}, "dt": {"dd", "dt"}}
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | names(
    "address article aside blockquote center dd div dl dt figcaption figure footer header hr li main"
    " nav ol p pre section table ul"
)
"""These end an open paragraph."""
FORMATTING = names("a b big code em font i s small strike strong tt u")
KEPT = (
    VOID
    | TABLE_PARTS
    | BLOCKS
    | FORMATTING
    | names("abbr bdi bdo cite del dfn ins kbd mark q rp rt ruby samp span sub sup time var")
)
SKIPPED = names("canvas datalist math select svg template")
"""Left out with all that is in them, like the elements of `tokens.RAW`."""
PICTURES = {"img": "src", "image": "src", "input": "src", "video": "poster"}
"""What asks for a picture, and in which attribute; all are shown as plain images."""

_EVERYWHERE = frozenset({"align", "dir", "lang", "style", "title", "valign", "width", "height", "bgcolor"})
_PAINTED = frozenset({"background", "bordercolor"})
_OWN = {
    "a": frozenset({"href"}),
    "blockquote": frozenset({"type"}),
    "br": frozenset({"clear"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "font": frozenset({"color", "face", "size"}),
    "hr": frozenset({"color", "noshade", "size"}),
    "img": frozenset({"alt", "border", "data-remote", "hspace", "src", "vspace"}),
    "li": frozenset({"type", "value"}),
    "ol": frozenset({"reversed", "start", "type"}),
    "table": _PAINTED | {"border", "cellpadding", "cellspacing", "frame", "rules"},
    "tbody": frozenset({"background"}),
    "td": _PAINTED | {"abbr", "colspan", "headers", "nowrap", "rowspan", "scope"},
    "tfoot": frozenset({"background"}),
    "th": _PAINTED | {"abbr", "colspan", "headers", "nowrap", "rowspan", "scope"},
    "thead": frozenset({"background"}),
    "time": frozenset({"datetime"}),
    "tr": _PAINTED,
    "ul": frozenset({"type"}),
}
ATTRIBUTES = {name: set(_EVERYWHERE | _OWN.get(name, frozenset())) for name in KEPT}

_LENGTH = re.compile(r"\s*\d{1,4}(?:\.\d{1,4})?\s*(?:px|%|\*)?\s*", re.IGNORECASE)
_SPAN = re.compile(r"[1-9]\d?")
_SHORT = re.compile(r"[^<>\"'`\\;(){}]{0,200}")
_COLOUR = re.compile(r"#?\w{1,30}|rgb\([\d\s.,%]{1,40}\)", re.ASCII)
_SHAPES = {
    **dict.fromkeys(("width", "height", "border", "cellpadding", "cellspacing", "hspace", "vspace"), _LENGTH),
    **dict.fromkeys(("colspan", "rowspan", "span"), _SPAN),
    **dict.fromkeys(("bgcolor", "color", "bordercolor"), _COLOUR),
    **dict.fromkeys(("start", "value"), re.compile(r"-?\d{1,6}")),
    "size": re.compile(r"[+-]?\d{1,3}"),
    "dir": re.compile(r"ltr|rtl|auto", re.IGNORECASE),
    "alt": re.compile(r".{0,2000}", re.DOTALL),
    "title": re.compile(r".{0,2000}", re.DOTALL),
    "data-remote": re.compile(r""),
}


def is_plain(name: str, value: str) -> bool:
    """Whether an attribute that is neither an address nor a style has a value worth keeping."""
    return bool(_SHAPES.get(name, _SHORT).fullmatch(value))
