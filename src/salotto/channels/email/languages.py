"""The language that a mail to a customer is in, and the one that a customer writes. PURE."""

import re
from collections.abc import Iterable

from django.conf import settings

from salotto.channels.email.mime import htmltext
from salotto.channels.email.mime.htmlfold import visible_text
from salotto.channels.email.models import Mailbox

OTHERS = "en"
"""What is written to somebody whose language is known and is none of the installation's."""
LOOKED_AT = 4_000
"""Characters of a text that are looked at."""
_HTML_LOOKED_AT = 65_536
FEWEST = 3
"""Different words of a language that a text must have to count as written in it."""
_HEAD = 65_536
_END = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(
    rb"^content-language:[ \t]*([a-z]{2,3})(?:-[a-z0-9-]{1,30})?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_WORD = re.compile(r"[^\W\d_]+")

_WORDS = {
    "en": """
        the and you your is are was were have has had with for from this that these my our not please thank
        thanks hello hi dear would could should can will what when where how why which it of to an at be been
        did do does but or if there they we i any about received order regards
    """,
    "it": """
        il lo la gli le un una di del della dei che chi non per con sono è siamo mi vi ci ho ha abbiamo grazie
        ciao buongiorno buonasera salve gentile vorrei posso potete quando dove come cosa quanto questo questa
        mio mia nostro vostro al alla nel nella da dal anche ma se più ordine ricevuto cordiali saluti
    """,
    "de": """
        der die das und ist sind war nicht ich wir sie mir mich mein meine ihre für mit von zu zum zur den dem
        ein eine einen auf bei bitte danke hallo guten wann wo wie was haben hat habe kann können bestellung
        auch aber wenn noch grüße freundlichen
    """,
    "fr": """
        le la les un une des du de et est sont je vous nous mon ma mes votre vos ne pas pour avec sur dans que
        qui bonjour merci quand où comment ai avez avons cette ce commande mais si plus cordialement
    """,
    "es": """
        el la los las un una de del y es son que no por para con mi su me se hola gracias buenos cuándo dónde
        cómo qué tengo tiene hemos he este esta pedido pero si más saludos
    """,
    "pt": """
        o a os as um uma de do da e é são que não por para com meu minha seu olá obrigado obrigada bom quando
        onde como tenho tem este esta pedido mas se mais cumprimentos
    """,
    "nl": """
        de het een en is zijn was niet ik wij we u uw mijn voor met van te op bij graag bedankt hallo wanneer
        waar hoe wat heb heeft kan kunnen bestelling maar als nog groet vriendelijke
    """,
}
"""Words that texts of a language are full of. More languages than the installation has: a text in
one of the others must not count as one that it resembles, and is answered in English."""
_LANGUAGES = {code: frozenset(words.split()) for code, words in _WORDS.items()}


def known(code: str) -> str:
    """The installation's language of this code, `en` for `en-GB`; "" if it has none such."""
    languages = dict(settings.LANGUAGES)
    short = code.partition("-")[0].lower()
    return code if code in languages else short if short in languages else ""


def language_for(mailbox: Mailbox, customer: str = "") -> str:
    """What a mail of this mailbox is written in: the mailbox's own choice, else the customer's
    language, or English if that is known and none of the installation's, else the account's."""
    others = OTHERS if customer else str(mailbox.account.language)
    return known(mailbox.language) or known(customer) or others


def language_of(text: str, said: str = "") -> str:
    """The language that a text is written in, "" where that is not clear. `said` is what its mail
    names as such: it counts where the text is too short to tell, as many programs name the one
    that they are set to."""
    found = _WORD.findall(text[:LOOKED_AT].lower())
    counts = {code: len(words.intersection(found)) for code, words in _LANGUAGES.items()}
    best = max(counts, key=lambda code: counts[code])
    if counts[best] >= FEWEST and counts[best] > 1.5 * _most(counts, best):
        return known(best) or best
    return known(said) or said if counts.get(said, 0) >= _most(counts, said) else ""


def language_of_mail(visible: str, html: str, said: str = "") -> str:
    """The language that a mail is written in, "" where that is not clear: its HTML is asked where
    the text beside it is too short to tell, and then what the mail names, `said`."""
    return language_of(visible) or language_of(_shown(html)) or language_of(visible, said)


def _shown(html: str) -> str:
    """What the HTML says, without what it quotes."""
    page = html[:_HTML_LOOKED_AT]
    return visible_text(page) or htmltext.text(page) if page else ""


def _most(counts: dict[str, int], other_than: str) -> int:
    rest: Iterable[int] = (count for code, count in counts.items() if code != other_than)
    return max(rest, default=0)


def language_header(content: bytes) -> str:
    """The language that a mail names as its own, two or three letters; "" for none or several."""
    found = _HEADER.search(_END.split(content[:_HEAD], maxsplit=1)[0])
    return found[1].decode("ascii").lower() if found else ""
