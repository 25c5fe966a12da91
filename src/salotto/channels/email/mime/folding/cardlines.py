"""What stands in one line of a contact card: numbers, addresses, registers, a role, a company.

Only for short lines: nothing here looks at one longer than LONGEST, and no expression goes back.
"""

import re

from salotto.channels.email.mime.folding.tables import one_of, words

LONGEST = 200
"""Characters of a line of a card."""

LONGEST_WORDS = 90
"""Characters of what is neither number nor address: role, company, department."""

_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_BESIDE = re.compile(
    r"<(?:https?://|mailto:|tel:)[^\s<>]{1,900}>|\[cid:[^\]\s]{1,200}\]|\[image:[^\]]{0,80}\]"
)
_LIST = re.compile(r"(?:[-*•+–]\s|\d{1,2}[.)x×]\s|\d{1,3}\s?[x×]\s|>)")
_DATE = re.compile(
    r"(?<!\d)(?<!\d[./-])\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?![./-]?\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
)
_MONEY = re.compile(r"[€$£¥₽₺]|\b(?:eur|usd|chf|gbp|euro)\b", re.IGNORECASE)

_MAIL = re.compile(
    r"(?:(?<!\w)(?:e-?mail|mail|e-?posta?|posta elettronica|pec|correo(?: electrónico)?|courriel|mél|e|m"
    r"|эл\. ?почта|почта|email|邮箱|メール|이메일)\s?[:.]?\s?)?"
    r"(?:mailto:)?<?[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}>?",
    re.IGNORECASE,
)
_WEB = re.compile(
    r"(?:(?<!\w)(?:web(?:site|seite)?|internet|sito(?: web)?|site|url|www|w|i|homepage|сайт)\s?[:.]?\s?)?"
    r"<?(?:https?://|www\.)(?P<at>[^\s<>|]{3,160})>?",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9-]{2,60}(?:\.[a-z0-9-]{2,60}){0,2}\.[a-z]{2,12}/?", re.IGNORECASE)
_NETWORK = re.compile(
    r"(?:[a-z]{2,3}\.)?(?:linkedin|facebook|instagram|twitter|x|xing|youtube|calendly|wa|t|github|tiktok)\.\w{2,3}/"
)
_DEEP = re.compile(r"[?=&#]|\d{4}")

_NUMBER = r"(?:\+|00)?\s?\(?\d[\d ()./\u00a0–-]{4,22}\d"
_LABELS = one_of(r"""
    tel(?:efon[oie]? | ephone | éfono | éphone | efoon | \.?/fax | efonszám)? | tél(?:éphone)? |
    phone | direct | office | mobile? | mob | cell(?:ulare | phone)? | cel(?:ular)? | fax | handy |
    móvil | movil | port(?:able)? | fixe | standard | telemóvel | tlm | tlf | tfno | gsm | mobiel |
    telefax | durchwahl | zentrale | centralino | ufficio | kom(?:órka)? | puh(?:elin)? |
    matkapuhelin | växel | tfn | mobiltelefon | mobil | whats?app | hotline | dw | тел | телефон |
    моб | мобильный | факс | τηλ | κιν | φαξ | 电话 |
    電話 | 手机 | 手機 | 传真 | 携帯 | 전화 | 휴대폰 | 팩스 | טלפון |
    נייד | هاتف | جوال | ph
""")
_PHONE = re.compile(
    rf"(?<!\w)(?:(?:{_LABELS})(?:[ ./]{{1,3}}(?:no|nr|n°|fax|mobile|office|diretto|direct))?"
    rf"[ \u00a0.:：)]{{0,4}}|"
    rf"[tmfpdhco]\s?[.:)]\s?|[tmfpdhco]\s(?=[+0(]))(?P<labelled>{_NUMBER})"
    r"|(?<![\w#])(?P<bare>(?:\+\d|\(\+?\d|0\d)[\d ()./\u00a0–-]{5,22}\d|\d{3}[-.]\d{3}[-.]\d{4}(?!\d)"
    r"|\+\d{8,15}(?!\d))(?![\w])",
    re.IGNORECASE,
)
_REGISTER = re.compile(
    r"(?<!\w)(?:"
    + one_of(r"""
    p\.? ?i\.?v\.?a\.? | partita iva | c\.? ?f\.? | cod(?:ice | \.) fisc(?:ale | \.) |
    ust-?\s?id\w{0,4}(?:[.-]{0,2}nr\.?)? | steuer-?nr | steuernummer | vat(?: (?:no | nr | number |
    reg | id))? | tva(?: intracom\w{0,12})? | siret | siren | rcs | r\.c\.s | ape | naf | nif | cif |
    n\.i\.f | c\.i\.f | nipc | kvk(?:[- ]nummer)? | btw(?:[- ](?:nummer | nr))? | nip | regon | krs |
    ičo? | ico | dič | dic | hr[ab] | rea | r\.e\.a | company (?:no | number | reg\w{0,10}) |
    org(?:\. | anisations?)?\s?nr | cvr(?:-nr)? | y-tunnus | cui | adószám | инн | кпп | огрн |
    α\.?φ\.?μ | sdi | codice sdi | codice univoco | uid | che
""")
    + r")[\s.:°#/-]{0,4}(?:n[ro°.]{1,2}[\s.:]{0,2})?"
    r"(?:[A-Z]{0,3}[ -]?\d[\d .\u00a0/-]{4,20}\w?|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z])",
    re.IGNORECASE,
)
_REGISTERED = words("""
    geschäftsführ | amtsgericht | registergericht | handelsregister | sitz der | vorstand: |
    aufsichtsrat | vorsitz | registered in | registered office | registered company |
    capitale sociale | cap. soc | sede legale | sede operativa | siège social | capital social |
    registro imprese | registro delle imprese | iscritta al | reg. imp | company registration |
    société au capital | sas au capital | sarl au capital | managing director: | managing directors: |
    inscrita en | sąd rejonowy | kapitał zakładowy | spisová značka | zapsan | firmenbuch
""")
_STREET = re.compile(
    r"(?<!\w)(?:"
    + one_of(r"""
    via | viale | v\.le | piazza | p\.zza | piazzale | corso | c\.so | largo | vicolo | strada | rue |
    avenue | av | bd | boulevard | place | chemin | allée | impasse | quai | calle | c/ | avda |
    avenida | plaza | paseo | rua | travessa | praça | largo | street | st | road | rd | lane | ln |
    drive | dr | ave | square | sq | close | court | ul | ulica | al | aleja | pl | улица | ул |
    проспект | пр | вул | вулиця | bul | str | strada | bulevardul | trg | cesta | utca | út | tér |
    körút | postfach | p\.?o\.? ?box | casella postale | apartado | bp | box
""")
    + r")(?!\w)|\w(?:"
    + one_of(r"""
    str\. | straße | strasse | weg | platz | allee | gasse | ring | damm | ufer | straat | laan |
    plein | gracht | singel | kade | gatan | vägen | vej | gade | gate | veien | veg | gata | katu |
    tie | väg | torget | torg | plads
""")
    + r")(?!\w)|号|號|丁目|番地|路",
    re.IGNORECASE,
)
_TOWN = re.compile(
    r"(?<![\w.])(?:[A-Z]{1,2}[-–] ?)?(?:\d{4,6}|\d{2}-\d{3}|\d{3} \d{2}|\d{4}-\d{3}|\d{4} [A-Z]{2})"
    r"(?: ?[A-Z]{2})?,? [^\W\d_a-z]"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?!\w)|,? [A-Z]{2} \d{5}(?!\d)|〒?\d{3}-\d{4}"
)
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d{3}|\d[ .]\d{3}|\d+:\d\d")
_FACT = re.compile(
    r"\b(?:"
    + one_of(r"""
    order | invoice | customer | client | account | reference | ref | ticket | case | booking |
    reservation | room | flight | serial | model | tracking | iban | bic | swift | password | pin |
    code | article | item | size | qty | quantity | colou?r | date | ordine | fattura | cliente |
    prenotazione | camera | volo | matricola | modello | pratica | codice | taglia | misura | colore |
    bestell\w* | auftrag\w* | rechnung\w* | kunden\w* | buchung\w* | zimmer | flug | serien\w* |
    vorgang\w* | aktenzeichen | artikel | größe | farbe | commande | facture | réservation | chambre |
    vol | dossier | série | taille | pedido | factura | reserva | habitación | vuelo | expediente |
    talla | encomenda | fatura | quarto | voo | tamanho | bestelling | bestelnummer | factuur |
    klantnummer | reservering | boeking | kamer | vlucht | maat | zamówieni\w* | faktura | klienta |
    rezerwacj\w* | pokój | lot | заказ\w* | счет\w* | номер | бронь | kundnummer | objednávk\w* |
    faktúra | rendelés | számla | comanda | konto\w* | kontonummer | conto | cuenta | conta | compte |
    rekening\w*
""")
    + r")\b",
    re.IGNORECASE,
)
_SENTENCE = frozenset(
    words("""
    i | i'm | i've | i'd | i'll | you | your | my | me | please | thanks | thank | is | are | was |
    were | be | have | has | had | would | could | should | don't | can't | need | want | this | that |
    if | when | where | why | they | these | those | does | did | not | there | here | call | send |
    arrived | received | tomorrow | today | yesterday | mio | mia | miei | mie | io | mi | sono | è |
    siamo | ho | ha | abbiamo | avete | vorrei | può | puoi | potete | posso | vostro | vostra |
    favore | non | che | perché | quando | dove | come | grazie | questo | questa | se | oggi |
    domani | ieri | ich | wir | sie | ihr | ihnen | mir | mich | uns | bitte | danke | ist | sind |
    war | habe | haben | hat | wird | werden | kann | können | nicht | kein | mein | meine | dass |
    wenn | wo | wann | warum | noch | heute | morgen | gestern | je | tu | nous | vous | j'ai | est |
    sont | suis | avons | avez | pas | merci | mon | ma | mes | votre | vos | que | qui | quand | où |
    comment | pourquoi | veuillez | svp | yo | usted | ustedes | nosotros | soy | es | son | está |
    tengo | tiene | tenemos | gracias | mis | qué | cuando | cuándo | donde | dónde | cómo | puede |
    pueden | quiero | hoy | mañana | eu | você | vocês | nós | sou | são | tenho | tem | temos |
    obrigado | meu | minha | onde | não | pode | quero | hoje | amanhã | ik | wij | uw | jullie |
    mijn | ons | zijn | heb | hebben | heeft | kan | kunnen | niet | graag | alstublieft | dat | als |
    waar | waarom | vandaag | proszę | jest | są | mam | mamy | nie | że | kiedy | gdzie | mój | moja |
    moje | dziś | jutro | já | prosím | jsou | mám | máme | není | kdy | kde | můj | som | sem |
    nisem | imam | prosim | molim | nisam | jag | är | har | inte | mitt | jeg | er | ikke | mit |
    ikkje | minä | olen | ole | kiitos | mina | palun | man | ir | nav | aš | yra | prašau | én | nem |
    van | kérem | sunt | este | nu | vă | rog | είμαι | είναι | έχω | δεν | παρακαλώ | μου | ben |
    lütfen | değil | var | я | мы | вы | не | это | есть | мой | моя | ваш | прошу | пожалуйста | что |
    когда | где | меня | нас | вас | мені | це | є | будь | ласка | моля | съм | има | няма
""")
)
"""Words of sentences, which neither a role nor a company bears; too many are safer than too few."""

_PUNCTUATION = " \t\xa0,;|·•/\\()[]{}<>*_-–—:»«\"'"
_CUT = re.compile(r"[\s,;|·•/()&\"“”*_]+")
_NETWORKS = re.compile(
    r"(?:linkedin|facebook|instagram|twitter|xing|youtube|skype|whatsapp|blog)\s?:?", re.IGNORECASE
)
_LETTER = re.compile(r"[A-Z] (?:https?:|www\.)")  # "I www.shop.example": internet
_ENDS = "。．！？…"


def bare(line: str) -> str:
    """The line without what programs put beside its words: links, pictures, marks of direction."""
    line = line[: 5 * LONGEST]
    if "<" in line or "[" in line:
        line = _BESIDE.sub(" ", line)
    return _MARKS.sub("", line).strip(" \t\xa0*_|")


def kinds(line: str) -> frozenset[str] | None:
    """What stands in this line (by `bare`) of a card: phone, mail, web, register, place; nothing of
    these in a name, a role or a company. None if it is no line of a card.
    """
    if len(line) > LONGEST or "?" in line or line[-1:] in "!:;…" or _LIST.match(line) or _sentence(line):
        return None
    if line.lower().startswith(_REGISTERED):
        return frozenset({"register"})
    found: set[str] = set()
    rest = _taken(line, found)
    if rest is None or not _short(rest.strip(_PUNCTUATION), placed="place" in found):
        return None
    return frozenset(found)


def _taken(line: str, found: set[str]) -> str | None:
    """The line without its numbers and addresses, which are named in `found`; None if one is no card's."""
    rest = line
    if "@" in rest and (after := _MAIL.sub(" ", rest)) != rest:
        found.add("mail")
        rest = after
    if "://" in rest or "www." in rest.lower():
        if any(_deep(one["at"]) for one in _WEB.finditer(rest)):
            return None
        found.add("web")
        rest = _WEB.sub(" ", rest)
    if _DIGIT.search(rest):
        rest = _numbers(rest, found)
    if "." in rest and _HOST.fullmatch(rest.strip(_PUNCTUATION)):
        found.add("web")
        return ""
    return _NETWORKS.sub(" ", rest) if ":" in rest else rest


def _deep(at: str) -> bool:
    """Whether an address on the web leads to a page of its own, as one sends it to somebody."""
    if _NETWORK.match(at.lower().removeprefix("www.")):
        return len(at) > 100
    path = at.partition("/")[2]
    return len(path) > 30 or path.count("/") > 2 or bool(_DEEP.search(path))


def _numbers(rest: str, found: set[str]) -> str:
    after = _REGISTER.sub(" ", rest)
    if after != rest:
        found.add("register")
    rest = after
    if not _DATE.search(rest):
        after = _PHONE.sub(_without_phone, rest)
        if after != rest:
            found.add("phone")
        rest = after
    if _TOWN.search(rest) or (_DIGIT.search(rest) and _STREET.search(rest)):
        found.add("place")
    return rest


def _without_phone(match: re.Match[str]) -> str:
    digits = sum(sign.isdigit() for sign in match["labelled"] or match["bare"] or "")
    least = 5 if match["labelled"] else 7
    return " " if least <= digits <= 15 else match[0]


def _short(rest: str, *, placed: bool) -> bool:
    """Whether these words are no statement and no fact: a role, a company, a town."""
    if not rest:
        return True
    if len(rest) > LONGEST_WORDS or ":" in rest or rest[-1] in _ENDS or _stops(rest):
        return False
    if not _DIGIT.search(rest):
        return True
    if _FACT.search(rest) or _MONEY.search(rest) or _DATE.search(rest):
        return False
    return placed or not _DIGITS.search(rest)


def _stops(rest: str) -> bool:
    """Whether it ends with a full stop that is not that of an abbreviation: S.p.A., Inc."""
    last = rest.rpartition(" ")[2]
    return last.endswith(".") and len(last) > 7 and "." not in last[:-1]


def _sentence(line: str) -> bool:
    line = line[2:] if _LETTER.match(line) else line
    told = [word if len(word) > 3 else _initials(word) for word in _CUT.split(line)]
    return not _SENTENCE.isdisjoint(word.lower().strip(".,'’") for word in told)


def _initials(word: str) -> str:
    """A short word, "" if it is in capitals or one letter with a dot: (MI), IT, HA, i. A."""
    return "" if (len(word) > 1 and word.isupper()) or word[1:] == "." else word
