"""What a parser that has nothing to do with ours finds wrong in a fragment that was made safe."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode


def names(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


TAGS = names(
    "html head body a abbr address article aside b bdi bdo big blockquote br caption center cite code "
    "col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i "
    "img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub "
    "sup table tbody td tfoot th thead time tr tt u ul var wbr -text "
)
ATTRIBUTES = names(
    "abbr align alt background bgcolor border bordercolor cellpadding cellspacing clear color colspan "
    "data-remote datetime dir face frame headers height href hspace lang nowrap noshade rel reversed "
    "rowspan rules scope size span src start style target title type valign value vspace width "
)
IMAGE = re.compile(r"data:image/(png|jpeg|jpg|gif|webp|bmp|avif|x-icon);base64,[A-Za-z0-9+/]+=*")
LINK = re.compile(r"(https?://|mailto:|tel:)[^\s\"'<>\\]+", re.IGNORECASE)
DANGER = re.compile(
    r"\\|@|/\*|[<>{}]|(?:^|;)\s*(?:position|behavior|-)|[^;]*:[^;]*:"
    r"|(?:expression|image-set|var|attr|src|url|element|image|env|paint|fade)\s*\(",
    re.IGNORECASE,
)


def offences(html: str, own: frozenset[str] = frozenset(), remote: bool = False) -> list[str]:
    """Each tag, attribute, address and style that must not be there."""
    root = LexborHTMLParser(f"<!doctype html><body>{html}").root
    assert root is not None
    found = []
    for node in root.traverse(include_text=False):
        if node.tag not in TAGS:
            found.append(f"<{node.tag}>")
        found += [f"{node.tag} {name}={value!r}" for name, value in _wrong(node, own, remote)]
    if "<!--" in html:
        found.append("a comment")
    return found


def _wrong(node: LexborNode, own: frozenset[str], remote: bool) -> list[tuple[str, str]]:
    given = {name: value or "" for name, value in node.attributes.items()}
    wrong = [(name, value) for name, value in given.items() if name not in ATTRIBUTES]
    wrong += [("href", given["href"])] if "href" in given and not LINK.fullmatch(given["href"]) else []
    if node.tag == "a" and (given.get("target"), given.get("rel")) != (
        "_blank",
        "noopener noreferrer nofollow",
    ):
        wrong.append(("target and rel", str(given)))
    for name in ("src", "background"):
        if name in given and not (
            given[name] in own
            or IMAGE.fullmatch(given[name])
            or (remote and given[name].lower().startswith(("https://", "http://")))
        ):
            wrong.append((name, given[name]))
    style = given.get("style", "")
    if remote:
        style = re.sub(r'url\("https?://[^\s"\'()\\<>]+"\)', "", style)
    if DANGER.search(style):
        wrong.append(("style", style))
    return wrong
