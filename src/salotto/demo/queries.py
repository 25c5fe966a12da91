"""Who of the cast is there."""

from salotto.accounts.models import User
from salotto.demo.cast import CAST, Player, player


def players() -> list[tuple[Player, int]]:
    """The cast that has an account, in order, each with its user id."""
    ids = dict(User.objects.filter(email__in=[p.email for p in CAST]).values_list("email", "id"))
    return [(p, ids[p.email]) for p in CAST if p.email in ids]


def user_of(key: str) -> User | None:
    """The user who is this member of the cast."""
    chosen = player(key)
    return User.objects.filter(email=chosen.email).first() if chosen else None
