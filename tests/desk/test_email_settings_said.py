"""What the settings of email say to whom: who may set up channels, and how an inbox fares."""

from datetime import timedelta

import pytest

from salotto.channels.email.domains.findings import Finding, Level
from salotto.channels.email.models import Domain, RawMail
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.cast import found_cast
from tests.channels.email.post import letter, person
from tests.desk.email_pages import open_inbox, page, read_by, text_of, url
from tests.desk.mails import came


def test_only_admins_are_told_of_a_permission() -> None:
    cast = found_cast()
    for member, words in (
        (cast.admin, "The primary admin can give it to you"),
        (cast.agent, "Admins set up channels. Ask one of them"),
        (cast.viewer, "Admins set up channels. Ask one of them"),
    ):
        answer = cast.client(member).get(url(cast))
        assert answer.status_code == 403 and words in text_of(answer.content.decode())


@pytest.mark.parametrize(("minutes", "words"), [(1, "the last mail came at"), (-1, "looked into at")])
def test_the_newest_sign_of_life_is_told(minutes: int, words: str) -> None:
    cast = found_cast()
    box = open_inbox(cast)
    now = clock.now()
    read_by(box, worked_at=now)
    came(box, letter(person(), box.address))
    with account_scope(box.account):
        RawMail.objects.filter(mailbox=box.mailbox).update(received_at=now + timedelta(minutes=minutes))
    assert f"Receiving; {words}" in page(cast)


def test_a_missing_record_that_nobody_can_know_comes_with_its_form() -> None:
    cast = found_cast()
    missing = [Finding(about, Level.BAD, f"{about}_missing").as_json() for about in ("mx", "spf")]
    with account_scope(cast.account.pk):
        Domain.objects.create(
            account=cast.account, name="shop.example", findings=missing, checked_at=clock.now()
        )
    shown = page(cast, "domains/")
    assert "Whoever keeps your mailboxes names the record" in shown
    assert "v=spf1 include:… ~all" in shown
