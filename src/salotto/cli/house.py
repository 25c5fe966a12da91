"""A running installation: its data directory, its database, its preparation."""

import dataclasses
import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from salotto.config import options as settings
from salotto.config.options import Options
from salotto.core import database
from salotto.core.postgres import Cluster, lock
from salotto.core.postgres import cluster as clusters
from salotto.core.postgres.children import spawn
from salotto.core.start import CannotStart, checkpoint, wait_for


class House:
    """Everything that must be there before the server: entered, it is; left, it is gone."""

    def __init__(self, options: Options, port: int = 0) -> None:
        self.options = dataclasses.replace(options, port=port or options.port)
        self._lock: lock.Lock | None = None
        self._cluster: Cluster | None = None

    def __enter__(self) -> "House":
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._cluster is not None:
            self._cluster.stop()
        if self._lock is not None:
            self._lock.release()

    def _open(self) -> None:
        make_data(self.options.data)
        if not self.options.database_url:
            self._begin_database()
        os.environ.update(settings.variables(self.options))
        if self.options.workers == 1:
            load_django()  # while the database boots
        if self._cluster is not None:
            self._cluster.ready()
            make_roles(self._cluster)

    def _begin_database(self) -> None:
        url = f"http://{own_address(self.options)}"
        self._lock = lock.Lock(self.options.data)
        self._lock.acquire(url=url)
        self._cluster = Cluster(self.options.data)
        if not (self._cluster.folder / "PG_VERSION").exists():
            _say("Creating the database …")
        self._cluster.begin()
        self.options = embedded(self.options, self._cluster)
        self._lock.tell(url=url, sockets=str(self._cluster.sockets))

    def prepare(self) -> None:
        """Bring the database and files up to date; what costs memory runs in a child."""
        if self.options.workers > 1:
            in_child("prepare")
        else:
            from salotto.config import prepare

            if prepare.todo(self.options):
                in_child("prepare")
            checkpoint()
            prepare.after_start()

    def alive(self) -> bool:
        """False when the embedded database has gone."""
        return self._cluster is None or self._cluster.alive()

    def announce(self) -> None:
        """Tell where to go, now that the port answers."""
        where = self.options.data if self._cluster else "the configured database"
        if self.options.demo:
            _introduce(self.options)
        else:
            print(f"Salotto is ready: {self.options.public_url}", flush=True)
        print(f"Data: {where}. Ctrl-C stops it.", flush=True)


def _introduce(options: Options) -> None:
    """The demo's addresses and logins."""
    load_django()
    from salotto.demo.cast import CAST, OPERATOR, password

    print(f"\nSalotto is ready. Start here: {options.public_url}/demo/\n")
    print("There everybody of the team is one click away, and every mail can be read. By hand:")
    print(f"  The shop     {options.public_url}/shop/")
    print(f"  The desk     {options.public_url}/login/  (password: {password(options.data)})")
    for player in (*CAST, OPERATOR):
        print(f"               {player.email:<32} {player.name}")
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        print("Warning: everybody who reaches this address can sign in as anybody.", file=sys.stderr)


def load_django() -> None:
    """Django with all rooms, for the settings in the environment."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "salotto.config.settings"
    import django

    django.setup()


def prepare_here(options: Options) -> None:
    """Prepare in this process."""
    load_django()
    from salotto.config import prepare

    prepare.run(options, _say)
    prepare.after_start()


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def in_child(*arguments: str) -> None:
    """Run a command of our own, so that its memory is given back; raises CannotStart."""
    process = spawn([sys.executable, "-m", "salotto", *arguments])
    try:
        code = wait_for(process)
    except BaseException:
        process.kill()  # each migration is one transaction, and files change in one step
        process.wait()
        raise
    if code:
        raise CannotStart("The database and the files could not be prepared (see above).")


def make_data(data: Path) -> None:
    """The data directory exists and is ours to write; raises CannotStart."""
    try:
        _make(data)
        (data / "mail").mkdir(mode=0o700, exist_ok=True)  # unsent mail holds links that let people in
        probe = data / ".write"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data directory {data} cannot be used: {error.strerror}. Name another one with --data."
        ) from None


def _make(folder: Path) -> None:
    """Make what is missing on the way; as root so that the database's user can pass it."""
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir()
        folder.chmod(0o755 if os.geteuid() == 0 else 0o700)


def make_roles(cluster: Cluster) -> None:
    """Owner, server role and database of the embedded server."""
    with database.connect(cluster.conninfo(clusters.SUPERUSER, "postgres")) as db:
        database.make_roles(db, clusters.OWNER, clusters.APP, clusters.DATABASE)


def embedded(options: Options, cluster: Cluster) -> Options:
    """These options with the addresses of the embedded database."""
    return dataclasses.replace(
        options,
        database_url=cluster.conninfo(clusters.APP),
        migration_database_url=cluster.conninfo(clusters.OWNER),
    )


def must_be_alone(options: Options) -> None:
    """Raises CannotStart if another Salotto runs here: said before its port is found taken."""
    with suppress(OSError):  # a directory that cannot be read is explained by `make_data`
        holder = lock.holder(options.data)
        if holder is not None and not options.database_url:
            raise CannotStart(lock.in_use(options.data, holder))


def running(options: Options) -> bool:
    """True when a server with the embedded database runs on this data directory."""
    return lock.holder(options.data) is not None


def visit(options: Options) -> Options:
    """Use the database that is there, without starting one; raises CannotStart if none runs."""
    found = options
    if not options.database_url:
        found = visited(options)
    os.environ.update(settings.variables(found))
    return found


def visited(options: Options) -> Options:
    """The options with the addresses of the embedded database that another process runs."""
    holder = lock.holder(options.data)
    if holder is None or "sockets" not in holder:
        raise CannotStart(_nobody(options))
    cluster = Cluster(options.data)
    cluster.sockets = Path(holder["sockets"])
    return embedded(options, cluster)


def _nobody(options: Options) -> str:
    """Nothing runs there; what does the reader most likely want?"""
    if options.demo:
        return f"Nothing runs on {options.data}. Start the demo with `salotto demo --data {options.data}`."
    return (
        f"Nothing runs on {options.data}. Start it with `salotto serve --data {options.data}`,"
        " or set SALOTTO_DATABASE_URL. To try Salotto, start `salotto demo`; a demo that runs"
        " is reached with --demo (`salotto check --demo`)."
    )


def server_url(options: Options) -> str:
    """Where the server of this installation is reached from this machine."""
    holder = lock.holder(options.data) or {}
    return str(holder.get("url") or f"http://{own_address(options)}")


def own_address(options: Options) -> str:
    """`host:port` at which this machine reaches the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(options.host, options.host)  # noqa: S104
    return f"{host}:{options.port}"


@contextmanager
def port(options: Options) -> Iterator[socket.socket]:
    """The listening socket to serve on; raises CannotStart when the port is taken."""
    with closing(_bind(options)) as sock:
        yield sock


def _bind(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((options.host, options.port))
        sock.listen(2048)  # now, and not when all is ready: whoever comes early waits
    except OSError as error:
        sock.close()
        raise CannotStart(_why_not(options, error)) from None
    return sock


def _why_not(options: Options, error: OSError) -> str:
    where = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {options.port} is taken by another program."
            f" Stop it, or choose another port: --port {options.port + 1}."
        )
    if error.errno == errno.EACCES:
        return (
            f"Listening on {where} is not allowed: ports below 1024 belong to root."
            " Choose another with --port and put a proxy before it."
        )
    return f"Listening on {where} is not possible: {error.strerror or error}. Check --host."
