"""Mailboxes are read beside the jobs, in the same process; without any, nothing is loaded for it."""

import asyncio
import logging
from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from salotto.channels.email.imap.station import Station

log = logging.getLogger("salotto.email")

LOOK_SECONDS = 10.0
"""How often one looks whether there is a mailbox to be read."""


async def tend() -> None:
    """Read mailboxes until cancelled."""
    while True:
        await _wait_for_one()
        station = _new_station()
        station.start()
        try:
            while station.is_alive and (not station.is_empty or await asyncio.to_thread(_any)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await asyncio.shield(asyncio.to_thread(station.stop))


async def _wait_for_one() -> None:
    while not await asyncio.to_thread(_any):  # noqa: ASYNC110 (the database is asked)
        await asyncio.sleep(LOOK_SECONDS)


def _any() -> bool:
    """Whether a mailbox is to be read; False too while the database is away."""
    from salotto.channels.email.queries.incoming import any_incoming

    try:
        return any_incoming()
    except Exception as error:
        log.info("Nobody can say whether there are mailboxes to be read: %s", error)
        return False
    finally:
        connections.close_all()


def _new_station() -> "Station":
    from salotto.channels.email.imap.station import Station  # imapclient, and only now

    return Station()
