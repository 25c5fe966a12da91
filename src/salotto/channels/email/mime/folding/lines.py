"""What a line of a text is: an attribution, a header of a quoted mail, a rule, a signature.

Nothing here looks at a line longer than LONGEST, and no expression goes back: a text costs
time linear in its length.
"""

import re

from salotto.channels.email.mime.folding import phrases

LONGEST = 400
"""Characters of a line that mean something here."""

_BIDI = re.compile("[\u200b\u2060-\u2064\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_DATE = re.compile(r"\d{4}|\d{1,2}[:.h]\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|[٠-٩۰-۹]{4}")
_TIME = re.compile(
    r"\d{1,2}\s?[:.h]\s?\d{2}|\d{1,2}\s?[时時点點시]|[٠-٩۰-۹]{1,2}:[٠-٩۰-۹]{2}|\d\s?[ap]\.?m\b"
)
_DAY = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|[٠-٩۰-۹]{4}")
_ADDRESS = re.compile(r"[^\s@<>(\[]{1,64}@[^\s@<>)\]]{1,190}")
_ADDRESS_LAST = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}>{1,2}\s?[:：]\Z")
_NAME_FIRST = re.compile(
    r"[^\s<>@:;,.!?]{1,40}(?: [^\s<>@:;,!?]{1,40}){0,4} <[^\s<>@]{1,64}@[^\s<>@]{1,190}> "
)
_LINK = re.compile(r"<?https?://[^\s>]{1,380}>?")
_PICTURE = re.compile(r"(?:\[cid:[^\]\s]{1,300}\]\s*)+")
_OF_ITSELF = re.compile(
    r"[^\s<>@:;,.!?]{1,40}(?: [^\s<>@:;,!?]{1,40}){0,4} <[^\s<>@]{1,64}@[^\s<>@]{1,190}> ?,? ?"
    r"(?P<verb>[^\d:：]{3,20})[:：]"
)
_DAY_FIRST = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2} ")
_ZONE = re.compile(r"\d{1,2}:\d{2} (?:gmt|utc)[+-]\d{2}:\d{2} ")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_RULE = re.compile(r"[-_=*—–─]{2,}")
_SENTENCES = re.compile(
    r"(?<!\w)(?!(?:dr|mr|mrs|ms|st|jr|sr|prof|ing|dott|avv|sig|arch|geom|rag|lic|mag|dipl)\.)"
    r"[^\W\d_]{2,}[.!?] [^\W\d_]"
)
_RULED_HEADER = re.compile(r"-{4,}\s?([^-:：]{3,40}?)\s?-{4,}\s{0,4}([^\s:：-][^:：]{0,20}[:：])")
_YAHOO = "--- "
"""Before an attribution: "--- On Mon, 3/2/26, Anna <anna@example.com> wrote:"."""
_DASHES = "-—–─ \t*=_>|"
_LABEL_END = ":："
_NO_COLON = ("wrote", "writes", "写道", "寫道", "のメール")

_VERBS = tuple(sorted({verb for verbs in phrases.WROTE.values() for verb in verbs}, key=len, reverse=True))
_VERB = re.compile("|".join(map(re.escape, _VERBS)))
_GLUED = ("在", "于", "於", "ב-", "le\xa0")
_BEGINS = (*(f"{word} " for words in phrases.BEGINS.values() for word in words), *_GLUED)
_WEEKDAY = re.compile(r"(?:[^\W\d_]{2,12}\.?,? (?:den |the |de |[^\W\d_]{2,10}\.? )?)?\d")


def plain(line: str) -> str:
    """For comparing: lower case, white space collapsed, without marks of direction."""
    line = line[:LONGEST]
    if not line.isascii():
        line = _BIDI.sub("", line)
    return " ".join(line.lower().split())


def attribution(text: str, *, quoted: bool) -> bool:
    """Whether this is "On … Anna wrote:", of one line or several joined, by `plain`.

    `quoted`: a quote follows. Without one, an address or a date with a time must be there too.
    """
    if text.endswith("---"):
        return _between_dashes(text, quoted=quoted)
    if not text.endswith((":", "：")):
        return _without_colon(text, quoted=quoted)
    verb = _last_verb(text)
    if not verb:
        return _without_verb(text, quoted=quoted)
    timed = bool(_TIME.search(text) and _DAY.search(text))
    if _ordinary(text, verb, timed=timed and quoted):
        return False
    if quoted:
        if not begins(text) and _SENTENCES.search(text[: verb.start()]):
            return False  # "Thanks, that is it. Anna wrote:"
        return len(text) - verb.end() < 120 or bool(_DATE.search(text))
    if _NAME_FIRST.match(text):
        return timed or _says_no_more(text)
    certain = timed or bool(_ADDRESS.search(text)) or (text.startswith(_YAHOO) and dated(text))
    return begins(text) and certain


def _between_dashes(text: str, *, quoted: bool) -> bool:
    """As Zoho and Notes write it: "---- On … Anna <anna@example.com> wrote ---"."""
    said = text.startswith("----") and bool(_VERB.search(text))
    return said and (quoted or "@" in text or dated(text))


def _without_colon(text: str, *, quoted: bool) -> bool:
    """As some programs end it: "On … Anna <anna@example.com> wrote", "2026/3/2 Anna <anna@example.com>"."""
    if text.endswith(_NO_COLON) and _DATE.search(text):
        return quoted or (begins(text) and bool(_ADDRESS.search(text) and _TIME.search(text)))
    if not quoted:
        return False
    if text.startswith("in message <") and text.endswith(_NO_COLON):
        return True
    return bool(_DAY_FIRST.match(text) and (text.endswith(">") or _ZONE.search(text)))


def _says_no_more(text: str) -> bool:
    """Whether it is a name with its address and the verb alone, as nobody writes by hand."""
    found = _OF_ITSELF.fullmatch(text)
    return found is not None and found["verb"].strip() in _VERBS


def _last_verb(text: str) -> re.Match[str] | None:
    """The last verb that stands as a word of its own."""
    found = None
    for match in _VERB.finditer(text):
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if not (match[0].isascii() and (before.isalpha() or after.isalpha())):
            found = match
    return found


def _without_verb(text: str, *, quoted: bool) -> bool:
    """A date and an address: "2026年3月2日(月) 12:00 Taro <taro@example.jp>:"."""
    if quoted and text.startswith(phrases.QUOTING):
        return bool(_ADDRESS.search(text))
    if quoted and text.startswith("* ") and text.endswith("]:"):  # Mutt
        return dated(text)
    if not _ADDRESS_LAST.search(text[-260:]) or not _DATE.search(text):
        return False
    return quoted or bool(_TIME.search(text)) or begins(text)


def _ordinary(text: str, verb: re.Match[str], *, timed: bool) -> bool:
    """A sentence of the person's own."""
    before = text[: verb.start()].split()
    if not before or before[-1] not in phrases.FIRST_PERSON:
        return False
    return not (timed and before[-1] in phrases.YOU)


def begins(text: str) -> bool:
    """Whether an attribution may begin so: by its first word, a date, a day, an address."""
    text = text.removeprefix(_YAHOO)
    if text.startswith(_BEGINS):
        return True
    if text.count("<") < text.count(">"):  # the rest of a line that was broken within <…>
        return False
    return bool(_WEEKDAY.match(text)) or bool(_ADDRESS.match(text))


def dated(text: str) -> bool:
    """Whether a date or a time is in it."""
    return _DATE.search(text) is not None


def label(line: str) -> str:
    """Which header of a quoted mail this line is: from, sent, to, subject, other, or ""."""
    start = line[:40]
    word, colon, _ = start.partition(":")
    if "：" in word:
        word, colon, _ = start.partition("：")
    return _LABELS.get(plain(word).strip("*_ >|"), "") if colon and word else ""


def bare_label(line: str) -> str:
    """The same for the lines that Aruba's webmail writes: without a colon."""
    return _LABELS.get(line[:20].partition(" ")[0].lower(), "") if line[:1].isupper() else ""


_LABELS = {
    word: name
    for name, words in (
        ("other", phrases.OTHER),
        ("subject", phrases.SUBJECT),
        ("to", phrases.TO),
        ("sent", phrases.SENT),
        ("from", phrases.FROM),
    )
    for word in words
}


def original(line: str) -> bool:
    """Whether this is -----Original Message----- or its like."""
    if line[:1] == "[":  # Tobit David
        return plain(line).startswith("[original message processed by ")
    return _between_rules(line) in phrases.ORIGINAL


def passed_on(line: str) -> bool:
    """Whether a program begins a mail here that the writer passes on: "--- Forwarded message ---", or
    Apple's "Begin forwarded message:".
    """
    if line[-1:] in _LABEL_END:
        return (
            len(line) < 80 and plain(line).lstrip("> ").rstrip(_LABEL_END).rstrip() in phrases.BEGIN_FORWARDED
        )
    word = _between_rules(line)
    return word in phrases.FORWARDED or word.startswith(("forwarded by ", "original message from "))


def _between_rules(line: str) -> str:
    """The words of a line that begins with a rule, else ""."""
    if "&nbsp;" in line:  # so in plain texts of QQ
        line = line.replace("&nbsp;", " ")
    if (found := _RULED_HEADER.match(line[:100])) and label(found[2]):
        return plain(found[1])  # Samsung, with all the headers on one line
    if not 4 < len(line) < 120 or not _RULE.match(line.strip("> |*[")):
        return ""
    return plain(line).strip(_DASHES).rstrip(_LABEL_END).rstrip()


def groupwise(line: str) -> bool:
    """Whether GroupWise begins an original here: ">>> Anna <anna@example.com> 3/2/2026 9:00 AM >>>"."""
    return line.startswith(">>> ") and line.endswith(">>>") and dated(line)


def passes_on(subject: str) -> bool:
    """Whether a mail with this subject passes another one on: "FW: Your order"."""
    word, colon, _ = subject[:24].replace("：", ":").partition(":")
    return bool(colon) and plain(word) in phrases.FORWARD_SUBJECTS


def link_goes_on(line: str) -> bool:
    """Whether a link at the end of this line ends in the next one, which may then begin with its ">"."""
    _, sign, link = line.rstrip().rpartition("<")
    return bool(sign) and link.startswith(_LINKS) and not any(c in link for c in " \t>")


_LINKS = ("http://", "https://", "mailto:", "www.")


def rule(line: str) -> bool:
    """Whether this is a long line of underscores or dashes."""
    bare = line[:LONGEST].strip()
    return len(bare) >= 8 and not bare.strip("_-—–─")


def dashes(line: str) -> bool:
    """Whether this is the line above a signature: two dashes, and a space that many lose."""
    return line.rstrip("\xa0 \t") in {"--", "—"} and len(line) < 8


def sent_from(line: str) -> bool:
    """Whether a program has added this line: "Sent from my iPhone"."""
    if len(line) > LONGEST:
        return False
    whole = plain(line)
    bare = _LINK.sub("", whole).strip("[]()*_<>. -–—\"'|!")
    if not 0 < len(bare) <= 100 or bare[-1] == "?" or not phrases.TELLS.isdisjoint(_WORDS.findall(bare)):
        return False
    known = bare.startswith(phrases.SENT_FROM) or bare.endswith(phrases.SENT_FROM_ENDS)
    if not known and not (bare.startswith(phrases.SENT_FROM_WEAK) and ("://" in whole or _few(bare))):
        return False
    return any(device in whole for device in phrases.DEVICES)


def _few(text: str) -> bool:
    return text.count(" ") < 4


def picture(line: str) -> bool:
    """Whether this is how Outlook writes a picture in plain text: "[cid:image001.png@01DB…]"."""
    return len(line) <= LONGEST and _PICTURE.fullmatch(line) is not None
