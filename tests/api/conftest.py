from typing import Any

import pytest


@pytest.fixture(autouse=True)
def queued_mail(settings: Any) -> None:
    """Mail goes the product's way, into the queue: Django's test setup would keep it in memory."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"
