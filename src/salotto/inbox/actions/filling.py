"""A message of which a part had come, and now comes the rest."""

from typing import Any

from salotto.inbox.actions.conversations import _move
from salotto.inbox.models import PUBLIC_KINDS, Conversation, Message


def fill_in(message: int, body: str, data: dict[str, Any]) -> str | None:
    """Give a message whose data says that it is a part (`part`) its body and its data, and tell open
    desks, in the caller's transaction and account scope; its kind, None where it is no part (any
    more)."""
    parts = Message.objects.filter(pk=message, data__has_key="part")
    conversation = parts.values_list("conversation_id", flat=True).first()
    if conversation is None:
        return None
    found = Conversation.objects.select_for_update(no_key=True).get(pk=conversation)
    if not parts.update(body=body, data=data):
        return None  # somebody was faster
    newer = Message.objects.filter(conversation_id=conversation, kind__in=PUBLIC_KINDS, id__gt=message)
    if not newer.exists():
        found.preview = body[:160]
    _move(found, "filled", "preview", line=message)
    return str(Message.objects.values_list("kind", flat=True).get(pk=message))
