"""Does the server answer?"""

import asyncio
import contextlib
from collections.abc import Callable


async def answers(
    address: tuple[str, int], seconds: float = 30, *, give_up: Callable[[], bool] = lambda: False
) -> bool:
    """True as soon as `GET /health` at this address gets a good answer."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await _healthy(host, address[1]):
                if give_up():
                    return False
                await asyncio.sleep(0.05)
            return True
    return False


async def _healthy(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        status = await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
    return b" 200 " in status
