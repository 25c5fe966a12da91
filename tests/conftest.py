"""Fixtures of the whole suite: one PostgreSQL, one database per test process.

Tests commit for real and never clean up: each founds the account it needs, and what
belongs to another account is out of its sight. That is how the product runs, it needs
no truncation, and it lets tests use threads, other connections and real servers.

`SALOTTO_TEST_DATABASE_URL` points the suite at another server (PostgreSQL 15 or later).
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast
    from tests.servers import Server

KILLING = ("test_worker_killed.py", "test_every_mail_is_sent_though_workers_are_killed")
"""Tests whose workers use a processor each, beside the test's own."""


def pytest_configure(config: pytest.Config) -> None:
    from tests.databases import server_url

    if not hasattr(config, "workerinput"):  # the controlling process starts it, the others inherit it
        os.environ["SALOTTO_DATABASE_URL"] = server_url()


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that kill workers come first, so that they are dealt to one process and never run
    beside each other; those of the browser last: Playwright keeps an event loop in their thread,
    beside which no other may run."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(test: str) -> int:
    if any(name in test for name in KILLING):
        return 0
    return 2 if test.startswith("tests/browser/") else 1


@pytest.fixture(scope="session", autouse=True)
def database(django_db_blocker: object, worker_id: str) -> Iterator[str]:
    """A migrated database of this test process; its name."""
    from tests.databases import fresh_database

    with django_db_blocker.unblock(), fresh_database(worker_id) as name:  # type: ignore[attr-defined]
        yield name


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Nothing: pytest-django must not make a database of its own, which the servers would not read."""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page answers in its reader's language and leaves it to the thread: each test begins anew."""
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture
def cast() -> "Cast":
    """A fresh account with Giulia, Marco, Sara, Luca, Emma, and an outsider."""
    from tests.cast import found_cast

    return found_cast()


@pytest.fixture(scope="session")
def servers(database: str) -> "Iterator[tuple[Server, Server]]":
    """Two server processes on the test database; tests that stop one start their own."""
    from tests.servers import Server

    pair = Server(), Server()
    try:
        for server in pair:
            server.await_ready()
        yield pair
    finally:
        for server in pair:
            server.stop()


@pytest.fixture
def server(servers: "tuple[Server, Server]") -> "Server":
    """One of the two."""
    return servers[0]
