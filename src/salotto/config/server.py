"""One server process: the web server, and beside it, in the same event loop, the job worker."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator

import uvicorn
from django.conf import settings

from salotto.config import jobs, mail_in
from salotto.config.options import Options
from salotto.config.probe import answers
from salotto.config.protocol import Protocol, sweep
from salotto.core.start import stopping

log = logging.getLogger("salotto.server")

APPLICATION = "salotto.config.asgi:application"
GRACE = 3  # seconds that open requests get at the end


class Server(uvicorn.Server):
    """uvicorn, that runs the worker too, says when it answers, and stops when told or left alone."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        with_worker: bool,
        ready: Callable[[], None],
        healthy: Callable[[], bool],
    ) -> None:
        super().__init__(config)
        self.with_worker = with_worker
        self.ready = ready
        self.healthy = healthy
        self.failed = False
        self._worker: asyncio.Task[None] | None = None
        self._mail: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the command's, which leaves a note that `on_tick` reads."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, start the worker, and report when a request was answered."""
        await super().startup(sockets)
        if self.with_worker:
            self._worker = asyncio.create_task(jobs.work())
            self._mail = asyncio.create_task(mail_in.receive(settings.OPTIONS))
        if sockets and await answers(sockets[0].getsockname(), give_up=stopping):
            self.ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: time to stop? A vanished database or parent is a reason."""
        if counter % 10 == 0 and not self.healthy():
            log.error("The embedded PostgreSQL has stopped; Salotto stops too. Start it again.")
            self.failed = True
            return True
        if stopping():
            return True
        if counter % 10 == 0:
            sweep(self.server_state.connections)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the worker finish its job while open requests end; held streams end at once."""
        from salotto.config.asgi import application

        application.close_streams()
        if self._mail is not None:
            self._mail.cancel()
        if self._worker is not None:
            self._worker.cancel()
        await super().shutdown(sockets)
        if self._worker is not None:
            await jobs.stop(self._worker)
        if self._mail is not None:
            await asyncio.gather(self._mail, return_exceptions=True)


def configuration(options: Options) -> uvicorn.Config:
    """uvicorn's configuration for these options."""
    return uvicorn.Config(
        APPLICATION,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=options.trusted_proxies or "",
        timeout_graceful_shutdown=GRACE,
        backlog=2048,
    )


def serve(
    options: Options,
    sock: socket.socket,
    *,
    with_worker: bool,
    ready: Callable[[], None] = lambda: None,
    healthy: Callable[[], bool] = lambda: True,
) -> int:
    """Serve on this bound socket until told to stop; the exit code.

    `ready` is called once the port answers; `healthy` is asked every second, and False
    ends the server with exit code 1.
    """
    server = Server(configuration(options), with_worker=with_worker, ready=ready, healthy=healthy)
    server.run([sock])
    return 1 if server.failed or not server.started else 0
