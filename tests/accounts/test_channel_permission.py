"""Who may set up channels: the primary admin, and admins who were permitted."""

from dataclasses import replace

import pytest

from salotto.accounts import actions
from salotto.accounts.members import must_manage_channels
from salotto.accounts.models import Role
from salotto.core.errors import Conflict, Forbidden
from salotto.core.tenancy import account_scope
from tests.cast import Cast


def permit(cast: Cast, on: str = "yes") -> int:
    address = f"/a/{cast.slug}/settings/people/{cast.admin.user.pk}/channels/"
    return cast.client(cast.primary_admin).post(address, {"on": on}).status_code


def test_the_primary_admin_may_and_others_may_not(cast: Cast) -> None:
    must_manage_channels(cast.primary_admin)
    for other in (cast.admin, cast.agent, cast.viewer, cast.nobody):
        with pytest.raises(Forbidden):
            must_manage_channels(other)


def test_an_admin_may_once_permitted_until_it_is_taken_back(cast: Cast) -> None:
    assert permit(cast) == 302
    assert cast.again(cast.admin).can_manage_channels
    assert permit(cast, "no") == 302
    assert not cast.again(cast.admin).can_manage_channels


def test_an_admin_permits_nobody(cast: Cast) -> None:
    address = f"/a/{cast.slug}/settings/people/{cast.admin.user.pk}/channels/"
    assert cast.client(cast.admin).post(address, {"on": "yes"}).status_code == 403
    assert not cast.again(cast.admin).can_manage_channels


def test_only_an_admin_can_be_permitted(cast: Cast) -> None:
    with account_scope(cast.account.pk), pytest.raises(Conflict):
        actions.permit_channels(cast.agent.user.pk, True, by=cast.primary_admin)


def test_who_is_no_admin_any_more_loses_it_for_good(cast: Cast) -> None:
    permit(cast)
    with account_scope(cast.account.pk):
        for role in (Role.MEMBER, Role.ADMIN):
            actions.change_role(cast.admin.user.pk, role, by=cast.primary_admin)
    assert not cast.again(cast.admin).can_manage_channels


def test_a_new_primary_admin_has_permitted_nobody_who_held_the_role(cast: Cast) -> None:
    permit(cast)
    actions.hand_over(cast.admin.user.pk, by=cast.primary_admin)
    actions.hand_over(cast.primary_admin.user.pk, by=cast.again(cast.admin))
    assert not cast.again(cast.admin).can_manage_channels


def test_a_permission_without_the_role_of_an_admin_is_none(cast: Cast) -> None:
    assert not replace(cast.agent, manages_channels=True).can_manage_channels
    assert replace(cast.admin, manages_channels=True).can_manage_channels
