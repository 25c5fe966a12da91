"""Posting messages: one SQL function for one or many, called from pages and endpoints alike."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

CALL = "SELECT message, conversation, at, fresh, version FROM inbox_post_messages(%s::jsonb) ORDER BY n"


@dataclass(frozen=True, slots=True)
class Posted:
    """A written message; `fresh` is False when its client id had come before."""

    message: int
    conversation: int
    at: datetime
    fresh: bool
    version: int


@dataclass(frozen=True, slots=True)
class Item:
    """A message on its way in: to a conversation, or from a visitor of an inbox.

    `name` and `email` are those of a visitor who is new there, where they are known.
    """

    account: int
    client_id: UUID
    kind: str
    body: str
    conversation: int | None = None
    inbox: int | None = None
    visitor: UUID | None = None
    author: int | None = None
    language: str = ""
    data: dict[str, Any] | None = None
    name: str = ""
    email: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `inbox_post_messages` takes it."""
        return {
            "account": self.account,
            "client_id": str(self.client_id),
            "kind": self.kind,
            "body": self.body,
            "conversation": self.conversation,
            "inbox": self.inbox,
            "visitor": self.visitor and str(self.visitor),
            "author": self.author,
            "language": self.language,
            "name": self.name,
            "email": self.email,
            "data": self.data or {},
        }


def as_parameter(items: Sequence[Item]) -> str:
    """The function's argument for these items."""
    return json.dumps([item.as_json() for item in items], ensure_ascii=False)


def as_posted(row: Sequence[Any]) -> Posted | None:
    """One row of the function's result; None where there is no such conversation."""
    return None if row[0] is None else Posted(*row)


def post(item: Item) -> Posted | None:
    """Write one message on Django's connection, in the caller's transaction."""
    with connection.cursor() as db:
        db.execute(CALL, [as_parameter([item])])
        return as_posted(db.fetchone())


def post_all(items: Sequence[Item]) -> dict[UUID, Posted]:
    """Write messages in this order, on Django's connection and in the caller's transaction; by
    client id. One whose conversation does not exist is not among them."""
    with connection.cursor() as db:
        db.execute(CALL, [as_parameter(items)])
        rows = [as_posted(row) for row in db.fetchall()]
    return {item.client_id: row for item, row in zip(items, rows, strict=True) if row is not None}
