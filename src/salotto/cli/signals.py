"""SIGTERM and Ctrl-C, also while starting: everything is left in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Raised in the main thread by the first signal; unwinds what was started."""


def _stop(number: int, frame: FrameType | None) -> None:
    for handled in HANDLED:  # the way out is not interrupted by impatience
        signal.signal(handled, signal.SIG_IGN)
    raise Stopped


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within the block, the first signal raises `Stopped`."""
    before = {number: signal.signal(number, _stop) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
