"""What stays of a deleted conversation: that its mails came, so that they do not come back, and
by which inbox, so that answers find it."""

from salotto.channels.email.models import KnownId, Mail, NamedId, Participant, RawMail, RawState
from salotto.inbox.models import Conversation


def forget(conversation: Conversation) -> None:
    """Remove the mails of a conversation, with their originals and who sent them; in the caller's
    transaction and account scope.

    Ids that were seen stay as tombstones. Those that were only named go: the mail that bears
    one has never come, and is no part of what was deleted.
    """
    mine = {"conversation_id": conversation.pk}
    Mail.objects.filter(**mine).delete()
    Participant.objects.filter(**mine).delete()
    NamedId.objects.filter(**mine).delete()
    KnownId.objects.filter(**mine).update(conversation=None, message=None, was=conversation.pk)
    originals = RawMail.objects.filter(**mine)
    nothing = {"content": b"", "sender": "", "recipients": [], "error": ""}
    originals.update(state=RawState.DELETED, conversation=None, message=None, **nothing)
