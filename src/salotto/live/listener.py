"""One held stream, and how a frame gets into it without a task or a queue per listener."""

import asyncio
from collections.abc import Coroutine, Generator
from time import monotonic
from types import coroutine
from typing import Any
from uuid import UUID

from salotto.core.asgi import Send

BACKLOG = 500
"""Frames kept for a listener that is still catching up; beyond, it starts over."""

RESUME = b"event: resume\ndata: {}\n\n"


@coroutine
def _rest(step: Coroutine[Any, Any, None], waiting: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that has already run up to its first wait, for a task."""
    while True:
        value = yield waiting
        try:
            waiting = step.send(value)
        except StopIteration:
            return


class Listener:
    """A team member's stream (`visitor` is None) or a visitor's (`user` is 0)."""

    __slots__ = (
        "account", "backlog", "behind", "blocked_at", "closing", "send", "started", "task", "until",
        "user", "visitor",
    )  # fmt: skip

    def __init__(
        self, send: Send, account: int, *, user: int = 0, visitor: UUID | None = None, until: float
    ) -> None:
        self.send = send
        self.account = account
        self.user = user
        self.visitor = visitor
        self.until = until
        self.task = asyncio.current_task()
        self.backlog: list[bytes] | None = []
        self.blocked_at = 0.0
        self.behind = False
        self.closing = False
        self.started = False

    def deliver(self, frame: bytes) -> None:
        """Write one frame now if the socket takes it. A socket that does not is given the
        rest later by a task of its own; what comes meanwhile is left to the log: the
        listener is told to resume from its cursor. Nobody waits for a slow one."""
        if self.backlog is not None:
            self._keep(frame)
        elif self.blocked_at:
            self.behind = True
        else:
            self._write(frame)

    def caught_up(self) -> None:
        """The gap was sent: write what came meanwhile, and directly from now on."""
        frames, self.backlog = self.backlog or [], None
        for frame in frames:
            self.deliver(frame)

    def close(self, last: bytes = RESUME) -> None:
        """End the stream politely: the browser comes back with its cursor."""
        if not self.closing:
            self.closing = True
            if not self.blocked_at and self.backlog is None:
                self._write(last)
            self._end()

    def _end(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _keep(self, frame: bytes) -> None:
        if self.backlog is not None and len(self.backlog) < BACKLOG:
            self.backlog.append(frame)
        else:
            self.close()

    def _write(self, frame: bytes) -> None:
        step: Any = self.send({"type": "http.response.body", "body": frame, "more_body": True})
        try:
            waiting = step.send(None)
        except StopIteration:
            return
        except Exception:  # a dead socket is this listener's affair alone
            self.closing = True
            self._end()
            return
        self.blocked_at = monotonic()
        finish = asyncio.get_running_loop().create_task(_rest(step, waiting))
        finish.add_done_callback(self._writable)

    def _writable(self, finished: "asyncio.Task[None]") -> None:
        self.blocked_at = 0.0
        if finished.cancelled() or finished.exception() is not None:
            self.closing = True
            self._end()
        elif self.behind:
            self.close()
