"""Agents who act on each other at the same moment wait for each other, and never forever."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from salotto.accounts.members import Member
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation
from salotto.inbox.posting import post
from tests.cast import Cast
from tests.inbox.threads import item_of, must


def test_two_agents_who_assign_to_each_other_do_not_deadlock(cast: Cast) -> None:
    account = cast.account.pk
    threads = [must(post(item_of(account, f"{n}"))).conversation for n in range(4)]

    def give(n: int, by: Member, to: Member) -> None:
        try:
            with account_scope(account):
                actions.assign(threads[n % len(threads)], to.user.pk, by=by)
        finally:
            connection.close()

    sara, marco = cast.agent, cast.admin
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(give, n, *((sara, marco) if n % 2 else (marco, sara))) for n in range(80)]
        for job in jobs:
            job.result(timeout=30)
    with account_scope(account):
        owners = set(Conversation.objects.values_list("assignee_id", flat=True))
        assert owners <= {sara.user.pk, marco.user.pk}
