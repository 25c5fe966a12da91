"""Who of the cast is there."""

from salotto.accounts.models import User
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
