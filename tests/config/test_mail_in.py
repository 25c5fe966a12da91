"""The mail receiver beside the jobs: absent when it is off, patient when its port is taken."""

import asyncio
import socket
import subprocess
import sys

import pytest

from salotto.channels.email.receiver import listening
from salotto.channels.email.receiver.limits import Limits
from salotto.config.mail_in import place
from tests.servers import HOST

OFF = """
import asyncio, sys, threading
from salotto.config import mail_in, options
asyncio.run(mail_in.receive(options.Options()))
print("aiosmtpd" in sys.modules, threading.active_count())
"""


def test_nothing_is_loaded_or_started_while_it_is_off() -> None:
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1:2525", ("127.0.0.1", 2525)), ("[::1]:25", ("::1", 25)), ("::1:25", ("::1", 25))],
)
def test_where_to_listen(text: str, found: tuple[str, int]) -> None:
    assert place(text) == found


def test_a_taken_port_is_tried_again_until_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PAUSE", 0.05)

    async def run() -> None:
        with socket.create_server((HOST, 0)) as taken:
            door = listening.Door(HOST, taken.getsockname()[1], lmtp=False)
            receiver = listening.Receiver([door], 1000, "test", Limits(most_bytes=1000))
            task = asyncio.create_task(receiver.run())
            await asyncio.sleep(0.15)
            assert not receiver.bound
        async with asyncio.timeout(10):
            while not receiver.bound:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
