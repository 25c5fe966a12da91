"""The notice of the end of sale (rule S14)."""

from datetime import UTC, date, datetime, timedelta

from salotto.billing.models import Subscription
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.billing.shop import catalogue
from tests.cast import Cast


def test_s14_the_end_of_sale_is_announced_for_thirty_days(cast: Cast) -> None:
    day = clock.now().date() + timedelta(days=29)
    with catalogue(sale_ends_on=day):
        for page in ("seats/", "people/"):
            for member, seen in ((cast.admin, True), (cast.agent, False)):
                answer = cast.client(member).get(f"/a/{cast.slug}/settings/{page}").content.decode()
                assert ("is sold until" in answer) is seen
    with catalogue(sale_ends_on=day + timedelta(days=2)):
        assert (
            "is sold until"
            not in cast.client(cast.primary_admin).get(f"/a/{cast.slug}/settings/seats/").content.decode()
        )


def test_s14_the_banner_names_the_last_day_by_the_accounts_own_clock(cast: Cast) -> None:
    ends = date(2031, 3, 1)
    begins = clock.now()

    def told(days: int) -> str:
        """The page when the account's clock stands this many days from the end of sale."""
        with account_scope(cast.account.pk):
            target = datetime(2031, 3, 1, 12, tzinfo=UTC) + timedelta(days=days)
            Subscription.objects.update(ahead=int((target - begins).total_seconds()))
        return cast.client(cast.primary_admin).get(f"/a/{cast.slug}/settings/people/").content.decode()

    with catalogue(sale_ends_on=ends):
        assert "sold until" not in told(-40)
        assert "is sold until the end of 28 February 2031. From 1 March 2031 on" in told(-2)
        assert "has not been sold since 1 March 2031" in told(0)
        assert "has not been sold" not in told(40)
