"""Whether an account may act: set by what is paid for (rules 20 and 21)."""

from salotto.accounts.models import Account
from salotto.live.actions import emit


def set_read_only(account_id: int, value: bool) -> bool:
    """Let the account's agents only read, or act again; whether that is a change.

    In the caller's transaction, which says why in the audit log. Nothing is hidden or
    deleted; visitors are asked to leave a message.
    """
    changed = Account.objects.filter(pk=account_id, read_only=not value).update(read_only=value)
    if changed:
        emit(account_id, "account.changed", read_only=value)
    return bool(changed)
