"""A receiver per module, and a mail domain."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.channels.email.receiver.doors import DOMAIN, Running, receiving


@pytest.fixture(autouse=True)
def mail_domain(settings: Any) -> None:
    """All addresses of this domain are ours."""
    settings.MAIL_DOMAIN = DOMAIN


@pytest.fixture(scope="module")
def door(database: str) -> Iterator[Running]:
    """A receiver that the tests of a module share."""
    with receiving() as running:
        yield running
