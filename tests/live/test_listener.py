"""One listener: written to directly, never waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from time import monotonic
from typing import Any

from salotto.live.listener import BACKLOG, RESUME, Listener

Async = Callable[[], Awaitable[None]]


def in_loop(test: Async) -> Callable[[], None]:
    """Run an asynchronous test in a loop of its own."""

    @wraps(test)
    def run() -> None:
        asyncio.run(asyncio.wait_for(_as_coroutine(test), 10))

    return run


async def _as_coroutine(test: Async) -> None:
    await test()


class Socket:
    """The far end: what has arrived, and whether it takes more."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.broken = False

    async def send(self, message: Any) -> None:
        """As the server's `send`: returns at once while the socket takes it."""
        if not self.takes.is_set():
            await self.takes.wait()
        if self.broken:
            raise ConnectionResetError
        self.got.append(message["body"])


def listening(socket: Socket) -> "tuple[Listener, asyncio.Task[None]]":
    """A listener past its gap, and the task that would hold its stream."""
    made: list[Listener] = []

    async def held() -> None:
        made.append(Listener(socket.send, 1, user=2, until=monotonic() + 60))
        await asyncio.Event().wait()

    task = asyncio.create_task(held())
    return made, task  # type: ignore[return-value]


async def begin(socket: Socket, *, caught_up: bool = True) -> "tuple[Listener, asyncio.Task[None]]":
    """A listener and the task that holds its stream."""
    made, task = listening(socket)
    await asyncio.sleep(0)
    listener = made[0]  # type: ignore[index]
    if caught_up:
        listener.caught_up()
    return listener, task


@in_loop
async def test_a_frame_is_written_at_once_without_a_task() -> None:
    socket = Socket()
    listener, task = await begin(socket)
    listener.deliver(b"one")
    assert socket.got == [b"one"]
    task.cancel()


@in_loop
async def test_frames_that_come_while_it_catches_up_follow_the_gap() -> None:
    socket = Socket()
    listener, task = await begin(socket, caught_up=False)
    listener.deliver(b"later")
    socket.got.append(b"gap")
    listener.caught_up()
    assert socket.got == [b"gap", b"later"]
    task.cancel()


@in_loop
async def test_a_full_socket_delays_no_other_and_loses_nothing_quietly() -> None:
    full, fine = Socket(), Socket()
    (slow, slow_task), (quick, quick_task) = await begin(full), await begin(fine)
    full.takes.clear()
    for frame in (b"one", b"two", b"three"):
        for listener in (slow, quick):
            listener.deliver(frame)
    assert fine.got == [b"one", b"two", b"three"]
    assert full.got == []
    full.takes.set()
    await asyncio.gather(slow_task, return_exceptions=True)
    assert full.got == [b"one", RESUME]  # it comes back with the cursor of frame one
    assert slow_task.cancelled()
    quick_task.cancel()


@in_loop
async def test_a_socket_that_was_full_only_for_a_moment_goes_on() -> None:
    socket = Socket()
    listener, task = await begin(socket)
    socket.takes.clear()
    listener.deliver(b"one")
    socket.takes.set()
    while listener.blocked_at:
        await asyncio.sleep(0)
    listener.deliver(b"two")
    assert socket.got == [b"one", b"two"]
    assert not task.done()
    task.cancel()


@in_loop
async def test_a_socket_that_breaks_while_it_was_full_ends_the_stream() -> None:
    socket = Socket()
    listener, task = await begin(socket)
    socket.takes.clear()
    listener.deliver(b"one")
    socket.broken = True
    socket.takes.set()
    await asyncio.gather(task, return_exceptions=True)
    assert listener.closing
    assert socket.got == []


@in_loop
async def test_a_socket_that_breaks_at_once_harms_no_other() -> None:
    dead, fine = Socket(), Socket()
    (gone, gone_task), (quick, quick_task) = await begin(dead), await begin(fine)
    dead.broken = True
    for listener in (gone, quick):
        listener.deliver(b"one")
    await asyncio.gather(gone_task, return_exceptions=True)
    assert fine.got == [b"one"]
    assert gone_task.cancelled()
    quick_task.cancel()


@in_loop
async def test_too_many_frames_while_it_catches_up_end_the_stream() -> None:
    socket = Socket()
    listener, task = await begin(socket, caught_up=False)
    for n in range(BACKLOG):
        listener.deliver(b"%d" % n)
    assert not listener.closing
    listener.deliver(b"one too many")
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert socket.got == []


@in_loop
async def test_it_is_closed_once() -> None:
    socket = Socket()
    listener, task = await begin(socket)
    listener.close()
    listener.close()
    assert socket.got == [RESUME]
    await asyncio.gather(task, return_exceptions=True)
