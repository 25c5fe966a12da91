"""How much the receiver takes at once."""

from dataclasses import dataclass, field
from time import monotonic

from salotto.core.limits import HeldLimit, RateLimit, address_key

CONNECTIONS = 100
PER_ADDRESS = 30
"""Connections of one address; an MTA opens twenty to one destination. Our own machine is not counted."""
COMMAND_SECONDS = 60.0
DATA_SECONDS = 600.0
TALK_SECONDS = 300.0
"""From the first word to a mail, and from one that was stored to the next: then a connection ends."""
LEAST_SPEED = 500
"""Bytes a second that a mail must come with, on an average over `SPAN`. A modem has 2000 and more."""
SPAN = 30.0
LAST_SECONDS = 5.0
"""For reading our last words; then the connection is cut."""
MOST_RECIPIENTS = 100
MOST_UNKNOWN = 20
"""Unknown recipients in one connection: then it is guessing."""
GUESSES, MOST_GUESSES = 30.0, 60
"""Unknown recipients that one address may name a minute, and at once, over all of its connections."""
GUESSED_SECONDS = 60.0
"""Who has named more is not answered for so long, and costs nothing: a mail server tries again later."""
MOST_HOPS = 50
COMMANDS = {"*": 20, "AUTH": 3, "MAIL": 1000, "RCPT": 20_000, "DATA": 1000, "RSET": 1000}
"""Commands of one kind in one connection."""
_REMEMBERED = 10_000
_HOME = ("127.0.0.1", "::1", "unix")


@dataclass(slots=True)
class Limits:
    """Shared by all connections of a process; `most_bytes`: of all mails that are coming in."""

    most_bytes: int
    connections: int = CONNECTIONS
    per_address: int = PER_ADDRESS
    command_seconds: float = COMMAND_SECONDS
    data_seconds: float = DATA_SECONDS
    talk_seconds: float = TALK_SECONDS
    span: float = SPAN
    last_seconds: float = LAST_SECONDS
    open: int = 0
    bytes: int = 0
    guesses: float = GUESSES
    most_guesses: int = MOST_GUESSES
    _held: HeldLimit = field(init=False)
    _unknown: RateLimit = field(init=False)
    _guessing: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._held = HeldLimit(self.per_address)
        self._unknown = RateLimit(self.guesses, self.most_guesses)

    def admit(self, address: str) -> bool:
        """Whether one more connection may come from this address; it counts until `let_go`."""
        if self.open >= self.connections or self.is_guessing(address):
            return False
        if not (address in _HOME or self._held.take(address_key(address))):
            return False
        self.open += 1
        return True

    def let_go(self, address: str) -> None:
        """A connection that was admitted has ended."""
        self.open -= 1
        if address not in _HOME:
            self._held.give_back(address_key(address))

    def guessed(self, address: str) -> None:
        """An unknown recipient was named from this address; our own machine asks for others."""
        key = address_key(address)
        if address not in _HOME and self._unknown.wait(key):
            now = monotonic()
            if len(self._guessing) > _REMEMBERED:
                self._guessing = {key: until for key, until in self._guessing.items() if until > now}
            self._guessing[key] = now + GUESSED_SECONDS

    def is_guessing(self, address: str) -> bool:
        """Whether this address has named so many unknown recipients that it is not answered."""
        until = self._guessing.get(address_key(address)) if self._guessing else None
        return until is not None and until > monotonic()

    def room(self, more: int) -> bool:
        """Count the bytes of a mail that is coming in; False when all mails together are too much."""
        self.bytes += more
        return self.bytes <= self.most_bytes
