from base64 import urlsafe_b64encode
from functools import partial

import pytest
from django.db import connection

from salotto.accounts import actions
from salotto.accounts.models import Account
from salotto.accounts.paging import after, cursor_of
from salotto.accounts.queries import accounts_of, member_of, members, person
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from salotto.seats.queries import plan
from tests.cast import Cast, add_member, found_account, found_cast
from tests.threads import at_once


def audited(cast: Cast, verb: str) -> bool:
    return AuditEntry.objects.filter(account_id=cast.account.pk, verb=verb).exists()


def told_of(cast: Cast, user_id: int) -> int:
    return Event.objects.filter(
        account_id=cast.account.pk, kind="member.changed", data={"user": user_id}
    ).count()


def test_the_primary_admin_hands_over_and_stays_an_admin(cast: Cast) -> None:
    actions.hand_over(cast.viewer.user.pk, by=cast.primary_admin)
    assert cast.again(cast.viewer).role == "primary_admin"
    assert cast.again(cast.primary_admin).role == "admin"
    assert audited(cast, "account.handed_over")


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_nobody_else_hands_over(who: str, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.hand_over(cast.viewer.user.pk, by=getattr(cast, who))
    assert cast.again(cast.primary_admin).is_primary_admin


def test_a_stranger_is_no_heir(cast: Cast) -> None:
    with pytest.raises(Missing):
        actions.hand_over(cast.outsider.user.pk, by=cast.primary_admin)


def test_a_hand_over_to_oneself_is_refused(cast: Cast) -> None:
    with pytest.raises(Conflict):
        actions.hand_over(cast.primary_admin.user.pk, by=cast.primary_admin)


def test_a_stale_request_of_the_former_primary_admin_is_refused(cast: Cast) -> None:
    stale = cast.primary_admin
    actions.hand_over(cast.admin.user.pk, by=cast.primary_admin)
    with pytest.raises(Forbidden):
        actions.hand_over(cast.viewer.user.pk, by=stale)
    assert cast.again(cast.admin).is_primary_admin


def test_hand_overs_at_once_leave_exactly_one_primary_admin() -> None:
    cast = found_cast()
    heirs = [cast.admin, cast.agent, cast.viewer, cast.nobody]
    results = at_once(*(partial(actions.hand_over, h.user.pk, by=cast.primary_admin) for h in heirs))
    assert [r for r in results if r is None] == [None]
    assert sum(isinstance(r, Forbidden) for r in results) == 3
    assert sum(cast.again(m).is_primary_admin for m in [*heirs, cast.primary_admin]) == 1


def test_a_hand_over_and_a_removal_at_once_never_leave_the_account_headless() -> None:
    for _ in range(4):
        cast = found_cast()
        at_once(
            partial(actions.hand_over, cast.agent.user.pk, by=cast.primary_admin),
            partial(actions.remove_member, cast.agent.user.pk, by=cast.admin),
        )
        account = Account.objects.get(pk=cast.account.pk)
        assert member_of(account.primary_admin, account.slug) is not None


def test_raw_sql_cannot_take_the_primary_admin_away_under_a_race() -> None:
    cast = found_cast()

    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM accounts_membership WHERE account_id = %s AND user_id = %s",
                [cast.account.pk, cast.admin.user.pk],
            )

    at_once(delete, partial(actions.hand_over, cast.admin.user.pk, by=cast.primary_admin))
    account = Account.objects.get(pk=cast.account.pk)
    assert member_of(account.primary_admin, account.slug) is not None


def test_an_admin_changes_roles(cast: Cast) -> None:
    before = told_of(cast, cast.agent.user.pk)
    actions.change_role(cast.agent.user.pk, "admin", by=cast.admin)
    assert cast.again(cast.agent).is_admin
    assert audited(cast, "role.changed")
    assert told_of(cast, cast.agent.user.pk) == before + 1


def test_the_primary_admins_role_is_handed_over_not_changed(cast: Cast) -> None:
    with pytest.raises(Conflict):
        actions.change_role(cast.primary_admin.user.pk, "member", by=cast.admin)


@pytest.mark.parametrize("role", ["", "primary_admin", "owner", "ADMIN"])
def test_an_unknown_role_is_refused(role: str, cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.change_role(cast.agent.user.pk, role, by=cast.admin)


def test_a_demoted_admins_stale_request_is_refused(cast: Cast) -> None:
    stale = cast.admin
    actions.change_role(cast.admin.user.pk, "member", by=cast.primary_admin)
    with pytest.raises(Forbidden):
        actions.change_role(cast.viewer.user.pk, "admin", by=stale)


def test_an_admin_removes_a_member_and_the_seat_is_free_again(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        before = plan().free
    actions.remove_member(cast.agent.user.pk, by=cast.admin)
    assert member_of(cast.agent.user, cast.slug) is None
    assert not accounts_of(cast.agent.user)
    with account_scope(cast.account.pk):
        assert plan().free == before + 1
    assert audited(cast, "member.removed")


def test_a_member_may_leave(cast: Cast) -> None:
    actions.remove_member(cast.viewer.user.pk, by=cast.viewer)
    assert member_of(cast.viewer.user, cast.slug) is None


def test_a_member_may_not_remove_another(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.remove_member(cast.viewer.user.pk, by=cast.agent)


def test_the_primary_admin_cannot_be_removed(cast: Cast) -> None:
    for by in (cast.admin, cast.primary_admin):
        with pytest.raises(Conflict):
            actions.remove_member(cast.primary_admin.user.pk, by=by)


def test_a_removed_admins_stale_request_is_refused(cast: Cast) -> None:
    stale = cast.admin
    actions.remove_member(cast.admin.user.pk, by=cast.primary_admin)
    with pytest.raises(Forbidden):
        actions.remove_member(cast.viewer.user.pk, by=stale)


def test_nobody_reaches_into_another_account(cast: Cast) -> None:
    with pytest.raises(Missing):
        actions.remove_member(cast.viewer.user.pk, by=cast.outsider)
    with pytest.raises(Missing):
        actions.change_role(cast.viewer.user.pk, "admin", by=cast.outsider)
    assert person(cast.outsider.account, cast.viewer.user.pk) is None


def test_only_an_agent_takes_over_from_who_leaves(cast: Cast) -> None:
    for heir, error in ((cast.viewer, Invalid), (cast.agent, Invalid), (cast.outsider, Missing)):
        with pytest.raises(error):
            actions.remove_member(cast.agent.user.pk, by=cast.admin, hand_to=heir.user.pk)
    assert member_of(cast.agent.user, cast.slug) is not None


def test_a_profile_is_changed_by_what_is_given(cast: Cast) -> None:
    actions.update_profile(cast.agent.user, name="  Sara   B. ", language="it", theme="dark")
    user = cast.again(cast.agent).user
    user.refresh_from_db()
    assert (user.name, user.language, user.theme) == ("Sara B.", "it", "dark")


@pytest.mark.parametrize("change", [{"name": ""}, {"name": "x" * 81}, {"language": "xx"}, {"theme": "pink"}])
def test_a_profile_that_cannot_be_is_refused(change: dict[str, str], cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.update_profile(cast.agent.user, **change)


def test_members_are_found_by_name_and_address_a_page_at_a_time() -> None:
    head = found_account()
    for number in range(25):
        add_member(head.account, f"Persona {number:02}")
    seen, cursor = [], ""
    while True:
        page = members(head.account, cursor=cursor, limit=10)
        seen += [p.name for p in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert seen == ["Giulia Conti", *(f"Persona {n:02}" for n in range(25))]
    assert [p.name for p in members(head.account, search="sona 07").rows] == ["Persona 07"]
    assert [p.id for p in members(head.account, search=head.user.email.upper()).rows] == [head.user.pk]
    assert not members(head.account, search="%").rows


@pytest.mark.parametrize("page", ["people", "seats"])
@pytest.mark.parametrize(
    "value", ['["\\ud800",1]', '["a\\u0000",1]', "[" * 20_000, "[" * 1000, f'["{"a" * 1600}",1]']
)
def test_a_forged_cursor_is_no_error(value: str, page: str, cast: Cast) -> None:
    cursor = urlsafe_b64encode(value.encode()).decode()
    assert after(cursor) is None
    assert (
        cast.client(cast.admin).get(f"/a/{cast.slug}/settings/{page}/", {"after": cursor}).status_code == 200
    )


@pytest.mark.parametrize("sign", ["\N{GRINNING FACE}", "\x01", '"'])
def test_the_longest_name_has_a_cursor(sign: str) -> None:
    name = sign * 80
    assert after(cursor_of(name, 2**62)) == (name, 2**62)


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WyJhIl0", "\x00", "W251bGwsMV0", "é" * 40])
def test_a_cursor_that_is_not_ours_starts_at_the_beginning(cursor: str, cast: Cast) -> None:
    assert len(members(cast.account, cursor=cursor).rows) == 5
