import pytest
from django.db import IntegrityError, connection, transaction

from salotto.accounts import actions
from salotto.accounts.models import Account, Membership
from salotto.accounts.queries import accounts_of, member_of
from salotto.core.errors import Invalid
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from tests.cast import Cast, found_account, new_user


def test_a_founder_is_the_primary_admin_and_an_agent() -> None:
    user = new_user()
    account = actions.found_account("Bottega", user)
    member = member_of(user, account.slug)
    assert member is not None
    assert (member.role, member.access) == ("primary_admin", "agent")


def test_founding_is_audited_and_told() -> None:
    member = found_account()
    assert AuditEntry.objects.filter(
        account_id=member.account.pk, actor_id=member.user.pk, verb="account.founded"
    ).exists()
    assert Event.objects.filter(
        account_id=member.account.pk, kind="member.changed", data={"user": member.user.pk}
    ).exists()


@pytest.mark.parametrize("name", ["Кафе Пушкин", "北京茶馆", "!!!", "٢٢", "—"])
def test_a_name_without_latin_letters_has_a_slug_that_fits_an_address(name: str) -> None:
    slug = actions.found_account(name, new_user()).slug
    assert slug.isascii() and slug[0].isalnum() and slug == slug.lower()


def test_two_accounts_of_one_name_have_two_slugs() -> None:
    slugs = {actions.found_account("Caffè Però", new_user()).slug for _ in range(8)}
    assert len(slugs) == 8
    assert all(slug.startswith("caffe-pero") for slug in slugs)


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 81])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(name: str) -> None:
    user = new_user()
    with pytest.raises(Invalid):
        actions.found_account(name, user)
    assert not accounts_of(user)


def test_a_receiver_that_fails_undoes_the_account() -> None:
    from salotto.accounts.signals import account_founded

    def fail(**_: object) -> None:
        raise RuntimeError("no")

    user = new_user()
    account_founded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            actions.found_account("Halb", user)
    finally:
        account_founded.disconnect(fail)
    assert not Account.objects.filter(primary_admin=user).exists()


def test_the_database_refuses_an_account_without_a_primary_admin(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=cast.account.pk).update(primary_admin=None)


def test_the_database_refuses_a_primary_admin_from_outside(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=cast.account.pk).update(primary_admin=cast.outsider.user)


def test_the_database_refuses_to_delete_the_primary_admins_membership(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_membership WHERE account_id = %s AND user_id = %s",
            [cast.account.pk, cast.primary_admin.user.pk],
        )


def test_a_user_can_belong_to_several_accounts(cast: Cast) -> None:
    second = actions.found_account("Zweite", cast.agent.user)
    mine = accounts_of(cast.agent.user)
    assert {m.account.pk: m.role for m in mine} == {
        cast.account.pk: "member",
        second.pk: "primary_admin",
    }


def test_a_membership_is_invisible_from_another_accounts_scope(cast: Cast) -> None:
    with account_scope(cast.outsider.account.pk):
        assert not Membership.objects.filter(user_id=cast.agent.user.pk).exists()
