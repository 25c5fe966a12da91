"""What the settings pages about people need to know of the inbox."""

from salotto.inbox.models import Conversation, Status

ENOUGH = 100


def open_conversations(user_id: int) -> int:
    """How many open conversations are assigned to a member of the open scope; 100 is "many"."""
    mine = Conversation.objects.filter(assignee_id=user_id, status=Status.OPEN)
    return len(mine.values_list("id")[:ENOUGH])
