"""The one clock: code that depends on the time asks here, so that a test can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_frozen: ContextVar[datetime | None] = ContextVar("salotto_clock", default=None)


def now() -> datetime:
    """The current instant, UTC, or the one a test has set."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Hold the clock at an aware instant for as long as the block runs."""
    token = _frozen.set(instant)
    try:
        yield
    finally:
        _frozen.reset(token)
