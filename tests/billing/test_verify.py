"""Each invariant is broken on purpose, and named."""

from salotto.billing.verify import invariants, verify
from tests.billing.shop import add_card, buy
from tests.cast import Cast


def test_an_account_in_order_is_in_order(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    buy(by, 2)
    assert len(invariants()) == 20
    assert verify(by.account.pk) == []
    assert verify() == []
