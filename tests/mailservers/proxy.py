"""A TCP proxy that stands between us and a mail server, and is as bad as a network can be."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"


class Proxy:
    """Passes bytes on to `port`; what the server says goes through the rules of the moment.

    `cut_after`: how many of the server's bytes a connection lives for. `piece`: the server's words
    come in pieces of so many bytes. `change`: replaces the server's words, line by line. `mute`:
    nothing comes any more, and nobody says why.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.cut_after: int | None = None
        self.piece = 0
        self.change: Callable[[bytes], bytes] | None = None
        self.mute = threading.Event()
        self.connections = 0
        self.passed = 0
        self._links: list[socket.socket] = []
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more, and cut what there is."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections now."""
        for link in self._links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        self.connections += 1
        with near, suppress(OSError), socket.create_connection((HOST, self.target)) as far:
            self._links += [near, far]
            up = threading.Thread(target=self._up, args=(near, far), daemon=True)
            up.start()
            self._down(far, near)
            for link in (near, far):
                with suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)
            up.join()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)

    def _down(self, far: socket.socket, near: socket.socket) -> None:
        left = self.cut_after
        with suppress(OSError):
            while data := far.recv(65536):
                data = self._changed(data)
                if self.mute.is_set():
                    continue
                if left is not None and len(data) >= left:
                    self._send(near, data[:left])
                    return
                left = None if left is None else left - len(data)
                self._send(near, data)

    def _changed(self, data: bytes) -> bytes:
        if self.change is None:
            return data
        return b"".join(self.change(line) for line in data.splitlines(keepends=True))

    def _send(self, near: socket.socket, data: bytes) -> None:
        step = self.piece or len(data)
        for start in range(0, len(data), max(step, 1)):
            near.sendall(data[start : start + step])
            self.passed += len(data[start : start + step])


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A proxy for the length of the block."""
    made = Proxy(port)
    try:
        yield made
    finally:
        made.close()
