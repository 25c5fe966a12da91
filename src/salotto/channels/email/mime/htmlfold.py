"""Folding HTML: mail programs mark what they quote, each in its own way."""

import re
from itertools import islice

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from salotto.channels.email.mime import htmltext
from salotto.channels.email.mime.folding import lines as say

QUOTES = (
    ".gmail_quote, .gmail_quote_container, blockquote[type=cite], [class*=yahoo_quoted], #isReplyContent, "
    ".protonmail_quote, .tutanota_quote, .zmail_extra, .moz-cite-prefix, .moz-forward-container, "
    ".mail_quote, .freebirdsemailreply, div[name=quote], .quoted_text, "
    "#mail-editor-reference-message-container, #divtagdefaultreply, includetail, .yj6qo, #reply-intro, "
    ".mailru-blockquote, .js-helper.js-readmsg-msg blockquote, #ydpquote, .hm_quote, .x_gmail_quote, "
    ".bloop_markdown blockquote, .apple-mail-quote, .ymail_quoted, "
    ".ms-outlook-mobile-reference-message, .gmail_attr, .replyquote, .spark_quote, "
    "[name=messageReplySection], .qmbox .quoted, .ntes-mailmaster-quote"
)
"""Elements that are a quote, whole."""

FROM_HERE = (
    "#divRplyFwdMsg, #x_divRplyFwdMsg, #appendonsend, .OutlookMessageHeader, #OLK_SRC_BODY_SECTION, "
    "#ms-outlook-reference-message, #orgHeader"
)
"""Elements from which on everything is the original."""

SIGNATURES = (
    ".gmail_signature, .gmail_signature_prefix, [data-smartmail=gmail_signature], #Signature, "
    ".moz-signature, #ms-outlook-mobile-signature, #AppleMailSignature, #composer_signature, "
    ".protonmail_signature_block, .tutanota_signature, [class*=yahoo-signature], "
    "#ymail_android_signature, [data-signature-widget], .mailru-signature, .zm_signature, "
    "#zmail_signature, .signature-text, .email-signature, .spark_signature, "
    "[name=messageSignatureSection], .ntes-mailmaster-signature, #x_Signature, .x_gmail_signature, "
    "#OutlookSignature, .bloop_sign, .mb_sig, #Zm-_Id_-Sgn, .-x-evo-signature, .-x-evo-signature-wrapper, "
    "#lineBreakAtBeginningOfSignature + div"
)
"""Elements that are a signature."""

_NO_SIGNATURE = "#lineBreakAtBeginningOfSignature + div:has(blockquote)"
"""On an iPhone whose owner has deleted the signature, the quote stands there, with answers in it."""

_MARKS = (
    "quote", "cite", "rplyfwdmsg", "appendonsend", "outlookmessageheader", "olk_src", "zmail_extra",
    "ignature", "_sig", "-sgn", "includetail", "reply", "forward", "reference-message", "orgheader",
    "border-top",
)  # fmt: skip
"""In lower case: without one of these there is nothing to fold."""
_WORD_RULE = re.compile(
    r"border-top(?:-color)?:\s?(?:[\d.]+p[tx]\s)?(?:solid\s)?"
    r"(?:#(?:E1E1E1|B5C4DF)|rgb\((?:225,\s?225,\s?225|181,\s?196,\s?223|229,\s?229,\s?229)\))",
    re.IGNORECASE,
)


_NAMES = frozenset(re.findall(r"[#.=]([a-z][\w-]+)", f"{QUOTES}, {FROM_HERE}, {SIGNATURES}".lower()))
_NAMES |= {"data-signature-widget", "includetail", "-x-evo-signature", "-x-evo-signature-wrapper"}
"""What the selectors look for in attributes, in lower case."""

_WORD = re.compile(r"[\w-]+")
_NO_MARK = re.compile(
    r"(?<![\w-])(?:href|src|alt|title|style|background)\s{0,9}=\s{0,9}(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)"
)
"""In lower case: without one of these there is nothing to fold."""

_WORD_COLOURS = ("#e1e1e1", "#b5c4df", "225, 225", "225,225", "196, 223", "196,223", "229, 229")

MOST_TAGS = 50_000
DEEPEST = 250
MOST_CHILDREN = 1_000
MOST_ATTRIBUTES = 400

_FORMATTING = htmltext.names("a b big code em font i nobr s small strike strong tt u")
_ENDS_ITSELF = htmltext.VOID | htmltext.names("p li td th tr tbody thead dt dd option")
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})([^>=]*+(?:=(?:\s*+(?:\"[^\"]*+\"|'[^']*+'))?[^>=]*+)*+)>?"
)


def fold_html(html: str, *, passes_on: bool = False) -> tuple[str, str]:
    """The HTML in two: what the writer wrote or passes on, and the quoted original with the signature.

    The second is "" when there is nothing to fold, or when nothing would be left. Not made safe.
    `passes_on`: the subject says that the mail passes another one on.
    """
    return _folded(html, passes_on)[:2] if may_fold(html) else (html, "")


def visible_text(html: str, *, passes_on: bool = False) -> str:
    """The text of what `fold_html` leaves of it; "" if that folds nothing or there is none."""
    return _folded(html, passes_on)[2]


def _folded(html: str, passes_on: bool) -> tuple[str, str, str]:
    page = tree(html)
    rest = take(page, passes_on=passes_on) if page is not None else []
    visible = page.html or "" if page is not None and rest else ""
    text = htmltext.text(visible) if visible else ""
    return (visible, "".join(rest), text) if _says_something(text, visible) else (html, "", "")


def may_fold(html: str) -> bool:
    """Whether any of the marks is in it; quick."""
    lowered = html.lower()
    return any(mark in lowered for mark in _MARKS)


def marked(attributes: list[str]) -> bool:
    """Whether any of these attributes of the page's tags may mark what `fold_html` looks for."""
    lowered = "\0".join(attributes).lower()
    if "border-top" in lowered and any(colour in lowered for colour in _WORD_COLOURS):
        return True
    found = [mark for mark in _MARKS[:-1] if mark in lowered]
    return bool(found) and any(_marks(given, found) for given in lowered.split("\0"))


def _marks(given: str, marks: list[str]) -> bool:
    """Whether one tag's attributes do, apart from its links, its style and what it says."""
    if not any(mark in given for mark in marks):
        return False
    return (
        "yahoo-signature" in given
        or "yahoo_quoted" in given
        or not _NAMES.isdisjoint(_WORD.findall(_NO_MARK.sub(" ", given)))
    )


def take(page: LexborHTMLParser, *, passes_on: bool = False) -> list[str]:
    """Take quote and signature out of the page; their HTML, in order of kind."""
    taken: list[str] = []
    for start in [*page.css(FROM_HERE), *_word_headers(page)][:1]:
        if passes_on:
            return []
        taken += _from_here(start)
    kept = {node.mem_id for node in page.css(_NO_SIGNATURE)}
    for node in _outermost(page.css(QUOTES)):
        if not _passed_on(node):
            for part in _between_answers(node) or [node]:
                taken += _with_attribution(part)
    taken += [_out(node) for node in _outermost(page.css(SIGNATURES)) if node.mem_id not in kept]
    return taken


def _between_answers(node: LexborNode) -> list[LexborNode]:
    """The quotes in what surrounds all of a quote, if answers stand between them or below; else none."""
    if node.tag == "blockquote":
        return []
    children = list(islice(node.iter(include_text=True), MOST_CHILDREN))
    first = next((n for n, child in enumerate(children) if child.tag == "blockquote"), len(children))
    said = [child for child in children if _words_in(child)]
    answers = {child.mem_id for child in children[first + 1 :] if child.tag != "blockquote"}
    if answers.isdisjoint(child.mem_id for child in said):
        return []
    return [child for child in said if child.mem_id not in answers]


def _words_in(node: LexborNode) -> bool:
    said = node.text_content if node.is_text_node else node.text(deep=True)
    return bool(said and said.strip(" \t\r\n\xa0\u200b"))


def _passed_on(node: LexborNode) -> bool:
    """Whether this is no quote, but a mail that the writer passes on."""
    if "moz-forward-container" in (node.attributes.get("class") or ""):
        return True
    for inner in node.traverse(include_text=True):
        if inner.is_text_node and (words := (inner.text_content or "").strip()):
            return say.passed_on(words)
    return False


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that none of the others surrounds: with these, the others are taken."""
    marks = {node.mem_id for node in nodes}
    return [node for node in nodes if not _within(node, marks)]


def _says_something(text: str, html: str) -> bool:
    """Whether words are left, or a picture of the mail's own."""
    return any(c.isalnum() or ord(c) > 0x2100 for c in text) or "cid:" in html


def _within(node: LexborNode, marks: set[int]) -> bool:
    """Whether one of these surrounds it."""
    above = node.parent
    while above is not None:
        if above.mem_id in marks:
            return True
        above = above.parent
    return False


def _out(node: LexborNode) -> str:
    html = node.html or ""
    node.decompose()
    return html


def _with_attribution(node: LexborNode) -> list[str]:
    """A quote and, just before it, the line that says whose it is."""
    above = _element_before(node)
    taken = []
    if above is not None and above.tag in {"div", "p", "span"}:
        words = say.plain(above.text(deep=True)[: say.LONGEST])
        if words and say.attribution(words, quoted=True):
            taken.append(_out(above))
    return [*taken, _out(node)]


def _element_before(node: LexborNode) -> LexborNode | None:
    """The nearest element before it that says something."""
    above = node.prev
    for _ in range(6):
        if above is None or (above.is_text_node and (above.text_content or "").strip()):
            return None
        if not above.is_text_node and above.tag != "br" and above.text(deep=True).strip():
            return above
        above = above.prev
    return None


def _from_here(node: LexborNode) -> list[str]:
    """The element, the rule above it, and everything that follows in the document."""
    above = _rule_before(node)
    taken = [_out(above)] if above is not None else []
    current: LexborNode | None = node
    first = True
    while current is not None and current.tag not in {"body", "html"}:
        parent = current.parent
        following = current if first else current.next
        while following is not None:
            after = following.next
            taken.append(_out(following))
            following = after
        first = False
        if parent is None or parent.tag in {"body", "html", "-document"}:
            break
        current = parent
    return taken


def _rule_before(node: LexborNode) -> LexborNode | None:
    above = node.prev
    for _ in range(4):
        if above is None or (above.tag not in {"hr", "br"} and above.text(deep=True).strip()):
            return None
        if above.tag == "hr":
            return above
        above = above.prev
    return None


def _word_headers(page: LexborHTMLParser) -> list[LexborNode]:
    """Outlook's block of headers: a line above, and From, Sent, To, Subject in it."""
    found = []
    for node in page.css('div[style*="border-top"]')[:20]:
        if _WORD_RULE.search(node.attributes.get("style") or "") and say.label(_begin(node)) in {
            "from",
            "sent",
        }:
            parent = node.parent  # often alone in a div of its own
            alone = parent is not None and parent.tag == "div" and parent.first_child is not None
            found.append(parent if alone and parent is not None and _first_element(parent, node) else node)
    return found


def _begin(node: LexborNode) -> str:
    return node.text(deep=True)[:200].strip()


def _first_element(parent: LexborNode, node: LexborNode) -> bool:
    first = parent.first_child
    while first is not None and first.is_text_node and not (first.text_content or "").strip():
        first = first.next
    return first is not None and first.mem_id == node.mem_id


_QUOTE_MARKS = (
    "gmail_quote",
    "divRplyFwdMsg",
    "protonmail_quote",
    "yahoo_quoted",
    "moz-cite-prefix",
    'type="cite"',
    "zmail_extra",
    "appendonsend",
)


def marks_quote(html: str) -> bool:
    """Whether a well-known program has marked a quote; quick."""
    return any(mark in html for mark in _QUOTE_MARKS)


def tree(html: str) -> LexborHTMLParser | None:
    """The page, or None where its markup is made (or broken) so that no parser is done in time."""
    if not _reasonable(html):
        return None
    return LexborHTMLParser(html, options=LexborDocumentOptions.WO_EVENTS)


def _reasonable(html: str) -> bool:
    """Whether its depth, its open formatting and its attributes are those of a page for people.

    An HTML parser takes quadratic time and more over what is not: a bound that it lacks.
    """
    if len(html) < 4_000:
        return True
    depth = deepest = formatting = tags = 0
    for match in _TAG.finditer(html):
        closing, name, rest = match.groups()
        tags += 1
        name = name.lower()
        if len(rest) > MOST_ATTRIBUTES and len(rest.split()) > MOST_ATTRIBUTES:
            return False
        if name in _ENDS_ITSELF:
            continue
        step = -1 if closing else 1
        depth = max(0, depth + step)
        deepest = max(deepest, depth)
        formatting += step if name in _FORMATTING else 0
    return deepest < DEEPEST and tags < MOST_TAGS and max(0, formatting) * tags < 400_000
