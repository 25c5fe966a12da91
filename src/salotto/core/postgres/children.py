"""Child processes that end with us, however we end."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from salotto.core.postgres.identity import Identity

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(how: int) -> Callable[[], None]:
    """What a new child runs before its program: get signal `how` when this process dies.

    Linux tells the child; elsewhere the next start finds and stops an orphan. The signal
    follows the thread that starts the child, so start children from the main thread.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, how)
            if os.getppid() != parent:  # died in between
                os._exit(1)

    return prepare


def spawn(
    command: Sequence[str | Path],
    *,
    identity: Identity | None = None,
    on_parent_death: int = signal.SIGTERM,
    **options: Any,
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own, so that Ctrl-C reaches us alone and we stop it."""
    if identity is not None and identity.foreign:
        options |= {"user": identity.uid, "group": identity.gid, "extra_groups": []}
    return subprocess.Popen(  # noqa: S603 (our own programs, no shell)
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(on_parent_death),  # noqa: PLW1509 (no threads yet)
        **options,
    )
