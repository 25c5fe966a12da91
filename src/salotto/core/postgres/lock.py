"""One running Salotto per data directory."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

from salotto.core.start import CannotStart

NAME = "salotto.lock"


class Lock:
    """Held by the process that runs the data directory; tells others who and where.

    The kernel releases it with the process, so that a crash leaves nothing to clean up.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._file: IO[str] | None = None

    def acquire(self, **about: Any) -> None:
        """Take the lock and write `about` beside the pid; raises CannotStart when held."""
        file = (self.data / NAME).open("a+", encoding="utf-8")
        if not _taken(file):
            holder = _read(file)
            file.close()
            raise CannotStart(in_use(self.data, holder))
        self._file = file
        self.tell(**about)

    def tell(self, **about: Any) -> None:
        """Replace what others read about us (`pid` is always there)."""
        if self._file is None:
            raise RuntimeError("acquire() first")
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), **about}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the directory back; harmless when not held."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _taken(file: IO[str]) -> bool:
    for attempt in range(3):  # `holder` of another process may look at this very moment
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02 * attempt)
        else:
            return True
    return False


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        found = json.loads(file.read() or "{}")
    except ValueError:  # being written this very moment
        return {}
    return found if isinstance(found, dict) else {}


def in_use(data: Path, holder: dict[str, Any]) -> str:
    """Who has this data directory, where that one is open, and how to go on."""
    who = f"process {holder['pid']}" if "pid" in holder else "another process"
    where = f", open at {holder['url']}" if holder.get("url") else ""
    stop = f"Stop it (kill {holder['pid']})" if "pid" in holder else "Stop it"
    return (
        f"Salotto already runs on {data} ({who}{where})."
        f" {stop}, or start this one on another directory with --data."
    )


def holder(data: Path) -> dict[str, Any] | None:
    """What the running owner of this data directory told about itself; None if none runs."""
    path = data / NAME
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file)
    return None
