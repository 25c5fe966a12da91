"""The words by which mail programs begin a quote, a forwarded mail and their own signature.

Tables; everything is compared in lower case with its white space collapsed.
"""

from salotto.channels.email.mime.folding.tables import words as _words

WROTE = {
    "en": _words("wrote | writes | said | has written"),
    "it": _words("ha scritto | scrive | scriveva | ha inviato | ha escrit"),
    "de": _words("schrieb | schreibt | hat geschrieben"),
    "fr": _words("a écrit | a ecrit | écrit"),
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
    "ru": _words("написал | написала | написал(а) | писал | писал(а) | пишет | пишут"),
    "uk": _words("пише | написав | написала | написав(ла) | писав | писав(ла)"),
    "bg": _words("написа | пише"),
    "ja": _words("のメール | は書きました | さんは書きました | 書き込みました | が書きました | さんwrote"),
    "zh": _words("写道 | 寫道 | 撰写 | 撰寫 | 写到 | 来信"),
    "ko": _words("님이 작성 | 님이 작성하였습니다 | 님이 쓴 글 | 작성"),
    "he": _words("כתב | כתבה | כתב/ה | כתב(ה) | מאת"),
    "ar": _words("كتب | كتبت | كتب(ت) | كتب/ت"),
    "fa": _words("نوشت"),
    "ca": _words("va escriure | ha escrit"),
    "vi": _words("đã viết"),
    "id": _words("menulis"),
    "th": _words("เขียนว่า | เขียน"),
    "hi": _words("ने लिखा"),
}
"""The verb of "On … Anna wrote:"."""

BEGINS = {
    "en": _words("on | at"),
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

FROM = frozenset(
    _words("""
    absender | da | de | de la | expeditor | expéditeur | feladó | fra | from | från | gönderen |
    kimden | lähettäjä | mittente | od | odosielateľ | remetente | remitente | van | von | από | від |
    от | от кого | от: | מאת | من | 发件人 | 寄件人 | 寄件者 | 差出人 | 發件人 | 送信者 | 보낸 사람 |
    보낸사람
""")
)
"""Labels in the headers of a quoted mail: who has sent it,"""

SENT = frozenset(
    _words("""
    data | data invio | date | date d'envoi | dato | datum | dată | dátum | elküldve | enviada |
    enviada em | enviado | enviado el | enviado em | envoyé | envoyé le | fecha | gesendet |
    gönderildi | gönderilme | gönderme tarihi | inviato | inviato il | lähetetty | odesláno |
    odoslané | pvm | päivämäärä | sendt | sent | sent on | skickat | tarih | trimis | verzonden |
    wysłane | wysłano | ημερομηνία | στάλθηκε | дата | надіслано | отправлено | נשלח | תאריך |
    أُرسلت | التاريخ | تاريخ | تم الإرسال | 傳送日期 | 发送时间 | 寄件日期 | 日付 | 日時 | 日期 |
    时间 | 発信日時 | 發送時間 | 送信日時 | 날짜 | 보낸 날짜 | 보낸날짜
""")
)
"""when,"""

TO = frozenset(
    _words("""
    a | aan | alıcı | an | catre | címzett | către | destinataire | destinatario | do | kime | komu |
    para | pour | til | till | to | vastaanottaja | à | προς | кому | אל | إلى | 宛先 | 收件人 |
    받는 사람 | 받는사람
""")
)
"""to whom,"""

SUBJECT = frozenset(
    _words("""
    aihe | assunto | asunto | betreff | emne | konu | objet | ogg | oggetto | onderwerp | predmet |
    předmět | re | subiect | subject | sujet | temat | tárgy | ämne | θέμα | тема | נושא | الموضوع |
    موضوع | 主旨 | 主題 | 主题 | 件名 | 제목
""")
)
"""about what,"""

OTHER = frozenset(
    _words("""
    allegati | anlagen | antwort an | attachments | bcc | bilgi | c.c. | cc | cci | ccn | copia |
    copie à | cópia | dw | importance | koopia | kopi | kopia | kopie | kopio | message-id | másolat |
    organization | priority | reply-to | rispondi a | κοιν. | κοινοποίηση | копия | копія | עותק |
    نسخة | 副本 | 抄送 | 참조
""")
)
"""and the others."""

ORIGINAL = frozenset(
    _words("""
    alkuperäinen viesti | courriel original | doorgestuurd bericht | edelleenlähetetty viesti |
    eredeti üzenet | forwarded by | forwarded mail | forwarded message | forwarded message follows |
    iletilen mesaj | inoltrato da | mensagem encaminhada | mensagem original | mensaje original |
    mensaje reenviado | mesaj original | mesaj redirecționat | mesajul inițial | mesajul original |
    message d'origine | message original | message transféré | message transmis |
    messaggio inoltrato | messaggio originale | oorspronkelijk bericht | opprinnelig melding |
    oprindelig besked | oprindelig meddelelse | original | original appointment | original besked |
    original email | original melding | original message | original nachricht | original-nachricht |
    originalmail | originalmeddelande | originalnachricht | origineel bericht | orijinal ileti |
    orijinal i̇leti | orijinal mesaj | orjinal mesaj | oryginalna wiadomość | pôvodná správa |
    přeposlaná zpráva | původní e-mail | původní zpráva | reply above this line | reply message |
    továbbított üzenet | treść oryginalnej wiadomości | treść przekazanej wiadomości |
    ursprungligt mail | ursprungligt meddelande | ursprüngliche mail | ursprüngliche nachricht |
    vidarebefordrat meddelande | videresendt besked | videresendt melding | välitetty viesti |
    weitergeleitete nachricht | wiadomość oryginalna | wiadomość przekazana | yönlendirilmiş ileti |
    özgün ileti | αρχικό μήνυμα | προωθημένο μήνυμα | вихідне повідомлення | исходное письмо |
    исходное сообщение | оригинальное сообщение | оригінальне повідомлення |
    первоначальное сообщение | переслане повідомлення | пересланное сообщение | пересылаемое письмо |
    пересылаемое сообщение | ההודעה המקורית | הודעה מקורית | הודעה שהועברה | الرسالة الأصلية |
    رسالة أصلية | رسالة معاد توجيهها | オリジナルメッセージ | 元のメッセージ | 原始信件 | 原始邮件 |
    原始邮件信息 | 原始郵件 | 原文 | 回复的原邮件 | 已轉寄的郵件 | 転送されたメッセージ |
    転送メッセージ | 轉寄郵件 | 转发的邮件 | 转发邮件 | 원본 메시지 | 원본 메일 | 원본메시지 |
    전달된 메시지 | 전달된 메일
""")
)
"""What stands between dashes: -----Original Message-----."""

BEGIN_FORWARDED = frozenset(
    _words("""
    anfang der weitergeleiteten e-mail | anfang der weitergeleiteten nachricht |
    begin doorgestuurd bericht | begin forwarded message | début du message réexpédié |
    début du message transféré | iletilen ileti başlangıcı | inicio del mensaje reenviado |
    inizio messaggio inoltrato | início da mensagem encaminhada | início da mensagem reencaminhada |
    początek przekazywanej wiadomości | start på videresendt besked | továbbított üzenet kezdete |
    vidarebefordrat brev | videresendt melding | välitetty viesti | välitetty viesti alkaa |
    začátek přeposílané zprávy | începutul mesajului redirecționat | αρχή προωθημένου μηνύματος |
    начало переадресованного сообщения | початок пересланого повідомлення | בתחילת ההודעה שהועברה |
    بدء الرسالة المعاد توجيهها | 下面是被转发的邮件 | 以下は転送されたメッセージです |
    転送されたメッセージ | 開始轉寄訊息 | 開始轉寄郵件 | 전달된 메시지 시작
""")
)
"""How Apple's programs introduce what they forward."""

SENT_FROM = _words("""
    verzonden vanuit | verstuurd vanuit | libero mail | virgilio mail | نُشر من |
    sent from | sent via | sent with | sent using | sent by | sent on the go | get outlook for |
    get the outlook | download the outlook | inviato da | inviato con | inviato tramite | inviata da |
    scarica outlook | ottieni outlook | gesendet von | gesendet mit | gesendet über | von meinem |
    von meiner | diese nachricht wurde von | versendet mit | versendet von | holen sie sich outlook |
    outlook für | mit der | laden sie outlook | envoyé de | envoyé depuis | envoyé à partir |
    envoyé avec | envoyé par | envoyé via | envoyée de | obtenez outlook | télécharger outlook |
    enviado desde | enviado de | enviado do | enviado a partir | enviado con | enviado com |
    enviado pelo | enviado por | enviado via | obtener outlook | obter o outlook | obter outlook |
    obtenha o outlook | descargar outlook | obtenga outlook | verzonden vanaf | verstuurd vanaf |
    verzonden met | verstuurd met | verzonden via | verstuurd via | download outlook | outlook voor |
    wysłano z | wysłane z | pobierz | uzyskaj aplikację outlook | odesláno z | odoslané z |
    odesláno pomocí | získat outlook | stáhnout outlook | získejte outlook | skickat från |
    skickades från | skickat med | hämta outlook | skaffa outlook | sendt fra | sendt med |
    sendt via | hent outlook | få outlook | lähetetty | hanki outlook | elküldve | küldve |
    az outlook beszerzése | az én | trimis de pe | trimis din | trimis de la | trimis prin |
    obțineți outlook | descărcați outlook | στάλθηκε από | εστάλη από | αποστολή από |
    λήψη του outlook | gönderildi | ios için outlook | android için outlook | отправлено с |
    отправлено из | отправлено через | послано с | скачать outlook | получить outlook | надіслано з |
    надіслано зі | отримати outlook | завантажити outlook | outlook for ios を | ios 版 outlook |
    outlook for android を | 发自 | 發自 | 從我的 | 从我的 | 来自 | 获取 | 下載 | 取得 outlook |
    나의 iphone | 내 iphone | outlook for ios 다운로드 | ios용 outlook | android용 outlook | נשלח מה |
    נשלח מ | השג את outlook | קבל את outlook | أرسلت من | أُرسلت من | تم الإرسال من | مرسل من |
    الحصول على outlook | احصل على outlook | enviat des
""")
"""How a program's own line at the end begins; it must also name a device or a program."""

SENT_FROM_ENDS = _words("""
    から送信 | から送信されました | 에서 보냄 | 에서 보냈습니다 | 傳送 | 发送 | gönderildi |
    lähetetty | gesendet | küldve | を入手 | verzonden | verstuurd | 표시
""")
"""How such a line may end where the verb comes last."""

DEVICES = _words("""
    iphon |
    iphone | ipad | android | outlook | samsung | huawei | xiaomi | galaxy | pixel | nokia |
    blackberry | phone | smartphone | handy | mobil | cellul | móvil | celular | telefon | telefoon |
    téléphone | telemóvel | puhelime | okostelefon | κινητ | cep telefon | телефон | смартфон |
    айфон | айпад | yahoo | gmail | gmx | web.de | proton | libero | virgilio | tiscali | mail.ru |
    яндекс | yandex | aol | tablet | tutanota | tuta | fastmail | thunderbird | spark | k-9 |
    fairemail | boxer | telekom | orange | bluemail | aqua mail | myphone | mail app | e-mail-app |
    mailapp | posta per windows | mail for windows | mail für windows | courrier pour windows |
    correo para windows | windows | 手机 | 手機 | スマートフォン | スマホ | 携帯 | 핸드폰 | 휴대폰 |
    טלפון | الهاتف | هاتف | jolla | qq邮箱 | 网易邮箱 | naver
""")
"""One of these is in every such line."""
