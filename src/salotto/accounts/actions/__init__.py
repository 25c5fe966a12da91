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
from salotto.accounts.actions.operators import OPERATION, add_operator, first_operator, remove_operator
from salotto.accounts.actions.people import change_role, hand_over, permit_channels, remove_member
from salotto.accounts.actions.standing import set_read_only
from salotto.accounts.actions.tokens import create_token, revoke_token
from salotto.accounts.actions.unconfirmed import forget_unconfirmed
from salotto.accounts.actions.users import (
    change_password,
    create_user,
    tell_everywhere,
    update_profile,
)

__all__ = [
    "OPERATION",
    "Joined",
    "accept_invitation",
    "add_operator",
    "change_password",
    "change_role",
    "create_token",
    "create_user",
    "first_operator",
    "forget_unconfirmed",
    "found_account",
    "hand_over",
    "invite",
    "join_as_new_user",
    "permit_channels",
    "remove_member",
    "remove_operator",
    "resend_invitation",
    "revoke_invitation",
    "revoke_token",
    "set_read_only",
    "tell_everywhere",
    "update_profile",
]
