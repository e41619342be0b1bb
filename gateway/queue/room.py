"""How many octets of mails are held in memory while they are sent.

Small mails are never kept waiting: places bound how many of them there are. Large ones would be bound by memory alone,
and fifty of 25 MB, some copies of each, are more than a small machine has; killed for it, the gateway would start,
send the same ones again, and be killed again.
Not here: who may send at all (``places``), what is taken in (``smtp/usage``).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SMALL_OCTETS = 262_144
"""Mails up to here do not count: as many as there are places are 13 MB."""

ROOM_OCTETS = 64 * 1024 * 1024
"""Of large mails at a time."""


class Room:
    """Room for large mails.

    Args:
        octets: How much there is; what is larger than all of it goes alone.
    """

    def __init__(self, octets: int = ROOM_OCTETS) -> None:
        self._octets = octets
        self._used = 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def of(self, octets: int) -> AsyncIterator[None]:
        """Waits until so much is free, and holds it; who came first goes first."""
        if octets <= SMALL_OCTETS:
            yield
            return
        async with self._turn:
            while self._used and self._used + octets > self._octets:
                self._freed.clear()
                await self._freed.wait()
            self._used += octets
        try:
            yield
        finally:
            self._used -= octets
            self._freed.set()
