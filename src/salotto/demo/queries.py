"""Who of the cast is there, and which inboxes take mail."""

from salotto.accounts.models import User
from salotto.channels.email.models import Mailbox
from salotto.channels.email.queries.receiving import Place, place_of
from salotto.core.tenancy import all_accounts
from salotto.demo.cast import CAST, OPERATOR, Player, player


def players() -> list[tuple[Player, int]]:
    """The cast and the operator, in order, each with its user id; who is not there is left out."""
    everybody = (*CAST, OPERATOR)
    ids = dict(User.objects.filter(email__in=[p.email for p in everybody]).values_list("email", "id"))
    return [(p, ids[p.email]) for p in everybody if p.email in ids]


def user_of(key: str) -> User | None:
    """The user who is this member of the cast."""
    chosen = player(key)
    return User.objects.filter(email=chosen.email).first() if chosen else None


def mail_addresses(limit: int = 50) -> list[str]:
    """The addresses of the inboxes by mail, the oldest first."""
    with all_accounts():
        found = Mailbox.objects.exclude(address="").order_by("pk")
        return list(found.values_list("address", flat=True)[:limit])


def place_at(address: str) -> Place | None:
    """Where mail to this address is taken in, whatever its domain; None: nowhere."""
    with all_accounts():
        own = Mailbox.objects.filter(address__iexact=address).order_by("pk").values_list("account_id", "pk")
        found = own.first()
    return Place(*found) if found else place_of(address)
