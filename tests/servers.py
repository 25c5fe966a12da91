"""Real server processes on the test database, and plain clients that talk HTTP to them.

with running() as server:
    visitor = Visitor(server, site_key)
    visitor.say("Hello")

A server is a process of its own (uvicorn, as `salotto serve` runs it), so that a test can
have two of them, kill one, or break its connections. It trusts X-Forwarded-For, so that
each client has an address of its own and rate limits do not meet.
"""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

HOST = "127.0.0.1"
PATIENCE = 5.0
"""Seconds that a test waits for what must happen."""


class Server:
    """One server process, once `await_ready` has returned; `stop` ends it politely, `kill` does not."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings
        with socket.create_server((HOST, 0)) as free:
            self.port = free.getsockname()[1]
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with socket.create_server((HOST, self.port), backlog=512) as listening:
            number = listening.fileno()
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.servers", str(number)],
                pass_fds=[number],
                stdout=subprocess.PIPE,
                env={
                    **os.environ,
                    "SALOTTO_TRUSTED_PROXIES": HOST,
                    "SALOTTO_LOG_LEVEL": "error",
                    **self.settings,
                },
            )
        return process

    def await_ready(self) -> None:
        """Wait until it answers."""
        out = self.process.stdout
        ready, _, _ = select.select([out], [], [], 30)
        if out is None or not ready or out.readline() != b"ready\n":
            self.kill()
            raise RuntimeError("the test server did not start")

    def start_again(self) -> None:
        """A new process on the same port, after `stop` or `kill`."""
        self.process = self._start()
        self.await_ready()

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as `Ctrl-C` or a service manager does; its exit code."""
        return self._end(signal.SIGTERM)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal and do not wait."""
        self.process.send_signal(number)

    def _end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(15)
        if self.process.stdout:
            self.process.stdout.close()
        return code


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A server for the length of the block; `settings` are SALOTTO_* variables."""
    server = Server(**settings)
    try:
        server.await_ready()
        yield server
    finally:
        server.stop()


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.json["error"]["code"])


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """One request on a connection of its own. A body that is not bytes is sent as JSON;
    header names are given in snake case."""
    link = http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)
    sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        link.request(method, path, sent, _headers(headers))
        got = link.getresponse()
        return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
    finally:
        link.close()


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


@dataclass(frozen=True)
class Event:
    """One server-sent event; `data` is parsed."""

    name: str
    data: Any
    id: str


class Stream:
    """A held stream: what came is in `events`, `cursor` is the last id received."""

    def __init__(self, server: Server, path: str, **headers: str) -> None:
        self.events: list[Event] = []
        self.cursor = ""
        self.ended = False
        self._link = http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)
        self._link.request("GET", path, headers=_headers(headers))
        self._got = self._link.getresponse()
        self.status = self._got.status
        self.headers = {k.lower(): v for k, v in self._got.getheaders()}
        self._fields: dict[str, str] = {}

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection, as a lost network does."""
        self._got.close()
        self._link.close()

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The facts of the log, in the order received."""
        return [fact for event in self.events if event.name == "message" for fact in event.data]

    def until(self, enough: Callable[["Stream"], object], within: float = PATIENCE) -> "Stream":
        """Read until `enough(stream)` is true; raises TimeoutError, EOFError when it ends before."""
        deadline = monotonic() + within
        while not enough(self):
            if self.ended:
                raise EOFError(f"{self.status}: the stream ended after {self.events}")
            self._read(deadline)
        return self

    def until_ready(self) -> "Stream":
        """Read until the first cursor: everything committed from now on will come."""
        return self.until(lambda s: s.cursor)

    def until_end(self, within: float = PATIENCE) -> "Stream":
        """Read until the server ends it."""
        return self.until(lambda s: s.ended, within)

    def _read(self, deadline: float) -> None:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError(f"only {self.events} came")
        if self._link.sock:
            self._link.sock.settimeout(left)
        try:
            line = self._got.readline()
        except (ConnectionError, http.client.HTTPException):
            line = b""
        if not line:
            self.ended = True
            return
        self._take(line.decode().rstrip("\n"))

    def _take(self, line: str) -> None:
        if not line:
            self._dispatch()
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            self._fields[name] = value

    def _dispatch(self) -> None:
        fields, self._fields = self._fields, {}
        self.cursor = fields.get("id", self.cursor)
        if "data" in fields:
            event = Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id", ""))
            self.events.append(event)


class Visitor:
    """Somebody with the widget open, at an address of their own."""

    def __init__(self, server: Server, key: str, token: str = "", address: str = "") -> None:
        from tests.cast import some_address

        self.server = server
        self.key = key
        self.address = address or some_address()
        self.token = token or self.ask("POST", "/w/hello", {"site": key}).json["token"]

    @property
    def id(self) -> UUID:
        return UUID(self.token.split(".")[1])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request of this visitor."""
        known = {"X_Forwarded_For": self.address}
        if getattr(self, "token", ""):
            known["Authorization"] = f"Bearer {self.token}"
        return ask(self.server, method, path, body, **{**known, **headers})

    def say(self, body: str, client_id: UUID | str | None = None, **more: Any) -> Answer:
        """Post one message; a fresh client id unless given."""
        return self.ask("POST", "/w/messages", {"id": str(client_id or uuid4()), "body": body, **more})

    def stream(self, since: str = "", server: Server | None = None, **headers: str) -> Stream:
        """Open the visitor's stream."""
        path = f"/w/live?since={since}" if since else "/w/live"
        bearer = {"Authorization": f"Bearer {self.token}", "X_Forwarded_For": self.address}
        return Stream(server or self.server, path, **bearer, **headers)


def site_key(account: int) -> str:
    """The public key of the account's first site."""
    from salotto.channels.web.models import Site
    from salotto.core.tenancy import account_scope

    with account_scope(account):
        return str(Site.objects.get().key)


def cookie_of(user: Any) -> str:
    """The Cookie header of a fresh session of this user."""
    from django.conf import settings

    from tests.cast import client_of

    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client_of(user).cookies[name].value}"


def team_stream(server: Server, member: Any, since: str = "", **headers: str) -> Stream:
    """Open a member's stream, signed in."""
    path = f"/live?account={member.account.slug}" + (f"&since={since}" if since else "")
    return Stream(server, path, **{"Cookie": cookie_of(member.user), **headers})


def wait_for(true: Callable[[], Any], within: float = PATIENCE) -> Any:
    """Ask again and again until the answer is true; for what no event announces."""
    from threading import Event as Never

    deadline = monotonic() + within
    while not (found := true()):
        if monotonic() > deadline:
            raise TimeoutError("it never came true")
        Never().wait(0.01)
    return found


def _serve(number: int) -> int:
    from salotto.cli.signals import stop_on_signals
    from salotto.config import protocol, server
    from salotto.config.options import read

    def ready() -> None:
        with suppress(BrokenPipeError):
            os.write(1, b"ready\n")

    if seconds := float(os.environ.get("REQUEST_SECONDS", "0")):  # for tests of what is overdue
        protocol.HEAD_SECONDS = protocol.BODY_SECONDS = protocol.READ_SECONDS = seconds
    with stop_on_signals():
        return server.serve(read(), socket.socket(fileno=number), with_worker=False, ready=ready)


if __name__ == "__main__":
    sys.exit(_serve(int(sys.argv[1])))
