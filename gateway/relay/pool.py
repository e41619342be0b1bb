"""Connections that wait for the next mail, and how many may be open to one destination.

*Not here:* what is said over them (``connection.py``).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.relay.connection import Connection
from gateway.relay.destination import Destination, UnreachableError
from gateway.relay.settings import DeliverySettings


class Lane:
    """The way to one destination: its slots and its idle connections."""

    def __init__(self, settings: DeliverySettings) -> None:
        self.users = 0
        self.slots = asyncio.Semaphore(settings.concurrency)
        self._settings = settings
        self._idle: dict[Connection, asyncio.TimerHandle] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody uses or wants it and no connection waits."""
        return not self.users and not self._idle

    def take(self) -> Connection | None:
        """The idle connection used last (the likeliest to be alive), or ``None``."""
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.is_open:
                return connection
        return None

    def give_back(self, connection: Connection) -> None:
        """Let ``connection`` wait for the next mail, unless it is lost or has done its share."""
        if not connection.is_open:
            return
        if connection.mails >= self._settings.mails_per_connection:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        self._idle[connection] = loop.call_later(self._settings.idle_seconds, self._expire, connection)

    def close(self) -> None:
        """Hang up every idle connection."""
        while (connection := self.take()) is not None:
            connection.close()

    def _expire(self, connection: Connection) -> None:
        del self._idle[connection]
        connection.close()


class Pool:
    """All lanes. A lane lives as long as it has users or idle connections."""

    def __init__(self, settings: DeliverySettings) -> None:
        self._settings = settings
        self._lanes: dict[Destination, Lane] = {}
        self._is_closed = False

    @asynccontextmanager
    async def lane(self, destination: Destination) -> AsyncIterator[Lane]:
        """A slot to ``destination``, held as long as the context.

        Raises:
            UnreachableError: No slot came free in time.
        """
        self._forget_empty()
        lane = self._lanes.setdefault(destination, Lane(self._settings))
        lane.users += 1
        try:
            await self._wait(lane)
            try:
                yield lane
            finally:
                lane.slots.release()
        finally:
            lane.users -= 1
            if self._is_closed:
                lane.close()

    async def _wait(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(self._settings.timeouts.slot):
                await lane.slots.acquire()
        except TimeoutError:
            words = f"all {self._settings.concurrency} connections to it are busy"
            raise UnreachableError(words) from None

    def _forget_empty(self) -> None:
        for destination in [key for key, lane in self._lanes.items() if lane.is_empty]:
            del self._lanes[destination]

    def close(self) -> None:
        """Hang up every idle connection now, and every other one when its mail is done."""
        self._is_closed = True
        for lane in self._lanes.values():
            lane.close()
