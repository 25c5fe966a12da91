"""Rate limits, at moments that the test names."""

import pytest

from salotto.core.limits import RateLimit, address_key


def test_a_burst_passes_and_then_one_at_a_time() -> None:
    limit = RateLimit(per_minute=60, burst=3)
    assert [limit.wait("a", 0.0) for _ in range(3)] == [0, 0, 0]
    assert limit.wait("a", 0.0) == pytest.approx(1.0)
    assert limit.wait("a", 1.0) == 0
    assert limit.wait("a", 1.0) > 0


def test_waiting_as_long_as_told_is_enough() -> None:
    limit = RateLimit(per_minute=7, burst=2)
    now = 0.0
    for _ in range(50):
        now += limit.wait("a", now)
        assert limit.wait("a", now + 1e-6) >= 0
    assert limit.wait("a", now + limit.wait("a", now)) == 0


def test_keys_do_not_meet() -> None:
    limit = RateLimit(per_minute=1, burst=1)
    assert [limit.wait(key, 0.0) for key in "abc"] == [0, 0, 0]


def test_a_refused_request_costs_nothing() -> None:
    limit = RateLimit(per_minute=60, burst=1)
    limit.wait("a", 0.0)
    for _ in range(100):
        assert limit.wait("a", 0.5) == pytest.approx(0.5)
    assert limit.wait("a", 1.0) == 0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("a socket", "a socket"),
    ],
)
def test_an_address_is_limited_by_its_network(address: str, key: str) -> None:
    assert address_key(address) == key
