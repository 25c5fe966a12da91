"""What programs, lists and lawyers put below a mail: confidentiality, antivirus, subscription, paper.

Each is a paragraph that says several things which only such a paragraph says together.
"""

import re

from salotto.channels.email.mime.folding import lines as say
from salotto.channels.email.mime.folding.tables import one_of, words

HIGHEST = 40
"""Lines of such a paragraph."""

LONGEST = 6_000
"""Characters of such a paragraph."""

LOOKED_AT = 1_200
"""Characters at its beginning that tell what it is."""

_ABOUT = re.compile(
    one_of(r"""
    this (?:e-?mail | electronic mail | message | communication | transmission) | the (?:information |
    contents?) (?:contained\s | transmitted )?(?:in | of) this | if you (?:are not the |
    have received this | received this) | quest[ao] (?:e-?mail | messaggio | comunicazione |
    documento) | le informazioni (?:contenute | trasmesse) | il contenuto (?:del presente |
    della presente | di quest) | (?:il presente | la presente) (?:messaggio | e-?mail |
    comunicazione) | ai sensi (?:del | dell' | della) | qualora\s | se (?:non siete | avete ricevuto |
    ha ricevuto) | diese[r]? (?:e-?mail | nachricht | mitteilung) | der inhalt dieser | (?:die |
    alle) informationen in dieser | (?:wenn | falls | sollten) sie (?:nicht | diese) | (?:ce |
    le présent) (?:message | courriel | courrier | mail) | cet? e-?mail | les informations contenues |
    si vous (?:n'êtes | avez reçu) | (?:este | el presente) (?:mensaje | correo | e-?mail) |
    la información contenida | si (?:usted )?no es (?:usted )?el | si ha recibido | esta (?:mensagem |
    comunicação) | a informação contida | as informações contidas | se (?:você )?não (?:for | é) o |
    (?:dit | deze) (?:e-?mail | bericht) | dit e-?mailbericht | de informatie (?:in | verzonden) |
    indien u | (?:ta | niniejsza | powyższa) wiadomość | treść (?:tej | niniejszej) wiadomości |
    (?:jeśli | jeżeli) nie | tat?o zpráva | tento e-?mail | obsah (?:této | tejto) | táto správa |
    ta elektronska | ova (?:poruka | e-?mail) | detta (?:e-?post | meddelande | mejl | mail) |
    denne (?:e-?mail | e-?post | mail | meddelelse | melding) | tämä (?:viesti | sähköposti) |
    acest (?:mesaj | e-?mail) | ez az (?:e-?mail | üzenet | elektronikus) | (?:данное | настоящее |
    это) (?:сообщение | письмо | электронное) | (?:цей | даний) лист | (?:це | дане) повідомлення |
    това съобщение | το (?:παρόν )?(?:μήνυμα | e-?mail) | bu (?:e-?posta | mesaj | ileti) | 本(?:メール |
    電子メール | 邮件 | 郵件 | 電子郵件 | 电子邮件) | 이 (?:메일 | 이메일 | 전자우편) | 본 (?:메일 | 이메일)
""")
)
_SECRET = words("""
    confident | confidenc | confidenz | confidenț | confidén | riservat | vertraulich | vertrouwelijk |
    poufn | důvěrn | dôvern | zaupn | povjerljiv | konfiden | fortrolig | luottamuksell | bizalmas |
    конфиденциал | конфіденц | поверителн | εμπιστευτικ | gizli | 機密 | 机密 | 機密 | 기밀 | privileg |
    2016/679 | 196/2003 | gdpr | dsgvo | rgpd
""")
_DUTY = re.compile(
    one_of(r"""
    intended (?:recipient | solely | only | for) | addressee | (?:in | by) error | by mistake |
    destinatari | cancell | distrug | per errore | empfänger | irrtümlich | vernicht | lösch |
    adressat | destinataire | par erreur | supprim | détrui | por error | elimin | borrar | por erro |
    por engano | apagar | geadresseerde | verwijder | adresat | usun | odbiorc | příjemc | smaž |
    vymaž | adresát | prejemnik | primatelj | primaoc | mottagare | modtager | mottaker | radera |
    slet | vastaanottaja | poista | ștergeți | stergeti | címzett | töröl | адресат | получател |
    удалит | видал | изтри | παραλήπτ | διαγράψ | alıcı |
    siliniz | 削除 | 受信者 | 收件人 | 删除 | 刪除 | 수신인 | 삭제
""")
)
_HEADINGS = frozenset(
    words("""
    disclaimer | confidentiality | confidentiality notice | legal notice | legal disclaimer |
    confidentiality disclaimer | privileged and confidential | important notice |
    avviso di riservatezza | riservatezza | informativa privacy | privacy | avvertenza |
    nota di riservatezza | haftungsausschluss | vertraulichkeitshinweis | rechtlicher hinweis |
    hinweis | avis de confidentialité | clause de confidentialité | avertissement | aviso legal |
    aviso de confidencialidad | aviso de confidencialidade | cláusula de confidencialidad |
    vertrouwelijkheidsclausule | klauzula poufności
""")
)
_PERSONAL = re.compile(
    r"\b(?:"
    + one_of(r"""
    i am | i have | i was | i want | i need | i would | i think | i will | i['’](?:m | ve | d | ll) |
    my | ich | mein\w* | mio | mia | miei | io | ho | vorrei | je | j['’]ai | mon | mes | yo | mis? |
    quiero | eu | meu | minha | quero | ik | mijn | jag | jeg | mój | moja | я | мой | моя
""")
    + r")\b"
)
_SELF = re.compile(
    r"\b(?:"
    + one_of(r"""
    i | me | my | ich | mich | mir | io | mi | je | me | moi | yo | eu | ik | mij
""")
    + r")\b"
)

_VIRUS = re.compile(
    one_of(r"""
    virus | virenfrei | senza virus | privo di virus | sans virus | sin virus | libre de virus |
    livre de vírus | no virus | checked by | scanned by | this (?:e-?mail | message) (?:has been |
    was) (?:checked | scanned) | quest[ao] (?:e-?mail | messaggio) (?:è stat[ao] | non contiene) |
    diese (?:e-?mail | nachricht) (?:wurde | ist) | l['’]absence de virus | ce(?:t)? (?:e-?mail |
    courriel | message) (?:a été | ne contient) | este (?:correo | mensaje | e-?mail)\s |
    el software de antivirus | deze e-?mail is | ta wiadomość | wolne od wirusów | tato zpráva |
    это сообщение | проверено | без вирусов
""")
)
_SCANNER = words("""
    avast | avg.com | checked by avg | norton | mcafee | kaspersky | bitdefender | nod32 | sophos |
    malware | archived | mimecast | barracuda | trend micro | clamav | mailscanner | g data | avira |
    drweb | dr.web | f-secure | panda | eset
""")
_MAIL = re.compile(
    one_of(r"""
    mail | posta | message | messaggio | nachricht | courriel | correo | mensaje | mensagem | bericht |
    wiadomo | письм | zpráv | správ | viesti | sähköpost | e-post | mesaj | üzenet | levelet | лист |
    съобщен | μήνυμα | e-posta
""")
)
_PRINT = re.compile(
    one_of(r"""
    print | stamp | druck | imprim | druk | tisk | skriv | tulosta | nyomta | tipări | печат | друку |
    εκτυπ | yazdır
""")
)
_NATURE = words("""
    environment | ambient | umwelt | environnement | milieu | środowisk | prostředí | prostredi |
    miljö | miljø | ympäristö | környezet | mediul | paper | carta | papier | papel | природ |
    окружающ | довкілл | περιβάλλον | çevre | tree | alberi | bäume
""")
_BEFORE = re.compile(
    one_of(r"""
    before | think twice | really | only if | unless | prima di | davvero | se non è | solo se |
    bevor | vor dem | wirklich | avant d | que si | vraiment | antes de | realmente | voordat |
    alvorens | echt nodig | zanim | przed | před | skôr | pred\s | innan | før | ennen | onko |
    înainte | mielőtt | прежде | перед | перш | πριν | önce
""")
)
_SUBSCRIBED = words("""
    you received this message because you are subscribed |
    you received this email because you are subscribed |
    you are receiving this email because you | you are receiving this because you are subscribed |
    you are receiving this message because you | to unsubscribe from this group |
    to unsubscribe from this list | to unsubscribe send an | to unsubscribe, send an |
    hai ricevuto questo messaggio perché | ricevi questo messaggio perché |
    ricevi questa email perché | sie erhalten diese nachricht, weil | sie erhalten diese e-mail, weil |
    sie haben diese nachricht erhalten, weil | vous recevez ce message | vous recevez cet e-mail |
    vous avez reçu ce message, car | has recibido este mensaje porque |
    recibió este mensaje porque | recebeu esta mensagem porque | você recebeu esta mensagem porque |
    je hebt dit bericht ontvangen omdat | u ontvangt dit bericht omdat |
    вы получили это сообщение, поскольку | вы получили это сообщение, потому |
    otrzymujesz tę wiadomość, ponieważ
""")
MOST_OF_BANNER = 8
"""Lines."""

_TAGS = frozenset(
    words("""
    external email | external e-mail | external sender | external message | externe e-mail |
    externe mail | externer absender | email esterna | e-mail esterna | mittente esterno |
    messaggio esterno | mail externe | expéditeur externe | correo externo | remitente externo |
    e-mail externo | externe afzender
""")
)
_WARNING = re.compile(
    one_of(r"""
    \W{0,4}caution\b | \W{0,4}warning\b | \W{0,4}external\b | \W{0,4}attention\b | important\s?: |
    this (?:e-?mail | message)\s | you don[’']t often (?:get | receive) | some people who received this |
    be careful | security notice | \W{0,4}attenzione\b | avviso | mittente esterno | messaggio esterno |
    e-?mail estern | non si ricevono spesso | \W{0,4}achtung\b | \W{0,4}vorsicht\b | extern | diese e-?mail |
    warnung | sie erhalten nicht (?:oft | häufig) | ce(?:t | )\s?(?:e-?mail | message | courriel) |
    expéditeur externe | mail externe | \W{0,4}avertissement | vous n[’'](?:obtenez | recevez) pas souvent |
    \W{0,4}atenci[óo]n\b | \W{0,4}precauci[óo]n | correo externo | este (?:correo | mensaje | e-?mail) |
    remitente externo | no suele recibir | \W{0,4}aten[çc][ãa]o\b | \W{0,4}cuidado\b | let op | pas op |
    deze e-?mail | uwaga | upozornění | \W{0,4}внимание | \W{0,4}обережно | \W{0,4}увага
""")
)
_OUTSIDE = re.compile(
    one_of(r"""
    extern | extérieur | outside | estern | all'esterno | fuori d | außerhalb | dehors d | ajen |
    fuera de | fora d | buiten | zewnątrz | zewnętrzn | mimo organizac | внешн | извне | зовнішн |
    don[’']t often get | not? often receive | don[’']t often receive | non si ricevono spesso |
    nicht (?:oft | häufig) e-?mails | pas souvent (?:de | d[’']) | no suele recibir
""")
)
_CARE = re.compile(
    one_of(r"""
    click | clic | links? | attachment | learn why | why this is important | safe | trust | recogni[sz] |
    allegat | collegament | riconosc | fid(?:ato | ucia) | perché | anhäng | klick | vorsicht | vertrau |
    absender | pièces? jointe | liens? | expéditeur | adjunto | enlace | remitente | conf[ií] | anexo |
    bijlage | klik | afzender | załącznik | příloh | вложен | ссыл | вкладен | посилан
""")
)
_PLACE = re.compile(r"https?://|www\.|@")


def start(lines: list[str], first: int, last: int) -> int:
    """Where the notices begin that end at `last`, with the rules and headings above them; else `last`."""
    below = last
    while below > first and (above := _paragraph(lines, first, below)) < below:
        below = above
    return below


def banner(lines: list[str]) -> int:
    """Where the text begins below what a mail server has put above it, "CAUTION: This email is from
    outside"; 0 if it has not.
    """
    begin = 0
    while begin < len(lines) and begin < 3 and not lines[begin].strip():
        begin += 1
    end = begin
    while end < len(lines) and end - begin < MOST_OF_BANNER and lines[end].strip():
        end += 1
    text = " ".join(" ".join(lines[begin:end])[:LOOKED_AT].lower().split()).strip(" *[]<>|_-=⚠️")
    if not 8 < len(text) < 700 or "?" in text or not _WARNING.match(text):
        return 0
    return end if text in _TAGS or all(one.search(text) for one in (_OUTSIDE, _CARE, _MAIL)) else 0


def _paragraph(lines: list[str], first: int, last: int) -> int:
    """Where the last paragraph before `last` begins if it is a notice, else `last`."""
    end = last
    while end > first and not lines[end - 1].strip():
        end -= 1
    begin = _beginning(lines, first, end)
    if begin == end:
        return last
    above = _above(lines, first, begin)
    ruled = begin > first and say.rule(lines[begin - 1])
    if not _is_notice(lines[begin:end], ruled=ruled):
        return last
    if above < 0:
        return begin
    if say.plain(lines[above]).strip(" *_-=:.!") in _HEADINGS:
        return above
    return last if lines[above].rstrip()[-1:] in {":", "："} else begin  # "What does this mean:"


def _beginning(lines: list[str], first: int, end: int) -> int:
    """The first line of the paragraph that ends at `end`; `end` if it is too long."""
    begin, size = end, 0
    while begin > first and (bare := lines[begin - 1].strip()) and not say.rule(bare):
        size += len(bare)
        begin -= 1
        if size > LONGEST or end - begin > HIGHEST:
            return end
    return begin


def _above(lines: list[str], first: int, begin: int) -> int:
    """The line above a paragraph that says something, -1 if none is near."""
    for n in range(begin - 1, max(first, begin - 4) - 1, -1):
        if lines[n].strip() and not say.rule(lines[n]):
            return n
    return -1


def _is_notice(paragraph: list[str], *, ruled: bool) -> bool:
    text = " ".join(" ".join(paragraph)[:LOOKED_AT].lower().split())
    if _legal(text) or _scanned(text) or _paper(text) or _subscribed(text):
        return True
    return ruled and len(paragraph) <= 8 and "mailing list" in text[:120] and bool(_PLACE.search(text))


def _legal(text: str) -> bool:
    """About whom the mail is for, that it is secret, and what others have to do; by nobody in person."""
    if len(text) < 100 or "?" in text or not any(word in text for word in _SECRET):
        return False
    if not _ABOUT.search(text[:200]):
        return False
    return bool(_DUTY.search(text)) and not _PERSONAL.search(text)


def _scanned(text: str) -> bool:
    """An antivirus program's own praise."""
    if len(text) > 600 or not any(word in text for word in _SCANNER):
        return False
    return bool(_VIRUS.match(text.lstrip(" -_*|[]<>"))) and "?" not in text and not _SELF.search(text)


def _paper(text: str) -> bool:
    """Think before you print."""
    if len(text) > 260 or not any(word in text for word in _NATURE):
        return len(text) < 80 and "think before you print" in text
    if _SELF.search(text) or any(sign.isdigit() for sign in text):
        return False
    return all(one.search(text) for one in (_MAIL, _PRINT, _BEFORE))


def _subscribed(text: str) -> bool:
    """A list's own footer, by how it begins."""
    return text.startswith(_SUBSCRIBED) and bool(_PLACE.search(text)) and not _SELF.search(text)
