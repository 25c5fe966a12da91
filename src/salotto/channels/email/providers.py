"""Where well-known providers have their mail servers, by the domain of an address or by who takes
its mail; from their own setup pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from salotto.channels.email.domains.resolver import Lookup, Unreachable
from salotto.channels.email.models import Auth, Security
from salotto.core.addresses import domain_key

Place = tuple[str, int, str]
"""Host, port, security."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its servers, which way of signing in it wants, and what to know before."""

    name: str
    incoming: Place
    outgoing: Place
    auth: str = Auth.PASSWORD
    app_password: bool = False


def _imaps(host: str) -> Place:
    return host, 993, Security.TLS


def _submission(host: str) -> Place:
    return host, 587, Security.STARTTLS


def _submissions(host: str) -> Place:
    return host, 465, Security.TLS


GOOGLE = Provider(
    "Gmail", _imaps("imap.gmail.com"), _submission("smtp.gmail.com"), Auth.GOOGLE, app_password=True
)
MICROSOFT = Provider(
    "Microsoft 365", _imaps("outlook.office365.com"), _submission("smtp.office365.com"), Auth.MICROSOFT
)
_YAHOO = Provider(
    "Yahoo", _imaps("imap.mail.yahoo.com"), _submissions("smtp.mail.yahoo.com"), app_password=True
)
_ICLOUD = Provider("iCloud", _imaps("imap.mail.me.com"), _submission("smtp.mail.me.com"), app_password=True)
_FASTMAIL = Provider(
    "Fastmail", _imaps("imap.fastmail.com"), _submissions("smtp.fastmail.com"), app_password=True
)
_ZOHO = Provider("Zoho", _imaps("imap.zoho.com"), _submissions("smtp.zoho.com"), app_password=True)
_ZOHO_EU = Provider("Zoho", _imaps("imap.zoho.eu"), _submissions("smtp.zoho.eu"), app_password=True)
_ZOHO_PRO = Provider("Zoho", _imaps("imappro.zoho.com"), _submissions("smtppro.zoho.com"), app_password=True)
_ZOHO_PRO_EU = Provider("Zoho", _imaps("imappro.zoho.eu"), _submissions("smtppro.zoho.eu"), app_password=True)
_ARUBA = Provider("Aruba", _imaps("imaps.aruba.it"), _submissions("smtps.aruba.it"))
_PEC = Provider("Aruba PEC", _imaps("imaps.pec.aruba.it"), _submissions("smtps.pec.aruba.it"))
_REGISTER = Provider("Register.it", _imaps("imap.securemail.pro"), _submissions("authsmtp.securemail.pro"))
_IONOS = Provider("IONOS", _imaps("imap.ionos.com"), _submission("smtp.ionos.com"))
_IONOS_DE = Provider("IONOS", _imaps("imap.ionos.de"), _submission("smtp.ionos.de"))
_OVH = Provider("OVHcloud", _imaps("ssl0.ovh.net"), _submissions("ssl0.ovh.net"))
_GMX = Provider("GMX", _imaps("imap.gmx.net"), _submission("mail.gmx.net"))
_GMX_COM = Provider("GMX", _imaps("imap.gmx.com"), _submission("mail.gmx.com"))
_WEB_DE = Provider("WEB.DE", _imaps("imap.web.de"), _submission("smtp.web.de"))
_LIBERO = Provider("Libero", _imaps("imapmail.libero.it"), _submissions("smtp.libero.it"), app_password=True)
_VIRGILIO = Provider("Virgilio", _imaps("in.virgilio.it"), _submissions("out.virgilio.it"))
_TISCALI = Provider("Tiscali", _imaps("imap.tiscali.it"), _submissions("smtp.tiscali.it"))
_GANDI = Provider("Gandi", _imaps("mail.gandi.net"), _submission("mail.gandi.net"))
_INFOMANIAK = Provider("Infomaniak", _imaps("mail.infomaniak.com"), _submissions("mail.infomaniak.com"))
_MAILBOX_ORG = Provider("mailbox.org", _imaps("imap.mailbox.org"), _submission("smtp.mailbox.org"))
_MIGADU = Provider("Migadu", _imaps("imap.migadu.com"), _submissions("smtp.migadu.com"))

_BY_DOMAIN = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), GOOGLE),
    **dict.fromkeys(("outlook.com", "outlook.it", "outlook.de", "outlook.fr"), MICROSOFT),
    **dict.fromkeys(("hotmail.com", "hotmail.it", "hotmail.de", "hotmail.fr"), MICROSOFT),
    **dict.fromkeys(("live.com", "live.it", "msn.com"), MICROSOFT),
    **dict.fromkeys(
        ("yahoo.com", "yahoo.it", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.co.uk", "ymail.com"), _YAHOO
    ),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
    **dict.fromkeys(("fastmail.com", "fastmail.fm"), _FASTMAIL),
    **dict.fromkeys(("zoho.com", "zohomail.com"), _ZOHO),
    **dict.fromkeys(("zoho.eu", "zohomail.eu"), _ZOHO_EU),
    **dict.fromkeys(("aruba.it", "technet.it"), _ARUBA),
    "pec.it": _PEC,
    **dict.fromkeys(("gmx.de", "gmx.net", "gmx.at", "gmx.ch"), _GMX),
    "gmx.com": _GMX_COM,
    "web.de": _WEB_DE,
    **dict.fromkeys(("libero.it", "inwind.it", "iol.it", "blu.it", "giallo.it"), _LIBERO),
    "virgilio.it": _VIRGILIO,
    "tiscali.it": _TISCALI,
    "mailbox.org": _MAILBOX_ORG,
}
_BY_EXCHANGER = {
    "google.com": GOOGLE,
    "googlemail.com": GOOGLE,
    "mail.protection.outlook.com": MICROSOFT,
    "mx.microsoft": MICROSOFT,
    "yahoodns.net": _YAHOO,
    "mail.icloud.com": _ICLOUD,
    "messagingengine.com": _FASTMAIL,
    "zoho.com": _ZOHO_PRO,
    "zoho.eu": _ZOHO_PRO_EU,
    "pec.aruba.it": _PEC,
    "aruba.it": _ARUBA,
    "securemail.pro": _REGISTER,
    "register.it": _REGISTER,
    "ionos.de": _IONOS_DE,
    "kundenserver.de": _IONOS_DE,
    "ionos.com": _IONOS,
    "ionos.it": _IONOS,
    "perfora.net": _IONOS,
    "ovh.net": _OVH,
    "gandi.net": _GANDI,
    "infomaniak.ch": _INFOMANIAK,
    "infomaniak.com": _INFOMANIAK,
    "mailbox.org": _MAILBOX_ORG,
    "migadu.com": _MIGADU,
}
"""By the end of the name of a mail exchanger."""
_NEIGHBOURS = {"imap": "smtp", "imap4": "smtp", "imaps": "smtps"}
"""How the outgoing server is called that stands beside an incoming one of this name."""


def outgoing_beside(host: str) -> Place:
    """Where mail most likely leaves for a mailbox that is read at this host: as its provider says, or
    at the host's neighbour by name, else at the host itself."""
    known = (provider.outgoing for provider in _all() if provider.incoming[0] == host)
    first, _, rest = host.partition(".")
    neighbour = _NEIGHBOURS.get(first) if "." in rest else None
    return next(known, _submission(f"{neighbour}.{rest}" if neighbour else host))


def _all() -> Iterator[Provider]:
    yield from _BY_DOMAIN.values()
    yield from _BY_EXCHANGER.values()


def provider_of(address: str, lookup: Lookup | None = None) -> Provider | None:
    """Who has the mailbox with this address; None for a provider that is not known. Without a
    `lookup` only the address itself is looked at."""
    domain = domain_key(address.rpartition("@")[2])
    if domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain]
    return _by_exchanger(domain, lookup) if lookup and domain else None


def _by_exchanger(domain: str, lookup: Lookup) -> Provider | None:
    try:
        hosts = lookup.mx(domain)
    except Unreachable:
        return None
    for host in hosts[:3]:
        for end, provider in _BY_EXCHANGER.items():
            if f".{host}".endswith(f".{end}"):
                return provider
    return None
