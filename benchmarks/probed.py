"""Salotto's application with a probe of its loop, under `/bench/loop`."""

from typing import Any

from benchmarks import probe
from salotto.config.asgi import application as salotto


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Salotto, but for the one path."""
    if scope["type"] == "http" and scope["path"] == "/bench/loop":
        await probe.answer(send)
    else:
        await salotto(scope, receive, send)
