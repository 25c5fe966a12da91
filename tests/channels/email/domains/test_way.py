"""Which domain is asked for SPF depends on the way that mail leaves by."""

from typing import Any

from salotto.channels.email.actions.domains import add_domain, look_at_domain
from salotto.channels.email.models import Domain, Mailbox, Server, Way
from salotto.core.tenancy import account_scope
from tests.channels.email.domains.test_check import Zone
from tests.channels.email.post import open_post

ZONE = Zone(
    {"shop.example": ["v=spf1 mx -all"], "in.host.example": ["v=spf1 ip4:192.0.2.7 -all"]},
    {"shop.example": ["smtp.shop.example"]},
)


def spf_of(domain: Domain) -> list[tuple[str, str]]:
    return [(one["code"], one["found"]) for one in domain.findings if one["about"] == "spf"]


def test_what_the_installation_sends_is_judged_by_its_mail_domain_until_there_is_an_own_server(
    settings: Any,
) -> None:
    settings.MAIL_DOMAIN = "in.host.example"
    settings.MAIL_TRANSPORT = settings.MAIL_TRANSPORT | {"host": "smtp.shop.example"}
    post = open_post()
    made = add_domain("shop.example", by=post.owner)
    found = look_at_domain(made.pk, by=post.owner, lookup=ZONE)
    assert spf_of(found) == [("spf_elsewhere", ""), ("spf_not_us", "v=spf1 ip4:192.0.2.7 -all")]
    with account_scope(post.account):
        mailbox = Mailbox.objects.get(pk=post.mailbox.pk)
        Server.objects.create(
            account_id=post.account, mailbox=mailbox, way=Way.OUT, host="smtp.shop.example", port=465
        )
    found = look_at_domain(made.pk, by=post.owner, lookup=ZONE)
    assert spf_of(found) == [("spf_good", "v=spf1 mx -all")]
