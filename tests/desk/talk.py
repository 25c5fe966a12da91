"""Conversations for the tests of the desk, begun as visitors begin them."""

from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from salotto.accounts.members import Member
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Inbox
from salotto.inbox.posting import Item, Posted, post


def write(by: Member, body: str = "Good morning!", *, visitor: UUID | None = None, **data: Any) -> Posted:
    """A visitor of the member's account writes; a new one unless `visitor` wrote before."""
    account = by.account.pk
    with account_scope(account), transaction.atomic():
        inbox = Inbox.objects.order_by("id").first().pk
        posted = post(
            Item(
                account,
                uuid4(),
                "visitor",
                body,
                inbox=inbox,
                visitor=visitor or uuid4(),
                language="en",
                data=data,
            )
        )
    assert posted is not None
    return posted


def begin(by: Member, body: str = "Good morning!", **data: Any) -> int:
    """A new conversation in the member's account; its id."""
    return write(by, body, **data).conversation
