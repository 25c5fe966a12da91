"""An operator, and the pages as one sees them."""

from collections.abc import Callable
from typing import Any

import pytest

from salotto.accounts import actions
from salotto.accounts.models import User
from tests.cast import client_of, new_user

Post = Callable[..., Any]


@pytest.fixture
def operator() -> User:
    """Vera runs the installation, and belongs to no account."""
    return actions.add_operator(new_user("Vera Operatrice").email)


@pytest.fixture
def pages(operator: User) -> Any:
    """Vera's browser."""
    return client_of(operator)
