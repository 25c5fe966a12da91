"""The words by which mail programs begin a quote, a forwarded mail and their own signature.

Tables; everything is compared in lower case with its white space collapsed.
"""

from salotto.channels.email.mime.folding.tables import words as _words

WROTE = {
    "en": _words("wrote | writes | said | has written"),
    "it": _words("ha scritto | scrive | scriveva | ha inviato | ha escrit"),
    "de": _words("schrieb | schreibt | hat geschrieben | schrieben sie | schrieben"),
    "fr": _words("a écrit | a ecrit | écrit | nous a dit"),
    "es": _words("escribió | escribio | escribe | ha escrito"),
    "pt": _words("escreveu | escreve | escrito"),
    "nl": _words("schreef | geschreven | schrijft"),
    "pl": _words("napisał(a) | napisał | napisała | pisze | napisal(a)"),
    "cs": _words("napsal(a) | napsal | napsala | píše"),
    "sk": _words("napísal(a) | napísal | napísala"),
    "sl": _words("je napisal | je napisal/a | je oseba"),
    "hr": _words("je napisao | je napisala | je napisao/la | napisao je"),
    "sv": _words("skrev | skriver"),
    "da": _words("skrev | skriver"),
    "no": _words("skrev | skreiv | følgende"),
    "fi": _words("kirjoitti | kirjoittaa"),
    "et": _words("kirjutas"),
    "lv": _words("rakstīja"),
    "lt": _words("rašė"),
    "hu": _words("írta | ezt írta | írt"),
    "ro": _words("a scris | a scris-o"),
    "el": _words("έγραψε | έγραφε | γράφει"),
    "tr": _words("şunu yazdı | yazdı | tarihinde | şunları yazdı"),
    "ru": _words("написал | написала | написал(а) | писал | писал(а) | писали | пишет | пишут"),
    "uk": _words("пише | написав | написала | написав(ла) | писав | писав(ла)"),
    "bg": _words("написа | пише"),
    "ja": _words("のメール | は書きました | さんは書きました | 書き込みました | が書きました | さんwrote"),
    "zh": _words("写道 | 寫道 | 撰写 | 撰寫 | 写到 | 来信"),
    "ko": _words("님이 작성 | 님이 작성하였습니다 | 님이 쓴 글 | 작성"),
    "he": _words("כתב | כתבה | כתב/ה | כתב(ה) | מאת"),
    "ar": _words("كتب | كتبت | كتب(ت) | كتب/ت"),
    "fa": _words("نوشت"),
    "ca": _words("va escriure | ha escrit | missatge de"),
    "vi": _words("đã viết"),
    "id": _words("menulis"),
    "th": _words("เขียนว่า | เขียน"),
    "hi": _words("ने लिखा"),
}
"""The verb of "On … Anna wrote:"."""

BEGINS = {
    "en": _words("on | at | in message | in article"),
    "it": _words("il giorno | il | in data | alle | da"),
    "de": _words("am | den | vom"),
    "fr": _words("le"),
    "es": _words("el | en"),
    "pt": _words("em | a | no dia"),
    "nl": _words("op"),
    "pl": _words("w dniu | dnia | dn. | on"),
    "cs": _words("dne | dňa | v"),
    "sv": _words("den | på"),
    "da": _words("den | d."),
    "no": _words("den"),
    "hu": _words("ekkor | időpont"),
    "ro": _words("pe | în data | la data | la"),
    "el": _words("στις | την | στις ημερομηνία"),
    "ja": _words("日時"),
    "zh": _words("在 | 于 | 於"),
    "he": _words("בתאריך | ב-"),
    "ar": _words("في | بتاريخ"),
    "fa": _words("در"),
    "ca": _words("el dia | missatge de"),
    "ru": _words("вы писали"),
    "vi": _words("vào | lúc"),
    "id": _words("pada"),
    "lt": _words("data"),
    "bg": _words("на"),
}
"""How such a line begins, where it does not begin with a date or a name."""

FIRST_PERSON = frozenset(
    _words("""
    eu | he | i | ich | ik | io | jag | je | jeg | lei | noi | she | sie | they | tu | vi | we | who |
    wij | wir | you | вы | мы | я
""")
)
"""Before the verb, these make an ordinary sentence: "On Monday I wrote: …"."""

YOU = frozenset(_words("lei | sie | tu | vi | vous | you | вы | ви"))
"""Before the verb, with a day and a time, these make an attribution: "At 3/2/2026 09:00 AM, you wrote:"."""

QUOTING = _words("""
    quoting | zitat von | mensaje citado por | citando a | citando | citat från | citerar | citat fra |
    cytowanie | citace od | citát | citeren | idézet | lainaus | citation de | citazione di | citat de la |
    цитирование | alıntı
""")
"""How Horde's webmail begins, of which no verb follows: "Quoting Anna <anna@example.com>:"."""

FROM = frozenset(
    _words("""
    absender | afsender | avsender | avsändare | da | dari | daripada | de | de la | expedidor |
    expeditor | expéditeur | feladó | fra | from | från | gönderen | kellelt | kimden | lähettäjä |
    mittente | người gửi | no | nuo | od | odosielateľ | pošiljalac | pošiljatelj | prej | remetent |
    remetente | remitente | saatja | siuntėjas | sūtītājs | từ | van | von | šalje | από | від |
    відправник | изпращач | од | от | от кого | отправитель | подател | пошиљалац | шаље | מאת |
    נשלח על ידי | פון | از | فرستنده | من | จาก | ผู้ส่ง | 发件人 | 寄件人 | 寄件者 | 差出人 | 發件人 |
    送信者 | 보낸 사람 | 보낸사람
""")
)
"""Labels in the headers of a quoted mail: who has sent it,"""

SENT = frozenset(
    _words("""
    data | data di invio | data invio | data siuntimo | data/ora | date | date d'envoi | date/time |
    dato | datum | datum slanja | datums | dată | dihantar | dikirim | dátum | elküldve | enviada |
    enviada em | enviado | enviado el | enviado em | enviado às | enviados | enviat | envoyé |
    envoyé le | envoyée | fecha | gesendet | gönderildi | gönderilme | gönderme tarihi | gửi | inviata |
    inviato | inviato il | izsūtīts | išsiųsta | kuupäev | lähetetty | ngày | ngày gửi | nosūtīts |
    odeslané | odesláno | odoslané | poslano | poslata | poslato | pvm | päivämäärä | päiväys |
    saadetud | saatmisaeg | sendt | sent | sent on | skickat | tanggal | tarih | trimis | verzonden |
    verzonden op | wysłane | wysłano | wysłany | đã gửi | ημερομηνία | στάλθηκε | відправлено | дата |
    дата отправки | датум | изпратено | изпратено на | надіслано | отправлено | послато | נשלח | תאריך |
    أُرسلت | ارسال شده | ارسال‌شده | التاريخ | تاريخ | تاریخ | تم الإرسال | วันที่ | ส่ง | ส่งเมื่อ |
    傳送日期 | 发送时间 | 寄件日期 | 日付 | 日時 | 日期 | 时间 | 発信日時 | 發送時間 | 送信日時 | 날짜 |
    보낸 날짜 | 보낸날짜
""")
)
"""when,"""

TO = frozenset(
    _words("""
    a | aan | adresat | adresatas | adressaat | alıcı | an | catre | címzett | către | destinataire |
    destinatari | destinatario | destinatária | do | empfänger | gavėjas | kam | kellele | kepada |
    kime | komu | kuhu | modtager | mottagare | mottaker | người nhận | ontvanger | para | pour |
    prejemnik | prima | primalac | primatelj | saaja | saņēmējs | til | till | to | tới |
    vastaanottaja | za | à | đến | προς | до | кому | отримувач | получател | получатель | примаоц |
    אל | إلى | به | ถึง | 受信者 | 宛先 | 收件人 | 받는 사람 | 받는사람
""")
)
"""to whom,"""

SUBJECT = frozenset(
    _words("""
    aihe | assumpte | assunto | asunto | betr | betreff | chủ đề | emne | konu | objet | ogg | oggetto |
    onderwerp | perihal | predmet | předmět | re | rif | subiect | subj | subject | subjek | sujet |
    teema | tema | temat | temats | tiêu đề | tárgy | tēma | zadeva | ämne | θέμα | наслов | об |
    относно | предмет | тема | נושא | الموضوع | موضوع | หัวเรื่อง | เรื่อง | 主旨 | 主題 | 主题 | 件名 | 제목
""")
)
"""about what,"""

OTHER = frozenset(
    _words("""
    adjuntos | allegati | allegato | anexos | anhang | anhänge | anlagen | antwoord aan | antwort an |
    atașamente | attachment | attachments | bcc | bcn | belang | bijlagen | bilag | bilagor | bilgi |
    c.c. | cc | cci | ccn | cco | copia | copia per conoscenza | copie | copie à | cópia |
    cópia oculta | cópia para | dw | ekler | importance | importanza | in copia | kiireellisyys |
    koopia | kopi | kopia | kopie | kopija | kopio | kópia | kópija | lampiran | liitteet |
    mellékletek | message-id | másolat | másolatot kap | odpowiedz do | organisation | organization |
    per conoscenza | pièce jointe | pièces jointes | prioridad | prioridade | prioriteit | priority |
    priorità | priorität | priorité | prílohy | přílohy | reply-to | responder a | rispondi a | réf |
    répondre à | salin | sensitivity | vedlegg | vertraulichkeit | wichtigkeit | x-mailer | załączniki |
    đính kèm | κοιν. | κοινοποίηση | вкладення | вложения | копие | копия | копија | копія | עותק |
    نسخة | สำเนา | 副本 | 抄送 | 添付ファイル | 附件 | 참조 | 첨부
""")
)
"""and the others."""

ORIGINAL = frozenset(
    _words("""
    algne kiri | alkuperäinen sähköposti | alkuperäinen viesti | antwort nachricht | antwort-nachricht |
    correo original | courriel original | courrier original | e-mail original | e-mail originale |
    email originale | eredeti levél | eredeti üzenet | izvirno sporočilo | izvorna poruka |
    mail original | mail originale | mensagem original | mensaje original | mesaj original |
    mesajul inițial | mesajul original | message d'origine | message initial | message original |
    messaggio originale | missatge original | oorspronkelijk bericht | opprinnelig e-post |
    opprinnelig melding | oprindelig besked | oprindelig mail | oprindelig meddelelse | originaalkiri |
    original | original appointment | original besked | original email | original mail |
    original melding | original message | original nachricht | original-nachricht | originalmail |
    originalmeddelande | originalna poruka | originalnachricht | originalno sporočilo |
    originalus laiškas | origineel bericht | originālais ziņojums | orijinal ileti | orijinal i̇leti |
    orijinal mesaj | orjinal mesaj | oryginalna wiadomość | oryginalny e-mail | oryginalny list |
    pesan asli | pierwotna wiadomość | pradinis laiškas | pôvodná správa | pôvodný e-mail |
    pôvodný email | původní e-mail | původní email | původní zpráva | reply above this line |
    reply message | thư gốc | tin nhắn gốc | treść oryginalnej wiadomości |
    ursprungligt e-postmeddelande | ursprungligt mail | ursprungligt meddelande | ursprüngliche e-mail |
    ursprüngliche mail | ursprüngliche nachricht | wiadomość oryginalna | özgün ileti | αρχικό μήνυμα |
    вихідне повідомлення | исходное письмо | исходное сообщение | оригинална порука | оригинално писмо |
    оригинално съобщение | оригинальное письмо | оригинальное сообщение | оригінальне повідомлення |
    первоначальное сообщение | ההודעה המקורית | הודעה מקורית | الرسالة الأصلية | رسالة أصلية |
    پیام اصلی | ข้อความต้นฉบับ | オリジナルメッセージ | 元のメッセージ | 元のメール | 原始信件 |
    原始訊息 | 原始邮件 | 原始邮件信息 | 原始郵件 | 原文 | 原邮件 | 回复的原邮件 | 원본 메시지 |
    원본 메일 | 원본메시지
""")
)
"""What stands between dashes: -----Original Message-----."""

FORWARDED = frozenset(
    _words("""
    correo reenviado | courriel transféré | courrier transféré | doorgestuurd bericht |
    doorgestuurd e-mailbericht | doorgestuurde mail | e-mail encaminhado | e-mail inoltrata |
    edastatud kiri | edastatud sõnum | edelleenlähetetty viesti | forwarded by | forwarded mail |
    forwarded message | forwarded message follows | fwd | iletilen ileti | iletilen mesaj |
    iletilmiş mesaj | inoltrato da | mail inoltrata | mail transféré | mensagem encaminhada |
    mensagem reencaminhada | mensagem reenviada | mensaje reenviado | mesaj redirecționat |
    mesaj transmis | message réexpédié | message transféré | message transmis | messaggio inoltrato |
    missatge reenviat | persiųsta žinutė | persiųstas laiškas | pesan terusan | pesan yang diteruskan |
    posredovano sporočilo | preposlaná správa | preposlaný e-mail | prosleđena poruka |
    proslijeđena poruka | przekazana wiadomość | przesłana wiadomość | pārsūtīts ziņojums |
    přeposlaná zpráva | přeposlaný e-mail | resent message | thư chuyển tiếp | thư được chuyển tiếp |
    tin nhắn được chuyển tiếp | továbbított levél | továbbított üzenet | treść przekazanej wiadomości |
    vidarebefordrad e-post | vidarebefordrat meddelande | videresendt besked | videresendt e-post |
    videresendt mail | videresendt melding | välitetty viesti | weitergeleitete e-mail |
    weitergeleitete mail | weitergeleitete nachricht | wiadomość przekazana |
    wiadomość przesłana dalej | yönlendirilmiş ileti | προωθημένο μήνυμα | переадресованное сообщение |
    переслане повідомлення | пересланное письмо | пересланное сообщение | пересылаемое письмо |
    пересылаемое сообщение | препратено писмо | препратено съобщение | прослеђена порука |
    הודעה שהועברה | رسالة معاد توجيهها | پیام بازارسال‌شده | پیام هدایت‌شده | ข้อความที่ส่งต่อ |
    已轉寄的郵件 | 転送されたメッセージ | 転送メッセージ | 転送メール | 轉寄訊息 | 轉寄郵件 | 转发信息 |
    转发的邮件 | 转发邮件 | 전달된 메시지 | 전달된 메일
""")
)
"""What stands there above a mail that is passed on: it is no quote, the writer wants it read."""

BEGIN_FORWARDED = frozenset(
    _words("""
    anfang der weitergeleiteten e-mail | anfang der weitergeleiteten nachricht |
    begin doorgestuurd bericht | begin forwarded message | begin of forwarded message |
    begin van doorgestuurd bericht | början på vidarebefordrat brev | doorgestuurd bericht |
    début du message réexpédié | début du message transféré | forwarded message |
    iletilen ileti başlangıcı | inicia mensaje reenviado | inicio del mensaje reenviado |
    inizio messaggio inoltrato | início da mensagem encaminhada | início da mensagem reencaminhada |
    mensagem encaminhada | mensagem reencaminhada | mensaje reenviado | message transféré |
    messaggio inoltrato | początek przekazanej wiadomości | początek przekazywanej wiadomości |
    start av videresendt melding | start på videresendt besked | továbbított üzenet kezdete |
    vidarebefordrat brev | vidarebefordrat meddelande | videresendt besked | videresendt melding |
    välitetty viesti | välitetty viesti alkaa | weitergeleitete nachricht |
    započni proslijeđenu poruku | začiatok preposlanej správy | začátek přeposílané zprávy |
    începutul mesajului redirecționat | αρχή προωθημένου μηνύματος |
    начало переадресованного сообщения | початок пересланого повідомлення | בתחילת ההודעה שהועברה |
    بدء الرسالة المعاد توجيهها | 下面是被转发的邮件 | 以下は転送されたメッセージです |
    転送されたメッセージ | 转发的邮件 | 開始轉寄的郵件 | 開始轉寄訊息 | 開始轉寄郵件 |
    전달된 메시지 시작 | 전달된 메시지를 시작합니다
""")
)
"""How Apple's programs introduce what they forward."""

FORWARD_SUBJECTS = frozenset(
    _words("""
    fw | fwd | wg | tr | rv | i | enc | res enc | doorst | vb | vl | pd | továbbítás | tovább |
    ilt | πρθ | προώθ | пересл | пер | препр | proslijeđeno | prosleđeno | posr | edasi | edastatud |
    pārs | persiųsta | reenv | reenc | inoltro | inoltra | weitergel | transf | 转发 | 轉寄 | 轉發 | 転送 |
    전달 | הועבר | إعادة توجيه | بازارسال | chuyển tiếp | trs
""")
)
"""What programs write before the subject of a mail that they pass on."""

SENT_FROM = _words("""
    sent from hey | ارسال‌شده از | verzonden vanuit | verstuurd vanuit | libero mail | virgilio mail |
    نُشر من | sent from | sent via | sent with | sent using | sent by | sent on the go |
    get outlook for | get the outlook | download the outlook | inviato da | inviato con |
    inviato tramite | inviata da | scarica outlook | ottieni outlook | gesendet von | gesendet mit |
    gesendet über | diese nachricht wurde von | versendet mit | versendet von | holen sie sich outlook |
    laden sie outlook | envoyé de | envoyé depuis | envoyé à partir | envoyé avec | envoyé par |
    envoyé via | envoyée de | obtenez outlook | télécharger outlook | enviado desde | enviado de |
    enviado do | enviado a partir | enviado con | enviado com | enviado pelo | enviado por |
    enviado via | obtener outlook | obter o outlook | obter outlook | obtenha o outlook |
    descargar outlook | obtenga outlook | verzonden vanaf | verstuurd vanaf | verzonden met |
    verstuurd met | verzonden via | verstuurd via | download outlook | wysłano z | wysłane z | pobierz |
    uzyskaj aplikację outlook | odesláno z | odoslané z | odesláno pomocí | získat outlook |
    stáhnout outlook | získejte outlook | skickat från | skickades från | skickat med | hämta outlook |
    skaffa outlook | sendt fra | sendt med | sendt via | hent outlook | få outlook | lähetetty |
    hanki outlook | elküldve | küldve | az outlook beszerzése | trimis de pe | trimis din |
    trimis de la | trimis prin | obțineți outlook | descărcați outlook | στάλθηκε από | εστάλη από |
    αποστολή από | λήψη του outlook | gönderildi | ios için outlook | android için outlook |
    отправлено с | отправлено из | отправлено через | послано с | скачать outlook | получить outlook |
    надіслано з | надіслано зі | отримати outlook | завантажити outlook | outlook for ios を |
    ios 版 outlook | outlook for android を | 发自 | 發自 | 获取 | 下載 | 取得 outlook | 나의 iphone |
    내 iphone | outlook for ios 다운로드 | ios용 outlook | android용 outlook | נשלח מה | נשלח מ |
    השג את outlook | קבל את outlook | أرسلت من | أُرسلت من | تم الإرسال من | مرسل من |
    الحصول على outlook | احصل على outlook | enviat des | sent wirelessly | envoyé sans fil |
    obtenir outlook | this message was sent from | this email was sent from |
    this e-mail was sent from | message sent from | email sent from | messaggio inviato da |
    messaggio inviato con | inviato dal | inviata dal | inviato dalla | inviato via |
    message envoyé depuis | message envoyé de | ce message a été envoyé depuis | envoyé du |
    envoyée depuis | mensaje enviado desde | enviado mediante | mensagem enviada | enviado através |
    dit bericht is verzonden | wiadomość wysłana z | wysłano przez | poslano s | poslano z |
    poslano iz | poslato sa | poslato iz | saadetud minu | saadetud | nosūtīts no | sūtīts no |
    išsiųsta iš | изпратено от | пратено от | послато са | được gửi từ | đã gửi từ | gửi từ |
    dikirim dari | dikirim melalui | ส่งจาก | ارسال شده از | ارسال از | فرستاده شده از | skickat via |
    sänt från | skickat i från | skickat ifrån | отправлено со | отправлено при помощи |
    надіслано через | 由我的 | 使用 | preuzmite outlook | prenesite outlook | изтеглете outlook |
    tải outlook | dapatkan outlook | ดาวน์โหลด outlook | yahoo mail: search, organize, conquer |
    yahoo mail: cerca, organizza, conquista | yahoo mail: suchen, organisieren, erobern
""")
"""How a program's own line at the end begins; it must also name a device or a program."""

SENT_FROM_WEAK = _words("""
    von meinem | von meiner | mit der | az én | outlook für | outlook voor | outlook pour | outlook para |
    outlook per | outlook til | outlook för | fra min | från min | from my iphone | from my ipad |
    from my android | from my mobile | 从我的 | 從我的 | 来自
""")
"""How one may begin, and how people also begin a sentence: it is one if it is short, or links to a shop."""

SENT_FROM_ENDS = _words("""
    から送信 | から送信されました | 에서 보냄 | 에서 보냈습니다 | 傳送 | 发送 | gönderildi | lähetetty |
    gesendet | küldve | を入手 | verzonden | verstuurd | 표시 | から送信しました | よりメール送信 |
    からの送信 | 발송 | 전송 | 보냄
""")
"""How such a line may end where the verb comes last."""

TELLS = frozenset(
    _words("""
    not | didn't | doesn't | don't | can't | couldn't | never | yesterday | today | arrived | works |
    non | ieri | oggi | funziona | arrivato | arrivata | nicht | gestern | heute | geht | funktioniert |
    pas | hier | aujourd'hui | marche | llegó | llega | ayer | hoy | funciona | chegou | ontem | hoje |
    não | niet | gisteren | vandaag | werkt | nie | działa | wczoraj | не | вчера | сегодня | ikke |
    inte | ei
""")
)
"""A line with one of these is a sentence of a person: "Sent from my phone, it did not arrive"."""

DEVICES = _words("""
    bluemail | tim mail | from hey | iphon | iphone | ipad | android | outlook | samsung | huawei |
    xiaomi | galaxy | pixel | nokia | blackberry | phone | smartphone | handy | mobil | cellul | móvil |
    celular | telefon | telefoon | téléphone | telemóvel | puhelime | okostelefon | κινητ |
    cep telefon | телефон | смартфон | айфон | айпад | yahoo | gmail | gmx | web.de | proton | libero |
    virgilio | tiscali | mail.ru | яндекс | yandex | aol | tablet | tutanota | tuta | fastmail |
    thunderbird | spark | k-9 | fairemail | boxer | telekom | orange | aqua mail | myphone | mail app |
    e-mail-app | mailapp | posta per windows | mail for windows | mail für windows |
    courrier pour windows | correo para windows | windows | 手机 | 手機 | スマートフォン | スマホ |
    携帯 | 핸드폰 | 휴대폰 | טלפון | الهاتف | هاتف | jolla | qq邮箱 | 网易邮箱 | naver | airmail |
    mailbox | alcatel | htc | motorola | moto g | moto e | lg- | sony | xperia | oneplus | oppo |
    realme | honor | redmi | lumia | ipod | macbook | my mac | cell | fairphone | zte | vivo | zenfone |
    sparrow | acompli | nine | zoho | hey.com | mailspring | superhuman | newton | edison | canary |
    missive | front | shortwave | polymail | roundcube | zimbra | infomaniak | posteo | mailbox.org |
    t-online | freenet | onet | interia | seznam | centrum | bluewin | swisscom | sfr | laposte |
    free.fr | yandex.mail | uol | terra | telegram | chromebook | surface | apple watch | smart watch |
    telenor | vodafone | o2 | móbil | portable | điện thoại | โทรศัพท์ | گوشی | mobiel | tablette |
    mobilní | iphone’ | my cell | vivo phone | sony xperia | honor phone | nine for
""")
"""One of these is in every such line."""
