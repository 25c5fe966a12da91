"""What the commands do; each returns its exit code."""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from salotto.cli import house, team
from salotto.cli.house import House
from salotto.cli.signals import HANDLED
from salotto.config.options import Options, read
from salotto.core.start import stopping


def serve(given: argparse.Namespace, options: Options) -> int:
    """`serve` and `demo`: database, preparation, server, worker."""
    house.must_be_alone(options)
    with _farewell("Salotto"), house.port(options) as sock, House(options, sock.getsockname()[1]) as home:
        home.prepare()
        if home.options.workers > 1:
            return team.serve(home, sock, with_worker=not given.no_worker)
        return _serve_here(home, sock, with_worker=not given.no_worker)


@contextmanager
def _farewell(who: str) -> Iterator[None]:
    """When all is in order again after a signal, say so: what was silent might still hang."""
    try:
        yield
    finally:
        if stopping():
            with suppress(OSError):  # the terminal may be what went away
                start = "\r" if sys.stdout.isatty() else ""  # over the ^C of the terminal
                print(f"{start}{who} has stopped.", flush=True)


def _serve_here(home: House, sock: socket.socket, *, with_worker: bool) -> int:
    from salotto.config import server

    return server.serve(home.options, sock, with_worker=with_worker, ready=home.announce, healthy=home.alive)


def web(given: argparse.Namespace, options: Options) -> int:
    """One server process of several, on a socket that it inherits."""
    house.load_django()
    from salotto.config import server

    sock = socket.socket(fileno=given.socket)
    return server.serve(read(), sock, with_worker=not given.no_worker)


def worker(given: argparse.Namespace, options: Options) -> int:
    """Run jobs alone, on the given database or on that of the server which runs here."""
    house.visit(options)
    house.load_django()
    with _farewell("The worker"):
        asyncio.run(_work_until_signal())
    return 0


async def _work_until_signal() -> None:
    from salotto.config import jobs, mail_in

    working = asyncio.create_task(jobs.work())
    receiving = asyncio.create_task(mail_in.receive(read()))
    print("The worker runs; jobs are taken as they come.", flush=True)
    while not stopping():  # noqa: ASYNC110 (a signal's note)
        await asyncio.sleep(0.1)
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    await jobs.stop(working)


def migrate(given: argparse.Namespace, options: Options) -> int:
    """Bring the database, the catalogues and the static files up to date."""
    if options.database_url or house.running(options):
        house.visit(options)
        house.in_child("prepare")
    else:
        with House(options):
            house.in_child("prepare")
    print("The database is up to date.")
    return 0


def prepare(given: argparse.Namespace, options: Options) -> int:
    """What `migrate` and every start run in a process of its own: it may be killed."""
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    house.prepare_here(options)
    return 0


def check(given: argparse.Namespace, options: Options) -> int:
    """Say what is sound and what is not; nothing is started for it."""
    place = house.visit(options)
    house.load_django()
    from salotto.config import check as checks

    report = checks.examine(checks.Place(place, house.server_url(options)))
    print(report.as_json() if given.json else report.as_text())
    return 0 if report.sound else 1
