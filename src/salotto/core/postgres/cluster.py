"""The embedded server's data directory: made, started, adopted, stopped."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from psycopg.conninfo import make_conninfo

from salotto.core.postgres import identity as identities
from salotto.core.postgres.binaries import Binaries, reachable
from salotto.core.postgres.children import spawn
from salotto.core.start import CannotStart, pause, wait_for

SUPERUSER, OWNER, APP, DATABASE = "postgres", "salotto_owner", "salotto_app", "salotto"
PORT = 5432  # names the socket file; nothing listens on TCP
SOCKET_PATH_LIMIT = 103  # bytes: the shortest limit of the systems we run on

SETTINGS = {  # written once into postgresql.conf, where an operator may tune them
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # a week, then overwritten
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}


class Cluster:
    """The server of one data directory. Use as a context manager, or `begin`/`ready`/`stop`."""

    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        self.folder = self.data / "postgres"
        self.log = self.data / "postgres.log"
        self.sockets = self.data / "run"
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: Path | None = None

    def __enter__(self) -> "Cluster":
        try:
            self.begin()
            self.ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def conninfo(self, role: str = APP, database: str = DATABASE) -> str:
        """How to connect as this role, through the private socket."""
        return make_conninfo(user=role, dbname=database, host=str(self.sockets), port=PORT)

    def begin(self) -> None:
        """Start the server without waiting for it; makes the data directory when missing.

        The caller holds the directory's lock. Raises CannotStart.
        """
        self.identity = identities.of(self.folder)
        self._open_way()
        self.binaries = reachable(self.data, self.identity)
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        _same_major(self.folder, self.binaries)
        _stop_orphan(self.folder)
        self._prepare_sockets()
        self._write_access_rules()
        self._launch()

    def ready(self, seconds: float = 300) -> None:
        """Wait until the server answers (crash recovery may take its time); raises CannotStart."""
        if self._process is None:
            raise RuntimeError("begin() first")
        deadline = time.monotonic() + seconds
        while not _says_ready(self.folder, self._process.pid):
            if self._process.poll() is not None:
                raise CannotStart(f"PostgreSQL did not start: {self._last_words()} (log: {self.log})")
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"PostgreSQL is still starting after {seconds:.0f} s; its log is {self.log}."
                )
            pause(0.01)

    def stop(self) -> None:
        """Shut down: running statements are rolled back, everything committed is kept."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            for how, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
                process.send_signal(how)
                try:
                    process.wait(seconds)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                process.kill()
                process.wait()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def alive(self) -> bool:
        """True while our server process runs."""
        return self._process is not None and self._process.poll() is None

    def _open_way(self) -> None:
        """Let the server's user pass our own data directory; never touch what is above it."""
        if not self.identity.foreign:
            return
        if not self.identity.can_pass(self.data) and self.data.stat().st_uid == os.geteuid():
            self.data.chmod(self.data.stat().st_mode | 0o011)
        blocked = self.identity.blocked_by(self.data)
        if blocked is not None:
            raise CannotStart(
                f"PostgreSQL runs as the system user {self.identity.name or self.identity.uid},"
                f" which may not enter {blocked}. Name another data directory"
                f" (--data /var/lib/salotto) or open this one to passers-by"
                f" (chmod o+x {blocked})."
            )

    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        if self.identity.foreign:
            os.chown(path, self.identity.uid, self.identity.gid)

    def _create(self) -> None:
        half = self.data / "postgres.new"
        shutil.rmtree(half, ignore_errors=True)
        self._own_folder(half)
        with self.log.open("wb") as log:
            process = spawn(
                [self.binaries.program("initdb"), "-D", half, *_initdb_options()],
                identity=self.identity,
                on_parent_death=signal.SIGKILL,
                env=_environment(),
                cwd="/",
                stdout=log,
                stderr=log,
            )
        try:
            code = wait_for(process)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code:
            raise CannotStart(
                f"The database could not be created in {self.data}: {self._last_words()} (log: {self.log})"
            )
        if self.folder.exists():  # without PG_VERSION: nothing of a database in it
            _must_be_empty(self.folder)
            self.folder.rmdir()
        half.replace(self.folder)

    def _prepare_sockets(self) -> None:
        if len(os.fsencode(f"{self.sockets}/.s.PGSQL.{PORT}")) > SOCKET_PATH_LIMIT:
            self._temporary = Path(tempfile.mkdtemp(prefix="salotto-", dir="/tmp"))
            self.sockets = self._temporary
        self._own_folder(self.sockets)

    def _write_access_rules(self) -> None:
        """Only the system users that run Salotto and its server come in, by the socket."""
        users = {"root", self.identity.name, _own_name()} - {""}
        rules = {
            "pg_hba.conf": "local all all peer map=salotto\n",
            "pg_ident.conf": "".join(f'salotto "{user}" all\n' for user in sorted(users)),
        }
        if not (self.identity.name and _own_name()):  # a nameless user: the closed folder guards
            rules["pg_hba.conf"] = "local all all trust\n"
        for name, text in rules.items():
            path = self.folder / name
            if path.read_text() != text:
                path.write_text(text)

    def _launch(self) -> None:
        with self.log.open("wb") as log:
            self._process = spawn(
                [
                    *(self.binaries.program("postgres"), "-D", self.folder),
                    *("-p", str(PORT), "-c", "listen_addresses="),
                    *("-c", f"unix_socket_directories={self.sockets}"),
                    *("-c", "unix_socket_permissions=0700"),
                ],
                identity=self.identity,
                on_parent_death=signal.SIGINT,  # "fast" shutdown
                env=_environment(),
                cwd="/",
                stdout=log,
                stderr=log,
            )

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        telling = [line for line in lines if "FATAL" in line or "ERROR" in line]
        return (telling or lines or ["it said nothing"])[-1]


def _initdb_options() -> list[str]:
    options = ["-U", SUPERUSER, "--auth=peer", "--encoding=UTF8", "--data-checksums"]
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options + [f"--set={name}={value}" for name, value in SETTINGS.items()]


def _environment() -> dict[str, str]:
    """A clean one: PGDATA, PGPORT and the like of the caller would change the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _must_be_empty(folder: Path) -> None:
    if any(folder.iterdir()):
        raise CannotStart(
            f"{folder} holds files that are no database. Move them away,"
            " or name another data directory with --data."
        )


def _same_major(folder: Path, binaries: Binaries) -> None:
    made_by = (folder / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise CannotStart(
            f"The database in {folder} was made by PostgreSQL {made_by}; this Salotto brings"
            f" PostgreSQL {binaries.major}. Start the Salotto version that made it, dump the"
            " database with pg_dump, and load it into a new data directory."
        )


def _pid_file(folder: Path) -> list[str]:
    try:
        return (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _says_ready(folder: Path, pid: int) -> bool:
    """The eighth line of postmaster.pid is the server's state."""
    lines = _pid_file(folder)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _serves(pid: int, folder: Path) -> bool:
    """True if this process is a PostgreSQL server of this very directory."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder
        except OSError:
            return False
    said = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(folder) in said.stdout


def _stop_orphan(folder: Path) -> None:
    """Stop a server that outlived its Salotto; forget one whose number went to another process."""
    lines = _pid_file(folder)
    if not lines or not lines[0].strip().isdigit():
        return
    pid = int(lines[0])
    for how, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 15)):
        deadline = time.monotonic() + seconds
        if _serves(pid, folder):
            os.kill(pid, how)
        while _serves(pid, folder) and time.monotonic() < deadline:
            time.sleep(0.02)
    if _serves(pid, folder):
        raise CannotStart(
            f"An earlier PostgreSQL (process {pid}) still uses {folder} and does not stop."
            f" End it (kill -QUIT {pid}) and start again."
        )
    if _exists(pid):
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
