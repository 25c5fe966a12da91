"""Sender domains: their key for signatures, and what their DNS says."""

import re

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from salotto.accounts.locking import setting_up
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email.composing.dkim import new_key
from salotto.channels.email.domains import Question, check_domain
from salotto.channels.email.domains.resolver import Dns, Lookup
from salotto.channels.email.models import Domain, Mailbox, Server, Way
from salotto.core import audit, clock
from salotto.core.addresses import domain_key
from salotto.core.errors import Conflict, Invalid, Missing
from salotto.core.sealing import seal
from salotto.core.tenancy import account_scope

NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")

MOST_MAILBOXES = 1000
"""Mailboxes that are asked for the server of a domain, the oldest."""


def add_domain(name: str, *, by: Member) -> Domain:
    """Keep a domain that mail is sent from, with a key of its own. Raises Forbidden, Invalid for
    what is no domain, Conflict when the account has it already."""
    must_manage_channels(by)
    wanted = domain_key(name)
    if not NAME.fullmatch(wanted):
        raise Invalid(_("This is not a domain. Enter one such as example.com."), code="bad_domain")
    private, public = new_key()
    try:
        with setting_up(by):
            made: Domain = Domain.objects.create(
                account=by.account, name=wanted, private_key=seal(private), public_key=public
            )
            audit.record(by.account.pk, by.user.pk, "domain.added", wanted)
    except IntegrityError as error:
        raise Conflict(_("This domain is in the list already."), code="domain_there") from error
    return made


def remove_domain(domain_id: int, *, by: Member) -> None:
    """Forget a domain and its key; mail from it leaves without a signature. Raises Missing."""
    must_manage_channels(by)
    with setting_up(by):
        domain = _locked(domain_id)
        audit.record(by.account.pk, by.user.pk, "domain.removed", domain.name)
        domain.delete()


def sign(domain_id: int, on: bool, *, by: Member) -> Domain:
    """Switch signing on or off. Raises Conflict while the DNS does not hold our key, because
    receivers would refuse what is signed."""
    must_manage_channels(by)
    with setting_up(by):
        domain = _locked(domain_id)
        if on and not _key_stands(domain):
            raise Conflict(_("The key is not in the DNS yet. Publish it, check again, then switch on."))
        domain.signs = on
        domain.save(update_fields=["signs"])
        verb = "domain.signs" if on else "domain.signs_no_more"
        audit.record(by.account.pk, by.user.pk, verb, domain.name)
    return domain


def look_at_domain(domain_id: int, *, by: Member, lookup: Lookup | None = None) -> Domain:
    """Ask the DNS about a domain and keep what it says. The DNS is asked outside a transaction,
    for at most some seconds a question. Raises Forbidden, Missing: also for one that was removed
    meanwhile."""
    must_manage_channels(by)
    with account_scope(by.account.pk):
        question = _question(domain_id)
    found = check_domain(question, lookup or Dns(settings.DNS))
    with setting_up(by):
        domain = _locked(domain_id)
        domain.findings = [finding.as_json() for finding in found]
        domain.checked_at = clock.now()
        domain.save(update_fields=["findings", "checked_at"])
    return domain


def _question(domain_id: int) -> Question:
    found: Domain | None = Domain.objects.filter(pk=domain_id).first()
    if found is None:
        raise Missing
    host, envelope = _way_of(found.name)
    return Question(found.name, host, found.selector, found.public_key, found.signs, envelope)


def _locked(domain_id: int) -> Domain:
    domain: Domain | None = Domain.objects.select_for_update().filter(pk=domain_id).first()
    if domain is None:
        raise Missing
    return domain


def _key_stands(domain: Domain) -> bool:
    return any(finding["code"] in {"dkim_good", "dkim_ready"} for finding in domain.findings)


def _way_of(name: str) -> tuple[str, str]:
    """The server that mail from this domain leaves by, "" when it is not known, and the domain of its
    envelope sender, "" for the same one: what the installation sends comes back to its mail domain."""
    rows = Mailbox.objects.exclude(address="").order_by("id").values_list("pk", "address")[:MOST_MAILBOXES]
    mailbox = next((pk for pk, address in rows if domain_key(address.rpartition("@")[2]) == name), None)
    if mailbox is None:
        return "", ""
    server = Server.objects.filter(mailbox_id=mailbox, way=Way.OUT, enabled=True).first()
    return (server.host, "") if server else (_own_host(), str(settings.MAIL_DOMAIN))


def _own_host() -> str:
    return str(settings.MAIL_TRANSPORT.get("host", ""))
