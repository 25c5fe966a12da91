"""A right that is withdrawn while its stream is being opened opens nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from salotto.core.errors import Forbidden, SignInNeeded
from salotto.core.pool import new_pool
from salotto.live.actions import emit
from salotto.live.station import Station
from salotto.live.streams import hold
from tests.cast import Cast


def opened_while(cast: Cast, meanwhile: Callable[[Station], Awaitable[object]]) -> list[dict[str, Any]]:
    """What is sent to an agent whose stream is opened while this happens."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def whole() -> None:
        async with new_pool() as pool:
            station = Station(pool)
            station.start()
            scope = {"headers": []}
            who = {"account": cast.account.pk, "user": cast.agent.user.pk}
            try:
                await hold(station, scope, receive, send, **who, still=lambda: meanwhile(station))  # type: ignore[arg-type]
            finally:
                assert not list(station.hub.everyone())
                await station.stop()

    asyncio.run(asyncio.wait_for(whole(), 20))
    return sent


def test_who_has_lost_the_right_meanwhile_gets_no_stream(cast: Cast) -> None:
    async def refused(_: Station) -> None:
        raise Forbidden(code="no_access")

    with pytest.raises(Forbidden):
        opened_while(cast, refused)


def test_a_change_of_rights_between_the_check_and_the_stream_ends_it(cast: Cast) -> None:
    def change() -> None:
        try:
            with transaction.atomic():
                emit(cast.account.pk, "member.changed", user=cast.agent.user.pk)
        finally:
            connection.close()  # this thread's own

    async def changed(station: Station) -> None:
        await sync_to_async(change)()
        await station.hub.refresh()
        await asyncio.sleep(3600)

    with pytest.raises(SignInNeeded):
        opened_while(cast, changed)
