"""The card below a closing: role, company, numbers, addresses, as business mail ends in Europe.

"Kind regards, Anna" is the writer's word and stays. What stands below it is folded only if each of
its lines is one of a card, if they tell how to reach somebody, and if nothing above points to them:
who writes "call me" or "my new address" means the number or the address. See docs/decisions/0011.
"""

import re

from salotto.channels.email.mime.folding import cardlines, closings
from salotto.channels.email.mime.folding import lines as say
from salotto.channels.email.mime.folding.tables import one_of, words

HIGHEST = 30
"""Lines of a card with its closing, blank ones too."""

MOST_NAMELESS = 9
"""Lines of a card that hold neither number nor address."""

MOST_INFORMAL = 4
"""The same below a mere "Thanks"."""

LOOKED_AT = 200
"""Lines above a card in which something may point to it."""

_NUMBER = re.compile(r"\d[\d ()./\u00a0–-]{5}")
_LINK = re.compile(r"(?<!<)https?://")
_CONTACT = frozenset({"phone", "mail", "web", "register"})

_FORMAL = tuple(phrase for table in closings.FORMAL.values() for phrase in table)
_ALL = frozenset(_FORMAL) | {phrase for table in closings.SHORT.values() for phrase in table}
_SHORT = tuple(sorted(_ALL - frozenset(_FORMAL)))
_EDGES = " \t\xa0,.!;*_-–—~。，！،'\"\u200b"

_POSTSCRIPT = re.compile(
    r"\W{0,3}(?:"
    + one_of(r"""
    p\.\s?s\. | p\.?s\d?\s?[:.\-–,)] | ps (?=\w) | p\.p\.s | post ?scriptum | n\.\s?b\. | nb\s?: |
    з\. ?ы\. | υ\.γ
""")
    + ")",
    re.IGNORECASE,
)
_SENTENCE_ENDS = frozenset(".!?…)。！？؟।")
_POSTSCRIPTS = frozenset("pPnNзЗυΥ*")
_DELIMITER = re.compile(r"(?:-{2,}|_{2,}|—{1,}|–{1,}|\*{3,}|={3,}|~{3,}|#{3,}|─{2,})")

_POINTS = re.compile(
    "|".join(
        rf"\b{word}" if word[0].isalpha() else word
        for word in words(r"""
    below | following | attached you will find my | here (?:you go|it is|they are|are) | details |
    qui sotto | sotto | seguente | seguenti | di seguito | recapit | ecco | miei dati | i dati | coordinate |
    unten | folgend | untenstehend | nachstehend | kontaktdaten | meine daten | hier (?:ist|sind|die) |
    ci-dessous | suivant | coordonnées | voici | abajo | siguiente | mis datos | aquí | a continuación |
    abaixo | seguinte | meus dados | hieronder | volgende | gegevens | poniż | następując | dane |
    níže | následující | údaje | nedan | följande | nedenfor | følgende | seuraava | yhteystie |
    alább | alábbi | mai jos | παρακάτω | aşağıda | ниже | нижче | следующ | по-долу | signature |
    firma sotto | signatur | unterschrift
""")
    )
)
"""Words that point to what stands below them."""

_CALLS = r"""
    call (?:me|us) | phone | telephone | my number | mobile | ring (?:me|us) | reach (?:me|us) |
    text me | whatsapp | contact (?:me|us) | the number | die nummer | il numero | le numéro |
    el número | o número | het nummer | chiama | richiam | telefon | mio numero | nuovo numero |
    questo numero | al numero | cellulare | contatta(?:r|te)?(?:mi|ci) | anruf | rufen sie | zurückruf |
    rückruf | handynummer | meine nummer | neue nummer | erreich | appel | rappel | téléphon |
    mon numéro | au numéro | joindre | llam | teléfono | mi número | ligue | ligar | telefone |
    meu número | contact(?:ar|e|o)?[ -](?:me|nos) | bel (?:me|mij|ons) | bellen | terugbel | telefoon |
    mijn nummer | zadzwo | mój numer | zavol | moje číslo | ring (?:mig|meg|oss|mej)\b | mitt nummer |
    mit nummer | soita | puhelin | numeroni | hívj | hívás | számom | sună | numărul meu | позвон |
    мой номер | подзвон | мій номер | обад | τηλέφων | τηλεφων | καλέσ | ara(?:yın|r mı) | numaram
"""
_ADDRESSES = r"""
    address | ship (?:it|them|to|the) | deliver(?:ed|y)? to | send (?:it|them|the \w+) to | moved |
    to my (?:home|office|house) | indirizz | trasferit | traslocat | spedir | spedit | a casa mia |
    adresse | anschrift | umgezogen | verzogen | schick | liefer\w{0,3} sie (?:sie|es|ihn|mir|uns|an) |
    nach hause | déménag | livr(?:er|aison) (?:à|chez) | chez (?:moi|nous) | dirección | domicilio |
    mudad | a mi casa | morada | endereço | adres | flyttat | flyttet | osoit | cím | адрес | διεύθυνση
"""
_MAILS = r"""
    (?:e-?mail|mail|new|other|different|this|my) address | e-?mail (?:me|us) |
    write (?:to )?(?:me|us) | my e-?mail | indirizzo | scriv(?:imi|etemi|eteci|a a) |
    mia (?:e-?)?mail | mia posta | (?:e-?)?mail-?adresse | schreiben sie (?:mir|uns) |
    meine (?:e-?)?mail | adresse | écri(?:re|vez)[ -](?:moi|nous) | mon (?:e-?)?mail | correo |
    escr[ií]b | endereço | escrev | e-?mailadres | mijn (?:e-?)?mail | adres | адрес | почт
"""
_SITES = r"""
    (?:our|my) (?:web)?(?:site|page|shop) | website | web page | sito\b | nostra pagina |
    web(?:seite|site) | homepage | unsere seite | site (?:web|internet) |
    (?:página|sitio|pagina) web | сайт | strona | stronie
"""
_REGISTERS = r"""
    invoice | vat\b | tax\b | fattur | partita iva | p\.? ?iva | codice fiscale | intest | rechnung |
    ust\b | umsatzsteuer | steuer | factur | tva\b | siret | factura | cif\b | nif\b | iva\b | fatura |
    contribuinte | factuur | btw\b | kvk\b | faktur | nip\b | dič | ičo | lasku | számla | adószám |
    factură | cui\b | счет | счёт | инн | рахун | τιμολόγ | αφμ | fatura | vergi | company data
"""


def _begun(table: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{one_of(table)})")


_NEEDED = {
    "phone": _begun(_CALLS),
    "place": _begun(_ADDRESSES),
    "mail": _begun(_MAILS),
    "web": _begun(_SITES),
    "register": _begun(_REGISTERS),
}
"""Words above a card that make what it says a part of the message."""


def postscript(lines: list[str], first: int, last: int) -> int:
    """Where a postscript begins that ends at `last`, with the blank lines above it; else `last`."""
    for n in range(last - 1, max(first, last - HIGHEST) - 1, -1):
        if lines[n][:1] in _POSTSCRIPTS and _POSTSCRIPT.match(lines[n]):
            return _without_blanks(lines, first, n)
    return last


def _without_blanks(lines: list[str], first: int, last: int) -> int:
    while last > first and not lines[last - 1].strip():
        last -= 1
    return last


def start(lines: list[str], first: int, last: int, sender: str = "") -> int:
    """Where the card begins that ends at `last`; `last` if there is none, or if it may be the message.

    `sender`: the name that the mail gives; a line that says it does what a closing does.
    """
    low = max(first, last - HIGHEST)
    if not _reaches("\n".join([line[: cardlines.LONGEST] for line in lines[low:last]])):
        return last
    card = _Card(lines, first, last, sender)
    return card.start if card.found() and not card.meant() else last


def _reaches(text: str) -> bool:
    """Whether something in it may tell how to reach somebody; quick."""
    if "@" in text or _NUMBER.search(text) or "www." in text or "WWW." in text:
        return True
    return "://" in text and bool(_LINK.search(text))


def closing(line: str) -> bool:
    """Whether a letter is closed here: "Mit freundlichen Grüßen", "Thanks, Anna"."""
    if len(line) > 120 or "?" in line:
        return False
    text = _words_of(line)
    return text in _ALL or formal(text) or (text.startswith(_SHORT) and _names_after(text))


def _words_of(line: str) -> str:
    """A line by `plain`, without the signs and pictures at its ends: "Cheers 🎉"."""
    text = say.plain(line).strip(_EDGES)
    while text and not text[-1].isalnum() and ord(text[-1]) > 0x2100:
        text = text[:-1].rstrip(_EDGES)
    return text


def formal(text: str) -> bool:
    """Whether such words as "Kind regards" begin or end this line, given by `plain`."""
    if text.endswith(_FORMAL):
        return True
    return text.startswith(_FORMAL) and len(text) < 80 and not any(sign.isdigit() for sign in text)


def _names_after(text: str) -> bool:
    """Whether a name follows, as in "thanks, anna": a comma or a dash, and few words without a number."""
    before, _, after = text.replace(" -", ",").replace(" –", ",").replace("!", ",").partition(",")
    if before.strip(_EDGES) not in _ALL or any(sign.isdigit() for sign in after):
        return False
    if not 0 < len(after) < 40 or len(after.split()) > 4:
        return False
    return cardlines.kinds(after.strip()) == frozenset()


class _Card:
    """The lines from the end up, as long as each is one of a card, to what closes the letter."""

    def __init__(self, lines: list[str], first: int, last: int, sender: str) -> None:
        self.lines = lines
        self.first = first
        self.last = last
        self.sender = sender
        self.start = last
        self.anchor = last
        self.closed = False
        self.kinds: set[str] = set()
        self._said: list[frozenset[str]] = []
        self._at: list[int] = []

    def found(self) -> bool:
        """Look for it; whether there is one."""
        for n in range(self.last - 1, max(self.first, self.last - HIGHEST) - 1, -1):
            bare = cardlines.bare(self.lines[n])
            if not bare and not self._ruled(n):
                continue
            if closing(bare):
                return self._closed(n)
            if self._ruled(n):
                self._may_begin(n, n)
                continue
            said = cardlines.kinds(bare)
            if said is None and self._below_closing(n) and _is_name(bare):
                said = frozenset()  # "Your team of The Lamp House"
            if said is None or len(self._nameless()) > MOST_NAMELESS:
                break
            if self._named(n, bare):
                self._may_begin(n, n + 1)
            self._said.append(said)
            self._at.append(n)
        return self.start < self.last

    def meant(self) -> bool:
        """Whether the text above means what stands in the card, or there is none."""
        above = [
            line
            for line in self.lines[max(self.first, self.anchor - LOOKED_AT) : self.anchor]
            if line.strip()
        ]
        if not above or (not self.closed and self._led_to(above)):
            return True
        text = "\n".join(map(say.plain, above))
        if _POINTS.search(text) or any(_NEEDED[kind].search(text) for kind in self.kinds):
            return True
        return _letter_in(above)

    def _led_to(self, above: list[str]) -> bool:
        """Without a closing: whether no sentence has ended above, or it is one of several entries."""
        if above[-1].rstrip()[-1:] not in _SENTENCE_ENDS:
            return True
        if any(_DELIMITER.fullmatch(line.strip()) for line in above):
            return True
        blank = False
        for n in range(self.start + self._ruled(self.start), self.last):
            bare = cardlines.bare(self.lines[n])
            if blank and bare and not cardlines.kinds(bare):
                return any(line.strip() for line in self.lines[n + 1 : self.last])
            blank = blank or not bare
        return False

    def _closed(self, n: int) -> bool:
        """Below the closing at n and the name under it."""
        text = _words_of(cardlines.bare(self.lines[n]))
        begin = n + 1
        if self.start < self.last and self._ruled(self.start) and self.start - n < 3:
            begin = self.start  # a rule between them: the name is the card's
        elif not _names_after(text) and self._at and not self._said[-1]:
            below = self._at[-1]
            begin = below + 1 if _is_name(cardlines.bare(self.lines[below])) else begin
        if not formal(text) and self._lists(begin):
            return False
        self._may_begin(n, begin)
        self.closed = self.anchor == n
        return self.closed

    def _lists(self, begin: int) -> bool:
        """Whether below "Thanks" other things than a role and a company may stand: what somebody orders."""
        told = [
            self.lines[at].strip(_EDGES)
            for one, at in zip(self._said, self._at, strict=True)
            if at >= begin and not one
        ]
        return len(told) > MOST_INFORMAL or any(line[:1].islower() for line in told)

    def _may_begin(self, anchor: int, begin: int) -> None:
        """Take the lines from `begin` on as the card, if they say how to reach somebody."""
        said = [one for one, at in zip(self._said, self._at, strict=True) if at >= begin]
        found = {kind for one in said for kind in one}
        contact = found & _CONTACT
        if contact and (len(contact) > 1 or len(said) > 1):
            self.anchor, self.start, self.kinds = anchor, begin, found

    def _below_closing(self, n: int) -> bool:
        above = n - 1
        while above > self.first and n - above < 3 and not self.lines[above].strip():
            above -= 1
        return above >= self.first and closing(cardlines.bare(self.lines[above]))

    def _ruled(self, n: int) -> bool:
        return len(self.lines[n]) < cardlines.LONGEST and bool(_DELIMITER.fullmatch(self.lines[n].strip()))

    def _nameless(self) -> list[frozenset[str]]:
        return [one for one in self._said if not one]

    def _named(self, n: int, bare: str) -> bool:
        """Whether this line is the sender's name, with a blank line above."""
        if not self.sender or (n > self.first and self.lines[n - 1].strip()):
            return False
        told = _parts(bare)
        return len(told) > 1 and told <= _parts(self.sender)


def _letter_in(above: list[str]) -> bool:
    """Whether what stands above is a letter in a mail: it begins late, or has been closed before."""
    if any(_letter_begins(line) for line in above[2:]):
        return True
    return any(formal(say.plain(line).strip(_EDGES)) for line in above[:-2] if len(line) < 80)


def named(line: str, sender: str) -> bool:
    """Whether this line says the sender's name, or the half of it."""
    told = _parts(cardlines.bare(line)) if len(line) < 60 else set()
    return bool(told) and told <= _parts(sender)


def _is_name(bare: str) -> bool:
    return len(bare) <= 60 and len(bare.split()) <= 5 and not any(sign.isdigit() for sign in bare)


def _parts(name: str) -> set[str]:
    return {part for part in re.split(r"[\W\d_]+", name[:200].lower()) if len(part) > 1}


def _letter_begins(line: str) -> bool:
    """Whether a letter begins here, as in "Dear Anna,"."""
    text = line.strip()
    if not text or len(text) > 60 or text[-1] not in ",!:;،，：":
        return False
    return say.plain(text).startswith(closings.SALUTATIONS)
