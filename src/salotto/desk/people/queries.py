"""What the settings pages about people need to know of the inbox and the seats."""

from salotto.inbox.models import Conversation, Status
from salotto.seats.models import SeatChange

ENOUGH = 100


def on_trial() -> bool:
    """True while the open scope's seats are those of the trial: the ledger's last row says so."""
    last = SeatChange.objects.order_by("-id").values_list("kind", flat=True)
    return bool(last.first() == SeatChange.Kind.TRIAL)


def open_conversations(user_id: int) -> int:
    """How many open conversations are assigned to a member of the open scope; 100 is "many"."""
    mine = Conversation.objects.filter(assignee_id=user_id, status=Status.OPEN)
    return len(mine.values_list("id")[:ENOUGH])
