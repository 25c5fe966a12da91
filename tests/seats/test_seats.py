from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from salotto.accounts.models import Membership
from salotto.core.errors import Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from salotto.seats import actions
from salotto.seats.actions import NoFreeSeat
from salotto.seats.models import SeatChange, SeatPlan
from salotto.seats.queries import Plan, plan
from salotto.seats.signals import seat_released
from tests.cast import Cast, add_member, found_account, found_cast
from tests.threads import at_once


def plan_of(cast: Cast) -> Plan:
    with account_scope(cast.account.pk):
        return plan()


def fill(cast: Cast, free: int) -> None:
    """Agents until only `free` seats are left."""
    for number in range(plan_of(cast).free - free):
        add_member(cast.account, f"Agente {number}", access="agent")


def counted(account_id: int) -> int:
    with account_scope(account_id):
        return Membership.objects.filter(access="agent").count()


def test_s6_a_trial_has_twenty_seats_and_its_first_ledger_row() -> None:
    head = found_account()
    with account_scope(head.account.pk):
        assert plan() == Plan(20, 1)
        row = SeatChange.objects.get()
    assert (row.kind, row.seats_after, row.seats_at_renewal, row.actor_id) == (
        "trial_started",
        20,
        20,
        head.user.pk,
    )


def test_an_admin_gives_and_takes_a_seat(cast: Cast) -> None:
    before = plan_of(cast)
    assert actions.set_access(cast.viewer.user.pk, "agent", by=cast.admin) == "viewer"
    assert cast.again(cast.viewer).is_agent
    assert plan_of(cast).free == before.free - 1
    actions.set_access(cast.viewer.user.pk, "none", by=cast.admin)
    assert plan_of(cast) == before
    assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="access.changed").count() >= 2
    assert Event.objects.filter(account_id=cast.account.pk, kind="seats.changed").exists()


@pytest.mark.parametrize("who", ["agent", "viewer", "nobody"])
def test_a_member_gives_no_seats(who: str, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.set_access(cast.nobody.user.pk, "agent", by=getattr(cast, who))


def test_an_outsider_finds_nobody_here(cast: Cast) -> None:
    with pytest.raises(Missing):
        actions.set_access(cast.viewer.user.pk, "agent", by=cast.outsider)


@pytest.mark.parametrize("level", ["", "AGENT", "admin", "agent "])
def test_an_unknown_level_is_refused(level: str, cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.set_access(cast.viewer.user.pk, level, by=cast.admin)


def test_without_a_free_seat_it_is_refused_with_what_to_do(cast: Cast) -> None:
    fill(cast, free=0)
    with pytest.raises(NoFreeSeat) as refused:
        actions.set_access(cast.viewer.user.pk, "agent", by=cast.admin)
    assert (refused.value.status, refused.value.code) == (409, "no_free_seat")
    assert "20" in str(refused.value.message)
    assert "viewer" in str(refused.value.message)
    assert cast.again(cast.viewer).access == "viewer"


def test_viewers_and_members_without_access_are_free(cast: Cast) -> None:
    fill(cast, free=0)
    actions.set_access(cast.nobody.user.pk, "viewer", by=cast.admin)
    assert plan_of(cast).free == 0


def test_the_same_level_again_changes_and_tells_nothing(cast: Cast) -> None:
    events = Event.objects.filter(account_id=cast.account.pk)
    before = events.count()
    actions.set_access(cast.agent.user.pk, "agent", by=cast.admin)
    assert events.count() == before


def test_rooms_above_hear_of_a_released_seat(cast: Cast) -> None:
    heard: list[tuple[int, int | None]] = []

    def listen(user_id: int, hand_to: int | None, **_: object) -> None:
        assert connection.in_atomic_block
        heard.append((user_id, hand_to))

    seat_released.connect(listen)
    try:
        actions.set_access(cast.agent.user.pk, "viewer", by=cast.admin, hand_to=cast.admin.user.pk)
        actions.set_access(cast.agent.user.pk, "none", by=cast.admin)
    finally:
        seat_released.disconnect(listen)
    assert heard == [(cast.agent.user.pk, cast.admin.user.pk)]


def test_only_another_agent_of_the_account_takes_over(cast: Cast) -> None:
    for heir, error in ((cast.viewer, Invalid), (cast.agent, Invalid), (cast.outsider, Missing)):
        with pytest.raises(error):
            actions.set_access(cast.agent.user.pk, "none", by=cast.admin, hand_to=heir.user.pk)
    assert cast.again(cast.agent).is_agent


def test_many_admins_race_for_the_last_seat_and_one_wins() -> None:
    cast = found_cast()
    fill(cast, free=1)
    admins = [add_member(cast.account, f"Capo {n}", role="admin") for n in range(8)]
    results = at_once(*(partial(actions.set_access, a.user.pk, "agent", by=a) for a in admins))
    assert sum(isinstance(r, NoFreeSeat) for r in results) == 7
    assert sum(r == "none" for r in results) == 1
    assert plan_of(cast) == Plan(20, 20)
    assert counted(cast.account.pk) == 20


def test_giving_and_releasing_at_once_keeps_the_count_true() -> None:
    cast = found_cast()
    fill(cast, free=2)
    with account_scope(cast.account.pk):
        agents = list(Membership.objects.filter(access="agent").values_list("user_id", flat=True)[3:9])
    givers = [add_member(cast.account, f"Capo {n}", role="admin") for n in range(4)]
    at_once(
        *(partial(actions.set_access, user, "none", by=cast.primary_admin) for user in agents),
        *(partial(actions.set_access, a.user.pk, "agent", by=a) for a in givers),
    )
    assert plan_of(cast).in_use == counted(cast.account.pk) <= 20


def test_raw_sql_that_races_for_the_last_seat_is_refused_by_the_database() -> None:
    cast = found_cast()
    fill(cast, free=1)
    hopefuls = [add_member(cast.account, f"Persona {n}") for n in range(6)]

    def grab(user_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_membership SET access = 'agent' WHERE account_id = %s AND user_id = %s",
                [cast.account.pk, user_id],
            )

    results = at_once(*(partial(grab, h.user.pk) for h in hopefuls))
    assert sum(isinstance(r, IntegrityError) for r in results) == 5
    assert counted(cast.account.pk) == 20


def test_the_plan_cannot_shrink_below_its_agents(cast: Cast) -> None:
    with account_scope(cast.account.pk), pytest.raises(IntegrityError), transaction.atomic():
        SeatPlan.objects.update(seats=1)


def test_an_account_has_one_plan(cast: Cast) -> None:
    with account_scope(cast.account.pk), pytest.raises(IntegrityError), transaction.atomic():
        SeatPlan.objects.create(account=cast.account, seats=5)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seats_seatchange SET seats_after = 99 WHERE account_id = %s",
        "DELETE FROM seats_seatchange WHERE account_id = %s",
        "UPDATE core_audit SET verb = 'nothing' WHERE account_id = %s",
        "DELETE FROM core_audit WHERE account_id = %s",
    ],
)
def test_a_ledger_row_is_never_changed_or_deleted(statement: str, cast: Cast) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [cast.account.pk])
    with account_scope(cast.account.pk):
        assert SeatChange.objects.get().seats_after == 20
