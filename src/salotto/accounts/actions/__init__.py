"""Every write about accounts and the people in them."""

from salotto.accounts.actions.founding import found_account
from salotto.accounts.actions.invitations import (
    Joined,
    accept_invitation,
    invite,
    join_as_new_user,
    resend_invitation,
    revoke_invitation,
)
from salotto.accounts.actions.people import change_role, hand_over, remove_member
from salotto.accounts.actions.standing import set_read_only
from salotto.accounts.actions.unconfirmed import forget_unconfirmed
from salotto.accounts.actions.users import (
    change_password,
    create_user,
    tell_everywhere,
    update_profile,
)

__all__ = [
    "Joined",
    "accept_invitation",
    "change_password",
    "change_role",
    "create_user",
    "forget_unconfirmed",
    "found_account",
    "hand_over",
    "invite",
    "join_as_new_user",
    "remove_member",
    "resend_invitation",
    "revoke_invitation",
    "set_read_only",
    "tell_everywhere",
    "update_profile",
]
