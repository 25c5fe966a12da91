"""Style declarations and style sheets of mail: what is known to be harmless stays, the rest goes.

A declaration passes if its property is listed and its value is made of plain words, numbers,
colours, strings and a few functions. So there is no list of attacks to keep: an escape, an
unknown function, an unbalanced bracket or an at-rule simply is not in the grammar.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from salotto.channels.email.safe.addresses import image_address
from salotto.channels.email.safe.tokens import names

PROPERTIES = names(
    """
    background background-color background-image background-position background-repeat background-size
    border border-bottom border-bottom-color border-bottom-left-radius border-bottom-right-radius
    border-bottom-style border-bottom-width border-collapse border-color border-left border-left-color
    border-left-style border-left-width border-radius border-right border-right-color border-right-style
    border-right-width border-spacing border-style border-top border-top-color border-top-left-radius
    border-top-right-radius border-top-style border-top-width border-width box-shadow box-sizing
    caption-side clear color direction display empty-cells float font font-family font-size font-stretch
    font-style font-variant font-weight height letter-spacing line-height list-style list-style-position
    list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width
    min-height min-width opacity outline overflow overflow-wrap overflow-x overflow-y padding
    padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration
    text-decoration-color text-decoration-line text-decoration-style text-indent text-overflow
    text-shadow text-transform unicode-bidi vertical-align visibility white-space width word-break
    word-spacing word-wrap writing-mode
    """
)
LONGEST_STYLE = 10_000
LARGEST_SHEET = 200_000
MOST_RULES = 2_000
MOST_INLINED = 4_000_000
"""Characters that the rules of a mail may add to its elements."""
MOST_MATCHING = 20_000_000
"""Rules times elements."""

_VALUE = re.compile(
    r"""(?:(?:rgba?|hsla?|calc|min|max|clamp)\([\w\s.,%\#/+*-]*+\)
    |(?:linear|radial)-gradient\((?:(?:rgb|hsl)a?\([\w\s.,%/]*+\)|[\w\s.,%\#-])*+\)
    |"[^"'\\<>(){};:]*+"|'[^"'\\<>(){};:]*+'
    |[\w\s.,%\#!/+*-])*+""",
    re.VERBOSE | re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\d(?:[sdl]?v[hwib]|[sdl]?vmin|[sdl]?vmax|cq\w+)\b"  # of a window that is as high as its content
    r"|(?<![\w#.])\d{5,}",  # nobody has a screen that wide
    re.IGNORECASE,
)
_WITH_IMAGE = {"background", "background-image"}
_IMAGE = re.compile(
    r"""(?<![\w-])url\(\s*+(?:"([^"()]*+)"|'([^'()]*+)'|([^\s"'()]*+))\s*+\)""", re.IGNORECASE
)
_COMPOUND = r"(?:[a-zA-Z]\w*+|\*|(?=[.#]))(?:[.#][\w-]++)*+"
_SELECTOR = re.compile(rf"{_COMPOUND}(?:(?: ?[>+] ?| ){_COMPOUND}){{0,5}}")
_RIGHTMOST = re.compile(rf"(?:^|[\s>+])({_COMPOUND})$")
_ROOT = re.compile(r"(?<![\w.#-])(?:html\s*>?\s*)?\b(?:body|html)(?![\w-])", re.IGNORECASE)
_SIMPLE = re.compile(r"[.#]?[\w-]+")
_BRACE = re.compile(r"[{}]")
_PLAIN_MEDIA = re.compile(r"@media\s+(?:only\s+)?(?:all|screen)\s*$", re.IGNORECASE)
ROOT_CLASS = "salotto-root"
"""Stands for the mail's own body, which a fragment has not."""


@dataclass(slots=True)
class Declarations:
    """Filters style declarations; `remote` keeps images of https and http, `blocked` counts those
    that were taken out. Mails repeat themselves, so answers are kept."""

    remote: bool = False
    blocked: int = 0
    _known: dict[str, tuple[str, int]] = field(default_factory=dict)

    def filter(self, style: str) -> str:
        """What of the declarations may stay, as `name:value;name:value`."""
        if style not in self._known:
            self._known[style] = self._filtered(style)
        kept, blocked = self._known[style]
        self.blocked += blocked
        return kept

    def _filtered(self, style: str) -> tuple[str, int]:
        if len(style) > LONGEST_STYLE:
            return "", 0
        pairs = [self._declaration(one) for one in without_comments(style).split(";")]
        return ";".join(kept for kept, _ in pairs if kept), sum(blocked for _, blocked in pairs)

    def _declaration(self, text: str) -> tuple[str, int]:
        name, _, value = text.partition(":")
        name, value = name.strip().lower(), " ".join(value.split())
        if name not in PROPERTIES or not value:
            return "", 0
        images = list(_IMAGE.finditer(value))
        rest = _IMAGE.sub(" ", value)
        if (images and name not in _WITH_IMAGE) or not _VALUE.fullmatch(rest) or _REFUSED.search(rest):
            return "", 0
        addresses = [image_address(_address_in(image)) for image in images]
        if self.remote and images:
            return (f"{name}:{_IMAGE.sub(_strict, value)}" if all(addresses) else ""), 0
        rest = " ".join(rest.split())
        return (f"{name}:{rest}" if rest else ""), sum(map(bool, addresses))


def _address_in(image: re.Match[str]) -> str:
    return next((part for part in image.groups() if part), "")


def _strict(image: re.Match[str]) -> str:
    return f'url("{image_address(_address_in(image))}")'


def without_comments(css: str) -> str:
    """The style without its comments; one that never ends takes the rest with it."""
    kept = []
    at = 0
    while (begin := css.find("/*", at)) >= 0:
        kept.append(css[at:begin])
        end = css.find("*/", begin + 2)
        if end < 0:
            return " ".join(kept)
        at = end + 2
    return " ".join([*kept, css[at:]])


@dataclass(slots=True)
class Sheet:
    """The rules of a mail that can be written into its elements."""

    there: Counter[str]
    """How often a tag (`p`), class (`.x`) and id (`#x`) occur in the mail; `*` is all."""
    declarations: Declarations
    _left: int = MOST_INLINED

    def rules(self, sheets: Sequence[str]) -> str:
        """Plain rules only, as many as keep the work and the result in bounds."""
        most = min(MOST_RULES, MOST_MATCHING // max(1, self.there["*"]))
        kept: list[str] = []
        for prelude, body in chain.from_iterable(map(_blocks, _bounded(sheets))):
            if len(kept) >= most:
                break
            selectors = self._selectors(prelude)
            style = self.declarations.filter(body) if selectors else ""
            if style and self._affords(selectors, style):
                kept.append(f"{','.join(selectors)}{{{style}}}")
        return "\n".join(kept)

    def _selectors(self, prelude: str) -> list[str]:
        """Those of the list that are plain and can match anything here."""
        if len(prelude) > 1_000:
            return []
        plain = " ".join(prelude.replace(":link", "").split())
        found = (_ROOT.sub(f".{ROOT_CLASS}", one).strip() for one in plain.split(","))
        return [one for one in found if one and _SELECTOR.fullmatch(one) and self._matches(one)]

    def _matches(self, selector: str) -> int:
        """At most this many elements are meant by the last part of the selector."""
        last = _RIGHTMOST.search(selector)
        names = _SIMPLE.findall(last[1]) if last else []
        counts = [self.there[name if name[0] in ".#" else name.lower()] for name in names]
        return min(counts, default=self.there["*"])

    def _affords(self, selectors: list[str], style: str) -> bool:
        cost = sum(map(self._matches, selectors)) * len(style)
        if cost > self._left:
            return False
        self._left -= cost
        return True


def _bounded(sheets: Sequence[str]) -> Iterator[str]:
    """The sheets without comments, together no more than `LARGEST_SHEET`."""
    left = LARGEST_SHEET
    for sheet in sheets:
        yield without_comments(sheet[: max(0, left)])
        left -= len(sheet)


def _blocks(css: str) -> list[tuple[str, str]]:
    """Each `prelude { body }` outside of at-rules; plain media rules are entered."""
    found = []
    at = 0
    while (begin := css.find("{", at)) >= 0:
        prelude = re.split(r"[;}]|<!--|-->", css[at:begin])[-1].strip()
        if prelude.startswith("@"):
            at = begin + 1 if _PLAIN_MEDIA.match(prelude) else _end_of_block(css, begin)
            continue
        end = _end_of_block(css, begin)
        body = css[begin + 1 : end].removesuffix("}")
        if "{" not in body:
            found.append((prelude, body))
        at = end
    return found


def _end_of_block(css: str, begin: int) -> int:
    """Just after the brace that closes the one at `begin`."""
    depth = 0
    for brace in _BRACE.finditer(css, begin):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(css)
