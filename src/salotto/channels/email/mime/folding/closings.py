"""The words with which people close a letter, and those with which they begin one.

Tables; everything is compared in lower case with its white space collapsed.
"""

from salotto.channels.email.mime.folding.tables import words as _words

FORMAL = {
    "en": _words("""
        kind regards | kindest regards | best regards | warm regards | warmest regards | with regards |
        many regards | yours sincerely | sincerely yours | yours faithfully | yours truly | best wishes |
        warm wishes | respectfully yours | all the best |
        thanks and regards | thanks & regards | thank you and regards | with thanks | thanks with regards |
        thanks/regards | regards and thanks | with many thanks"""),
    "it": _words("""
        cordiali saluti | distinti saluti | migliori saluti | cordiale saluto | cari saluti | caro saluto |
        tanti saluti | saluti cordiali | molti saluti"""),
    "de": _words("""
        mit freundlichen grüßen | mit freundlichen grüssen | mit freundlichen gruessen |
        mit freundlichem gruß | mit freundlichem gruss | freundliche grüße | freundliche grüsse |
        freundliche gruesse | freundlichen grüßen | freundlichen grüssen | viele grüße | viele grüsse |
        liebe grüße | liebe grüsse | beste grüße | beste grüsse | besten grüßen | besten grüssen |
        schöne grüße | herzliche grüße | herzliche grüsse | herzlichen grüßen | besten gruß |
        hochachtungsvoll | vorzüglicher hochachtung"""),
    "fr": _words("""
        bien cordialement | très cordialement | bien à vous | sincères salutations |
        meilleures salutations | salutations distinguées | sentiments distingués |
        salutations les meilleures | salutations cordiales | sentiments les meilleurs"""),
    "es": _words("""
        saludos cordiales | cordial saludo | cordiales saludos | saludo cordial | atentos saludos |
        saluda atentamente | saludos atentos | muy atentamente | atento saludo"""),
    "pt": _words("""
        melhores cumprimentos | com os meus cumprimentos | cordiais cumprimentos |
        cordiais saudações | cumprimentos cordiais | saudações cordiais"""),
    "nl": _words("""
        vriendelijke groet | vriendelijke groeten | hartelijke groet | hartelijke groeten |
        beste groeten | met groet"""),
    "pl": _words("""
        z poważaniem | z wyrazami szacunku | serdecznie pozdrawiam | pozdrawiam serdecznie |
        łączę pozdrowienia | z pozdrowieniami | łączę wyrazy szacunku"""),
    "cs": _words("s pozdravem | s přátelským pozdravem | s úctou | s přáním hezkého dne"),
    "sk": _words("s pozdravom | s priateľským pozdravom | s prianím pekného dňa"),
    "sl": _words("lep pozdrav | s spoštovanjem | lepe pozdrave | prijazen pozdrav"),
    "hr": _words("srdačan pozdrav | s poštovanjem | lijep pozdrav | lijepi pozdrav"),
    "sv": _words("""
        vänlig hälsning | vänliga hälsningar | bästa hälsningar | varma hälsningar |
        vänligen hälsar | bästa hälsning"""),
    "da": _words("venlig hilsen | venlige hilsner | bedste hilsner | bedste hilsen | kærlig hilsen"),
    "no": _words("vennlig hilsen | vennlige hilsener | beste hilsen | beste hilsener"),
    "fi": _words("ystävällisin terveisin | parhain terveisin | kunnioittavasti"),
    "et": _words("lugupidamisega | parimate soovidega | heade soovidega | parimate tervitustega"),
    "lv": _words("ar cieņu | ar sveicieniem | cieņā"),
    "lt": _words("pagarbiai | su pagarba | geriausi linkėjimai | geriausiais linkėjimais"),
    "hu": _words("tisztelettel | szívélyes üdvözlettel | baráti üdvözlettel | üdvözlettel"),
    "ro": _words("cu stimă | cu stima | cu respect | cu considerație | toate cele bune"),
    "el": _words("με εκτίμηση | με εκτιμηση | φιλικούς χαιρετισμούς | θερμούς χαιρετισμούς"),
    "tr": _words("saygılarımla | saygılarımızla | iyi çalışmalar | i̇yi çalışmalar"),
    "ru": _words("с уважением | с наилучшими пожеланиями | с наилучшими | всего доброго"),
    "uk": _words("з повагою | з найкращими побажаннями | з найліпшими побажаннями"),
    "bg": _words("с уважение | с поздрави | с най-добри пожелания"),
    "ja": _words("""
        敬具 | よろしくお願いいたします | よろしくお願いします | よろしくお願い致します |
        宜しくお願いいたします | 宜しくお願いします | 宜しくお願い致します"""),
    "zh": _words("此致 | 敬礼 | 敬禮 | 顺祝商祺 | 順頌商祺 | 祝商祺 | 祝好 | 敬上 | 此致敬礼"),
    "ko": _words("감사합니다 | 드림 | 올림"),
    "he": _words("בברכה | בכבוד רב"),
    "ar": _words("مع أطيب التحيات | مع خالص التحية | مع تحياتي | تحياتي | فائق الاحترام"),
    "fa": _words("با احترام | با تشکر | با سپاس"),
    "ca": _words("salutacions cordials | ben cordialment | atentament"),
    "vi": _words("trân trọng | kính thư"),
    "id": _words("hormat saya | hormat kami | salam hormat"),
    "th": _words("ขอแสดงความนับถือ | ด้วยความเคารพ"),
    "hi": _words("सादर | भवदीय"),
}
"""How a letter is closed: at the beginning or the end of a line."""

SHORT = {
    "en": _words("""
        regards | best | sincerely | thanks | thank you | many thanks | cheers | thx | br | kr | rgds |
        thanks again | thanks in advance | respectfully | cordially | thanks a lot |
        thank you very much | thank you in advance | thanks so much"""),
    "it": _words("""
        saluti | grazie | grazie mille | un saluto | a presto | cordialmente | cordialità |
        buona giornata | buon lavoro | buona serata | in fede | grazie e saluti | grazie in anticipo"""),
    "de": _words("""
        gruß | gruss | grüße | grüsse | mfg | lg | vg | danke | vielen dank | besten dank |
        danke und gruß | danke im voraus | vielen dank im voraus"""),
    "fr": _words("""
        cordialement | merci | merci d'avance | à bientôt | amicalement | cdlt | bonne journée |
        salutations | respectueusement | merci beaucoup"""),
    "es": _words("saludos | un saludo | atentamente | atte | gracias | muchas gracias | cordialmente"),
    "pt": _words("""
        cumprimentos | atenciosamente | atentamente | obrigado | obrigada | abraços | att |
        muito obrigado | muito obrigada | saudações"""),
    "nl": _words("groet | groeten | groetjes | mvg | bedankt | alvast bedankt | dank u wel | hoogachtend"),
    "pl": _words("pozdrawiam | dziękuję | dzięki | pozdrowienia"),
    "cs": _words("děkuji | díky | zdraví | hezký den | předem děkuji"),
    "sk": _words("ďakujem | vďaka | pekný deň"),
    "sl": _words("lp | hvala | pozdrav | hvala in lep pozdrav"),
    "hr": _words("hvala | pozdrav"),
    "sv": _words("hälsningar | mvh | tack | vh | tack på förhand"),
    "da": _words("hilsen | tak | mange tak | på forhånd tak"),
    "no": _words("takk | på forhånd takk"),
    "fi": _words("terveisin | ystävällisesti | kiitos | kiitos etukäteen"),
    "et": _words("tervitades | tervitustega | tänan | aitäh"),
    "lv": _words("paldies"),
    "lt": _words("ačiū"),
    "hu": _words("üdv | köszönöm | köszönettel"),
    "ro": _words("mulțumesc | multumesc | salutări"),
    "el": _words("ευχαριστώ | χαιρετισμούς | φιλικά"),
    "tr": _words("sevgiler | teşekkürler | iyi günler | i̇yi günler"),
    "ru": _words("спасибо | заранее спасибо"),
    "uk": _words("дякую"),
    "bg": _words("поздрави | благодаря"),
    "ja": _words("以上"),
    "zh": _words("谢谢 | 謝謝 | 多谢"),
    "he": _words("תודה"),
    "ar": _words("شكرا | شكراً"),
    "fa": _words("ممنون"),
    "ca": _words("salutacions | gràcies | cordialment"),
    "vi": _words("xin cảm ơn | thân mến"),
    "id": _words("salam | terima kasih"),
    "th": _words("ขอบคุณครับ | ขอบคุณค่ะ"),
    "hi": _words("धन्यवाद"),
}
"""How a letter is closed in a line of its own, which a name may follow."""

SALUTATIONS = _words("""
    dear | hello | hi | good morning | to whom | gentile | gentili | egregio | egregi | spettabile | spett |
    buongiorno | caro | cara | ciao | sehr geehrte | liebe | lieber | hallo | guten tag | cher | chère |
    bonjour | madame | monsieur | estimado | estimada | querido | querida | hola | buenos días | prezado |
    prezada | exmo | exma | olá | bom dia | geachte | beste | szanown | dzień dobry | vážen | dobrý den |
    dobrý deň | spoštovan | poštovan | kære | kjære | hej | hei | bästa | arvoisa | hyvä | lugupeetud |
    cienījam | gerb | tisztelt | kedves | stimat | bună ziua | αγαπητ | αξιότιμ | sayın | merhaba |
    уважаем | здравствуйте | добрый день | шановн | добрий день | здравейте | benvolgu
""")
"""How a letter begins."""
