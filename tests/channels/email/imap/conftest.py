"""A Dovecot for the tests of this folder; those that break one start their own."""

from collections.abc import Iterator

import pytest

from salotto.channels.email.imap import station
from tests.channels.email.imap import boxes
from tests.channels.email.imap.boxes import Letterbox
from tests.mailservers.dovecot import Dovecot, dovecot
from tests.mailservers.proxy import Proxy, proxy


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """A running one."""
    with dovecot() as running:
        yield running


@pytest.fixture
def own() -> Iterator[Dovecot]:
    """One that the test may break."""
    with dovecot() as running:
        yield running


@pytest.fixture
def box() -> Iterator[Letterbox]:
    """A mailbox without a server."""
    boxes.leave_none()
    yield boxes.letterbox()
    boxes.leave_none()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A try follows the last one at once."""
    monkeypatch.setattr(station, "SHORTEST", 0.01)
    monkeypatch.setattr(station, "LONGEST", 0.2)
    monkeypatch.setattr(station, "ROUND_SECONDS", 0.3)


@pytest.fixture
def between(server: Dovecot) -> Iterator[Proxy]:
    """A proxy in front of the server."""
    with proxy(server.port) as made:
        yield made
