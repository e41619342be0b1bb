"""Jumps of the wall clock: the time service, a person or a resumed machine sets it by hours.

What lasts seconds or minutes (sessions, time-outs, deadlines of workers) runs on the monotonic clock and sees nothing
of it. What must outlive the process (retries, leases, deadlines of held mail) is wall-clock time in the record, and
is moved with the clock: a mail that was to be tried in a minute is tried in a minute.
Time in which the machine was asleep has passed, so it is no jump.
Not here: what is moved (``store/clock``).
Source: clock_gettime(2), CLOCK_BOOTTIME.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LEAST = timedelta(seconds=60)
"""A smaller step is no jump: the time service makes some by itself, and no schedule suffers."""


class Jump(NamedTuple):
    """The clock was set.

    Attributes:
        by: How far; negative is back.
        before: What it showed, at the latest, before.
    """

    by: timedelta
    before: datetime


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
        return Jump(by=by, before=expected) if abs(by) >= LEAST else None
