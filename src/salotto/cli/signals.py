"""SIGTERM, Ctrl-C and a closed terminal, also while starting: everything is left in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from salotto.core.start import ask_to_stop

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _note(number: int, frame: FrameType | None) -> None:
    ask_to_stop()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Within the block, a signal makes the next `core.start.checkpoint` raise Stopped.

    A signal that was ignored when we came (nohup) stays so.
    """
    handled = [number for number in HANDLED if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _note) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
