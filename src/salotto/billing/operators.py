"""Who may act for the installation: an operator, or somebody at the command line (None)."""

from django.utils.translation import gettext_lazy as _

from salotto.accounts.actions.operators import OPERATION
from salotto.accounts.models import User
from salotto.core.errors import Forbidden

__all__ = ["OPERATION", "OperatorsOnly", "must_operate"]


class OperatorsOnly(Forbidden):
    """403: for those who run this server."""

    code = "not_operator"
    sentence = _("Only operators of this server may do this. Nothing was changed.")


def must_operate(by: User | None) -> int | None:
    """The actor as the audit log keeps it; None is the command line. Raises OperatorsOnly."""
    if by is None:
        return None
    if not by.is_operator or not by.is_active:
        raise OperatorsOnly()
    return by.pk
