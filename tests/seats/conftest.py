"""Mail goes its real way, into the queue."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def real_mail_backend(settings: Any) -> None:
    """pytest-django puts its own one in."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"
