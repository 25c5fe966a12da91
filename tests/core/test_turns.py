"""Locks by name: nobody else has them meanwhile, and they end with the block or the connection."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from salotto.core import turns


def elsewhere(name: str) -> bool:
    """Whether another session gets the lock; it gives it back."""

    def tried() -> bool:
        try:
            with turns.alone(name) as mine:
                return mine
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(tried).result(10)


def test_of_two_sessions_one_is_alone_until_its_block_ends() -> None:
    name = f"test {uuid4()}"
    with turns.alone(name) as mine:
        assert mine and not elsewhere(name) and elsewhere(f"{name} other")
    assert elsewhere(name)


def test_what_raises_lets_go() -> None:
    name = f"test {uuid4()}"
    with pytest.raises(ZeroDivisionError), turns.alone(name):
        _ = 1 / 0
    assert elsewhere(name)


def test_a_connection_that_fails_takes_the_lock_with_it() -> None:
    name = f"test {uuid4()}"
    with turns.alone(name) as mine:
        assert mine
        connection.connection.close()
    assert elsewhere(name)
