"""The system user that the database server runs as."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from salotto.core.start import CannotStart

SYSTEM_USER = "salotto"


@dataclass(frozen=True)
class Identity:
    """A system user by number and name; `foreign` when it is not the user we run as."""

    uid: int
    gid: int
    name: str

    @property
    def foreign(self) -> bool:
        return self.uid != os.geteuid()

    def can_pass(self, directory: Path) -> bool:
        """True if this user may go through the directory (mode bits only)."""
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def blocked_by(self, path: Path) -> Path | None:
        """The outermost directory on the way to `path` that this user cannot pass."""
        way = [path, *path.parents] if path.is_dir() else list(path.parents)
        return next((d for d in reversed(way) if not self.can_pass(d)), None)


def _by_uid(uid: int, gid: int) -> Identity:
    try:
        return Identity(uid, gid, pwd.getpwuid(uid).pw_name)
    except KeyError:  # a container's arbitrary user has a number and no name
        return Identity(uid, gid, "")


def _by_name(name: str) -> Identity | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Identity(entry.pw_uid, entry.pw_gid, name)


def _make_system_user() -> Identity | None:
    program = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    subprocess.run(  # noqa: S603
        [program, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        capture_output=True,
        check=False,
    )
    return _by_name(SYSTEM_USER)


def of(cluster: Path) -> Identity:
    """Who runs the server of this data directory.

    The owner of an existing one; for a new one we ourselves, or, as root, the system user
    `salotto` (made when missing; `nobody` where none can be made). Raises CannotStart
    when the directory belongs to somebody else and we are not root.
    """
    root = os.geteuid() == 0
    if (cluster / "PG_VERSION").exists() or cluster.is_dir():
        status = cluster.stat()
        if status.st_uid == os.geteuid() and not root:
            return _by_uid(status.st_uid, os.getegid())
        if not root:
            raise CannotStart(
                f"The data in {cluster} belongs to the system user"
                f" {_by_uid(status.st_uid, status.st_gid).name or status.st_uid}."
                " Start Salotto as that user or as root, or name another directory with --data."
            )
        if status.st_uid != 0:
            return _by_uid(status.st_uid, status.st_gid)
    if not root:
        return _by_uid(os.geteuid(), os.getegid())
    found = _by_name(SYSTEM_USER) or _make_system_user() or _by_name("nobody")
    if found is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and no system user could be made for it."
            " Create one with `useradd --system salotto`, or start Salotto as an ordinary user."
        )
    return found
