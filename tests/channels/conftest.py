"""A shop per module where tests do not meet, a fresh one where they would."""

import pytest

from tests.channels.sites import Shop, open_shop


@pytest.fixture(scope="module")
def mall(database: str) -> Shop:
    """A site that the tests of a module share: each comes with visitors of its own."""
    return open_shop()


@pytest.fixture
def shop() -> Shop:
    """A site of this test alone."""
    return open_shop()
