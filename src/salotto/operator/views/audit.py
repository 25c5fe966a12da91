"""The audit log."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from salotto.accounts.http import OperatorRequest
from salotto.core.errors import Missing
from salotto.operator.queries import lists
from salotto.operator.queries.accounts import account_named
from salotto.operator.views.common import asked, operator_page, show

NOBODY = -1
INSTALLATION = "0"


@require_safe
@operator_page
def audit(request: OperatorRequest) -> HttpResponse:
    """Newest first; GET `account` (short name, or 0 for the installation), `verb`, `actor`, `after`."""
    wanted = {name: asked(request, name, 254) for name in ("account", "verb", "actor")}
    page = lists.audit_entries(
        account_id=_account(wanted["account"]),
        verb=wanted["verb"],
        actor_id=_actor(wanted["actor"]),
        cursor=asked(request, "after"),
    )
    return show(request, "audit", "audit", page=page, wanted=wanted, verbs=lists.verbs())


def _account(name: str) -> int | None:
    if not name:
        return None
    if name == INSTALLATION:
        return 0
    try:
        return account_named(name).pk
    except Missing:
        return NOBODY


def _actor(email: str) -> int | None:
    if not email:
        return None
    user = lists.user_named(email)
    return user.pk if user else NOBODY
