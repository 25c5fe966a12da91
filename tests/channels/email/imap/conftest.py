"""A Dovecot for the tests of this folder; those that break one start their own."""

from collections.abc import Iterator

import pytest

from tests.channels.email.imap import boxes
from tests.channels.email.imap.boxes import Letterbox
from tests.mailservers.dovecot import Dovecot, dovecot


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
