"""Rate limits in memory: one number per key, the generic cell rate algorithm (GCRA).

Per process; with N processes a client gets at most N times the rate. What a limit must
count exactly across processes (sign-in) uses the shared cache instead.
"""

from ipaddress import IPv6Address, ip_address
from time import monotonic


class RateLimit:
    """At most `burst` at once and `per_minute` in the long run, per key."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self.interval = 60.0 / per_minute
        self.tolerance = self.interval * burst
        self._due: dict[str, float] = {}

    def wait(self, key: str, now: float | None = None) -> float:
        """Seconds to wait before `key` may go on; 0 lets it through and counts it."""
        moment = monotonic() if now is None else now
        due = max(self._due.get(key, 0.0), moment)
        late = due + self.interval - moment - self.tolerance
        if late > 1e-9:
            return late
        if len(self._due) > 50_000:
            self._forget(moment)
        self._due[key] = due + self.interval
        return 0.0

    def _forget(self, moment: float) -> None:
        self._due = {key: due for key, due in self._due.items() if due > moment}


class HeldLimit:
    """At most `most` things held at once, per key."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[str, int] = {}

    def take(self, key: str) -> bool:
        """Whether `key` may hold one more; it holds it then, until `give_back`."""
        held = self._held.get(key, 0)
        if held >= self.most:
            return False
        self._held[key] = held + 1
        return True

    def give_back(self, key: str) -> None:
        """One that was taken is held no longer."""
        left = self._held.pop(key) - 1
        if left:
            self._held[key] = left


def address_key(address: str) -> str:
    """What an address is limited by: itself, or its /64 network for IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return address
