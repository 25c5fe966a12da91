"""Starting and being told to stop: the vocabulary that all parts of a start share.

A signal only leaves a note; whoever waits for something looks at it (`checkpoint`). An
exception raised by a signal handler could strike anywhere, and be lost there.
"""

import subprocess
import time


class CannotStart(Exception):
    """Something outside the program stands in the way; `str()` says what, and what to do."""


class Stopped(BaseException):
    """We were told to stop; unwinds what was started."""


class _Note:
    stop = False


def ask_to_stop() -> None:
    """Leave the note: everything that waits ends soon."""
    _Note.stop = True


def stopping() -> bool:
    """True once we were told to stop."""
    return _Note.stop


def checkpoint() -> None:
    """Raises Stopped if we were told to stop."""
    if _Note.stop:
        raise Stopped


def pause(seconds: float) -> None:
    """Sleep a moment; raises Stopped if we are told to stop meanwhile."""
    until = time.monotonic() + seconds
    checkpoint()
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))
        checkpoint()


def wait_for(process: "subprocess.Popen[bytes]") -> int:
    """The child's exit code; raises Stopped if we are told to stop before."""
    while (code := process.poll()) is None:
        pause(0.02)
    return code
