"""Reads about seats."""

from dataclasses import dataclass

from salotto.seats.models import SeatPlan


@dataclass(frozen=True)
class Plan:
    """How many seats the account has and how many agents hold one."""

    seats: int
    in_use: int

    @property
    def free(self) -> int:
        return self.seats - self.in_use


def plan() -> Plan:
    """The plan of the account whose scope is open; none has no seats."""
    row = SeatPlan.objects.values_list("seats", "agents").first()
    return Plan(*row) if row else Plan(0, 0)
