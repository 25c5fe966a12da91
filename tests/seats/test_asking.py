"""Rule 15: an admin who is not the primary one asks for seats, once a day."""

from functools import partial

import pytest

from salotto.core.errors import Forbidden
from salotto.core.models import AuditEntry
from salotto.seats.actions import ask_primary_admin
from salotto.seats.errors import AlreadyAsked
from salotto.seats.queries import asked_at
from tests.cast import Cast, found_cast
from tests.mailbox import mails_to, text_of
from tests.threads import at_once


def test_rule_15_an_admin_asks_the_primary_admin_by_mail(cast: Cast) -> None:
    when = ask_primary_admin(by=cast.admin)
    mail = mails_to(cast.primary_admin.user.email)[-1]
    assert "Marco De Luca asks you for more seats" in mail["Subject"]
    assert "3 of 20 seats are in use" in text_of(mail)
    assert f"/a/{cast.slug}/settings/seats/" in text_of(mail)
    assert mail["Reply-To"] == cast.admin.user.email
    assert asked_at(cast.account.pk, cast.admin.user.pk) == when
    assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="seats.asked_for").count() == 1


def test_rule_15_once_a_day_and_admin(cast: Cast) -> None:
    ask_primary_admin(by=cast.admin)
    with pytest.raises(AlreadyAsked) as refused:
        ask_primary_admin(by=cast.admin)
    assert refused.value.status == 409
    assert len(mails_to(cast.primary_admin.user.email)) == 1


@pytest.mark.parametrize("who", ["agent", "viewer", "nobody"])
def test_rule_15_only_admins_ask(who: str, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        ask_primary_admin(by=getattr(cast, who))


def test_of_many_clicks_one_mail_comes() -> None:
    cast = found_cast()
    results = at_once(*[partial(ask_primary_admin, by=cast.admin)] * 4)
    assert sum(isinstance(r, AlreadyAsked) for r in results) == 3
    assert len(mails_to(cast.primary_admin.user.email)) == 1
