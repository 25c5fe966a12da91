"""Mail servers beside us may be used, and lines are not kept from one test to the next."""

from collections.abc import Iterator
from typing import Any

import pytest

from salotto.channels.email.sending.lines import LINES
from salotto.channels.email.sending.shares import ANSWERS
from tests.mailservers.postfix import LOCAL, Postfix, postfix


@pytest.fixture(autouse=True)
def lines(settings: Any) -> Iterator[None]:
    """A fresh start, and our own mail domain."""
    settings.MAIL_LOCAL = True
    settings.MAIL_DOMAIN = LOCAL
    LINES.forget()
    ANSWERS.forget()
    yield
    LINES.forget()


@pytest.fixture(scope="module")
def relay() -> Iterator[Postfix]:
    """A Postfix that the tests of a module share."""
    with postfix() as server:
        yield server
