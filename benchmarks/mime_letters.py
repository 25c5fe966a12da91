# ruff: noqa: E501 - the lines of mails are long
"""Newsletters as shops send them: HTML alone, of tables, with all that their programs put in.

Style sheets, conditional comments, a hidden preheader, tracked links that are each of their own,
entities, inline styles; in quoted-printable or base64.
"""

import base64
import quopri
import random

_HEAD = """\
Return-Path: <bounce-{number}@news.example.it>
Received: from mta7.news.example.it (mta7.news.example.it [192.0.2.7]) by mail.shop.example with ESMTPS id 7
\tfor <help@shop.example>; Mon, 2 Mar 2026 10:00:01 +0100 (CET)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=news.example.it; s=k1;
\th=from:to:subject:date:list-unsubscribe; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=abc
From: =?utf-8?q?Bottega_Torin=C3=B2?= <news@news.example.it>
To: "Shop, Help" <help@shop.example>
Subject: =?utf-8?q?Le_novit=C3=A0_di_marzo_sono_arrivate?=
Date: Mon, 2 Mar 2026 10:00:00 +0100
Message-ID: <{number}@news.example.it>
List-Unsubscribe: <https://click.news.example.it/u/{number}>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: {encoding}

"""
_PAGE = """\
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>Le novit&agrave; di marzo</title>
<!--[if mso]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>\
</o:OfficeDocumentSettings></xml><![endif]-->
<style type="text/css">
@media only screen and (max-width:480px){{ table.full > tbody > tr > td {{ width:100% !important }} }}
{rules}</style>
</head>
<body style="margin:0;padding:0;background-color:#f4f4f4">
<div style="display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden">\
Sconti fino al 40% {filler}</div>
<!-- header -->
<table border="0" cellpadding="0" cellspacing="0" width="100%"><tr><td align="center">
{blocks}
<table width="600" class="full" role="presentation"><tr><td class="foot" style="font-size:11px;color:#888888">
Ricevi questa e-mail perch&eacute; sei iscritto. Non rispondere (do not reply) a questo indirizzo.<br />
<a href="https://click.news.example.it/u/{number}" style="color:#888888">Cancellati</a> | &copy;&nbsp;2026 Bottega
</td></tr></table>
</td></tr></table>
<img src="https://click.news.example.it/o/{number}.gif" width="1" height="1" alt="" />
</body></html>
"""
_RULE = (
    ".block-{n} a:hover > span {{ color:#{n:06x} !important; border-top:1px solid #eeeeee; padding:{n}px }}\n"
)
_BLOCK = """\
<!--[if (gte mso 9)|(IE)]><table width="600" align="center" cellpadding="0"><tr><td><![endif]-->
<table border="0" cellpadding="0" cellspacing="0" width="100%" class="full" style="max-width:600px;\
border-top:1px solid #dddddd;background-color:#ffffff" role="presentation">
  <tbody><tr>
    <td align="left" valign="top" style="padding:9px 18px;font-family:Helvetica,Arial,sans-serif;font-size:16px;\
line-height:150%;color:#202020" class="textcell">
      <a href="https://click.news.example.it/c/{token}?utm_source=news&amp;utm_medium=email&amp;p={n}" target="_blank" \
style="text-decoration:none"><img src="https://cdn.example.it/img/{n}/foto-{token}.jpg" width="264" alt="Foto {n}" \
style="display:block;border:0;outline:none;max-width:264px" /></a>
      <h2 style="margin:0;font-size:22px;font-weight:bold;color:#222222">Caff&egrave; <span style="color:#c00">n.&nbsp;{n}</span></h2>
      <p style="margin:10px 0;padding:0"><span style="font-size:14px">{words}</span> \
<strong>Solo <span style="white-space:nowrap">{price},90&nbsp;&euro;</span></strong> invece di <del>{full},00&nbsp;&euro;</del>, \
<em>fino all&rsquo;8 marzo</em>.</p>
      <table border="0" cellpadding="0" cellspacing="0" style="border-collapse:separate;border-radius:3px">
        <tbody><tr><td align="center" valign="middle" style="padding:15px" bgcolor="#2BAADF">
          <a class="button" title="Ordina &gt;" href="https://click.news.example.it/c/{token}b?p={n}" target="_blank" \
style="font-weight:bold;color:#ffffff;text-decoration:none">Ordina ora &raquo;</a>
        </td></tr></tbody></table>
    </td>
    <td width="18" style="font-size:0;line-height:0">&nbsp;</td>
  </tr></tbody>
</table>
<!--[if (gte mso 9)|(IE)]></td></tr></table><![endif]-->
"""
_WORDS = (
    "Un espresso cremoso con note di cioccolato, nocciola e agrumi; tostato lentamente in città, così"
    " com'è nella tradizione: perfetto per la moka, e per chi ama il gusto più deciso."
)


def _block(n: int, chance: random.Random) -> str:
    price = chance.randint(5, 40)
    token = f"{chance.getrandbits(400):0100x}"
    return _BLOCK.format(n=n, token=token, words=_WORDS, price=price, full=price + 5)


def page(size: int) -> str:
    """The HTML, so that a mail of it has about `size` bytes."""
    chance = random.Random(size)
    rules = "".join(_RULE.format(n=n) for n in range(max(8, min(200, size // 2_000))))
    count = max(1, (size - len(rules) - 4_500) // len(_block(1, chance)))
    blocks = "".join(_block(n, chance) for n in range(count))
    return _PAGE.format(rules=rules, filler="&zwnj;&nbsp;" * 60, blocks=blocks, number=size)


def newsletter(size: int, encoding: str) -> bytes:
    """A mail of about `size` bytes before its transfer encoding, "quoted-printable" or "base64"."""
    content = page(size).encode()
    encoded = base64.encodebytes(content) if encoding == "base64" else quopri.encodestring(content)
    return _HEAD.format(number=size, encoding=encoding).encode() + encoded
