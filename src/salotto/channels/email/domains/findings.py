"""What a look at a domain's DNS gives: facts by code, put into words for the reader."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Level(StrEnum):
    """How much it matters."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Record:
    """A record that should stand in the DNS."""

    name: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a domain. `about` is mx, spf, dkim or dmarc; `found` is what the DNS says
    today, `record` what it should say instead, where that is known; `detail` fills the words."""

    about: str
    level: Level
    code: str
    found: str = ""
    detail: str = ""
    record: Record | None = None

    def as_json(self) -> dict[str, Any]:
        """For the database; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Finding":
        """What `as_json` gave."""
        record = value.get("record")
        fields = {**value, "level": Level(value["level"]), "record": Record(**record) if record else None}
        return cls(**fields)

    @property
    def words(self) -> str:
        """The sentence for a person, in the active language."""
        return str(WORDS[self.code]) % {"found": self.found, "detail": self.detail}


WORDS: dict[str, str | Promise] = {
    "unreachable": _("The DNS could not be asked. Try again in a few minutes."),
    "mx_good": _("Mail for this domain is taken by %(found)s."),
    "mx_address": _(
        "The domain has no MX record; mail goes to the domain's own address. Add an MX record to be sure."
    ),
    "mx_missing": _("Nobody takes mail for this domain, so answers cannot arrive. Add an MX record."),
    "mx_refused": _("The domain says that it takes no mail (a null MX), so answers cannot arrive."),
    "spf_good": _("The server that sends your mail is allowed by the SPF record."),
    "spf_unknown": _("There is an SPF record; whether it allows your sending server could not be told."),
    "spf_missing": _("There is no SPF record: receivers cannot tell who may send for this domain."),
    "spf_many": _("There are %(detail)s SPF records; receivers then trust none. Keep a single one."),
    "spf_broken": _("The SPF record cannot be read: %(detail)s. Receivers then trust nothing."),
    "spf_lookups": _("The SPF record asks for more than ten lookups; receivers then give up on it."),
    "spf_not_us": _("The SPF record does not allow the server that sends your mail (%(detail)s)."),
    "spf_partly": _(
        "The SPF record allows some addresses of the server that sends your mail, and not all:"
        " mail that leaves by %(detail)s does not pass."
    ),
    "spf_anybody": _("The SPF record allows the whole world to send for this domain."),
    "spf_elsewhere": _(
        "Your mail leaves by this installation, and what comes back goes to %(detail)s. So receivers ask"
        " that domain for SPF, which whoever runs this server looks after, and not yours. For DMARC"
        " only the signature (DKIM) speaks for your domain: publish its key and switch signing on."
    ),
    "spf_aligned": _(
        "Your mail leaves by this installation, and what comes back goes to %(detail)s. So receivers ask"
        " that domain for SPF, which whoever runs this server looks after."
    ),
    "dkim_good": _("The key for DKIM stands in the DNS; mail is signed."),
    "dkim_ready": _("The key for DKIM stands in the DNS. Switch signing on, and mail is signed."),
    "dkim_off": _("Mail from this domain is not signed. Publish this key, then switch signing on."),
    "dkim_missing": _("The key for DKIM is not in the DNS yet, so receivers cannot check the signature."),
    "dkim_other": _("The DNS holds another key for DKIM than ours; signatures will not be accepted."),
    "dkim_many": _(
        "There are %(detail)s keys for DKIM under the same name; receivers may take any of them."
        " Keep ours alone."
    ),
    "dkim_elsewhere": _("Mail leaves by %(detail)s, which signs it itself; nothing to do here."),
    "dmarc_good": _("The DMARC record tells receivers what to do with forged mail."),
    "dmarc_watching": _("The DMARC record only watches (p=none). When all is well, move on to p=quarantine."),
    "dmarc_watching_below": _(
        "The DMARC record of %(detail)s only watches the domains below it (sp=none)."
        " When all is well, move on to sp=quarantine."
    ),
    "dmarc_nobody": _(
        "The DMARC record asks receivers to act on none of the forged mail (pct=0)."
        " When all is well, leave that out."
    ),
    "dmarc_missing": _(
        "There is no DMARC record; large receivers want one. This one only watches, to begin."
    ),
    "dmarc_many": _("There are %(detail)s DMARC records; receivers then ignore them. Keep a single one."),
    "dmarc_broken": _("The DMARC record cannot be read: %(detail)s."),
}
