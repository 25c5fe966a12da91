"""A site of a fresh account, and what a test asks of the visitor's endpoints."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salotto.accounts.members import Member
from salotto.channels.web.models import Site
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Contact, Conversation, Message
from tests.cast import found_account
from tests.servers import Server, Visitor, site_key

POSTS = ("/w/hello", "/w/messages", "/w/typing", "/w/seen")
GETS = ("/w/messages", "/w/live")


@dataclass(frozen=True)
class Shop:
    """A fresh account with its site."""

    owner: Member
    key: str

    def visitor(self, server: Server, **options: str) -> Visitor:
        """Somebody new on the site."""
        return Visitor(server, self.key, **options)

    def change(self, **fields: Any) -> None:
        """Change the site's settings."""
        with account_scope(self.owner.account.pk):
            Site.objects.update(**fields)

    def bodies(self) -> list[str]:
        """Every message of the account, oldest first."""
        with account_scope(self.owner.account.pk):
            return list(Message.objects.order_by("id").values_list("body", flat=True))

    def rows(self) -> tuple[int, int, int]:
        """How many contacts, conversations and messages there are."""
        with account_scope(self.owner.account.pk):
            return Contact.objects.count(), Conversation.objects.count(), Message.objects.count()

    def conversation_of(self, visitor: UUID) -> int:
        """The conversation's id."""
        with account_scope(self.owner.account.pk):
            return int(Conversation.objects.get(visitor=visitor).pk)


def open_shop() -> Shop:
    """A fresh account and its site."""
    owner = found_account()
    return Shop(owner, site_key(owner.account.pk))
