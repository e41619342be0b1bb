"""How many connections to one destination, and those that wait for the next mail.

A destination that refuses connections, says 421 or falls silent gets half as many at a time; each mail it takes wins
a share of one back. One that fails again and again at that rests: nobody tries it for seconds, then one does.
What cannot go now is not kept waiting here: it goes back to the queue, and others take its place.

*Not here:* what is said over connections (``connection.py``).
*Source:* the idea of RFC 5681 (additive increase, multiplicative decrease), as Postfix's scheduler applies it to mail.
"""

import asyncio
from collections import deque

from gateway.mail.cause import Cause
from gateway.relay.connection import Connection
from gateway.relay.destination import Destination, UnreachableError
from gateway.relay.settings import DeliverySettings

FAILURES_BEFORE_REST = 3
"""Failures in a row, those at one time counted once, before a destination rests: from ten connections to one."""

REST_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds of rest, growing with every probe that fails; the last one for ever."""

MEMORY_S = 300.0
"""Seconds after a failure, or the rest it brought, for which it is remembered of a destination that nobody uses."""

BUSY_S = 2.0
"""Seconds until a mail that found all connections taken is worth trying again."""


class Lane:
    """The way to one destination: how many may use it, and its idle connections.

    Attributes:
        is_one_by_one: It offers PIPELINING and cannot do it (a firewall in between, say): no more of it.
    """

    def __init__(self, settings: DeliverySettings) -> None:
        self.is_one_by_one = False
        self._settings = settings
        self._window = float(settings.concurrency)
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._failures = 0
        self._epoch = 0
        self._rests_until = 0.0
        self._bad_until = 0.0
        self._trouble = UnreachableError("")
        self._idle: dict[Connection, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def is_forgettable(self) -> bool:
        """Whether nobody uses or wants it, no connection waits, and nothing bad is known of it any more."""
        is_good = not self._failures or self._loop.time() > self._bad_until
        return is_good and not (self._inside or self._waiting or self._idle)

    async def enter(self) -> int:
        """Take a place; whoever enters must leave.

        Returns:
            A ticket for ``failed``.

        Raises:
            UnreachableError: There is none to be had now; ``wait_s`` says when to ask again.
        """
        if self._loop.time() < self._rests_until:
            raise self._resting()
        if self._inside >= int(self._window) or self._waiting:
            await self._wait()
        else:
            self._inside += 1
        return self._epoch

    def leave(self) -> None:
        """Give the place to the next."""
        self._inside -= 1
        self._admit()

    def worked(self) -> None:
        """A mail went through the whole dialogue."""
        self._failures = 0
        if self._window < self._settings.concurrency:
            self._window = min(self._settings.concurrency, self._window + 1 / self._window)
            self._admit()

    def failed(self, ticket: int, trouble: UnreachableError) -> None:
        """The destination refused, said 421, or fell silent.

        Args:
            ticket: Of ``enter``: ten mails that fail in one moment are one failure.
            trouble: What whoever comes during a rest is told.
        """
        if ticket != self._epoch:
            return
        self._epoch += 1
        self._window = max(1.0, self._window / 2)
        self._failures += 1
        beyond = self._failures - FAILURES_BEFORE_REST
        rest_s = REST_S[min(beyond, len(REST_S) - 1)] if beyond >= 0 else 0.0
        self._bad_until = self._loop.time() + rest_s + MEMORY_S
        if rest_s:
            self._trouble = trouble
            self._rests_until = self._loop.time() + rest_s
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(self._resting())

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
        self._idle[connection] = self._loop.call_later(self._settings.idle_seconds, self._expire, connection)

    def close(self) -> None:
        """Hang up every idle connection."""
        while (connection := self.take()) is not None:
            connection.close()

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self._settings.timeouts.slot):
                await waiter
        except BaseException as fault:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not waiter.cancelled() and waiter.exception() is None:  # let in at the moment it gave up
                self._inside -= 1
                self._admit()
            if isinstance(fault, TimeoutError):
                words = f"all {int(self._window)} connections to it are busy"
                raise UnreachableError(words, Cause.NEXT_HOP_BUSY, wait_s=BUSY_S) from None
            raise

    def _admit(self) -> None:
        while self._waiting and self._inside < int(self._window):
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._inside += 1
                waiter.set_result(None)

    def _resting(self) -> UnreachableError:
        wait_s = max(0.0, self._rests_until - self._loop.time())
        return UnreachableError(self._trouble.reply, self._trouble.cause, wait_s=wait_s)

    def _expire(self, connection: Connection) -> None:
        del self._idle[connection]
        connection.close()


class Pool:
    """All lanes. A lane lives as long as it has users, idle connections or a bad name."""

    def __init__(self, settings: DeliverySettings) -> None:
        self._settings = settings
        self._lanes: dict[Destination, Lane] = {}
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether no connection is to be kept any more."""
        return self._is_closed

    def lane(self, destination: Destination) -> Lane:
        """The lane to ``destination``."""
        lane = self._lanes.get(destination)
        if lane is None:
            for key in [key for key, known in self._lanes.items() if known.is_forgettable]:
                del self._lanes[key]
            lane = self._lanes[destination] = Lane(self._settings)
        return lane

    def close(self) -> None:
        """Hang up every idle connection now, and every other one when its mail is done."""
        self._is_closed = True
        for lane in self._lanes.values():
            lane.close()
