"""Jumps of the wall clock: the time service, a person or a resumed machine sets it by hours.

What lasts seconds or minutes (sessions, time-outs, deadlines of workers) runs on the monotonic clock and sees nothing
of it. What must outlive the process (retries, leases, deadlines of held mail) is wall-clock time in the record, and
is moved with the clock: a mail that was to be tried in a minute is tried in a minute.
Time in which the machine was asleep has passed, so it is no jump.
Not here: what is moved (``store/clock``).
Source: clock_gettime(2), CLOCK_BOOTTIME.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from gateway.ops import events

LEAST = timedelta(seconds=60)
"""A smaller step is no jump: the time service makes some by itself, and no schedule suffers."""


class Jump(NamedTuple):
    """The clock was set.

    Attributes:
        by: How far; negative is back.
        before: What it showed, at the latest, before.
        since: What it showed, at the earliest, after.
    """

    by: timedelta
    before: datetime
    since: datetime


def utc_now() -> datetime:
    """The wall clock, aware UTC."""
    return datetime.now(UTC)


def running_s() -> float:
    """Seconds since the machine was started, asleep or not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Compares two clocks, one of which cannot be set."""

    def __init__(
        self, wall: Callable[[], datetime] = utc_now, running: Callable[[], float] = running_s
    ) -> None:
        self._wall = wall
        self._running = running
        self._seen = (wall(), running())

    def look(self) -> Jump | None:
        """The jump since the last look, if there was one."""
        (wall_then, running_then), seen = self._seen, (self._wall(), self._running())
        self._seen = seen
        expected = wall_then + timedelta(seconds=seen[1] - running_then)
        by = seen[0] - expected
        return Jump(by=by, before=expected, since=wall_then + by) if abs(by) >= LEAST else None


class Moves(Protocol):
    """The side of the store that this module uses."""

    async def follow_clock(self, by: timedelta, before: datetime, since: datetime, now: datetime) -> None:
        """Move what waits with the clock."""
        ...


class ClockFollower:
    """Has the record follow the clock, before anybody goes by it."""

    def __init__(self, store: Moves, watch: ClockWatch, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._watch = watch
        self._clock = clock
        self._turn = asyncio.Lock()
        self._jumps: list[Jump] = []

    async def follow(self) -> bool:
        """Moves what waits, where the clock was set; one after the other.

        Returns:
            Whether anything was moved.

        Raises:
            StoreError: It could not be; the next call does it.
        """
        async with self._turn:
            if jump := self._watch.look():
                events.clock_jumped(seconds=jump.by.total_seconds())
                self._jumps.append(jump)
            is_set = bool(self._jumps)
            while self._jumps:
                await self._store.follow_clock(*self._jumps[0], self._clock())
                del self._jumps[0]
            return is_set
